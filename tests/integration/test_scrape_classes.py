# SPDX-License-Identifier: Apache-2.0
"""Scrape classes: pages behind TLS with a token, behind client certificates, and with too many series, in front of a
real Prometheus with the jobs that the chart makes."""

import contextlib
import json
import re
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
def page(keys=None, token: str = "", client: bool = False, series: int = 2, text: str = ""):
    """A page with so many series, or that text; its port."""

    class Page(ours.Quiet):
        def do_GET(self):
            allowed = not token or self.headers.get("Authorization") == f"Bearer {token}"
            body = "".join(f'shop_total{{n="{i}"}} {i}\n' for i in range(series)) if allowed else "no\n"
            body = text or body
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


MIXED = 'mixed_total{user_id="1",zone="a"} 1\nmixed_debug{user_id="2"} 1\ngo_gc 1\n'
FILTERS = {
    "keeps": {"port": "MIXED", "metrics": {"keep": ["mixed_.*"], "drop": ["mixed_debug", "nothing"]}},
    "drops": {"port": "MIXED", "class": "small", "metrics": {"drop": ["go_.*"], "dropLabels": ["user_.*"]}},
    "plain": {"port": "MIXED"},
}


def kept(prometheus) -> dict[str, list[str]]:
    """By job, the names of the metrics of MIXED with their labels, of both pods."""
    found = {name: [] for name in FILTERS}
    for labels in asked(prometheus, '{job=~"keeps|drops|plain",__name__=~"mixed_.*|go_gc"}'):
        found[labels["job"]].append(" ".join([labels["__name__"], *sorted({"user_id", "zone"} & set(labels))]))
    return {name: sorted(names) for name, names in found.items()}


def asked(prometheus, query: str) -> list[dict]:
    """The labels of what Prometheus answers."""
    with urllib.request.urlopen(prometheus.url + "/api/v1/query?" + urllib.parse.urlencode({"query": query}), timeout=20) as answer:
        return [one["metric"] for one in json.loads(answer.read())["data"]["result"]]


