# SPDX-License-Identifier: Apache-2.0
"""Samples that the chart's Prometheus sends on, to real receivers, and Loki's lines in object storage, as text."""

import base64
import json
import os
import re
import urllib.error
import urllib.parse
import urllib.request

import chart
import peers
import process
import pytest
import yaml

PROMETHEUS = ("telltale-prometheus", "prometheus.yml")
SECRETS = "/etc/telltale/secrets"
LOGIN = ("prod", "s3cret")
INSERTED = r'vm_rows_inserted_total\{type="promremotewrite"\} [1-9]'


def rendered(values: dict, tmp_path) -> list[dict]:
    path = tmp_path / "values.yaml"
    path.write_text(yaml.safe_dump(values))
    done = chart.template("-f", path)
    assert done.returncode == 0, done.stderr
    return [one for one in yaml.safe_load_all(done.stdout) if one]


def get(url: str) -> str:
    request = urllib.request.Request(url)
    request.add_header("Authorization", "Basic " + base64.b64encode(":".join(LOGIN).encode()).decode())
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read().decode()


def query(url: str, text: str) -> list[dict]:
    answer = get(f"{url}/api/v1/query?query={urllib.parse.quote(text)}")
    return [one["metric"] for one in json.loads(answer)["data"]["result"]]


@pytest.fixture(scope="module")
def receivers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("receivers")
    with peers.Prometheus(folder / "prometheus", "", "--web.enable-remote-write-receiver") as prometheus:
        with peers.VictoriaMetrics(folder / "vm", "scrape_configs: []\n", *LOGIN) as victoria:
            yield prometheus, victoria


def sending_to(prometheus, victoria) -> dict:
    quick = {"batch_send_deadline": "100ms", "capacity": 60000000}
    scraped = urllib.parse.urlparse(prometheus.url).netloc
    return {
        "externalLabels": {"cluster": "prod-eu", "replica": "0"},
        "secrets": ["unused", "login"],
        "remoteWriteTo": [
            {"url": prometheus.url + "/api/v1/write", "queue_config": quick,
             "write_relabel_configs": [{"source_labels": ["__name__"], "regex": "(prometheus)_build_info|up", "action": "keep"},
                                       {"source_labels": ["__name__"], "regex": "(.)p", "target_label": "short", "replacement": "$1"}]},
            {"url": victoria.url + "/api/v1/write", "name": "vm", "queue_config": quick,
             "basic_auth": {"username": LOGIN[0], "password_file": f"{SECRETS}/login/password"}},
        ],
        "extraScrapeConfigs": [{"job_name": "shop", "scrape_interval": "1s", "scrape_timeout": "1s", "static_configs": [{"targets": [scraped]}]}],
    }  # fmt: skip


def test_two_stores_get_what_is_scraped_with_external_labels_and_their_own_relabelling(tmp_path, receivers):
    prometheus, victoria = receivers
    text = chart.config(rendered({"prometheus": sending_to(prometheus, victoria)}, tmp_path), *PROMETHEUS)
    (tmp_path / "login").mkdir()
    (tmp_path / "login/password").write_text(LOGIN[1])
    with peers.Prometheus(tmp_path / "sender", text.replace(SECRETS, str(tmp_path)), "--scrape.discovery-reload-interval=1s"):
        outside = {"job": "shop", "cluster": "prod-eu", "replica": "0"}
        [up] = process.wait_until("samples in Prometheus", lambda: query(prometheus.url, 'up{job="shop"}'), 60)
        assert up.items() >= (outside | {"short": "u"}).items()
        wanted = 'go_goroutines{job="shop"}'
        process.wait_until("rows in VictoriaMetrics", lambda: re.search(INSERTED, get(victoria.url + "/metrics")), 60)
        get(victoria.url + "/internal/force_flush")  # else they are searchable some seconds later
        [kept] = process.wait_until("samples in VictoriaMetrics", lambda: query(victoria.url, wanted), 60)
        assert kept.items() >= outside.items() and "short" not in kept
        process.wait_until("the other name that is kept", lambda: query(prometheus.url, 'prometheus_build_info{job="shop"}'), 60)
        assert query(prometheus.url, wanted) == []


