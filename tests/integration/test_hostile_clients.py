# SPDX-License-Identifier: Apache-2.0
"""Clients that open connections and leave them, against the operator's two ports: its memory stays, and
whoever comes with a request is answered."""

import contextlib
import socket
import ssl

import admitted
import pytest

STALLED = b"POST /%s HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 900_000


@pytest.fixture
def webhook(api, tmp_path):
    with admitted.program(api, tmp_path) as program:
        program.wait_ready()
        yield admitted.Webhook(api, program)


def resident(program) -> int:
    lines = open(f"/proc/{program.process.pid}/status").read().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1])


def connections(stack: contextlib.ExitStack, port: int, count: int, sends: bytes = b"") -> None:
    """Connections that send this and nothing more. A server that no longer wants them may close them."""
    for _ in range(count):
        one = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5))
        with contextlib.suppress(ConnectionError, TimeoutError):
            one.settimeout(0.05)
            one.sendall(sends)


def test_500_idle_and_120_stalled_connections_starve_neither_health_nor_memory(webhook):
    program = webhook.program
    assert webhook.post(b"{}")[0] == 400
    before = resident(program)
    http = int(program.url.rsplit(":", 1)[1])
    with contextlib.ExitStack() as stack:
        for port in (http, webhook.port):
            connections(stack, port, 500)
            connections(stack, port, 120, STALLED % b"inject")
        for path in ("/healthz", "/readyz", "/sd/v1/targets", "/metrics"):
            assert program.get(path)[0] == 200, path
        assert webhook.post(b"{}")[0] == 400  # answered: that is no review
        assert resident(program) <= 1.5 * before
    assert program.get("/healthz")[0] == 200


def test_120_stalled_bodies_within_tls_cost_no_more_than_their_limit(webhook):
    program = webhook.program
    assert webhook.post(b"{}")[0] == 400
    before = resident(program)
    with contextlib.ExitStack() as stack:
        for _ in range(120):
            with contextlib.suppress(OSError):
                one = stack.enter_context(webhook.connect())
                one.settimeout(0.05)
                with contextlib.suppress(OSError, ssl.SSLError):
                    one.sendall(STALLED % b"inject")
        assert webhook.post(b"{}")[0] == 400
        # 40 connections of TLS, 4 MiB of bodies, and what the heap keeps of those that went; without the limits 120 MiB.
        assert resident(program) - before <= 16 << 10
        assert program.get("/healthz")[0] == 200
