# SPDX-License-Identifier: Apache-2.0
"""Applications that know nothing of Telltale are found, scraped and forgotten in time."""

import time

import manifests
import observe
import pytest

KNOWN_WITHIN = 15.0  # seconds from Ready
GONE_WITHIN = 30.0  # seconds from the end of the pod or of the resource

HTTPD = """
mkdir -p "/tmp/www/odd path/~stats;v=1" && printf 'legacy_answer 42\\n' > "/tmp/www/odd path/~stats;v=1/metrics"
exec httpd -f -p 8099 -h /tmp/www
"""
# Answers every connection with a page that has no Content-Type at all.
BARE = r"""
cat > /tmp/page <<'END'
#!/bin/sh
while read -r line && [ ${#line} -gt 1 ]; do :; done
printf 'HTTP/1.0 200 OK\r\n\r\nlegacy_answer 42\n'
END
chmod +x /tmp/page
while true; do nc -l -p 8099 -e /tmp/page; done
"""


def jobs(cluster, job):
    return {target["labels"]["pod"] for target in cluster.targets(job) if target["health"] == "up"}


@pytest.mark.parametrize(
    ("script", "path"),
    [pytest.param(HTTPD, "/odd path/~stats;v=1/metrics", id="odd-path"),
     pytest.param(BARE, "/metrics", id="no-content-type")],
)  # fmt: skip
def test_an_undeclared_numeric_port_of_an_unknown_image(cluster, images, namespace, wait_for, script, path):
    images("busybox")
    selector = {"matchExpressions": [{"key": "tier", "operator": "In", "values": ["old", "older"]},
                                     {"key": "skip", "operator": "DoesNotExist"}]}  # fmt: skip
    endpoint = {"port": 8099, "path": path, "interval": "2s"}
    cluster.kubectl("apply", "-f", "-", stdin=manifests.target(
        namespace, "legacy", selector=selector, metrics={"endpoints": [endpoint]}))  # fmt: skip
    cluster.kubectl("apply", "-f", "-", stdin=manifests.deployment(
        namespace, "legacy", {"tier": "older"}, manifests.container(script), replicas=2))  # fmt: skip
    job = f"{namespace}/legacy"

    def ready():
        pods = cluster.pods(namespace, "app=legacy")
        return pods if len([pod for pod in pods if observe.ready_since(pod)]) == 2 else None

    pods = wait_for("two Ready pods", 60, ready)
    names = {pod["metadata"]["name"] for pod in pods}
    wait_for("both targets known and up", KNOWN_WITHIN, lambda: jobs(cluster, job) == names)
    values = {s["metric"]["pod"]: s["value"][1] for s in cluster.query(f'legacy_answer{{job="{job}"}}')}
    assert values == {name: "42" for name in names}

    cluster.kubectl("-n", namespace, "scale", "deployment/legacy", "--replicas=1")
    wait_for("one pod left", 30, lambda: len(cluster.pods(namespace, "app=legacy")) == 1)
    left = {cluster.pods(namespace, "app=legacy")[0]["metadata"]["name"]}
    wait_for("the ended pod forgotten", GONE_WITHIN, lambda: jobs(cluster, job) == left)

    cluster.kubectl("-n", namespace, "delete", "mt", "legacy")
    wait_for("every target of the deleted resource gone", GONE_WITHIN, lambda: not cluster.targets(job))


def test_a_resource_beyond_its_namespace_needs_a_trusted_one(cluster, namespace, wait_for):
    spec = {
        "selector": {"matchAll": True},
        "namespaceSelector": {"names": ["shop"]},
        "metrics": {"endpoints": [{"port": "http", "path": "/api/shop-metrics"}]},
    }
    cluster.kubectl("apply", "-f", "-", stdin=manifests.target(namespace, "curious", **spec))

    def condition():
        status = cluster.json("-n", namespace, "get", "mt", "curious").get("status", {})
        found = [c for c in status.get("conditions", []) if c["type"] == "Accepted"]
        return found[0] if found and found[0]["status"] == "False" else None

    accepted = wait_for("Accepted=False", 15, condition)
    assert accepted["reason"] == "NotTrusted"
    assert not cluster.targets(f"{namespace}/curious")

    cluster.kubectl("apply", "-f", "-", stdin=manifests.target("telltale", "curious", **spec))
    try:
        wait_for("the shop's pods scraped for a trusted resource", 30,
                 lambda: len(jobs(cluster, "telltale/curious")) == 3)  # fmt: skip
    finally:
        cluster.kubectl("-n", "telltale", "delete", "mt", "curious")


def test_the_operator_may_restart_without_a_target_being_lost(cluster, wait_for):
    before = {target["scrapeUrl"] for target in cluster.targets("shop/shop")}
    cluster.kubectl("-n", "telltale", "delete", "pod", "-l", "app.kubernetes.io/component=operator",
                    "--wait=false")  # fmt: skip
    deadline = time.monotonic() + 12
    while time.monotonic() < deadline:
        assert {target["scrapeUrl"] for target in cluster.targets("shop/shop")} == before
        time.sleep(0.5)
    cluster.kubectl("-n", "telltale", "rollout", "status", "deployment/telltale-operator", "--timeout=60s")
    assert {target["scrapeUrl"] for target in cluster.targets("shop/shop")} == before
