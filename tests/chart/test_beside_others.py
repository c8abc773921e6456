# SPDX-License-Identifier: Apache-2.0
"""What the chart says of others: tenants, an external Prometheus, prometheus-operator, NetworkPolicies, names
that resolve everywhere, and the token of discovery."""

import re

import chart
import pytest
import yaml

EXTERNAL = ("prometheus.enabled=false", "prometheus.external.url=https://prom.monitoring.svc:9443/p")


def arguments(*settings: str) -> list[str]:
    return chart.containers(chart.pod(chart.find(chart.render(*settings), "Deployment", "telltale-operator")))[0]["args"]


def refused(*settings: str) -> str:
    done = chart.template(*(word for setting in settings for word in ("--set", setting)))
    assert done.returncode != 0
    return done.stderr


def test_tenants_are_told_by_namespace_and_none_are_by_default():
    assert not [one for one in arguments() if one.startswith("--tenants")]
    told = arguments("tenants.shop={team-a,team-b}", "tenants.bank={7}", "tenants.*={public}")
    assert "--tenants=*=public,bank=7,shop=team-a,shop=team-b" in told
    assert "'Shop' does not match" in refused("tenants.Shop={a}")
    assert "tenants" in refused("tenants.shop={a b}")
    assert "tenants" in refused("tenants.shop=team-a")


def test_names_that_leave_the_namespace_need_no_search_list():
    for settings, suffix in (((), r"svc\.cluster\.local"), (("clusterDomain=corp.example",), r"svc\.corp\.example"),
                             (("clusterDomain=",), "svc")):  # fmt: skip
        words = [str(one) for one in arguments("logs.collector=telltale", *settings)]
        text = "\n".join(words) + yaml.safe_dump(
            [one for one in chart.render("logs.collector=telltale", *settings) if one["kind"] == "ConfigMap"]
        )
        named = re.findall(r"telltale-[a-z-]+\.telltale\.(svc[a-z.]*)", text)
        assert len(named) >= 6
        assert all(re.fullmatch(suffix, one) for one in named), named


def test_the_operator_logs_in_to_an_external_prometheus():
    settings = (*EXTERNAL, "prometheus.external.secretName=prom-login", "prometheus.external.moreUrls={http://b:9090}",
                "prometheus.external.headers.X-Scope-OrgID=team-a", "prometheus.external.proxyUrl=http://proxy:3128")  # fmt: skip
    told = arguments(*settings)
    for argument in ("--prometheus-url=https://prom.monitoring.svc:9443/p,http://b:9090",
                     "--prometheus-credentials=/etc/telltale/prometheus", "--prometheus-headers=X-Scope-OrgID=team-a",
                     "--prometheus-proxy=http://proxy:3128"):  # fmt: skip
        assert argument in told
    spec = chart.pod(chart.find(chart.render(*settings), "Deployment", "telltale-operator"))
    assert {"name": "prometheus", "secret": {"secretName": "prom-login"}} in spec["volumes"]
    assert not [one for one in arguments(*EXTERNAL) if one.startswith(("--prometheus-c", "--prometheus-h", "--prometheus-p"))]
    assert "prometheus.external.url" in refused("prometheus.enabled=false", "prometheus.external.secretName=x")
    assert "prometheus.enabled" in refused("prometheus.external.secretName=x")
    # A password would stand in the Deployment for everybody to read.
    assert "prometheus/external/url" in refused("prometheus.enabled=false", "prometheus.external.url=https://me:pw@prom")


def test_scrape_configs_for_prometheus_operator():
    assert not [one for one in chart.render(*EXTERNAL) if one["kind"] == "ScrapeConfig"]
    objects = chart.render(*EXTERNAL, "prometheusOperator.scrapeConfig.enabled=true", "logs.collector=telltale",
                           "prometheusOperator.scrapeConfig.labels.release=kps",
                           "operator.discoveryToken.secretName=sd")  # fmt: skip
    configs = {one["metadata"]["name"]: one for one in objects if one["kind"] == "ScrapeConfig"}
    assert set(configs) == {"telltale", "telltale-operator", "telltale-node"}
    assert all(one["metadata"]["labels"]["release"] == "kps" for one in configs.values())
    [discovery] = configs["telltale"]["spec"]["httpSDConfigs"]
    assert discovery["url"] == "http://telltale-operator.telltale.svc.cluster.local:8080/sd/v1/targets"
    assert discovery["authorization"] == {"type": "Bearer", "credentials": {"name": "sd", "key": "token"}}
    [names] = configs["telltale-operator"]["spec"]["dnsSDConfigs"]
    assert names["names"] == ["telltale-operator-pods.telltale.svc.cluster.local"]
    assert "scraped twice" in refused("prometheusOperator.scrapeConfig.enabled=true")


