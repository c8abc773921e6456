# SPDX-License-Identifier: Apache-2.0
"""The collectors http and textfile of a sidecar as a process: servers with TLS, files in a folder, one page."""

import json
import os
import re
import ssl
import time

import ours
import polled
import pytest
from ours import wait_for


@pytest.fixture(scope="module")
def sidecar(tmp_path_factory):
    """(sidecar, folder of the files). It polls servers that are good, that want a certificate of the client, and none."""
    folder = tmp_path_factory.mktemp("polls")
    files = folder / "metrics"
    files.mkdir()
    (files / "good.prom").write_text('# HELP jobs_done Jobs.\n# TYPE jobs_done counter\njobs_done{queue="a b"} 3\n')
    (files / "more.prom").write_text('# TYPE jobs_done counter\njobs_done{queue="c"} 4\n# TYPE t histogram\nt_bucket{le="+Inf"} 2\nt_sum 3\nt_count 2\n')
    (files / "broken.prom").write_text("no metric at all\n")
    with (
        polled.tls_server(folder, 5) as good,
        polled.tls_server(folder, 7, wants_client=True) as refusing,
        polled.tls_server(folder, 9, wants_client=True, version=ssl.TLSVersion.TLSv1_2) as refusing_older,
    ):
        def poll(name: str, port: int, days: int, **more) -> dict:
            return {"name": name, "url": f"https://localhost:{port}/", "timeout": "2s", "tls": {"caFile": str(folder / f"{days}.crt")}, **more}

        (folder / "config.yaml").write_text(json.dumps({
            "version": 1, "listen": "127.0.0.1:0", "interval": "1s", "state": str(folder / "state"),
            "collectors": {
                "process": {}, "network": {}, "filesystem": {}, "textfile": {"directory": str(files)},
                "http": {"polls": [
                    poll("good", good, 5, body="^state: ready"), poll("wants", refusing, 7), poll("older", refusing_older, 9),
                    poll("untrusted", good, 7), {"name": "nobody", "url": "http://127.0.0.1:1/"},
                ]},
            },
        }))  # fmt: skip
        with ours.Program(folder, "telltale-sidecar", f"--config={folder}/config.yaml") as program:
            wait_for("polls", lambda: program.metric("telltale_http_failures_total", poll="older", reason="tls") >= 1)
            wait_for("a poll", lambda: program.metric("telltale_http_up", poll="good") == 1)
            wait_for("answers", lambda: program.metric("telltale_http_failures_total", poll="wants") >= 1)
            yield program, files


def expires_in_days(program: ours.Program, poll: str) -> float:
    return (program.metric("telltale_http_certificate_expiry_timestamp_seconds", poll=poll) - time.time()) / 86400


def test_a_good_server_is_up_and_its_certificate_expires(sidecar):
    program, _ = sidecar
    assert program.metric("telltale_http_status_code", poll="good") == 200
    assert program.metric("telltale_http_body_matched", poll="good") == 1
    assert 4.9 < expires_in_days(program, "good") <= 5
    assert program.metric("telltale_http_failures_total", poll="nobody", reason="connect") >= 1
    assert program.metric("telltale_collector_success", collector="http") == 1


def test_a_server_that_wants_a_certificate_of_us_is_down_and_its_own_is_known(sidecar):
    """Case H2: with TLS 1.3 it refuses us after the handshake, with 1.2 before its end."""
    program, _ = sidecar
    for poll, days in (("wants", 7), ("older", 9), ("untrusted", 5)):
        wait_for(poll, lambda poll=poll: program.metric("telltale_http_failures_total", poll=poll) >= 1)
        assert program.metric("telltale_http_up", poll=poll) == 0
        assert days - 0.1 < expires_in_days(program, poll) <= days


def test_files_of_metrics_are_on_the_page_once_and_a_broken_one_is_named(sidecar, promtool):
    program, files = sidecar
    page = wait_for("the files", lambda: (p := program.get("/metrics")[1]) and 'jobs_done{queue="c"} 4' in p and p)
    promtool(page.replace("jobs_done", "jobs_done_total").replace("# TYPE t histogram", "# HELP t T.\n# TYPE t histogram"))
    assert page.count("# TYPE jobs_done counter") == 1 and page.count("# HELP jobs_done Jobs.") == 1
    assert 'jobs_done{queue="a b"} 3' in page and 't_bucket{le="+Inf"} 2' in page
    assert program.metric("telltale_textfile_error", reason="syntax") == 1
    assert program.metric("node_textfile_scrape_error") == 1
    os.rename(files / "good.prom", files / "good.off")
    (files / "broken.prom").write_text('jobs_failed{queue="a"} 1\n')
    page = wait_for("the mended file", lambda: (p := program.get("/metrics")[1]) and "jobs_failed" in p and p)
    assert 'queue="a b"' not in page
    wait_for("no error", lambda: program.metric("node_textfile_scrape_error") == 0)


def test_no_series_is_on_the_page_twice(sidecar):
    program, _ = sidecar
    series = [line.rsplit(" ", 1)[0] for line in program.get("/metrics")[1].splitlines() if not line.startswith("#")]
    assert len(series) == len(set(series))
    assert any(re.match(r"node_netstat_Tcp_RetransSegs$", name) for name in series)
    assert any(name.startswith('node_tcp_connection_states{state="listen"}') for name in series)
