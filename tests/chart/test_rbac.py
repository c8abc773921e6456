# SPDX-License-Identifier: Apache-2.0
"""The operator's roles, rule by rule: one right more or less than it needs fails here."""

import chart
import pytest

CLUSTER = [
    ("telltale.dev", ["monitoringtargets"], None, ["list", "watch"]),
    ("telltale.dev", ["monitoringtargets/status"], None, ["patch"]),
    ("", ["pods", "namespaces"], None, ["list", "watch"]),
    ("", ["configmaps"], ["telltale-sidecar"], ["list", "watch", "create", "patch", "delete"]),
    ("apps", ["replicasets"], None, ["list"]),
    ("events.k8s.io", ["events"], None, ["list"]),
    ("apps", ["statefulsets", "daemonsets"], None, ["get"]),
    ("batch", ["jobs"], None, ["get"]),
    ("events.k8s.io", ["events"], None, ["create", "patch"]),
    ("rbac.authorization.k8s.io", ["clusterroles"], ["telltale-operator"], ["get"]),
    ("admissionregistration.k8s.io", ["mutatingwebhookconfigurations"], None, ["list"]),
]
INJECTION = [
    ("", ["limitranges"], None, ["list", "watch"]),
    (
        "admissionregistration.k8s.io",
        ["mutatingwebhookconfigurations"],
        ["telltale-operator"],
        ["get", "patch"],
    ),
]
SECRET = ("", ["secrets"], ["telltale-webhook-ca"], ["get", "create", "patch", "delete"])
PROMTAIL = ("", ["configmaps"], ["telltale-promtail"], ["list", "watch", "create", "patch", "delete"])
EVENTS = ("", ["events"], None, ["list", "watch"])
POSITION = ("", ["configmaps"], ["telltale-events"], ["get", "create", "patch"])
JOBS = ("", ["configmaps"], ["telltale-scrape-jobs"], ["list", "watch", "create", "patch", "delete"])
# The name cannot be a condition of a POST.
LEASE = [
    ("coordination.k8s.io", ["leases"], None, ["create"]),
    ("coordination.k8s.io", ["leases"], ["telltale-operator"], ["get", "update"]),
]


def rules(objects: list[dict], kind: str) -> list[tuple]:
    """All rules of the operator's roles of this kind, which all have to have a row in the table."""
    found = []
    for one in objects:
        if one["kind"] != kind or not one["metadata"]["name"].startswith("telltale-operator"):
            continue
        for rule in one["rules"]:
            assert set(rule) <= {"apiGroups", "resources", "resourceNames", "verbs"}
            [group] = rule["apiGroups"]
            found.append((group, rule["resources"], rule.get("resourceNames"), rule["verbs"]))
    return found


@pytest.mark.parametrize(
    ("settings", "cluster", "own"),
    [
        ((), [*CLUSTER, *INJECTION], [*LEASE, SECRET, PROMTAIL, JOBS]),
        (("sidecar.enabled=false",), CLUSTER, [*LEASE, PROMTAIL, JOBS]),
        (("promtail.enabled=false",), [*CLUSTER, *INJECTION], [*LEASE, SECRET, JOBS]),
        (("sidecar.enabled=false", "promtail.enabled=false"), CLUSTER, [*LEASE, JOBS]),
        (("sidecar.enabled=false", "promtail.enabled=false", "logs.events.enabled=true"),
         [*CLUSTER[:8], EVENTS, *CLUSTER[8:]], [*LEASE, POSITION, JOBS]),
        (("prometheus.enabled=false", "prometheus.external.url=http://p:9090"), [*CLUSTER, *INJECTION], [*LEASE, SECRET, PROMTAIL]),
    ],
    ids=lambda some: ",".join(some) if some and isinstance(some[0], str) else None,
)
def test_the_operator_s_roles_are_exactly_these(settings, cluster, own):
    objects = chart.render(*settings)
    assert rules(objects, "ClusterRole") == cluster
    assert rules(objects, "Role") == own


def test_the_roles_are_bound_to_the_operator_s_account_alone():
    for kind in ("ClusterRoleBinding", "RoleBinding"):
        binding = chart.find(chart.render(), kind, "telltale-operator")
        [subject] = binding["subjects"]
        assert subject == {
            "kind": "ServiceAccount",
            "name": "telltale-operator",
            "namespace": chart.NAMESPACE,
        }
        assert binding["roleRef"]["name"] == "telltale-operator"
        assert binding["roleRef"]["kind"] == kind.removesuffix("Binding")


def test_prometheus_and_kube_state_metrics_may_only_look_and_see_no_secrets():
    def granted(objects, name):
        return [(r["apiGroups"], r["resources"], r["verbs"]) for r in chart.find(objects, "ClusterRole", name)["rules"]]

    objects = chart.render("kubelet.enabled=true", "kubeStateMetrics.enabled=true")
    assert granted(objects, "telltale-prometheus") == [
        ([""], ["nodes"], ["list", "watch"]), ([""], ["nodes/metrics"], ["get"])]  # fmt: skip
    state = granted(objects, "telltale-kube-state-metrics")
    assert all(verbs == ["list", "watch"] for _, _, verbs in state)
    seen = {resource for _, resources, _ in state for resource in resources}
    assert not {"secrets", "configmaps"} & seen
    [container] = chart.pod(chart.find(objects, "Deployment", "telltale-kube-state-metrics"))["containers"]
    [asked] = [a.partition("=")[2].split(",") for a in container["args"] if a.startswith("--resources=")]
    assert seen == {*asked, "customresourcedefinitions", "monitoringtargets"}
    for name in ("telltale-prometheus", "telltale-kube-state-metrics"):
        binding = chart.find(objects, "ClusterRoleBinding", name)
        assert binding["subjects"] == [{"kind": "ServiceAccount", "name": name, "namespace": chart.NAMESPACE}]
        assert binding["roleRef"]["name"] == name
        chart.find(objects, "ServiceAccount", name)
