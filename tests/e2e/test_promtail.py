# SPDX-License-Identifier: Apache-2.0
"""Stdout of a pod whose target says `collector: Node` arrives in Loki through the chart's Promtail."""

import json
import pathlib

import manifests
import pytest
import yaml

EXAMPLE = pathlib.Path(__file__).resolve().parent.parent.parent / "examples" / "stdout"


@pytest.fixture(scope="module", autouse=True)
def promtail(cluster, images, helm):
    images("promtail", "busybox")
    helm("promtail.enabled=true")
    yield
    cluster.kubectl("delete", "namespace", "stdout", "--ignore-not-found", "--wait=false")
    helm("promtail.enabled=false")


def test_the_example_of_stdout_arrives_parsed_labelled_and_filtered(cluster, wait_for):
    for path in sorted(EXAMPLE.glob("[0-9]*.yaml")):
        documents = list(yaml.safe_load_all(path.read_text()))
        for document in documents:
            for container in document.get("spec", {}).get("containers", []):
                container["image"] = manifests.BUSYBOX  # the image that can be had here
            cluster.kubectl("apply", "-f", "-", stdin=json.dumps(document))
    # The kubelet brings a changed ConfigMap to a mounted volume within a minute or so.
    selector = '{namespace="stdout", pod="ticker", container="ticker", app="ticker", team="examples"}'
    found = wait_for("the pod's lines in Loki", 150, lambda: cluster.lines(selector).get("ticker"))
    levels = {json.loads(text)["level"] for _, text in found}
    assert levels == {"info"}
    streams = cluster.service(
        "telltale-loki:3100", "/loki/api/v1/query_range", {"query": selector, "since": "1h"}
    )["data"]["result"]
    assert all(stream["stream"]["level"] == "info" for stream in streams)
    assert all(stream["stream"]["node"] for stream in streams)
