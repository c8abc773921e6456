# SPDX-License-Identifier: Apache-2.0
"""The resource says what is wrong, and that it is right again."""

import json

import manifests


def status(cluster, namespace, name):
    return cluster.json("-n", namespace, "get", "mt", name).get("status", {})


def condition(cluster, namespace, name, kind):
    found = [c for c in status(cluster, namespace, name).get("conditions", []) if c["type"] == kind]
    return found[0] if found else {"status": None, "reason": None, "message": ""}


def named(cluster, namespace, reason):
    """The problem of `web` with this reason, if there is one."""
    found = [p for p in status(cluster, namespace, "web").get("problems", []) if p["reason"] == reason]
    return found[0] if found else None


def apply(cluster, namespace, port, **more):
    cluster.kubectl("apply", "-f", "-", stdin=manifests.target(
        namespace, "web", selector={"matchLabels": {"app": "web"}},
        metrics={"endpoints": [{"port": port, "interval": "2s"}]}, **more))  # fmt: skip


def test_what_is_wrong_is_named_until_it_is_mended(cluster, images, namespace, wait_for):
    images("busybox")
    apply(cluster, namespace, "htpp")
    wait_for("NoPodsMatched", 15,
             lambda: condition(cluster, namespace, "web", "Discovered")["reason"] == "NoPodsMatched")  # fmt: skip

    page = "mkdir -p /tmp/w && echo 'web_ok 1' > /tmp/w/metrics && exec httpd -f -p 8080 -h /tmp/w"
    ports = [{"name": "http", "containerPort": 8080}]
    cluster.kubectl("apply", "-f", "-", stdin=manifests.deployment(
        namespace, "web", {}, manifests.container(page, ports=ports)))  # fmt: skip
    problem = wait_for("PortNotFound", 40, lambda: named(cluster, namespace, "PortNotFound"))
    assert "htpp" in problem["message"] and "http" in problem["message"]
    assert condition(cluster, namespace, "web", "Ready")["status"] == "False"

    apply(cluster, namespace, 9999)
    wait_for("ConnectionRefused, as Prometheus has it", 40,
             lambda: named(cluster, namespace, "ConnectionRefused"))  # fmt: skip

    apply(cluster, namespace, "http")
    wait_for("Ready", 40, lambda: condition(cluster, namespace, "web", "Ready")["status"] == "True")
    assert status(cluster, namespace, "web").get("problems", []) == []
    cluster.kubectl("-n", namespace, "wait", "--for=condition=Ready", "mt/web", "--timeout=5s")


def test_a_pod_that_was_there_before_the_resource_is_named_as_lacking_its_sidecar(
    cluster, images, namespace, wait_for
):
    images("busybox")
    cluster.kubectl("apply", "-f", "-", stdin=manifests.deployment(
        namespace, "web", {}, manifests.container("exec sleep 1000000")))  # fmt: skip
    cluster.kubectl("-n", namespace, "rollout", "status", "deployment/web", "--timeout=60s")
    cluster.kubectl("apply", "-f", "-", stdin=manifests.target(
        namespace, "web", selector={"matchLabels": {"app": "web"}}, sidecar={}))  # fmt: skip
    wait_for("SidecarMissing", 20,
             lambda: condition(cluster, namespace, "web", "Injected")["status"] == "False")  # fmt: skip
    message = json.dumps(status(cluster, namespace, "web")["problems"])
    assert "SidecarMissing" in message and "rollout restart" in message

    cluster.kubectl("-n", namespace, "rollout", "restart", "deployment/web")
    wait_for("the sidecar in the new pod", 60,
             lambda: condition(cluster, namespace, "web", "Injected")["status"] == "True")  # fmt: skip


def test_a_wrong_resource_is_refused_with_a_sentence(cluster, namespace):
    wrong = [
        ({"selector": {}, "metrics": {"endpoints": [{"port": 80}]}}, "selects nothing"),
        ({"selector": {"matchAll": True},
          "metrics": {"endpoints": [{"port": 80, "interval": "5s", "timeout": "6s"}]}}, "longer than interval"),
        ({"selector": {"matchAll": True}, "metrics": {"endpoints": [{"port": 70000}]}}, "65535"),
        ({"selector": {"matchAll": True}, "metric": {}}, "unknown field"),
    ]  # fmt: skip
    for spec, sentence in wrong:
        answer = cluster.kubectl("apply", "--validate=strict", "-f", "-", check=False,
                                 stdin=manifests.target(namespace, "wrong", **spec))  # fmt: skip
        assert sentence in answer, answer
