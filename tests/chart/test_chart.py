# SPDX-License-Identifier: Apache-2.0
"""What holds for everything that the chart renders, whatever the values."""

import itertools
import re
import sys

import chart
import pod_security
import pytest
import yaml

sys.path.insert(0, str(chart.ROOT / "manifests"))
import generate  # noqa: E402  (the folder is no package)

EXTERNAL = ("prometheus.external.url=http://p:9090", "loki.external.url=http://l:3100")
VICTORIALOGS = ("loki.enabled=false", "victorialogs.enabled=true")
OUTSIDE_VICTORIALOGS = ("loki.enabled=false", "victorialogs.external.url=http://v:9428/")
EXPORTERS = tuple(f"{name}.enabled=true" for name in (
    "kubelet", "kubeStateMetrics", "nodeExporter", "pushgateway", "blackboxExporter"))  # fmt: skip
TOGGLES = [
    (),
    ("operator.enabled=false", "promtail.enabled=false"),
    ("sidecar.enabled=false",),
    ("prometheus.enabled=false", EXTERNAL[0]),
    ("prometheus.enabled=false",),
    ("loki.enabled=false", EXTERNAL[1]),
    ("loki.enabled=false", "promtail.enabled=false"),
    VICTORIALOGS,
    (*VICTORIALOGS, "logs.collector=telltale", "victorialogs.persistence.enabled=false"),
    (*VICTORIALOGS, "victorialogs.tenant=7", "victorialogs.retention.size=6GB", "victorialogs.grafanaPlugin="),
    (*VICTORIALOGS, "victorialogs.secretName=mine", "victorialogs.secretKeys={token,ca.crt}"),
    OUTSIDE_VICTORIALOGS,
    ("promtail.enabled=false",),
    ("promtail.reloader.enabled=false",),
    ("grafana.enabled=false",),
    ("crds.enabled=false",),
    ("crds.keep=false",),
    ("grafana.adminPassword=secret",),
    ("grafana.existingSecret=mine",),
    ("loki.tenant=blue", "loki.secretName=mine", "loki.secretKeys={token,ca.crt}"),
    tuple(f"{name}.persistence.enabled=false" for name in ("prometheus", "loki", "grafana")),
    tuple(f"{name}.persistence.storageClass=fast" for name in ("prometheus", "loki", "grafana")),
    ("global.imageRegistry=mirror.example", "global.imagePullSecrets={one,two}"),
    ("fullnameOverride=watch", "commonLabels.team=platform"),
    ("operator.trustedNamespaces={one,two}", "operator.logLevel=debug"),
    ("prometheus.retention.size=6GB", "prometheus.extraScrapeConfigs[0].job_name=mine"),
    ("promtail.logPaths={/var/log/pods,/var/lib/docker/containers}",),
    ("logs.collector=telltale",),
    ("logs.collector=telltale", "node.linkTargets={/var/lib/docker/containers}"),
    tuple(
        f"{component}.{setting}"
        for component in ("operator", "prometheus", "loki", "promtail", "grafana")
        for setting in (
            "extraArgs={--x}", "nodeSelector.disk=ssd", "priorityClassName=high",
            "podLabels.a=b", "podAnnotations.a=b", "tolerations[0].operator=Exists",
        )
    ),
    (*VICTORIALOGS, *(f"victorialogs.{setting}" for setting in (
        "extraArgs={-x}", "nodeSelector.disk=ssd", "priorityClassName=high", "podLabels.a=b", "podAnnotations.a=b",
        "tolerations[0].operator=Exists", "persistence.storageClass=fast",
    ))),
    ("logs.events.enabled=true",),
    (*VICTORIALOGS, "logs.events.enabled=true", "victorialogs.secretName=mine", "victorialogs.secretKeys={token}"),
    ("alertmanager.enabled=true",),
    EXPORTERS,
    *((one,) for one in EXPORTERS),
    tuple(f"{component}.{setting}" for component in ("kubeStateMetrics", "nodeExporter", "pushgateway", "blackboxExporter")
          for setting in ("enabled=true", "extraArgs={--x}", "nodeSelector.disk=ssd", "priorityClassName=high",
                          "podLabels.a=b", "podAnnotations.a=b", "tolerations[0].operator=Exists")),
    ("pushgateway.enabled=true", "pushgateway.persistence.enabled=false", "nodeExporter.enabled=true", "nodeExporter.port=9200"),
    ("alertmanager.enabled=true", "alertmanager.existingSecret=a", "alertmanager.secretName=b"),
    ("alertmanager.enabled=true", *(f"alertmanager.{setting}" for setting in (
        "extraArgs={--x}", "nodeSelector.disk=ssd", "priorityClassName=high", "podLabels.a=b", "podAnnotations.a=b",
        "tolerations[0].operator=Exists", "persistence.enabled=false", "image.digest=",
    ))),
    ("alertmanager.external.url=http://a:9093/alerts",),
    ("grafana.ingress.enabled=true", "grafana.ingress.host=a", "prometheus.httpRoute.enabled=true",
     "prometheus.httpRoute.parentRefs[0].name=a", "pushgateway.enabled=true", "pushgateway.serviceAccount.annotations.a=b"),
    ("prometheusOperator.rules.enabled=true", "prometheusOperator.rules.labels.a=b"),
    ("operator.replicas=1", "operator.affinity.nodeAffinity.a=b",
     "operator.topologySpreadConstraints[0].maxSkew=1"),
]  # fmt: skip


