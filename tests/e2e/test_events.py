# SPDX-License-Identifier: Apache-2.0
"""The cluster's events, which the demo's operator writes and its sidecar ships, are in the log store, each once."""

import collections
import json

import manifests
import stores


def seen(cluster, namespace: str) -> collections.Counter:
    """How often the store has each event of the namespace, by its reason and the object's name."""
    found = stores.VictoriaLogs(cluster).entries(f'{{job="kubernetes-events",namespace="{namespace}"}}')
    events = [json.loads(entry.line) for entry in found]
    return collections.Counter((one["reason"], one["name"], one.get("count", 1)) for one in events)


def test_events_are_in_the_store_once_also_when_the_operators_are_replaced(cluster, namespace, release, wait_for):
    pod = manifests.container("exec sleep 1000")
    cluster.kubectl("apply", "-f", "-", stdin=manifests.deployment(namespace, "first", {}, pod))
    wait_for("events of the first", 60, lambda: {"ScalingReplicaSet", "Started"} <= {reason for reason, _, _ in seen(cluster, namespace)})
    cluster.kubectl("-n", "telltale", "rollout", "restart", "deployment/telltale-operator")
    cluster.kubectl("apply", "-f", "-", stdin=manifests.deployment(namespace, "second", {}, pod))
    cluster.kubectl("-n", "telltale", "rollout", "status", "deployment/telltale-operator", "--timeout=180s")
    cluster.kubectl("apply", "-f", "-", stdin=manifests.deployment(namespace, "third", {}, pod))
    for name in ("second", "third"):
        wait_for(f"events of the {name}", 90, lambda name=name: [1 for reason, of, _ in seen(cluster, namespace)
                                                                 if reason == "Started" and of.startswith(name)])  # fmt: skip
    counts = seen(cluster, namespace)
    assert set(counts.values()) == {1}, counts
    asked = cluster.json("-n", namespace, "get", "events")["items"]
    kept = {(one["reason"], one["involvedObject"]["name"]) for one in asked}
    wait_for("every event that Kubernetes has", 30, lambda: kept <= {one[:2] for one in seen(cluster, namespace)})
