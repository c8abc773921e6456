# SPDX-License-Identifier: Apache-2.0
"""The sidecar as a process with stages: labels and metadata in real log stores, metrics over a kill, an alert."""

import http.server
import json
import threading
import time

import ours
import pytest
from ours import wait_for
from test_sidecar import POD, write

STAGES = [
    {"json": {"expressions": {"level": "", "user": "", "at": ""}}},
    {"drop": {"source": "level", "value": "debug"}},
    {"labels": {"values": {"level": ""}}},
    {"structuredMetadata": {"values": {"user": ""}}},
    {"replace": {"expression": "password=([^ \"]+)", "replace": "****"}},
    {"metrics": [{"name": "lines_total", "type": "counter", "matchAll": True, "action": "inc"}]},
    {"alert": {"name": "Panic", "source": "level", "expression": "^panic$", "labels": {"severity": "page"}}},
]


class Alertmanager:
    """Keeps what it was sent, with the time."""

    def __init__(self):
        self.alerts = alerts = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                alerts.extend((time.monotonic(), self.path, alert) for alert in json.loads(body))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def setup(tmp_path, store, request):
    (tmp_path / "logs").mkdir()
    (tmp_path / "state").mkdir()
    manager = Alertmanager()
    config = {
        "version": 1, "listen": "127.0.0.1:0", "state": str(tmp_path / "state"),
        "labels": {"test": request.node.name}, "loki": {"url": store.push_base},
        "alertmanager": {"url": manager.url},
        "logs": [{"files": {"include": [str(tmp_path / "logs" / "*.log")]}, "pipeline": STAGES}],
    }  # fmt: skip
    (tmp_path / "config.yaml").write_text(json.dumps(config))
    program = ours.Program(tmp_path, "telltale-sidecar", f"--config={tmp_path}/config.yaml", environment=POD)
    program.start()
    yield tmp_path / "logs" / "app.log", program, manager, request.node.name
    program.kill()
    manager.server.shutdown()


def test_stages_from_file_to_the_store_over_a_kill(store, setup):
    log, program, manager, test = setup
    levels = ["info", "warn", "debug", "info"]
    write(log, *(json.dumps({"level": levels[i % 4], "user": f"u{i}", "m": f"password=x{i} {i}"}) for i in range(40)))
    wait_for("30 lines", lambda: len(store.entries({"test": test})) == 30)
    found = store.entries({"test": test})
    assert {entry.labels["level"] for entry in found} == {"info", "warn"}
    assert all("password=****" in entry.line and "x" not in entry.line.split("****")[0] for entry in found)
    if store.keeps_metadata:  # both show it with the labels
        assert {entry.labels["user"] for entry in found} == {f"u{i}" for i in range(40) if i % 4 != 2}
    else:
        assert not any("user" in entry.labels for entry in found)

    def counted(level: str) -> float:
        # What structuredMetadata took is no label of the metric either.
        return program.metric("telltale_custom_lines_total", level=level)

    wait_for("the acknowledgement", lambda: counted("info") == 20 and counted("warn") == 10)
    assert program.metric("telltale_logs_dropped_lines_total", reason="drop_stage") == 10
    program.kill()
    write(log, json.dumps({"level": "warn", "user": "late"}))
    program.start()
    wait_for("the series again", lambda: counted("info") == 20 and counted("warn") == 11)
    assert len(store.entries({"test": test})) == 31


def test_an_alert_is_there_at_once(store, setup):
    log, program, manager, test = setup
    write(log, json.dumps({"level": "info"}))
    wait_for("the first line", lambda: len(store.entries({"test": test})) == 1)
    written = time.monotonic()
    write(log, json.dumps({"level": "panic", "m": "it broke"}))
    wait_for("the alert", lambda: manager.alerts)
    at, path, alert = manager.alerts[0]
    assert at - written < 10 and path  # and not after the half minute of a repeat == "/api/v2/alerts"
    assert alert["labels"]["alertname"] == "Panic" and alert["labels"]["severity"] == "page"
    assert alert["labels"]["pod"] == "web-1" and "it broke" in alert["annotations"]["line"]
