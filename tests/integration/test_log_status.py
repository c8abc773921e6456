# SPDX-License-Identifier: Apache-2.0
"""What the status says about log lines, by the real Prometheus' word on a real sidecar's page."""

import re
import urllib.request

import objects
import ours
import peers
import pytest
from ours import wait_for
from test_sidecar import POD, config, write

ADDRESS = "127.0.47.1"  # the pod's; the sidecar's port on it is free
AGE = re.compile(r"^(telltale_logs_oldest_unacked_age_seconds) .*$", re.MULTILINE)
JOB = """scrape_configs:
- job_name: my-apps  # of any name
  http_sd_configs: [{{url: '{url}/sd/v1/targets', refresh_interval: 1s}}]
  relabel_configs:  # not to wait for 15 s
  - {{target_label: __scrape_interval__, replacement: 1s}}
  - {{target_label: __scrape_timeout__, replacement: 1s}}
"""


@pytest.fixture
def page(store, tmp_path):
    """The page of a sidecar that delivers lines; with `.age` its oldest line is that old."""
    for name in ("logs", "state"):
        (tmp_path / name).mkdir()
    (tmp_path / "config.yaml").write_text(config(tmp_path, store.push_base, "log_status"))
    write(tmp_path / "logs/app.log", "a line")
    with ours.Program(tmp_path, "telltale-sidecar", f"--config={tmp_path}/config.yaml", environment=POD) as sidecar:

        class Page(ours.Quiet):
            def do_GET(self):
                with urllib.request.urlopen(f"{sidecar.url}/metrics", timeout=5) as answer:
                    text, kind = answer.read().decode(), answer.headers["Content-Type"]
                assert AGE.search(text)
                if getattr(self.server, "age", None) is not None:
                    text = AGE.sub(rf"\1 {self.server.age}", text)
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.end_headers()
                self.wfile.write(text.encode())

        with ours.served(Page, ADDRESS, 9847) as server:
            yield server


@pytest.fixture
def status(api, namespace, tmp_path, page):
    """The condition LogsFlowing of a target whose pod has that sidecar."""
    with peers.Prometheus(tmp_path / "prometheus", "scrape_configs: []\n") as prometheus, ours.Program(
        tmp_path, "telltale-operator", f"--kubeconfig={api.kubeconfig}", "--namespace=telltale",
        "--http-listen=127.0.0.1:0", "--webhook-listen=off", f"--prometheus-url={prometheus.url}",
        "--loki-url=http://loki:3100",
    ) as operator:  # fmt: skip
        operator.wait_ready()
        prometheus.reload(JOB.format(url=operator.url))
        objects.apply(api, objects.target(namespace, "web", selector={"matchLabels": {"app": "web"}},
                                          logs={"files": {"directory": "/var/log/web"}}))  # fmt: skip
        objects.running_pod(api, namespace, "web-1", ADDRESS, {"app": "web"}, sidecar=True)
        yield lambda: objects.condition(api, namespace, "web", "LogsFlowing")


def test_lines_that_the_store_does_not_take_are_a_problem_until_it_does(api, namespace, status, page):
    wait_for("logs that flow", lambda: status()["status"] == "True", 40)
    page.age = 3_600
    wait_for("logs that stall", lambda: status()["reason"] == "LogsStalled", 40)
    stalled = status()
    assert stalled["status"] == "False"
    assert re.search(rf"Pod {namespace}/web-1 has log lines that wait for the log store since 20[-0-9]+T[0-9:]+:00Z",
                     stalled["message"])  # fmt: skip
    assert objects.reasons(api, namespace, "web") == ["LogsStalled"]
    page.age = None
    wait_for("logs that flow again", lambda: status()["status"] == "True", 40)
    assert objects.reasons(api, namespace, "web") == []