def every_render() -> list[dict]:
    return list(itertools.chain.from_iterable(chart.render(*toggle) for toggle in TOGGLES))


def test_rendering_twice_gives_the_same_bytes():
    first, second = chart.template(), chart.template()
    assert first.returncode == 0, first.stderr
    assert first.stdout == second.stdout


def test_templates_ask_neither_the_cluster_nor_chance():
    words = re.compile(r"\b(lookup|rand\w+|gen(CA|Self|Signed|Private)\w*|now|uuidv4)\b")
    for path in (chart.CHART / "templates").rglob("*"):
        if path.suffix in (".yaml", ".tpl"):
            # validate.yaml renders nothing, and says that another release is there. Grafana's password is made
            # where there is a cluster to keep it in (test_api.py), and nowhere else (the test above).
            if path.name == "validate.yaml" or path.name in ("_grafana.tpl", "secret.yaml"):
                continue
            actions = " ".join(re.findall(r"{{.*?}}", path.read_text(), re.DOTALL))
            actions = re.sub(r'"[^"]*"|/\*.*?\*/', "", actions, flags=re.DOTALL)
            assert not words.search(actions), path


@pytest.mark.parametrize("settings", TOGGLES, ids=lambda some: ",".join(some)[:60] or "none")
def test_every_toggle_renders_objects_that_are_complete(settings):
    objects = chart.render(*settings)
    names = [
        (one["apiVersion"], one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"])
        for one in objects
    ]
    assert len(names) == len(set(names))
    for one in objects:
        labels = one["metadata"]["labels"]
        assert labels["app.kubernetes.io/part-of"] == "telltale", chart.title(one)
        assert labels["app.kubernetes.io/instance"] == chart.RELEASE, chart.title(one)
        namespace = None if one["kind"] in chart.CLUSTER_WIDE else chart.NAMESPACE
        assert one["metadata"].get("namespace") == namespace, chart.title(one)


def test_a_component_that_is_off_leaves_nothing_behind():
    for component in ("operator", "prometheus", "loki", "promtail", "grafana"):
        settings = [f"{component}.enabled=false"]
        if component == "operator":
            settings.append("promtail.enabled=false")
        if component == "loki":
            settings.append(EXTERNAL[1])
            assert any("victorialogs" in chart.title(one) for one in chart.render(*VICTORIALOGS))
            assert not any("victorialogs" in chart.title(one) for one in chart.render())
        left = [
            chart.title(one)
            for one in chart.render(*settings)
            if one["metadata"]["name"].startswith(f"telltale-{component}")
        ]
        assert not left


def test_all_pods_but_those_that_read_the_nodes_logs_meet_the_restricted_profile():
    for one in chart.workloads(every_render()):
        problems = pod_security.violations(chart.pod(one))
        if one["metadata"]["name"].endswith("-promtail"):
            hosts = {v["hostPath"]["path"] for v in chart.pod(one)["volumes"] if "hostPath" in v}
            assert hosts - {"/var/lib/docker/containers"} == {"/run/promtail", "/var/log/pods"}
            assert not [problem for problem in problems if "reloader" in problem]
        elif one["metadata"]["name"].endswith("-node"):
            hosts = {v["hostPath"]["path"] for v in chart.pod(one)["volumes"] if "hostPath" in v}
            assert hosts - {"/var/lib/docker/containers"} == {"/var/log/pods", "/var/lib/telltale-node"}
        elif one["metadata"]["name"].endswith("-node-exporter"):
            [root] = [v["hostPath"] for v in chart.pod(one)["volumes"] if "hostPath" in v]
            assert root == {"path": "/"}
            mounts = chart.pod(one)["containers"][0]["volumeMounts"]
            assert [mount["readOnly"] for mount in mounts] == [True]
            assert sorted(problems) == [
                "container node-exporter takes a port of the node", "sets hostNetwork", "volume root is a hostPath"]  # fmt: skip
        else:
            assert not problems, chart.title(one)


def test_the_profile_s_checker_sees_what_is_wrong():
    restricted = {
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [
            {
                "name": "a",
                "securityContext": {
                    "allowPrivilegeEscalation": False,
                    "capabilities": {"drop": ["ALL"]},
                },
            }
        ],
    }
    assert pod_security.violations(restricted) == []
    assert len(pod_security.violations({"containers": [{"name": "a"}]})) == 4
    assert pod_security.violations(restricted | {"hostPID": True}) == ["sets hostPID"]
    host = {"volumes": [{"name": "v", "hostPath": {"path": "/"}}]}
    assert pod_security.violations(restricted | host) == ["volume v is a hostPath"]


def test_every_container_says_what_it_needs_and_is_probed_without_a_shell():
    for one in chart.workloads(every_render()):
        spec = chart.pod(one)
        assert spec["enableServiceLinks"] is False, chart.title(one)
        for container in chart.containers(spec):
            where = f"{chart.title(one)} {container['name']}"
            assert {"cpu", "memory"} <= set(container["resources"]["requests"]), where
            assert container["securityContext"]["readOnlyRootFilesystem"] is True, where
            for probe in ("readinessProbe", "livenessProbe", "startupProbe"):
                assert "exec" not in container.get(probe, {}), where
            # The reloader listens on loopback only, where the kubelet cannot ask it; what makes its file ends. The
            # operator must be ready whatever becomes of events.
            unasked = container["name"] in ("reloader", "events") or "--once" in container.get("args", [])
            assert "readinessProbe" in container or unasked, where


def test_only_who_asks_the_api_server_gets_a_token():
    for one in chart.workloads(chart.render()):
        name = one["metadata"]["name"]
        needs = name in ("telltale-operator", "telltale-promtail")
        assert chart.pod(one)["automountServiceAccountToken"] is needs, name
    for one in chart.workloads(chart.render(*EXPORTERS, "promtail.enabled=false")):
        name = one["metadata"]["name"]
        needs = name in ("telltale-operator", "telltale-prometheus", "telltale-kube-state-metrics")
        assert chart.pod(one)["automountServiceAccountToken"] is needs, name
        assert (chart.pod(one).get("serviceAccountName") == name) is needs, name


def test_every_image_has_a_fixed_tag():
    for one in chart.workloads(every_render()):
        for container in chart.containers(chart.pod(one)):
            assert re.fullmatch(r"[a-z0-9./-]+:v?\d+\.\d+\.\d+", container["image"])
    sidecar = [a for a in operator_arguments() if a.startswith("--sidecar-image=")]
    assert sidecar == ["--sidecar-image=ghcr.io/telltale/telltale-sidecar:0.1.0"]


def test_a_digest_wins_over_the_tag_and_a_mirror_over_the_registry():
    digest = "sha256:" + "0" * 64
    objects = chart.render(f"loki.image.digest={digest}", "global.imageRegistry=mirror.example")
    loki = chart.find(objects, "StatefulSet", "telltale-loki")
    image = chart.pod(loki)["containers"][0]["image"]
    assert image == f"mirror.example/grafana/loki@{digest}"


def test_a_selector_never_names_the_version():
    for one in chart.workloads(chart.render("commonLabels.a=b")):
        labels = one["spec"]["selector"]["matchLabels"]
        assert set(labels) == {"app.kubernetes.io/name", "app.kubernetes.io/instance"}
        assert labels.items() <= one["spec"]["template"]["metadata"]["labels"].items()


def store_arguments(*settings: str) -> list[str]:
    store = chart.find(chart.render(*VICTORIALOGS, *settings), "StatefulSet", "telltale-victorialogs")
    return chart.pod(store)["containers"][0]["args"]


def test_a_changed_configuration_restarts_who_cannot_reload_it():
    before, after = chart.render(), chart.render("loki.retention.time=48h")

    def annotations(objects):
        loki = chart.find(objects, "StatefulSet", "telltale-loki")
        return loki["spec"]["template"]["metadata"]["annotations"]

    assert annotations(before) != annotations(after)
    flags = [a for a in store_arguments("victorialogs.retention.time=48h") if a not in store_arguments()]
    assert flags == ["-retentionPeriod=48h"]  # a changed argument restarts it by itself
    for name in ("prometheus", "grafana"):
        one = chart.find(before, "StatefulSet", f"telltale-{name}")
        assert one == chart.find(after, "StatefulSet", f"telltale-{name}")


def rules(objects: list[dict]):
    for one in objects:
        if one["kind"] in ("Role", "ClusterRole"):
            for rule in one["rules"]:
                yield one["metadata"]["name"], rule


def test_rights_are_named_and_never_a_wildcard():
    for name, rule in rules(every_render()):
        for part in ("apiGroups", "resources", "verbs"):
            assert "*" not in rule[part], name
        assert not {"escalate", "bind", "impersonate"} & set(rule["verbs"]), name
        if "secrets" in rule["resources"]:
            assert rule["resourceNames"] == ["telltale-webhook-ca"], name
            assert not {"list", "watch"} & set(rule["verbs"]), name
        if "configmaps" in rule["resources"]:
            assert len(rule["resourceNames"]) == 1, name
            assert rule["resourceNames"][0] in ("telltale-sidecar", "telltale-promtail", "telltale-events", "telltale-scrape-jobs"), name
        assert not {"nodes/proxy", "pods/exec"} & set(rule["resources"]), name
        if "nodes" in rule["resources"]:
            assert name in ("telltale-prometheus", "telltale-kube-state-metrics"), name
            assert rule["verbs"] == ["list", "watch"], name


def test_a_namespace_s_viewer_and_editor_get_monitoring_targets_too():
    prefix = "rbac.authorization.k8s.io/aggregate-to-"
    granted = {"view": set(), "edit": set()}
    for one in chart.render():
        for role, verbs in granted.items():
            if one["metadata"]["labels"].get(prefix + role) == "true":
                verbs |= {verb for rule in one["rules"] for verb in rule["verbs"]}
    assert granted["view"] == {"get", "list", "watch"}
    assert {"create", "update", "patch", "delete"} <= granted["edit"]


def test_the_operator_has_no_rights_for_what_is_off():
    objects = chart.render("sidecar.enabled=false", "promtail.enabled=false", "prometheus.enabled=false",
                           "prometheus.external.url=http://p:9090")  # fmt: skip
    asked = {resource for _, rule in rules(objects) for resource in rule["resources"] if rule["verbs"] != ["list"]}
    assert not {"secrets", "mutatingwebhookconfigurations"} & asked
    own = [rule for name, rule in rules(objects) if "leases" not in rule["resources"]]
    assert not [rule for rule in own if {"telltale-promtail", "telltale-scrape-jobs"} & set(rule.get("resourceNames", []))]


def test_what_the_operator_writes_is_not_rendered():
    written = {"telltale-webhook-ca", "telltale-promtail", "telltale-sidecar", "telltale-scrape-jobs"}
    for one in every_render():
        if one["kind"] in ("Secret", "ConfigMap"):
            assert one["metadata"]["name"] not in written
        if one["kind"] == "MutatingWebhookConfiguration":
            assert not [hook for hook in one["webhooks"] if "caBundle" in hook["clientConfig"]]


def test_injection_never_stands_in_the_way_of_a_pod():
    name = "telltale-operator"
    hook = chart.find(chart.render(), "MutatingWebhookConfiguration", name)["webhooks"][0]
    assert hook["name"] == "inject.telltale.dev"  # what the operator's authority looks for
    assert hook["failurePolicy"] == "Ignore"
    assert hook["timeoutSeconds"] == 2
    assert hook["reinvocationPolicy"] == "IfNeeded"
    assert hook["sideEffects"] == "None"
    assert hook["rules"][0]["operations"] == ["CREATE"]
    [expression] = hook["namespaceSelector"]["matchExpressions"]
    assert expression["operator"] == "NotIn"
    assert expression["values"] == ["kube-system", "kube-node-lease", chart.NAMESPACE]
    off = chart.find(chart.render("sidecar.enabled=false"), "MutatingWebhookConfiguration", name)
    assert off["webhooks"] == []


def operator_arguments(*settings) -> list[str]:
    operator = chart.find(chart.render(*settings), "Deployment", "telltale-operator")
    return chart.pod(operator)["containers"][0]["args"]


def test_the_operator_is_told_the_pull_secrets_of_injected_pods():
    # Those of the release's namespace need not be in others.
    assert "--sidecar-pull-secrets=a,b" in operator_arguments("sidecar.imagePullSecrets={a,b}")
    usual = operator_arguments("global.imagePullSecrets={regcred}")
    assert not [argument for argument in usual if argument.startswith("--sidecar-pull-secrets")]


def test_the_operator_is_told_what_was_chosen():
    usual = operator_arguments()
    assert "--prometheus-url=http://telltale-prometheus.telltale.svc.cluster.local:9090" in usual
    assert "--loki-url=http://telltale-loki.telltale.svc.cluster.local:3100" in usual
    assert "--webhook-listen=:9443" in usual and "--promtail=true" in usual
    assert "--webhook-listen=off" in operator_arguments("sidecar.enabled=false")
    assert "--promtail=false" in operator_arguments("promtail.enabled=false")
    external = operator_arguments("prometheus.enabled=false", "loki.enabled=false", *EXTERNAL)
    assert "--prometheus-url=http://p:9090" in external and "--loki-url=http://l:3100" in external
    # Loki's path is added to this by our programs and by Promtail's configuration.
    assert "--loki-url=http://telltale-victorialogs.telltale.svc.cluster.local:9428/insert" in operator_arguments(*VICTORIALOGS)
    assert "--loki-url=http://v:9428/insert" in operator_arguments(*OUTSIDE_VICTORIALOGS)
    alone = operator_arguments(
        "prometheus.enabled=false", "loki.enabled=false", "promtail.enabled=false"
    )
    assert not [a for a in alone if a.startswith(("--prometheus-url", "--loki-url"))]
    assert not [a for a in usual if a.startswith("--alertmanager-url")]
    assert "--alertmanager-url=http://a:9093" in operator_arguments("alertmanager.external.url=http://a:9093")
    trusted = operator_arguments("operator.trustedNamespaces={one,two}")
    assert "--trusted-namespaces=one,two" in trusted


LOKI_ACCESS = ("loki.tenant=blue", "loki.secretName=loki-access", "loki.secretKeys={ca.crt,username,password}")


def test_who_we_are_at_loki_is_a_tenant_and_the_name_of_a_secret():
    settings = (*LOKI_ACCESS, "logs.collector=telltale")
    arguments = operator_arguments(*settings)
    assert "--loki-tenant=blue" in arguments and "--loki-secret=loki-access" in arguments
    assert not [a for a in operator_arguments() if a.startswith(("--loki-tenant", "--loki-secret"))]
    objects = chart.render(*settings)
    spec = chart.pod(chart.find(objects, "DaemonSet", "telltale-node"))
    [volume] = [v for v in spec["volumes"] if v["name"] == "loki"]
    assert volume["secret"] == {"secretName": "loki-access", "optional": True}
    config = chart.find(objects, "ConfigMap", "telltale-node")["data"]["node.yaml"]
    assert 'tenant: "blue"' in config and "credentials: /etc/telltale-loki" in config


ACCOUNT = (*VICTORIALOGS, "victorialogs.tenant=1234567", "victorialogs.secretName=vl-access",
           "victorialogs.secretKeys={username,password}")  # fmt: skip


def test_with_victorialogs_everybody_has_its_account_and_its_secret():
    settings = (*ACCOUNT, "logs.collector=telltale")
    arguments = operator_arguments(*settings)
    for wanted in ("--loki-tenant=1234567", "--loki-secret=vl-access", "--promtail-secret-keys=username,password"):
        assert wanted in arguments
    objects = chart.render(*settings)
    config = yaml.safe_load(chart.config(objects, "telltale-node", "node.yaml"))
    assert config["loki"] == {"url": "http://telltale-victorialogs.telltale.svc.cluster.local:9428/insert", "tenant": "1234567",
                              "credentials": "/etc/telltale-loki"}  # fmt: skip
    for settings, name in ((settings, "telltale-node"), (ACCOUNT, "telltale-promtail")):
        spec = chart.pod(chart.find(chart.render(*settings), "DaemonSet", name))
        [volume] = [v for v in spec["volumes"] if v["name"] == "loki"]
        assert volume["secret"]["secretName"] == "vl-access"
    # VictoriaLogs' queries know the account by these headers only.
    source = grafana_loki(*ACCOUNT)
    assert source["jsonData"] | {"httpHeaderName1": "AccountID", "httpHeaderName2": "ProjectID"} == source["jsonData"]
    assert source["secureJsonData"] == {"httpHeaderValue1": "1234567", "httpHeaderValue2": "0",
                                        "basicAuthPassword": "vl-access/password"}  # fmt: skip
    assert (source["basicAuth"], source["basicAuthUser"]) == (True, "vl-access/username")


def test_without_its_reloader_promtail_is_not_told_to_reload():
    objects = chart.render("promtail.reloader.enabled=false")
    spec = chart.pod(chart.find(objects, "DaemonSet", "telltale-promtail"))
    assert [container["name"] for container in spec["containers"]] == ["promtail"]
    assert not [a for a in spec["containers"][0]["args"] if "reload" in a]
    assert not [one for one in objects if "reload" in one["metadata"]["name"]]
    assert {"reload", "state", "accepted"}.isdisjoint(volume["name"] for volume in spec["volumes"])
    assert "initContainers" not in spec
    assert "-config.file=/etc/promtail/promtail.yaml" in spec["containers"][0]["args"]


def test_promtail_has_the_secret_and_the_operator_knows_what_is_in_it():
    assert "--promtail-secret-keys=ca.crt,username,password" in operator_arguments(*LOKI_ACCESS)
    spec = chart.pod(chart.find(chart.render(*LOKI_ACCESS), "DaemonSet", "telltale-promtail"))
    [volume] = [v for v in spec["volumes"] if v["name"] == "loki"]
    assert volume["secret"] == {"secretName": "loki-access"}
    [mount] = [m for m in spec["containers"][0]["volumeMounts"] if m["name"] == "loki"]
    # Where the operator's configuration looks for it.
    header = (chart.ROOT / "operator/plan/configs/promtail_config.h").read_text()
    assert f'kPromtailCredentials = "{mount["mountPath"]}"' in header and mount["readOnly"]
    usual = chart.pod(chart.find(chart.render(), "DaemonSet", "telltale-promtail"))
    assert "loki" not in {volume["name"] for volume in usual["volumes"]}


def promtail(*settings: str) -> tuple[list[str], dict]:
    """Promtail's flags, and its variables by name."""
    container = chart.pod(chart.find(chart.render(*settings), "DaemonSet", "telltale-promtail"))["containers"][0]
    return container["args"], {one["name"]: one["valueFrom"] for one in container["env"]}


def test_promtail_has_the_username_as_a_variable_and_expands_its_configuration_only_then():
    vl_access = (*VICTORIALOGS, "victorialogs.secretName=vl-access", "victorialogs.secretKeys={username,password}")
    source = (chart.ROOT / "operator/plan/configs/promtail_config.cc").read_text()
    for settings, secret in ((LOKI_ACCESS, "loki-access"), (vl_access, "vl-access")):
        flags, variables = promtail(*settings)
        del variables["HOSTNAME"]
        assert variables == {"TELLTALE_LOKI_USERNAME": {"secretKeyRef": {"name": secret, "key": "username"}}}
        assert "-config.expand-env=true" in flags and '"${TELLTALE_LOKI_USERNAME}"' in source
    # A token goes before a password, and a configuration that is not expanded has no doubled $.
    token = ("loki.secretName=a", "loki.secretKeys={token,username,password}")
    for settings in ((), token, ("loki.secretName=a", "loki.secretKeys={ca.crt}")):
        flags, variables = promtail(*settings)
        assert "-config.expand-env=true" not in flags and list(variables) == ["HOSTNAME"]


def grafana_loki(*settings: str) -> dict:
    """The data source of Loki, its $NAMEs as the keys of the Secret that they stand for."""
    objects = chart.render(*settings)
    text = chart.config(objects, "telltale-grafana", "datasources.yaml")
    [container] = chart.pod(chart.find(objects, "StatefulSet", "telltale-grafana"))["containers"]
    for variable in container.get("env", []):
        reference = variable["valueFrom"]["secretKeyRef"]
        text = re.sub(rf"\${variable['name']}\b", "{name}/{key}".format(**reference), text)
    assert "$" not in text
    return yaml.safe_load(text)["datasources"][1]


def test_grafana_asks_loki_as_whom_the_secret_says():
    usual = grafana_loki()
    assert "basicAuth" not in usual and "secureJsonData" not in usual
    assert usual["jsonData"] == {"maxLines": 1000, "timeout": 60}
    basic = grafana_loki(*LOKI_ACCESS)
    assert (basic["basicAuth"], basic["basicAuthUser"]) == (True, "loki-access/username")
    assert basic["jsonData"] == usual["jsonData"] | {
        "httpHeaderName1": "X-Scope-OrgID", "tlsAuthWithCACert": True}  # fmt: skip
    assert basic["secureJsonData"] == {"httpHeaderValue1": "blue", "tlsCACert": "loki-access/ca.crt",
                                       "basicAuthPassword": "loki-access/password"}  # fmt: skip
    every = grafana_loki("loki.tenant=blue", "loki.secretName=a",
                         "loki.secretKeys={token,username,password,tls.crt,tls.key}")  # fmt: skip
    assert "basicAuth" not in every
    assert every["jsonData"]["httpHeaderName2"] == "Authorization" and every["jsonData"]["tlsAuth"]
    assert every["secureJsonData"] == {"httpHeaderValue1": "blue", "httpHeaderValue2": "Bearer a/token",
                                       "tlsClientCert": "a/tls.crt", "tlsClientKey": "a/tls.key"}  # fmt: skip


def test_the_operator_knows_every_flag_that_it_is_given():
    options = (chart.ROOT / "operator/app/options.cc").read_text()
    known = set(re.findall(r'flags\.Add\("([a-z-]+)"', options))
    arguments = operator_arguments(
        "operator.trustedNamespaces={a}", *LOKI_ACCESS
    )
    assert {argument.split("=")[0].removeprefix("--") for argument in arguments} <= known


def test_the_agent_of_our_own_takes_promtail_s_place():
    objects = chart.render("logs.collector=telltale")
    assert not [o for o in objects if "promtail" in o["metadata"]["name"]]
    assert "--promtail=false" in operator_arguments("logs.collector=telltale")
    agent = chart.find(objects, "DaemonSet", "telltale-node")
    spec = chart.pod(agent)
    assert spec["automountServiceAccountToken"] is False and "serviceAccountName" not in spec
    mounts = {m["mountPath"]: m.get("readOnly", False) for m in spec["containers"][0]["volumeMounts"]}
    assert mounts == {"/etc/telltale": True, "/var/lib/telltale": False, "/var/log/pods": True}
    assert not [o for o in chart.render() if o["metadata"]["name"] == "telltale-node"]


def test_the_agent_may_follow_links_into_the_folders_that_it_mounts_and_no_others():
    folders = ["/var/lib/docker/containers", "/mnt/b"]
    for chosen in (folders, folders[1:], []):
        settings = ("logs.collector=telltale", "node.linkTargets={" + ",".join(chosen) + "}") if chosen else ("logs.collector=telltale",)
        objects = chart.render(*settings)
        pods = yaml.safe_load(chart.config(objects, "telltale-node", "node.yaml"))["pods"]
        assert pods.get("linkTargets", []) == chosen
        spec = chart.pod(chart.find(objects, "DaemonSet", "telltale-node"))
        volumes = {volume["name"]: volume["hostPath"] for volume in spec["volumes"] if "hostPath" in volume}
        mounted = [mount for mount in spec["containers"][0]["volumeMounts"] if mount["name"].startswith("link-target")]
        assert [mount["mountPath"] for mount in mounted] == chosen
        for mount in mounted:
            assert mount["readOnly"] and volumes[mount["name"]] == {"path": mount["mountPath"], "type": "Directory"}


def test_what_reads_the_nodes_logs_has_the_selinux_context_that_was_chosen():
    for component, settings in (("node", ("logs.collector=telltale",)), ("promtail", ())):
        for chosen in ({"type": "spc_t"}, {"type": "a", "level": "s0"}, None):
            flags = [f"{component}.seLinuxOptions.{key}={value}" for key, value in (chosen or {}).items()]
            agent = chart.find(chart.render(*settings, *flags), "DaemonSet", f"telltale-{component}")
            assert chart.pod(agent)["securityContext"].get("seLinuxOptions") == chosen


def test_promtail_is_ready_without_a_single_target():
    promtail = chart.find(chart.render(), "DaemonSet", "telltale-promtail")
    [container] = [c for c in chart.pod(promtail)["containers"] if c["name"] == "promtail"]
    assert container["readinessProbe"]["tcpSocket"] == {"port": "http"}
    [hostname] = [e for e in container["env"] if e["name"] == "HOSTNAME"]
    assert hostname["valueFrom"]["fieldRef"]["fieldPath"] == "spec.nodeName"


def test_grafana_has_no_password_but_the_one_that_was_chosen():
    """Without a cluster: test_api.py has what `helm install` makes."""
    objects = chart.render()
    assert "Secret" not in {one["kind"] for one in objects}
    ini = chart.config(objects, "telltale-grafana", "grafana.ini")
    assert "disable_initial_admin_creation = true" in ini and "org_role = Viewer" in ini
    for settings, secret in (("adminPassword=x", "telltale-grafana"), ("existingSecret=s", "s")):
        objects = chart.render(f"grafana.{settings}")
        assert "anonymous" not in chart.config(objects, "telltale-grafana", "grafana.ini")
        grafana = chart.find(objects, "StatefulSet", "telltale-grafana")
        env = chart.pod(grafana)["containers"][0]["env"]
        assert {e["valueFrom"]["secretKeyRef"]["name"] for e in env} == {secret}
        assert not [e for e in env if "value" in e]


def test_generated_files_are_what_their_sources_give():
    done = chart.run(sys.executable, chart.ROOT / "manifests/generate.py", "--check")
    assert done.returncode == 0, done.stderr


def test_a_generated_file_that_drifted_is_named_with_the_command(tmp_path, monkeypatch, capsys):
    drifted = tmp_path / "install.yaml"
    drifted.write_text("other")
    monkeypatch.setattr(generate, "ROOT", tmp_path)
    assert generate.update(drifted, "wanted", check=True) is False
    assert drifted.read_text() == "other"
    said = capsys.readouterr().err
    assert "install.yaml" in said and "manifests/generate.py" in said


def test_the_package_and_the_definition_are_small(tmp_path):
    done = chart.run(chart.catalog.locate("helm"), "package", chart.CHART, "-d", tmp_path)
    assert done.returncode == 0, done.stderr
    [package] = tmp_path.glob("*.tgz")
    assert package.stat().st_size < 400_000  # a release's Secret takes 1 MiB
    assert (chart.ROOT / "crds/monitoringtargets.yaml").stat().st_size < 200_000


def fixed_users(*arguments: str) -> set[str]:
    """The workloads of a rendering whose pods name a user or a group."""
    done = chart.template(*arguments)
    assert done.returncode == 0, done.stderr
    objects = [one for one in yaml.safe_load_all(done.stdout) if one]
    named = set()
    for one in chart.workloads(objects):
        spec = one["spec"]["template"]["spec"]
        contexts = [spec.get("securityContext", {})]
        contexts += [c.get("securityContext", {}) for c in spec["containers"]]
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        if any({"runAsUser", "runAsGroup", "fsGroup"} & set(context) for context in contexts):
            named.add(one["metadata"]["name"])
    return named


def test_on_openshift_no_user_is_fixed_but_the_node_agent_s():
    # It reads the node's folders as root, which needs a SecurityContextConstraints of its own.
    openshift = ("--api-versions", "security.openshift.io/v1")
    assert fixed_users(*openshift) == {"telltale-promtail"}
    assert fixed_users("--set", "global.openshift=true") == {"telltale-promtail"}
    assert "telltale-operator" in fixed_users()
    assert "telltale-operator" in fixed_users(*openshift, "--set", "global.openshift=false")
    assert chart.template("--set", "global.openshift=perhaps").returncode != 0
