# SPDX-License-Identifier: Apache-2.0
"""Stdout of a pod whose target says `collector: Node` arrives in the log store through the chart's Promtail.

Promtail 2.2.1 cannot read its configuration again, so that its pods are restarted, as docs/reference
says; a newer one (TELLTALE_PROMTAIL) is told by the reloader.
"""

import json

import layout
import node_logs
import pytest
import steps
from release import promtail_image


@pytest.fixture(scope="module", autouse=True)
def promtail(cluster, images, release, store):
    images("promtail", "busybox")
    release.use(collector="promtail")
    node_logs.apply_example(cluster)

    def right(text: str) -> bool:
        return "stdout/ticker" in text and f'"{store.push_url}/loki/api/v1/push"' in text

    def written() -> bool:
        return right(cluster.json("-n", "telltale", "get", "configmap", "telltale-promtail")["data"]["promtail.yaml"])

    # A pod that starts before the kubelet has heard of the change gets the old text.
    def mounted() -> bool:
        volumes = layout.Layout().kubelet.glob("pods/*/volumes/kubernetes.io~configmap/*/promtail.yaml")
        return any(right(path.read_text()) for path in volumes)

    steps.wait_for("the operator's configuration of Promtail", 60, written)
    steps.wait_for("the configuration on the node", 150, mounted)
    if "promtail.reloader.enabled=false" in promtail_image():
        daemon_set = "daemonset/telltale-promtail"
        cluster.kubectl("-n", "telltale", "rollout", "restart", daemon_set)
        cluster.kubectl("-n", "telltale", "rollout", "status", daemon_set, "--timeout=90s")
    yield
    cluster.kubectl("delete", "namespace", "stdout", "--ignore-not-found", "--wait=false")


def test_the_example_of_stdout_arrives_parsed_labelled_and_filtered(store, wait_for):
    found = wait_for(f"the pod's lines in {store.title}", 120, lambda: store.entries(node_logs.SELECTOR))
    assert {json.loads(entry.line)["level"] for entry in found} == {"info"}
    assert all(entry.labels["level"] == "info" and entry.labels["node"] for entry in found)
