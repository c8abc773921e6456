# SPDX-License-Identifier: Apache-2.0
"""The chart and the examples before a real API server: accepted, allowed, and no more than that."""

import base64

import chart
import pytest
import yaml

OPERATOR = "system:serviceaccount:telltale:telltale-operator"
HOOK = "telltale-operator"


def helm(server, *arguments):
    command = [chart.catalog.locate("helm"), "--kubeconfig", server.kubeconfig, *arguments]
    done = chart.run(*command)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(server):
    """The chart as `helm install` leaves it. Nothing runs its pods here."""
    helm(
        server, "install", chart.RELEASE, chart.CHART, "--namespace", chart.NAMESPACE,
        "--create-namespace", "--take-ownership",  # the definition is there already
    )  # fmt: skip
    return server


def apply(server, manifest: dict, *arguments) -> str:
    """Server-side apply as the operator does it; returns what went wrong."""
    done = server.kubectl(
        "apply", "--server-side", "--force-conflicts", "--field-manager=telltale-operator",
        *arguments, "-f", "-", text=yaml.safe_dump(manifest),
    )  # fmt: skip
    return done.stderr if done.returncode else ""


def config_map(namespace: str, name: str) -> dict:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"a": "b"}}


def secret(name: str) -> dict:
    metadata = {"name": name, "namespace": chart.NAMESPACE}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"a": "b"}}


