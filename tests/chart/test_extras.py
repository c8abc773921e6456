# SPDX-License-Identifier: Apache-2.0
"""What every chart has: what a user adds to a component's pods and puts before them."""

import chart
import pod_security
import pytest
import yaml

COMPONENTS = {
    "operator": "telltale-operator", "prometheus": "telltale-prometheus", "alertmanager": "telltale-alertmanager",
    "kubeStateMetrics": "telltale-kube-state-metrics", "nodeExporter": "telltale-node-exporter",
    "pushgateway": "telltale-pushgateway", "blackboxExporter": "telltale-blackbox-exporter", "loki": "telltale-loki",
    "victorialogs": "telltale-victorialogs", "promtail": "telltale-promtail", "node": "telltale-node",
    "grafana": "telltale-grafana",
}  # fmt: skip
DATA = ("prometheus", "alertmanager", "pushgateway", "loki", "victorialogs", "grafana")
PAGES = {"grafana": 80, "prometheus": 9090, "alertmanager": 9093}


def on(component: str) -> dict:
    """Values with which the component is there."""
    if component == "node":
        return {"logs": {"collector": "telltale"}}
    return {component: {"enabled": True}} | ({"loki": {"enabled": False}} if component == "victorialogs" else {})


def render(tmp_path, component: str, settings: dict, more: dict | None = None) -> list[dict]:
    values = on(component) | (more or {})
    values[component] = values.get(component, {}) | settings
    path = tmp_path / "values.yaml"
    path.write_text(yaml.safe_dump(values))
    done = chart.template("-f", path)
    assert done.returncode == 0, done.stderr
    return [one for one in yaml.safe_load_all(done.stdout) if one]


def workload(objects: list[dict], component: str) -> dict:
    [found] = [one for one in chart.workloads(objects) if one["metadata"]["name"] == COMPONENTS[component]]
    return found


EXTRAS = {
    "extraEnv": [{"name": "HTTPS_PROXY", "value": "http://p"}, {"name": "B", "value": "2"}],
    "extraVolumes": [{"name": "ca", "configMap": {"name": "corp-ca"}}, {"name": "more", "emptyDir": {}}],
    "extraVolumeMounts": [{"name": "ca", "mountPath": "/corp"}, {"name": "more", "mountPath": "/more"}],
    "extraContainers": [{"name": "beside", "image": "a:1"}, {"name": "beside2", "image": "a:2"}],
    "podSecurityContext": {"fsGroup": 7, "runAsUser": 8},
    "containerSecurityContext": {"readOnlyRootFilesystem": False},
    "serviceAccount": {"annotations": {"eks.amazonaws.com/role-arn": "arn:x", "b": "c"}},
    "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway"}],
}


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_component_s_pods_get_what_the_user_adds(tmp_path, component):
    usual = chart.pod(workload(render(tmp_path, component, {}), component))
    objects = render(tmp_path, component, EXTRAS)
    one = workload(objects, component)
    spec = chart.pod(one)
    first = spec["containers"][0]
    assert [env for env in first["env"] if env in EXTRAS["extraEnv"]] == EXTRAS["extraEnv"]
    assert [mount for mount in first["volumeMounts"] if mount in EXTRAS["extraVolumeMounts"]] == EXTRAS["extraVolumeMounts"]
    assert [volume for volume in spec["volumes"] if volume in EXTRAS["extraVolumes"]] == EXTRAS["extraVolumes"]
    assert spec["containers"][-2:] == EXTRAS["extraContainers"] and first["name"] == usual["containers"][0]["name"]
    assert spec["topologySpreadConstraints"] == EXTRAS["topologySpreadConstraints"]
    # What is not said stays.
    assert spec["securityContext"] == usual["securityContext"] | EXTRAS["podSecurityContext"]
    assert first["securityContext"] == usual["containers"][0]["securityContext"] | {"readOnlyRootFilesystem": False}
    account = chart.find(objects, "ServiceAccount", COMPONENTS[component])
    assert account["metadata"]["annotations"] == EXTRAS["serviceAccount"]["annotations"]
    assert spec["serviceAccountName"] == COMPONENTS[component]
    # No rights in the API come with it.
    assert spec["automountServiceAccountToken"] is usual["automountServiceAccountToken"]
    others = [o for o in chart.workloads(objects) if o is not one]
    assert not [o for o in others if "corp-ca" in yaml.safe_dump(o)]