def jobs(classes: dict, files: str) -> tuple[str, str]:
    """What the chart makes of prometheus.scrapeClasses: Prometheus's configuration, and the operator's --scrape-jobs."""
    values = {"prometheus": {"scrapeClasses": classes}}
    shown = ("templates/prometheus/config.yaml", "templates/operator/scrapejobs.yaml")
    made = subprocess.run(
        [catalog.locate("helm"), "template", "t", ROOT / "helm/telltale", "-f", "-", *(f"--show-only={one}" for one in shown)],
        input=json.dumps(values), capture_output=True, text=True,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    data = {key: value for one in yaml.safe_load_all(made.stdout) for key, value in one["data"].items()}
    config = yaml.safe_load(data["prometheus.yml"])
    ours_only = [job for job in config["scrape_configs"] if job["job_name"].startswith("telltale") and "http_sd_configs" in job]
    return yaml.safe_dump({"scrape_configs": ours_only, "scrape_config_files": [files]}), data["jobs.txt"]


def at(operator_url: str, text: str) -> str:
    """A configuration whose jobs ask this operator, each second."""
    text = re.sub(r"http://[a-z0-9.-]+:8080/sd/", operator_url + "/sd/", text)
    return re.sub(r'(refresh_interval"?: ?)"?5s"?', r'\1"1s"', text)


def test_pages_behind_tls_tokens_certificates_and_limits(api, namespace, tmp_path, keys):
    ca = {"ca_file": str(keys / "ca.crt")}
    classes = {
        "tls": {"tls_config": ca, "authorization": {"credentials": TOKEN}},
        "mtls": {"tls_config": ca | {"cert_file": str(keys / "client.crt"), "key_file": str(keys / "client.key")}},
        "small": {"sample_limit": 100},
    }
    config, templates = jobs(classes, f"{tmp_path}/jobs/*.yaml")
    (tmp_path / "jobs.txt").write_text(templates)
    (tmp_path / "jobs").mkdir()
    with (
        page(keys, TOKEN) as behind_token, page(keys, client=True) as behind_certificate, page(series=SERIES) as large,
        page() as other, page(text=MIXED) as mixed,
        peers.Prometheus(tmp_path / "prometheus", "scrape_configs: []\n") as prometheus,
        ours.Program(
            tmp_path / "operator", "telltale-operator", f"--kubeconfig={api.kubeconfig}", "--namespace=telltale",
            "--http-listen=127.0.0.1:0", "--webhook-listen=off", f"--prometheus-url={prometheus.url}",
            f"--scrape-classes={','.join(classes)}", "--cluster=east",
            f"--scrape-jobs={tmp_path}/jobs.txt",
        ) as operator,
    ):  # fmt: skip
        operator.wait_ready()
        prometheus.reload(at(operator.url, config))

        def resource(name, job="shop", **endpoint):
            metrics = {"job": job, "labels": {"metadata": ["workload", "workloadKind"]}, "endpoints": [{"interval": "1s", **endpoint}]}
            return objects.target(namespace, name, selector={"matchLabels": {"app": "shop"}}, metrics=metrics)

        def filtered(name):
            return resource(name, job=name, **(FILTERS[name] | {"port": mixed}))

        def is_said(name, *reasons):
            wait_for(f"{name}: {reasons}", lambda: set(objects.reasons(api, namespace, name)) == set(reasons), 40)

        wrong = {
            "token": ({"port": behind_token, "scheme": "https", "class": "mtls"}, "Auth", {"class": "tls"}),
            "certificate": ({"port": behind_certificate, "scheme": "https"}, "TLS", {"class": "mtls"}),
            "large": ({"port": large, "class": "small"}, "LimitExceeded", {"class": None}),
            "unknown": ({"port": other, "class": "tsl"}, "UnknownClass", {"class": None}),
        }
        objects.apply(api, *(resource(name, **endpoint) for name, (endpoint, _, _) in wrong.items()))
        objects.apply(api, *map(filtered, FILTERS))
        for pod in ("a", "b"):
            objects.running_pod(api, namespace, f"shop-5d8f7-{pod}", "127.0.0.1", {"app": "shop", "pod-template-hash": "5d8f7"},
                                owner=("ReplicaSet", "shop-5d8f7"))  # fmt: skip
        made = wait_for("the jobs of two filters", lambda: (
            text if (text := (objects.data(api, "telltale", "telltale-scrape-jobs") or {}).get("jobs.yaml", "")).count("job_name") == 2
            else None), 20)  # fmt: skip
        # What the kubelet and Prometheus's own look at its files do within two minutes.
        (tmp_path / "jobs/jobs.yaml").write_text(at(operator.url, made))
        prometheus.reload(at(operator.url, config))
        for name, (_, reason, _) in wrong.items():
            is_said(name, reason)
        accepted = objects.condition(api, namespace, "unknown", "Accepted")
        assert (accepted["status"], accepted["reason"]) == ("False", "UnknownClass")
        assert "mtls, small, tls" in accepted["message"]

        total, debug = "mixed_total user_id zone", "mixed_debug user_id"
        wanted = {"keeps": [total] * 2, "drops": ["mixed_debug"] * 2 + ["mixed_total zone"] * 2, "plain": ["go_gc"] * 2 + [debug] * 2 + [total] * 2}
        wait_for("what the filters keep", lambda: kept(prometheus) == wanted, 40)
        objects.apply(api, resource("broken", port=other, metrics={"drop": ["(?P<a"]}))
        is_said("broken", "Invalid")
        assert "spec.metrics.endpoints[0].metrics.drop[0]: must be an RE2" in str(objects.status(api, namespace, "broken"))

        for name, (endpoint, _, mended) in wrong.items():
            right = {key: value for key, value in (endpoint | mended).items() if value}
            objects.apply(api, resource(name, **right))
        for name in (*wrong, *FILTERS):
            is_said(name)
            # A job that is new to the operator is found within a minute.
            wait_for(f"{name} is Ready", lambda n=name: objects.condition(api, namespace, n, "Ready")["status"] == "True", 100)
        counted = asked(prometheus, "count by (cluster, workload, workload_type) (shop_total)")
        assert counted == [{"cluster": "east", "workload": "shop", "workload_type": "deployment"}]
