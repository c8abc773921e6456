# SPDX-License-Identifier: Apache-2.0
"""Beside the real prometheus-operator: of the ScrapeConfigs that our chart makes it makes a configuration, a real
Prometheus runs with that, and the status of the resources becomes true. No kubelet runs here, so the test starts the
Prometheus that the StatefulSet would have started."""

import base64
import contextlib
import gzip
import json
import subprocess

import catalog
import objects
import ours
import peers
import pytest
import yaml
from ours import ROOT, wait_for

SELECTED = {"release": "kube-prometheus-stack"}
TOKEN = "s3cret"
KINDS = ("prometheuses", "scrapeconfigs", "servicemonitors", "podmonitors", "probes", "prometheusrules")
# Two pods, each with a page of its own.
ADDRESSES = {"shop": "127.0.49.1", "bank": "127.0.49.2"}


@pytest.fixture(scope="module")
def definitions(api):
    """The resource definitions as prometheus-operator ships them."""
    folder = catalog.files("prometheus-operator")
    for kind in KINDS:
        api.define(folder / f"monitoring.coreos.com_{kind}.yaml")


@contextlib.contextmanager
def page(address: str):
    """What a pod at this address serves; its port."""

    class Page(ours.Quiet):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(b"orders_total 7\n")

    with ours.served(Page, address) as server:
        yield server.server_address[1]


@contextlib.contextmanager
def prometheus_operator(api, folder):
    program = ours.Program(folder, "prometheus-operator", environment={"KUBECONFIG": str(api.kubeconfig)})
    program.command = [catalog.locate("prometheus-operator"), "--web.listen-address=127.0.0.1:0", "--kubelet-endpoints=false"]
    with program:
        yield program


def scrape_configs(operator_url: str) -> list[dict]:
    """The ScrapeConfigs of the chart. Here no DNS knows the operator's Service: its URL is replaced."""
    values = {
        "prometheus": {"enabled": False, "external": {"url": "http://prometheus-operated.monitoring.svc.cluster.local:9090"}},
        "prometheusOperator": {"scrapeConfig": {"enabled": True, "labels": SELECTED}},
        "operator": {"discoveryToken": {"secretName": "discovery", "key": "token"}},
    }
    made = subprocess.run(
        [catalog.locate("helm"), "template", "t", ROOT / "helm/telltale", "-n", "telltale", "-f", "-",
         "--show-only", "templates/prometheusoperator.yaml"],
        input=json.dumps(values), capture_output=True, text=True,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    found = list(yaml.safe_load_all(made.stdout))
    for document in found:
        for source in document["spec"].get("httpSDConfigs", []):
            source["url"] = operator_url + "/sd/v1/targets" + source["url"].partition("/sd/v1/targets")[2]
            source["refreshInterval"] = "1s"
    return found


def generated(api) -> str | None:
    """The configuration in the Secret that prometheus-operator wrote, as its reloader writes it to a file."""
    secret = api.client.get("/api/v1/namespaces/telltale/secrets/prometheus-k8s")
    if not secret or "prometheus.yaml.gz" not in secret.get("data", {}):
        return None
    text = gzip.decompress(base64.b64decode(secret["data"]["prometheus.yaml.gz"])).decode()
    return text.replace("$(SHARD)", "0") if "/sd/v1/targets" in text else None


def asked(prometheus, question: str) -> dict:
    with ours.urllib.request.urlopen(f"{prometheus.url}/api/v1/{question}", timeout=10) as answer:
        return json.load(answer)["data"]


def test_the_status_becomes_true_under_prometheus_operator(api, definitions, namespace, tmp_path):
    (tmp_path / "token").write_text(TOKEN)
    spaces = {name: f"{namespace}-{name}" for name in ADDRESSES}
    with contextlib.ExitStack() as stack:
        ports = {name: stack.enter_context(page(address)) for name, address in ADDRESSES.items()}
        prometheus = peers.Prometheus(tmp_path / "prometheus", "scrape_configs: []\n")
        stack.enter_context(prometheus)
        operator = stack.enter_context(ours.Program(
            tmp_path / "operator", "telltale-operator", f"--kubeconfig={api.kubeconfig}", "--namespace=telltale",
            "--http-listen=127.0.0.1:0", "--webhook-listen=off", f"--prometheus-url={prometheus.url}",
            f"--discovery-token-file={tmp_path}/token",
        ))  # fmt: skip
        operator.wait_ready()
        for name, inside in spaces.items():
            assert api.kubectl("create", "namespace", inside).returncode == 0
            objects.apply(api, objects.target(inside, name, selector={"matchLabels": {"app": name}},
                                              metrics={"endpoints": [{"port": ports[name], "interval": "1s"}]}))  # fmt: skip
            objects.running_pod(api, inside, f"{name}-1", ADDRESSES[name], {"app": name})
        stack.enter_context(prometheus_operator(api, tmp_path))
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "discovery", "namespace": "telltale"}}
        objects.apply(api, secret | {"stringData": {"token": TOKEN}}, *scrape_configs(operator.url), {
            "apiVersion": "monitoring.coreos.com/v1", "kind": "Prometheus",
            "metadata": {"name": "k8s", "namespace": "telltale"},
            "spec": {"version": "v" + asked(prometheus, "status/buildinfo")["version"], "scrapeConfigSelector": {"matchLabels": SELECTED}},
        })  # fmt: skip
        prometheus.reload(wait_for("the configuration of prometheus-operator", lambda: generated(api), 60))
        for name, inside in spaces.items():
            # A job that is new to the operator is found within a minute.
            wait_for(f"{name} is Ready", lambda: objects.condition(api, inside, name, "Ready")["status"] == "True", 100)
            assert objects.condition(api, inside, name, "Scraped")["message"] == "1 of 1 targets are up."
        up = [one for one in asked(prometheus, "targets?state=active")["activeTargets"] if one["health"] == "up"]
        pools = {one["scrapePool"] for one in up}
        assert pools == {"scrapeConfig/telltale/t-telltale"}
