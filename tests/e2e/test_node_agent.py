# SPDX-License-Identifier: Apache-2.0
"""Stdout of pods whose target says `collector: Node` arrives in the log store through an agent of our own."""

import json

import manifests
import node_logs
import pytest

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
def agent(cluster, images, release, store):
    images("busybox")
    release.use(collector="telltale")
    node_logs.apply_example(cluster)
    yield
    cluster.kubectl("delete", "namespace", "stdout", "--ignore-not-found", "--wait=false")


def test_the_example_of_stdout_arrives_parsed_labelled_and_filtered(store, wait_for):
    found = wait_for(f"the pod's lines in {store.title}", 60, lambda: store.entries(node_logs.SELECTOR))
    assert {json.loads(entry.line)["level"] for entry in found} == {"info"}
    for entry in found:
        assert entry.labels["level"] == "info" and entry.labels["node"]
        assert entry.labels["filename"].startswith("/var/log/pods/stdout_ticker_")


def test_a_pod_that_is_over_at_once_arrives_whole(cluster, store, wait_for):
    cluster.kubectl("apply", "-f", "-", stdin=json.dumps(SHORT))

    def three():
        found = store.entries('{namespace="stdout", pod="short"}')
        return found if len(found) >= 3 else None

    found = wait_for("three lines", 60, three)
    assert sorted(json.loads(entry.line)["n"] for entry in found) == [1, 2, 3]


def test_pods_that_no_target_selects_are_not_read(store):
    found = store.entries('{filename=~"/var/log/pods/.+"}')
    assert {entry.labels["namespace"] for entry in found} == {"stdout"}
