# SPDX-License-Identifier: Apache-2.0
"""Stdout of pods whose target says `collector: Node` arrives in Loki through an agent of our own."""

import json

import manifests
import pytest
import yaml
from test_promtail import EXAMPLE

SELECTOR = '{namespace="stdout", pod="ticker", container="ticker", app="ticker", team="examples"}'

# Over before anybody can have seen it run; its log stays until the pod is deleted.
SHORT = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "short", "namespace": "stdout", "labels": {"app": "ticker"}},
    "spec": {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "securityContext": {"runAsNonRoot": True, "runAsUser": 10001, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [
            {
                "name": "short",
                "image": manifests.BUSYBOX,
                "command": ["sh", "-c", "for n in 1 2 3; do echo \"{\\\"level\\\":\\\"info\\\",\\\"n\\\":$n}\"; done"],
                "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
            }
        ],
    },
}


@pytest.fixture(scope="module", autouse=True)
def agent(cluster, images, helm):
    images("busybox")
    helm("logs.collector=telltale")
    for path in sorted(EXAMPLE.glob("[0-9]*.yaml")):
        for document in yaml.safe_load_all(path.read_text()):
            for container in document.get("spec", {}).get("containers", []):
                container["image"] = manifests.BUSYBOX  # the image that can be had here
            cluster.kubectl("apply", "-f", "-", stdin=json.dumps(document))
    yield
    cluster.kubectl("delete", "namespace", "stdout", "--ignore-not-found", "--wait=false")
    helm("logs.collector=promtail")


def test_the_example_of_stdout_arrives_parsed_labelled_and_filtered(cluster, wait_for):
    found = wait_for("the pod's lines in Loki", 60, lambda: cluster.lines(SELECTOR).get("ticker"))
    assert {json.loads(text)["level"] for _, text in found} == {"info"}
    streams = cluster.service(
        "telltale-loki:3100", "/loki/api/v1/query_range", {"query": SELECTOR, "since": "1h"}
    )["data"]["result"]
    assert all(stream["stream"]["level"] == "info" for stream in streams)
    assert all(stream["stream"]["node"] for stream in streams)
    assert all(stream["stream"]["filename"].startswith("/var/log/pods/stdout_ticker_") for stream in streams)


def test_a_pod_that_is_over_at_once_arrives_whole(cluster, wait_for):
    cluster.kubectl("apply", "-f", "-", stdin=json.dumps(SHORT))
    query = '{namespace="stdout", pod="short"}'
    found = wait_for("three lines", 60, lambda: (
        lines if len(lines := cluster.lines(query).get("short") or []) >= 3 else None))  # fmt: skip
    assert sorted(json.loads(text)["n"] for _, text in found) == [1, 2, 3]


def test_pods_that_no_target_selects_are_not_read(cluster):
    streams = cluster.service(
        "telltale-loki:3100", "/loki/api/v1/series", {"match[]": '{filename=~"/var/log/pods/.+"}', "since": "1h"}
    )["data"]
    assert {stream["namespace"] for stream in streams} == {"stdout"}