def test_all_objects_pass_strict_validation(installed):
    done = installed.kubectl(
        "apply", "--server-side", "--force-conflicts", "--validate=strict", "--dry-run=server",
        "-f", chart.ROOT / "manifests/install.yaml",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_a_second_release_is_refused_with_the_name_of_the_first(installed):
    helm = chart.catalog.locate("helm")
    again = ("--dry-run=server", "--set", "crds.enabled=false")
    done = chart.run(helm, "--kubeconfig", installed.kubeconfig, "install", "second", chart.CHART,
                     "--namespace", "second", *again)  # fmt: skip
    assert done.returncode != 0
    assert "in this cluster already, as the release telltale" in done.stderr
    # The same release may be upgraded, also under other names.
    for settings in ((), ("--set", "fullnameOverride=other")):
        done = chart.run(helm, "--kubeconfig", installed.kubeconfig, "upgrade", chart.RELEASE, chart.CHART,
                         "--namespace", chart.NAMESPACE, "--dry-run=server", *settings)  # fmt: skip
        assert done.returncode == 0, done.stderr


def test_the_operator_makes_what_it_owns_and_nothing_else(installed):
    impersonate = f"--as={OPERATOR}"
    owned = (
        config_map("shop", "telltale-sidecar"),
        config_map(chart.NAMESPACE, "telltale-promtail"),
        secret("telltale-webhook-ca"),
    )
    for manifest in owned:
        assert apply(installed, manifest, impersonate) == ""  # creates it
        manifest["metadata"]["labels"] = {"a": "b"}
        assert apply(installed, manifest, impersonate) == ""  # changes it
    others = (
        config_map("shop", "other"),
        config_map("shop", "telltale-promtail"),
        secret("other"),
    )
    for manifest in others:
        assert "forbidden" in apply(installed, manifest, impersonate)


HOOKS = "mutatingwebhookconfigurations.admissionregistration.k8s.io"
TARGETS = "monitoringtargets.telltale.dev"
VERBS = ("get", "list", "watch", "create", "patch", "update", "delete", "deletecollection")
# What the operator may do with an object, and where; every other verb is refused.
RIGHTS = {
    TARGETS: {"list", "watch"},
    f"{TARGETS}/x": {"list", "watch"},
    f"{TARGETS}/x --subresource=status": {"patch"},
    "pods": {"list", "watch"},
    "namespaces": {"list", "watch"},
    "configmaps": set(),
    "configmaps/other": set(),
    "configmaps/telltale-sidecar": {"list", "watch", "create", "patch", "delete"},
    "configmaps/telltale-promtail -n telltale": {"list", "watch", "create", "patch", "delete"},
    "configmaps/telltale-promtail -n shop": set(),
    "configmaps/telltale-scrape-jobs -n telltale": {"list", "watch", "create", "patch", "delete"},
    "configmaps/telltale-scrape-jobs -n shop": set(),
    # Others are listed, to see another installation.
    f"{HOOKS}/{HOOK}": {"get", "list", "patch"},
    f"{HOOKS}/other": {"list"},
    "clusterroles.rbac.authorization.k8s.io/telltale-operator": {"get"},
    "clusterroles.rbac.authorization.k8s.io/other": set(),
    "secrets": set(),
    "secrets -n telltale": set(),
    "secrets/other -n telltale": set(),
    "secrets/telltale-webhook-ca -n telltale": {"get", "create", "patch", "delete"},
    "secrets/telltale-webhook-ca -n shop": set(),
    "leases.coordination.k8s.io -n telltale": {"create"},
    "leases.coordination.k8s.io/telltale-operator -n telltale": {"get", "create", "update"},
    "leases.coordination.k8s.io/other -n telltale": {"create"},
    "leases.coordination.k8s.io/telltale-operator -n shop": set(),
    "events.events.k8s.io -n shop": {"create", "patch", "list"},
    "replicasets.apps -n shop": {"list"},
    "statefulsets.apps -n shop": {"get"},
    "daemonsets.apps -n shop": {"get"},
    "jobs.batch -n shop": {"get"},
    "deployments.apps -n shop": set(),
    "events -n shop": set(),
    "nodes": set(),
    "pods --subresource=exec": set(),
}


def review(question: str, verb: str) -> dict:
    """The question to the API server whether the operator may do this."""
    words = question.replace(" --subresource=", " -s ").split()
    options = dict(zip(words[1::2], words[2::2]))
    kind, _, name = words[0].partition("/")
    resource, _, group = kind.partition(".")
    attributes = {
        "verb": verb, "group": group, "resource": resource, "name": name,
        "namespace": options.get("-n", ""), "subresource": options.get("-s", ""),
    }  # fmt: skip
    return {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {"user": OPERATOR, "resourceAttributes": attributes},
    }


@pytest.mark.parametrize("question", RIGHTS)
def test_the_operator_s_rights(installed, question):
    text = yaml.safe_dump_all([review(question, verb) for verb in VERBS])
    done = installed.kubectl("create", "-f", "-", "-o", "json", text=text)
    assert done.returncode == 0, done.stderr
    items = yaml.safe_load_all(done.stdout.replace("\n}\n{", "\n}\n---\n{"))
    given = {
        item["spec"]["resourceAttributes"]["verb"] for item in items if item["status"]["allowed"]
    }
    assert given == RIGHTS[question]


def test_the_operator_lists_the_sidecars_configuration_and_no_other(installed):
    for name, code in (("telltale-sidecar", 0), ("other", 1)):
        selector = f"fieldSelector=metadata.name%3D{name}"
        done = installed.kubectl(
            "get", "--raw", f"/api/v1/configmaps?{selector}", f"--as={OPERATOR}"
        )
        assert done.returncode == code, done.stderr


def test_an_upgrade_keeps_the_bundle_that_the_operator_published(installed):
    authority = (installed.folder / "pki/ca.crt").read_bytes()
    bundle = base64.b64encode(authority).decode()
    hook = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": HOOK},
        "webhooks": [{"name": "inject.telltale.dev", "clientConfig": {"caBundle": bundle}}],
    }
    assert apply(installed, hook, f"--as={OPERATOR}") == ""
    helm(
        installed, "upgrade", chart.RELEASE, chart.CHART, "--namespace", chart.NAMESPACE,
        "--set", "operator.logLevel=debug,commonLabels.team=a",
    )  # fmt: skip
    path = "jsonpath={.webhooks[0].clientConfig.caBundle}"
    done = installed.kubectl("get", "mutatingwebhookconfiguration", HOOK, "-o", path)
    assert done.stdout == bundle


@pytest.mark.parametrize("profile", ["restricted", "privileged"])
def test_the_api_server_admits_the_pods_under_their_profile(installed, profile):
    namespace = f"profile-{profile}"
    label = f"pod-security.kubernetes.io/enforce={profile}"
    assert installed.kubectl("create", "namespace", namespace).returncode == 0
    assert installed.kubectl("label", "namespace", namespace, label).returncode == 0
    for one in chart.workloads(chart.render()):
        metadata = {"name": one["metadata"]["name"], "namespace": namespace}
        spec = dict(chart.pod(one))
        spec.pop("priorityClassName", None)
        claims = one["spec"].get("volumeClaimTemplates", [])
        spec["volumes"] = spec.get("volumes", []) + [
            {"name": claim["metadata"]["name"], "emptyDir": {}} for claim in claims
        ]
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
        done = installed.kubectl(
            "create", "--dry-run=server", "--validate=strict", "-f", "-", text=yaml.safe_dump(pod)
        )
        if profile == "restricted" and metadata["name"].endswith("promtail"):
            assert 'violates PodSecurity "restricted' in done.stderr
        else:
            assert done.returncode == 0, done.stderr