def test_prometheus_keeps_one_account_with_kubelets_and_annotations(tmp_path):
    objects = render(tmp_path, "prometheus", {"serviceAccount": {"annotations": {"a": "b"}}}, {"kubelet": {"enabled": True}})
    assert chart.find(objects, "ServiceAccount", "telltale-prometheus")["metadata"]["annotations"] == {"a": "b"}


@pytest.mark.parametrize("component", DATA)
def test_a_claim_of_the_user_s_holds_the_data(tmp_path, component):
    one = workload(render(tmp_path, component, {"persistence": {"existingClaim": "mine"}}), component)
    assert "volumeClaimTemplates" not in one["spec"]
    [data] = [volume for volume in chart.pod(one)["volumes"] if volume["name"] == "data"]
    assert data["persistentVolumeClaim"] == {"claimName": "mine"}
    done = chart.template("--set", f"{component}.persistence.existingClaim=a,{component}.persistence.enabled=false")
    assert done.returncode != 0
    assert f"{component}.persistence.existingClaim is used only when {component}.persistence.enabled is true" in done.stderr


@pytest.mark.parametrize("component", PAGES)
def test_a_page_has_a_way_in_by_ingress_and_by_gateway(tmp_path, component):
    parents = [{"name": "gate", "namespace": "gates"}]
    ways = {"ingress": {"enabled": True, "className": "nginx", "host": "a.example", "tlsSecret": "t"},
            "httpRoute": {"enabled": True, "parentRefs": parents, "hostnames": ["a.example", "b.example"]}}  # fmt: skip
    objects = render(tmp_path, component, ways)
    ingress = chart.find(objects, "Ingress", COMPONENTS[component])["spec"]
    [rule] = ingress["rules"]
    service = rule["http"]["paths"][0]["backend"]["service"]
    route = chart.find(objects, "HTTPRoute", COMPONENTS[component])["spec"]
    [backend] = route["rules"][0]["backendRefs"]
    assert (rule["host"], ingress["ingressClassName"], ingress["tls"][0]["secretName"]) == ("a.example", "nginx", "t")
    assert (route["parentRefs"], route["hostnames"]) == (parents, ["a.example", "b.example"])
    assert service == {"name": COMPONENTS[component], "port": {"number": PAGES[component]}}
    assert backend == {"name": COMPONENTS[component], "port": PAGES[component]}
    ports = chart.find(objects, "Service", COMPONENTS[component])["spec"]["ports"]
    assert [port["port"] for port in ports] == [PAGES[component]]
    assert not [one for one in chart.render() if one["kind"] in ("Ingress", "HTTPRoute")]
    for wrong, sentence in (("ingress", "ingress needs a host"), ("httpRoute", "httpRoute needs parentRefs")):
        done = chart.template("--set", f"{component}.{wrong}.enabled=true")
        assert done.returncode != 0 and f"{component}.{sentence}" in done.stderr


def test_helm_test_asks_each_component_that_is_there():
    services = {(one["metadata"]["name"], port["port"]) for one in chart.render("alertmanager.enabled=true")
                if one["kind"] == "Service" for port in one["spec"]["ports"]}  # fmt: skip
    for settings, names in (
        (("alertmanager.enabled=true",), {"operator", "prometheus", "alertmanager", "loki", "grafana"}),
        (("grafana.enabled=false", "loki.enabled=false", "promtail.enabled=false"), {"operator", "prometheus"}),
    ):
        pod = chart.find(chart.render(*settings), "Pod", "telltale-test")
        assert pod["metadata"]["annotations"]["helm.sh/hook"] == "test"
        assert pod_security.violations(pod["spec"]) == []
        assert {container["name"] for container in pod["spec"]["containers"]} == names
        for container in pod["spec"]["containers"]:
            host, _, rest = container["command"][-1].removeprefix("http://").partition(":")
            assert (host, int(rest.partition("/")[0])) in services
    assert "helm.sh/hook" not in (chart.ROOT / "manifests/install.yaml").read_text()
