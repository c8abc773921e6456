# SPDX-License-Identifier: Apache-2.0
"""Scrape classes: pages behind TLS with a token, behind client certificates, and with too many series, in front of a
real Prometheus with the jobs that the chart makes."""

import contextlib
import json
import ssl
import subprocess
import urllib.parse
import urllib.request

import catalog
import objects
import ours
import peers
import pytest
import yaml
from ours import ROOT, wait_for

TOKEN = "s3cret"
SERIES = 500


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """A CA, a server's pair for 127.0.0.1, and a client's."""
    folder = tmp_path_factory.mktemp("keys")

    def openssl(*words):
        done = subprocess.run(["openssl", *map(str, words)], cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", 2, "-subj", "/CN=ca", "-keyout", "ca.key", "-out", "ca.crt")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    for name in ("server", "client"):
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", 2,
                "-extfile", "names", "-out", f"{name}.crt")  # fmt: skip
    return folder


@contextlib.contextmanager
def page(keys=None, token: str = "", client: bool = False, series: int = 2):
    """A page with so many series; its port."""

    class Page(ours.Quiet):
        def do_GET(self):
            allowed = not token or self.headers.get("Authorization") == f"Bearer {token}"
            body = "".join(f'shop_total{{n="{i}"}} {i}\n' for i in range(series)) if allowed else "no\n"
            self.send_response(200 if allowed else 401)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(body.encode())

    with ours.served(Page) as server:
        if keys:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(keys / "server.crt", keys / "server.key")
            if client:
                context.verify_mode = ssl.CERT_REQUIRED
                context.load_verify_locations(keys / "ca.crt")
            server.socket = context.wrap_socket(server.socket, server_side=True)
        yield server.server_address[1]


def asked(prometheus, query: str) -> list[dict]:
    """The labels of what Prometheus answers."""
    with urllib.request.urlopen(prometheus.url + "/api/v1/query?" + urllib.parse.urlencode({"query": query}), timeout=20) as answer:
        return [one["metric"] for one in json.loads(answer.read())["data"]["result"]]


def jobs(operator_url: str, classes: dict) -> str:
    """Prometheus's configuration as the chart makes it of prometheus.scrapeClasses."""
    values = {"prometheus": {"scrapeClasses": classes}}
    made = subprocess.run(
        [catalog.locate("helm"), "template", "t", ROOT / "helm/telltale", "-f", "-", "--show-only", "templates/prometheus/config.yaml"],
        input=json.dumps(values), capture_output=True, text=True,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    config = yaml.safe_load(yaml.safe_load(made.stdout)["data"]["prometheus.yml"])
    ours_only = [job for job in config["scrape_configs"] if job["job_name"].startswith("telltale") and "http_sd_configs" in job]
    for job in ours_only:
        for source in job["http_sd_configs"]:
            source["url"] = operator_url + "/sd/v1/targets" + source["url"].split("/sd/v1/targets")[1]
            source["refresh_interval"] = "1s"
    return yaml.safe_dump({"scrape_configs": ours_only})


def test_pages_behind_tls_tokens_certificates_and_limits(api, namespace, tmp_path, keys):
    ca = {"ca_file": str(keys / "ca.crt")}
    classes = {
        "tls": {"tls_config": ca, "authorization": {"credentials": TOKEN}},
        "mtls": {"tls_config": ca | {"cert_file": str(keys / "client.crt"), "key_file": str(keys / "client.key")}},
        "small": {"sample_limit": 100},
    }
    with (
        page(keys, TOKEN) as behind_token, page(keys, client=True) as behind_certificate, page(series=SERIES) as large,
        page() as other,
        peers.Prometheus(tmp_path / "prometheus", "scrape_configs: []\n") as prometheus,
        ours.Program(
            tmp_path / "operator", "telltale-operator", f"--kubeconfig={api.kubeconfig}", "--namespace=telltale",
            "--http-listen=127.0.0.1:0", "--webhook-listen=off", f"--prometheus-url={prometheus.url}",
            f"--scrape-classes={','.join(classes)}", "--cluster=east",
        ) as operator,
    ):  # fmt: skip
        operator.wait_ready()
        prometheus.reload(jobs(operator.url, classes))

        def resource(name, **endpoint):
            return objects.target(namespace, name, selector={"matchLabels": {"app": "shop"}},
                                  metrics={"job": "shop", "labels": {"metadata": ["workload", "workloadKind"]}, "endpoints": [{"interval": "1s", **endpoint}]})  # fmt: skip

        def is_said(name, *reasons):
            wait_for(f"{name}: {reasons}", lambda: objects.reasons(api, namespace, name) == list(reasons), 40)

        wrong = {
            "token": ({"port": behind_token, "scheme": "https", "class": "mtls"}, "Auth", {"class": "tls"}),
            "certificate": ({"port": behind_certificate, "scheme": "https"}, "TLS", {"class": "mtls"}),
            "large": ({"port": large, "class": "small"}, "LimitExceeded", {"class": None}),
            "unknown": ({"port": other, "class": "tsl"}, "UnknownClass", {"class": None}),
        }
        objects.apply(api, *(resource(name, **endpoint) for name, (endpoint, _, _) in wrong.items()))
        objects.running_pod(api, namespace, "shop-5d8f7-a", "127.0.0.1", {"app": "shop", "pod-template-hash": "5d8f7"},
                            owner=("ReplicaSet", "shop-5d8f7"))  # fmt: skip
        for name, (_, reason, _) in wrong.items():
            is_said(name, reason)
        accepted = objects.condition(api, namespace, "unknown", "Accepted")
        assert (accepted["status"], accepted["reason"]) == ("False", "UnknownClass")
        assert "mtls, small, tls" in accepted["message"]

        for name, (endpoint, _, mended) in wrong.items():
            right = {key: value for key, value in (endpoint | mended).items() if value}
            objects.apply(api, resource(name, **right))
        for name in wrong:
            is_said(name)
            # A job that is new to the operator is found within a minute.
            wait_for(f"{name} is Ready", lambda n=name: objects.condition(api, namespace, n, "Ready")["status"] == "True", 100)
        counted = asked(prometheus, "count by (cluster, workload, workload_type) (shop_total)")
        assert counted == [{"cluster": "east", "workload": "shop", "workload_type": "deployment"}]
