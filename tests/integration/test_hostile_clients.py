# SPDX-License-Identifier: Apache-2.0
"""Clients that open connections and leave them, against the operator's two ports: its memory stays, and
whoever comes with a request is answered."""

import contextlib
import socket
import ssl

import admitted
import objects
import ours
import pytest

CHUNKED = b"POST /%s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + (b"3e8\r\n" + b"x" * 1000 + b"\r\n") * 900
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


def test_120_stalled_bodies_within_tls_starve_neither_health_nor_memory(webhook):
    program = webhook.program
    assert webhook.post(b"{}")[0] == 400
    before = resident(program)
    with contextlib.ExitStack() as stack:
        connections(stack, webhook.port, 500)
        for body in [STALLED, CHUNKED] * 60:
            with contextlib.suppress(OSError):
                one = stack.enter_context(webhook.connect())
                one.settimeout(0.05)
                with contextlib.suppress(OSError, ssl.SSLError):
                    one.sendall(body % b"inject")
        assert webhook.post(b"{}")[0] == 400
        # 40 connections of TLS and 2 MiB of bodies; without the limits it would be 120 MiB.
        assert resident(program) <= 1.5 * before
        assert program.get("/healthz")[0] == 200


def test_resources_that_are_too_large_to_keep_cost_no_memory(api, namespace, tmp_path):
    """40 of a quarter of a megabyte: read whole they take 50 MiB of the container's 256."""
    texts = {f"name_{number}": "x" * 500 for number in range(16)}
    alert = {"alert": {"name": "Failed", "expression": "error", "labels": texts, "annotations": texts}}
    with admitted.program(api, tmp_path) as program:
        program.wait_ready()
        before = resident(program)
        for name, stages, count in (("kept", 3, 4), ("large", 16, 40)):
            for number in range(count):
                status, body = api.client.call(
                    "POST", f"/apis/telltale.dev/v1alpha1/namespaces/{namespace}/monitoringtargets",
                    objects.target(namespace, f"{name}-{number}", selector={"matchLabels": {"app": "web"}},
                                   metrics={"endpoints": [{"port": "http"}]},
                                   logs={"files": {"directory": "/var/log/app"}, "pipeline": [alert] * stages}),
                )  # fmt: skip
                assert status == 201, body
        for number in (0, 39):
            accepted = ours.wait_for(f"large-{number}", lambda n=number: (
                one if (one := objects.condition(api, namespace, f"large-{n}", "Accepted"))["status"] else None), 60)  # fmt: skip
            assert accepted["status"] == "False"
            assert "spec.logs: is 2" in accepted["message"] and "at most 65536 are taken" in accepted["message"]
        assert objects.condition(api, namespace, "kept-3", "Accepted")["status"] == "True"
        assert resident(program) - before <= 16 << 10