def test_the_token_of_discovery_reaches_everybody_who_asks():
    objects = chart.render("operator.discoveryToken.secretName=sd", "operator.discoveryToken.key=t",
                           "logs.collector=telltale")  # fmt: skip
    assert "--discovery-token-file=/etc/telltale/discovery/t" in arguments(
        "operator.discoveryToken.secretName=sd", "operator.discoveryToken.key=t")  # fmt: skip
    jobs = yaml.safe_load(chart.config(objects, "telltale-prometheus", "prometheus.yml"))["scrape_configs"]
    [job] = [one for one in jobs if one["job_name"] == "telltale"]
    assert job["http_sd_configs"][0]["authorization"] == {"credentials_file": "/etc/prometheus-discovery/t"}
    node = yaml.safe_load(chart.config(objects, "telltale-node", "node.yaml"))
    assert node["pods"]["operatorTokenFile"] == "/etc/telltale-discovery/t"
    for kind, name, path in (("Deployment", "operator", "/etc/telltale/discovery"),
                             ("StatefulSet", "prometheus", "/etc/prometheus-discovery"),
                             ("DaemonSet", "node", "/etc/telltale-discovery")):  # fmt: skip
        spec = chart.pod(chart.find(objects, kind, f"telltale-{name}"))
        [volume] = [one for one in spec["volumes"] if one.get("secret", {}).get("secretName") == "sd"]
        mounts = chart.containers(spec)[0]["volumeMounts"]
        assert {"name": volume["name"], "mountPath": path, "readOnly": True} in mounts


def test_what_the_operator_makes_belongs_to_its_cluster_role():
    assert "--owner-role=telltale-operator" in arguments()
    chart.find(chart.render(), "ClusterRole", "telltale-operator")
    # The mark of the installation is there without injection, too.
    without = chart.find(chart.render("sidecar.enabled=false"), "MutatingWebhookConfiguration", "telltale-operator")
    assert without["webhooks"] == []
    assert without["metadata"]["labels"]["app.kubernetes.io/part-of"] == "telltale"
    assert without["metadata"]["labels"]["app.kubernetes.io/name"] == "operator"


def policies(*settings: str) -> dict[str, dict]:
    objects = chart.render("networkPolicies.enabled=true", *settings)
    return {one["metadata"]["name"].removeprefix("telltale-"): one["spec"] for one in objects
            if one["kind"] == "NetworkPolicy"}  # fmt: skip


def admits(rules: list[dict], port: int, peer: str | None) -> bool:
    """Whether traffic with pods of this component of the release, or with anybody (None), is allowed on the port."""
    for rule in rules:
        ports = [one["port"] for one in rule.get("ports", [])]
        if ports and port not in ports:
            continue
        peers = rule.get("from", rule.get("to"))
        if peers is None:
            return True
        names = [one.get("podSelector", {}).get("matchLabels", {}).get("app.kubernetes.io/name") for one in peers]
        if peer in names or {"namespaceSelector": {}} in peers:
            return True
    return False


# What is off by default.
EXPORTERS = tuple(f"{one}.enabled=true" for one in
                  ("alertmanager", "kubeStateMetrics", "nodeExporter", "pushgateway", "blackboxExporter"))  # fmt: skip


def test_no_policy_without_being_asked_and_then_one_for_each_workload():
    assert not [one for one in chart.render() if one["kind"] == "NetworkPolicy"]
    for settings in ((), ("logs.collector=telltale",), ("logs.events.enabled=true",), ("loki.enabled=false", "victorialogs.enabled=true"), EXPORTERS):
        objects = chart.render("networkPolicies.enabled=true", *settings)
        selected = [one["spec"]["podSelector"]["matchLabels"] for one in objects if one["kind"] == "NetworkPolicy"]
        pods = [one["spec"]["selector"]["matchLabels"] for one in chart.workloads(objects)]
        [asks] = [one for one in objects if one["kind"] == "Pod"]
        pods.append({name: asks["metadata"]["labels"][name] for name in pods[0]})
        assert sorted(selected, key=str) == sorted(pods, key=str)


