# SPDX-License-Identifier: Apache-2.0
"""The status becomes true on what answers Prometheus' API without being it: VictoriaMetrics, with a password, under a
job of any name."""

import objects
import ours
import peers
import pytest
from ours import wait_for

ADDRESS = "127.0.48.1"  # the pod's
JOB = """scrape_configs:
- job_name: all-my-apps
  http_sd_configs: [{{url: '{url}/sd/v1/targets'}}]
  relabel_configs:  # not to wait for 15 s
  - {{target_label: __scrape_interval__, replacement: 1s}}
  - {{target_label: __scrape_timeout__, replacement: 1s}}
"""


@pytest.fixture
def page():
    """What the pod serves."""

    class Page(ours.Quiet):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(b"shop_orders_total 7\n")

    with ours.served(Page, ADDRESS) as server:
        yield server.server_address[1]


def test_victoria_metrics(api, namespace, tmp_path, page):
    login = tmp_path / "login"
    login.mkdir()
    (login / "username").write_text("me")
    (login / "password").write_text("wrong")
    with peers.VictoriaMetrics(tmp_path / "vm", "scrape_configs: []\n", "me", "s3cret") as store, ours.Program(
        tmp_path, "telltale-operator", f"--kubeconfig={api.kubeconfig}", "--namespace=telltale",
        "--http-listen=127.0.0.1:0", "--webhook-listen=off", f"--prometheus-url={store.url}",
        f"--prometheus-credentials={login}",
    ) as operator:  # fmt: skip
        operator.wait_ready()
        objects.apply(api, objects.target(namespace, "web", selector={"matchLabels": {"app": "web"}},
                                          metrics={"endpoints": [{"port": page}]}))  # fmt: skip
        objects.running_pod(api, namespace, "web-1", ADDRESS, {"app": "web"}, {"http": page})

        def scraped():
            return objects.condition(api, namespace, "web", "Scraped")

        wait_for("a refusal", lambda: "answered HTTP status 401" in scraped()["message"], 40)
        assert scraped()["reason"] == "PrometheusUnknown"
        (login / "password").write_text("s3cret")
        wait_for("the cause", lambda: scraped()["reason"] == "NoScrapeJob", 90)
        assert f"{store.url} scrapes nothing at all" in scraped()["message"]
        store.reload(JOB.format(url=operator.url))
        wait_for("the truth", lambda: objects.condition(api, namespace, "web", "Ready")["status"] == "True", 60)
        assert scraped()["message"] == "1 of 1 targets are up."
