# SPDX-License-Identifier: Apache-2.0
"""An urgent line of a log is at the receiver of a webhook within two seconds: sidecar, Alertmanager, receiver.

The demo's Alertmanager notifies the shop, which writes what it is told into its log. That log is shipped too, so the
log store has both lines, each with the time at which a sidecar first saw it.
"""

import time

import manifests
import stores

WITHIN = 2.0  # seconds
TRIES = 3  # the machine may be busy with something else


def stage(name: str) -> dict:
    return {"alert": {"name": name, "expression": f"{name}$", "labels": {"severity": "page"}}}


def test_an_urgent_line_is_a_notification_within_two_seconds(cluster, namespace, release, wait_for):
    store = stores.VictoriaLogs(cluster)
    names = [f"Urgent{time.time_ns()}n{number}" for number in range(TRIES)]  # of no earlier run
    cluster.kubectl("apply", "-f", "-", stdin=manifests.target(
        namespace, "urgent", selector={"matchLabels": {"app": "urgent"}}, sidecar={},
        logs={"source": "Files", "collector": "Sidecar", "files": {"directory": "/var/log/app"},
              "pipeline": [stage(name) for name in names]},
    ))  # fmt: skip
    writer = manifests.container("echo ready >> /var/log/app/app.log; exec sleep 1000")
    cluster.kubectl("apply", "-f", "-", stdin=manifests.deployment(namespace, "urgent", {}, writer))

    cluster.kubectl("-n", namespace, "rollout", "status", "deployment/urgent", "--timeout=90s")

    def line(selector: str, end: str) -> float | None:
        """When the last line that ends so was seen, in seconds."""
        found = [one.time for one in store.entries(selector) if one.line.endswith(end)]
        return found[-1] / 1e9 if found else None

    of_pod = f'{{namespace="{namespace}",app="urgent"}}'
    wait_for("the first line of the pod", 90, lambda: line(of_pod, "ready"))
    took = []
    for name in names:
        cluster.kubectl("-n", namespace, "exec", "deploy/urgent", "-c", "app", "--", "sh", "-c",
                        f"echo something is on fire: {name} >> /var/log/app/app.log")  # fmt: skip
        told = wait_for(f"the notification of {name}", 60, lambda name=name: line('{namespace="shop",app="shop"}', f"{name} is firing"))
        written = wait_for(f"the line {name}", 60, lambda name=name: line(of_pod, name))
        took.append(told - written)
        if took[-1] <= WITHIN:
            break
    print(f"an urgent line was at the receiver after {took[-1]:.3f} s")
    assert min(took) <= WITHIN, took