def test_promtool_takes_every_kind_of_login_and_secrets_are_mounted(tmp_path):
    at = f"{SECRETS}/a"
    tls = {"ca_file": f"{at}/ca.crt", "cert_file": f"{at}/tls.crt", "key_file": f"{at}/tls.key", "server_name": "s"}
    stores = [
        {"url": "https://a/w", "basic_auth": {"username": "u", "password_file": f"{at}/password"}, "tls_config": tls},
        {"url": "https://b/w", "authorization": {"credentials_file": f"{SECRETS}/b/token"}, "headers": {"X-Scope-OrgID": "t"}},
        {"url": "https://c/w", "oauth2": {"client_id": "i", "client_secret_file": f"{at}/s", "token_url": "https://t"},
         "send_native_histograms": True, "protobuf_message": "io.prometheus.write.v2.Request"},
    ]  # fmt: skip
    objects = rendered({"prometheus": {"secrets": ["a", "b"], "remoteWriteTo": stores, "externalLabels": {"a": "1", "b": "${POD}"}}}, tmp_path)
    text = chart.config(objects, *PROMETHEUS)
    assert yaml.safe_load(text)["remote_write"] == stores
    path = tmp_path / "prometheus.yml"
    path.write_text(text)
    done = chart.run(chart.catalog.locate("promtool"), "check", "config", "--syntax-only", path)
    assert done.returncode == 0, done.stdout + done.stderr
    [container] = chart.pod(chart.find(objects, "StatefulSet", "telltale-prometheus"))["containers"]
    assert {f"{SECRETS}/a", f"{SECRETS}/b"} <= {mount["mountPath"] for mount in container["volumeMounts"]}
    plain = yaml.safe_load(chart.config(chart.render(), *PROMETHEUS))
    assert "remote_write" not in plain and "external_labels" not in plain["global"]


BUCKET = {"bucketnames": "logs", "endpoint": "s3.example.com", "access_key_id": "${ID}", "secret_access_key": "${KEY}"}


@pytest.mark.parametrize(
    ("kind", "config", "day"),
    [("s3", BUCKET, ""), ("s3", BUCKET, "2026-12-24"), ("gcs", {"bucket_name": "logs"}, "")],
    ids=["s3", "s3-after-the-volume", "gcs-by-identity"],
)
def test_loki_keeps_lines_in_a_bucket_from_the_first_day_or_from_a_later_one(tmp_path, kind, config, day):
    """Text only, unless TELLTALE_LOKI names a Loki 3, which then checks it."""
    secret = "keys" if kind == "s3" else ""
    storage = {"type": kind, "config": config, "secretName": secret, "from": day}
    objects = rendered({"loki": {"objectStorage": storage}, "networkPolicies": {"enabled": True}}, tmp_path)
    text = chart.config(objects, "telltale-loki", "loki.yaml")
    loki = yaml.safe_load(text)
    assert loki["common"]["storage"] == {kind: config}  # Loki takes one kind there
    periods = [(one["from"], one["object_store"]) for one in loki["schema_config"]["configs"]]
    assert periods == ([("2024-04-01", "filesystem"), (day, kind)] if day else [("2024-04-01", kind)])
    volume = {"filesystem": {"directory": "/var/loki/chunks"}}
    assert loki.get("storage_config") == (volume if day else None)
    assert loki["compactor"]["delete_request_store"] == kind
    [container] = chart.pod(chart.find(objects, "StatefulSet", "telltale-loki"))["containers"]
    assert "-config.expand-env=true" in container["args"]
    assert container.get("envFrom") == ([{"secretRef": {"name": secret}}] if secret else None)
    assert chart.find(objects, "NetworkPolicy", "telltale-loki")["spec"]["egress"] == [{}]
    own = os.environ.get("TELLTALE_LOKI")
    if own:
        path = tmp_path / "loki.yaml"
        path.write_text(text)
        done = chart.run(own, f"-config.file={path}", "-config.expand-env=true", "-target=all", "-verify-config")
        assert done.returncode == 0, done.stdout + done.stderr
