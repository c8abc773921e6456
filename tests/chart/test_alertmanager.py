# SPDX-License-Identifier: Apache-2.0
"""The real Alertmanager and Prometheus with what the chart and docs/how-to/alerts.md give them."""

import http.server
import json
import re
import threading
import urllib.error
import urllib.request

import chart
import peers
import process
import pytest
import yaml

PAGE = (chart.ROOT / "docs/how-to/alerts.md").read_text()
EXAMPLES = dict(re.findall(r"^## (.+)\n\n(?:[^#]+?\n\n)?```yaml\n(alertmanager:\n(?:.+\n)+?)```", PAGE, re.MULTILINE))
QUICK = {"receiver": "hook", "group_wait": "0s", "group_interval": "1s", "group_by": ["alertname", "namespace"]}


def rendered(values: dict, tmp_path) -> list[dict]:
    path = tmp_path / "values.yaml"
    path.write_text(yaml.safe_dump(values))
    done = chart.template("--set", "alertmanager.enabled=true", "-f", path)
    assert done.returncode == 0, done.stderr
    return [one for one in yaml.safe_load_all(done.stdout) if one]


def secret(objects: list[dict]) -> str:
    return chart.find(objects, "Secret", "telltale-alertmanager")["stringData"]["alertmanager.yml"]


class Hook:
    """What a receiver of webhooks was sent: the alerts, newest last."""

    def __enter__(self):
        self.alerts = alerts = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                alerts.extend(json.loads(body)["alerts"])
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def wait(self, name: str, **labels) -> dict:
        def arrived():
            wanted = {"alertname": name, **labels}
            return next((one for one in self.alerts if wanted.items() <= one["labels"].items()), None)

        return process.wait_until(f"the notification of {name}", arrived, 60)


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    folder = tmp_path_factory.mktemp("alertmanager")
    with Hook() as hook:
        values = {"alertmanager": {"config": {
            "route": QUICK, "receivers": [{"name": "hook", "webhook_configs": [{"url": hook.url}]}]}}}  # fmt: skip
        objects = rendered(values, folder)
        [container] = chart.pod(chart.find(objects, "StatefulSet", "telltale-alertmanager"))["containers"]
        own = [flag for flag in container["args"] if flag.split("=")[0] not in ("--config.file", "--storage.path")]
        with peers.Alertmanager(folder, secret(objects), *own) as alertmanager:
            for probe in ("readinessProbe", "livenessProbe"):
                assert peers.answers(alertmanager.url + container[probe]["httpGet"]["path"])
            yield hook, alertmanager


def test_what_prometheus_s_rules_say_of_two_tenants_is_notified(tmp_path, running):
    hook, alertmanager = running
    rules = [{"alert": "Mine", "expr": 'up{job="prometheus"} == 1', "labels": {"namespace": name}} for name in ("shop", "bank")]
    objects = rendered({"prometheus": {"rules": {"mine": rules}}}, tmp_path)
    config = yaml.safe_load(chart.config(objects, "telltale-prometheus", "prometheus.yml"))
    (tmp_path / "rules.yaml").write_text(chart.config(objects, "telltale-prometheus-rules", "telltale.yaml"))
    config["rule_files"] = [str(tmp_path / "rules.yaml")]
    config["global"] = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
    [target] = config["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"]
    assert target in {f"{one['metadata']['name']}.telltale.svc:9093" for one in objects} | {
        f"{one['metadata']['name']}.telltale.svc.cluster.local:9093" for one in objects}  # fmt: skip
    config["alerting"]["alertmanagers"][0]["static_configs"] = [{"targets": [f"127.0.0.1:{alertmanager.port}"]}]
    with peers.Prometheus(tmp_path / "prometheus", "") as prometheus:
        config["scrape_configs"] = [
            {"job_name": "prometheus", "static_configs": [{"targets": [f"127.0.0.1:{prometheus.port}"]}]}]  # fmt: skip
        prometheus.reload(yaml.safe_dump(config))
        for namespace in ("shop", "bank"):
            hook.wait("Mine", namespace=namespace)
        watchdog = hook.wait("Watchdog")
        assert watchdog["annotations"]["runbook_url"].endswith("/docs/runbooks/Watchdog.md")


def test_what_alert_stages_send_is_notified_by_the_same_alertmanager(running):
    hook, alertmanager = running
    body = [{"labels": {"alertname": "OrderServiceFatal", "namespace": name}} for name in ("shop", "bank")]
    request = urllib.request.Request(
        alertmanager.url + "/api/v2/alerts", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    urllib.request.urlopen(request, timeout=30).close()
    for name in ("shop", "bank"):
        hook.wait("OrderServiceFatal", namespace=name)


def test_alertmanager_takes_each_example_of_the_page_and_what_the_chart_gives_without_one(tmp_path):
    assert set(EXAMPLES) == {"E-mail", "Slack", "Microsoft Teams", "PagerDuty"}
    with peers.Alertmanager(tmp_path / "am", secret(rendered({}, tmp_path))) as alertmanager:
        for text in EXAMPLES.values():
            alertmanager.reload(secret(rendered(yaml.safe_load(text), tmp_path)))
        with pytest.raises(urllib.error.HTTPError):
            alertmanager.reload("route: {receiver: nobody-knows}\n")
