# SPDX-License-Identifier: Apache-2.0
"""The values files of helm/values: each keeps what its first comment promises, and a real API server takes its objects."""

import functools

import chart
import pytest
import yaml

FILES = sorted((chart.ROOT / "helm/values").glob("*.yaml"))
# Definitions that no API server has by itself.
FOREIGN = ("monitoring.coreos.com/", "gateway.networking.k8s.io/")


@functools.cache
def objects(name: str) -> list[dict]:
    done = chart.template("--skip-tests", "-f", chart.ROOT / f"helm/values/{name}.yaml")
    assert done.returncode == 0, done.stderr
    return [one for one in yaml.safe_load_all(done.stdout) if one]


def names(found: list[dict], *kinds: str) -> set[str]:
    return {one["metadata"]["name"] for one in found if one["kind"] in kinds}


def host_paths(found: list[dict]) -> list[str]:
    return [volume["hostPath"]["path"] for one in chart.workloads(found) for volume in chart.pod(one).get("volumes", []) if "hostPath" in volume]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_api_server_takes_every_object(server, path):
    known = [one for one in objects(path.stem) if not one["apiVersion"].startswith(FOREIGN)]
    server.kubectl("create", "namespace", chart.NAMESPACE)  # for those that are in it; it may be there
    done = server.kubectl(
        "apply", "--server-side", "--force-conflicts", "--validate=strict", "--dry-run=server", "-f", "-",
        text=yaml.safe_dump_all(known),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert len(known) > 8


def test_minimal_keeps_nothing_and_runs_three_pods():
    found = objects("minimal")
    assert names(found, *chart.WORKLOADS) == {"telltale-operator", "telltale-prometheus", "telltale-victorialogs"}
    assert not any(one["spec"].get("volumeClaimTemplates") for one in chart.workloads(found))
    assert chart.find(found, "Deployment", "telltale-operator")["spec"]["replicas"] == 1


def test_beside_kube_prometheus_stack_there_is_one_prometheus_and_it_is_theirs():
    found = objects("kube-prometheus-stack")
    assert names(found, *chart.WORKLOADS) == {"telltale-operator", "telltale-loki", "telltale-node"}
    wanted = {"release": "kube-prometheus-stack"}
    ours = [one for one in found if one["kind"] in ("ScrapeConfig", "PrometheusRule")]
    assert len(names(ours, "ScrapeConfig")) >= 3 and names(ours, "PrometheusRule")
    assert all(wanted.items() <= one["metadata"]["labels"].items() for one in ours)
    boards = chart.find(found, "ConfigMap", "telltale-grafana-dashboards")
    assert boards["metadata"]["labels"]["grafana_dashboard"] == "1"
    arguments = chart.pod(chart.find(found, "Deployment", "telltale-operator"))["containers"][0]["args"]
    assert any("kube-prometheus-stack-prometheus.monitoring" in one for one in arguments)
    assert any("kube-prometheus-stack-alertmanager.monitoring" in one for one in arguments)


def test_on_openshift_no_pod_names_its_user_or_mounts_the_node():
    found = objects("openshift")
    assert not host_paths(found) and not names(found, "DaemonSet")
    for one in chart.workloads(found):
        spec = chart.pod(one)
        contexts = [spec.get("securityContext", {}), *(c.get("securityContext", {}) for c in chart.containers(spec))]
        assert not any({"runAsUser", "runAsGroup", "fsGroup"} & set(context) for context in contexts), chart.title(one)


def test_without_daemonsets_nothing_needs_the_node_or_a_disk():
    found = objects("no-daemonsets")
    assert not host_paths(found) and not names(found, "DaemonSet")
    assert not any(one["spec"].get("volumeClaimTemplates") for one in chart.workloads(found))


def test_for_high_availability_nothing_that_is_needed_stands_alone():
    found = objects("high-availability")
    operator = chart.find(found, "Deployment", "telltale-operator")
    assert operator["spec"]["replicas"] == 3
    spread = chart.pod(operator)["topologySpreadConstraints"]
    assert {one["topologyKey"] for one in spread} == {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}
    labels = operator["spec"]["template"]["metadata"]["labels"].items()
    assert all(one["labelSelector"]["matchLabels"].items() <= labels for one in spread)
    [budget] = [one for one in found if one["kind"] == "PodDisruptionBudget"]
    assert budget["spec"]["selector"]["matchLabels"].items() <= labels
    assert not names(found, "StatefulSet") and names(found, "DaemonSet") == {"telltale-node"}
    arguments = " ".join(chart.pod(operator)["containers"][0]["args"])
    assert "prometheus-0.prometheus" in arguments and "prometheus-1.prometheus" in arguments
    assert names(found, "NetworkPolicy")


def test_each_file_says_what_it_is_for_and_is_listed():
    page = (chart.ROOT / "docs/how-to/install.md").read_text()
    assert len(FILES) == 5
    for path in FILES:
        assert path.read_text().splitlines()[1].startswith("# ")
        assert f"helm/values/{path.name}" in page