# From, to, port: what really passes.
FLOWS = [
    ("prometheus", "operator", 8080), ("operator", "prometheus", 9090), ("grafana", "prometheus", 9090),
    ("grafana", "loki", 3100), ("node", "operator", 8080), ("node", "loki", 3100), ("prometheus", "node", 9847),
    ("prometheus", "alertmanager", 9093), ("prometheus", "kube-state-metrics", 8080), ("prometheus", "node-exporter", 9100),
    ("prometheus", "pushgateway", 9091), ("prometheus", "blackbox-exporter", 9115),
    ("test", "operator", 8080), ("test", "prometheus", 9090), ("test", "alertmanager", 9093), ("test", "loki", 3100),
    ("test", "grafana", 3000), ("operator", "loki", 3100), ("prometheus", "operator", 9847),
]  # fmt: skip


@pytest.mark.parametrize(("source", "target", "port"), FLOWS)
def test_the_traffic_of_the_components_passes_in_both_policies(source, target, port):
    all_of = policies("logs.collector=telltale", "logs.events.enabled=true", *EXPORTERS)
    assert admits(all_of[source]["egress"], port, target)
    assert admits(all_of[target]["ingress"], port, source)


def test_strangers_reach_only_what_must_be_open():
    all_of = policies("logs.collector=telltale")
    assert admits(all_of["operator"]["ingress"], 9443, None)  # the API server
    assert not admits(all_of["operator"]["ingress"], 8080, None)
    assert not admits(all_of["operator"]["ingress"], 8080, "grafana")
    assert not admits(all_of["operator"]["ingress"], 9847, "prometheus")  # nothing listens there
    assert not admits(all_of["operator"]["egress"], 3100, "loki")
    assert not admits(all_of["prometheus"]["ingress"], 9090, None)
    assert admits(all_of["loki"]["ingress"], 3100, "a sidecar in any namespace")
    assert admits(all_of["operator"]["egress"], 6443, None)
    assert not admits(all_of["operator"]["egress"], 25, None)
    for name in ("operator", "node", "grafana", "test"):
        assert admits(all_of[name]["egress"], 53, None), name


def test_exporters_are_read_by_scrapers_and_send_nothing_that_they_need_not():
    all_of = policies(*EXPORTERS)
    for name, port in (("kube-state-metrics", 8080), ("node-exporter", 9100), ("blackbox-exporter", 9115)):
        assert not admits(all_of[name]["ingress"], port, "grafana"), name
    # Pods of every namespace push, and their sidecars alert.
    assert admits(all_of["pushgateway"]["ingress"], 9091, "a job in any namespace")
    assert admits(all_of["alertmanager"]["ingress"], 9093, "a sidecar in any namespace")
    assert admits(all_of["alertmanager"]["egress"], 587, None)  # mail
    assert admits(all_of["kube-state-metrics"]["egress"], 6443, None)
    assert not admits(all_of["kube-state-metrics"]["egress"], 25, None)
    for name in ("node-exporter", "pushgateway"):
        assert all_of[name]["policyTypes"] == ["Ingress", "Egress"] and "egress" not in all_of[name], name
    assert not admits(all_of["test"].get("ingress", []), 8080, None)
    assert not admits(all_of["test"]["egress"], 25, None)
    # Without anything to scrape them, nobody is let in.
    alone = policies("prometheus.enabled=false", "kubeStateMetrics.enabled=true")
    assert "ingress" not in alone["kube-state-metrics"]


def test_policies_follow_what_is_outside():
    peer = "networkPolicies.scrapers[0].namespaceSelector.matchLabels.kubernetes\\.io/metadata\\.name=monitoring"
    all_of = policies(*EXTERNAL, "loki.enabled=false", "loki.external.url=http://loki.logs", "logs.collector=telltale",
                      peer, "networkPolicies.apiServerPorts={16443}")  # fmt: skip
    assert admits(all_of["operator"]["egress"], 9443, None)
    assert admits(all_of["operator"]["egress"], 16443, None)
    assert not admits(all_of["operator"]["egress"], 6443, None)
    assert admits(all_of["node"]["egress"], 80, None)
    [rule] = [one for one in all_of["operator"]["ingress"] if one["ports"][0]["port"] == 8080]
    assert {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}} in rule["from"]