def test_every_example_is_accepted(installed):
    for path in sorted((chart.ROOT / "examples").rglob("*.yaml")):
        if path.name.startswith(("values", "dashboard")):  # not for the API server
            continue
        for document in yaml.safe_load_all(path.read_text()):
            namespace = document["metadata"].get("namespace")
            if namespace not in (None, "default", "shop"):
                installed.kubectl("create", "namespace", namespace)
            done = installed.kubectl(
                "apply", "--server-side", "--validate=strict", "-f", "-",
                text=yaml.safe_dump(document),
            )  # fmt: skip
            assert done.returncode == 0, f"{path}: {done.stderr}"


def notes(server, *settings: str) -> str:
    words = [word for setting in settings for word in ("--set", setting)]
    said = helm(
        server, "install", "telltale", chart.CHART, "--namespace", "notes", "--dry-run=client",
        "--take-ownership", *words,
    )  # fmt: skip
    return said.partition("NOTES:")[2]


def test_the_notes_say_what_to_do_next(server):
    text = notes(server)
    for part in (
        "kubectl apply -f -",
        "kind: MonitoringTarget",
        "port-forward svc/telltale-prometheus 9090",
        "port-forward svc/telltale-grafana 3000:80",
        "no security fixes since March 2026",
        "pod-security.kubernetes.io/enforce=privileged",
    ):
        assert part in text.replace("\n", " ").replace("  ", " ")
    assert "persistence.enabled is false" not in text
    assert "base64 -d" in notes(server, "grafana.adminPassword=x")
    assert "privileged" not in notes(server, "promtail.enabled=false")
    assert "loki.persistence.enabled is false" in notes(server, "loki.persistence.enabled=false")
    assert "/sd/v1/targets" in notes(server, "prometheus.enabled=false")
    assert "logs go nowhere" in notes(server, "loki.enabled=false", "promtail.enabled=false")
    for folders, mounted in (("", "/var/log/pods"), ("{/mnt/a,/mnt/b}", "/var/log/pods, /mnt/a, /mnt/b")):
        agent = ("logs.collector=telltale", *([f"node.linkTargets={folders}"] if folders else []))
        assert f"runs as root and mounts {mounted} (read-only) and /var/lib/telltale-node" in notes(server, *agent)


def test_the_resource_in_the_notes_is_accepted(installed):
    text = notes(installed).partition("<<END\n")[2].partition("  END\n")[0]
    resource = text.replace("APP-NAMESPACE", "shop").replace("NAME", "web")
    done = installed.kubectl("apply", "--validate=strict", "-f", "-", text=resource)
    assert done.returncode == 0, done.stderr


def password(server, namespace: str) -> str:
    done = server.kubectl("get", "secret", "telltale-grafana", "-n", namespace, "-o", "jsonpath={.data.admin-password}")
    return base64.b64decode(done.stdout).decode()


def test_the_first_login_to_grafana_is_made_once_and_outlives_upgrade_and_uninstall(installed):
    first = password(installed, chart.NAMESPACE)
    assert len(first) == 24
    ini = installed.kubectl("get", "configmap", "telltale-grafana", "-n", chart.NAMESPACE, "-o", "jsonpath={.data.grafana\\.ini}")
    assert "[users]" in ini.stdout and "anonymous" not in ini.stdout
    said = helm(installed, "upgrade", chart.RELEASE, chart.CHART, "--namespace", chart.NAMESPACE)
    assert "Log in to Grafana as admin" in said and first not in said
    assert password(installed, chart.NAMESPACE) == first
    # The volume with Grafana's database stays, and so must the password in it.
    helm(installed, "uninstall", chart.RELEASE, "--namespace", chart.NAMESPACE)
    helm(installed, "install", chart.RELEASE, chart.CHART, "--namespace", chart.NAMESPACE)
    assert password(installed, chart.NAMESPACE) == first
    # One that is chosen later takes its place, and an account of the user's own leaves it alone.
    for settings in (("grafana.existingSecret=mine", first), ("grafana.adminPassword=chosen", "chosen"), ("grafana.adminPassword=", "chosen")):
        helm(installed, "upgrade", chart.RELEASE, chart.CHART, "--namespace", chart.NAMESPACE, "--set", settings[0])
        assert password(installed, chart.NAMESPACE) == settings[1]


def test_uninstalling_keeps_the_definition(installed):
    helm(installed, "uninstall", chart.RELEASE, "--namespace", chart.NAMESPACE)
    done = installed.kubectl("get", "crd", "monitoringtargets.telltale.dev", "-o", "name")
    assert done.returncode == 0, done.stderr
    done = installed.kubectl(
        "get", "clusterrole,clusterrolebinding,mutatingwebhookconfiguration", "-o", "name",
        "-l", "app.kubernetes.io/part-of=telltale",
    )  # fmt: skip
    assert done.stdout == ""
