# SPDX-License-Identifier: Apache-2.0
"""What others in the cluster have to do with us: tenants of the log store, a second installation, and what is left
when ours is removed."""

import json
import time

import admitted
import objects
import ours
import pytest
from ours import wait_for

FILES = {"source": "Files", "files": {"directory": "/var/log/app"}}
LABELS = {"app.kubernetes.io/part-of": "telltale", "app.kubernetes.io/name": "operator"}


def target(namespace: str, name: str, **logs) -> dict:
    return objects.target(namespace, name, selector={"matchLabels": {"app": name}}, logs=FILES | logs)


def test_a_tenant_that_is_not_allowed_is_left_out_and_said_and_others_go_on(api, operator, namespace):
    objects.apply(api, target(namespace, "good", tenant="team-a"), target(namespace, "bad", tenant="team-b"),
                  target(namespace, "none"))  # fmt: skip
    held = wait_for("the ConfigMap of two", lambda: (
        d if len(d := objects.data(api, namespace, "telltale-sidecar") or {}) == 2 else None))  # fmt: skip
    assert set(held) == {f"{namespace}.good.json", f"{namespace}.none.json"}
    assert json.loads(held[f"{namespace}.good.json"])["config"]["logs"][0]["tenant"] == "team-a"
    accepted = wait_for("Accepted", lambda: (
        c if (c := objects.condition(api, namespace, "bad", "Accepted"))["status"] else None))  # fmt: skip
    assert (accepted["status"], accepted["reason"]) == ("False", "TenantNotAllowed")
    assert f"spec.logs.tenant is team-b, which namespace {namespace} may not use" in accepted["message"]
    wait_for("the good one is accepted",
             lambda: objects.condition(api, namespace, "good", "Accepted")["status"] == "True")  # fmt: skip
    # Corrected, it is taken like any other.
    objects.apply(api, target(namespace, "bad", tenant="team-a"))
    wait_for("the third", lambda: len(objects.data(api, namespace, "telltale-sidecar")) == 3)


def installation(name: str) -> dict:
    return {**admitted.CONFIGURATION, "metadata": {"name": name, "labels": LABELS}}


def program(api, folder, name: str, *flags: str) -> ours.Program:
    return ours.Program(
        folder, "telltale-operator", f"--kubeconfig={api.kubeconfig}", "--namespace=telltale",
        "--http-listen=127.0.0.1:0", "--webhook-listen=127.0.0.1:0", f"--loki-url=http://{name}:3100",
        f"--webhook-configuration={name}", f"--owner-role={name}", "--leader-elect", f"--lease-name={name}", *flags,
    )  # fmt: skip


@pytest.fixture
def two(api):
    """Two installations, as the API server knows them: their names, the older one first."""
    names = ("a-operator", "b-operator")
    for name in names:
        objects.apply(api, installation(name), {
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": name}, "rules": [],
        })  # fmt: skip
    yield names
    for name in names:
        api.kubectl("delete", "mutatingwebhookconfiguration,clusterrole", name, "--ignore-not-found")
        api.kubectl("-n", "telltale", "delete", "lease", name, "--ignore-not-found")


def test_of_two_installations_one_writes_and_the_other_says_why_it_does_not(api, namespace, tmp_path, two):
    older, younger = two

    def loki():
        held = objects.data(api, namespace, "telltale-sidecar")
        return json.loads(held[f"{namespace}.web.json"])["config"]["loki"]["url"] if held else None

    with program(api, tmp_path / "b", younger) as second:
        second.logged(r"another installation of Telltale is older .*its_webhook_configuration=a-operator")
        with program(api, tmp_path / "a", older) as first:
            first.wait_ready()
            objects.apply(api, target(namespace, "web"))
            wait_for("the older one's configuration", lambda: loki() == f"http://{older}:3100")
            status, why, _ = second.get("/readyz")
            assert status == 503
            assert "its MutatingWebhookConfiguration is a-operator): uninstall one of the two" in why
            assert second.get("/healthz")[0] == 200
            assert second.metric("telltale_other_installation") == 1
            assert first.metric("telltale_other_installation") == 0
            # Neither writes again, and no status turns.
            writes = first.metric("telltale_writes_total")
            wait_for("two more looks", lambda: second.metric("rest_client_requests_total", method="GET") >= 6, 40)
            assert (first.metric("telltale_writes_total"), loki()) == (writes, f"http://{older}:3100")
            assert second.metric("telltale_writes_total") == 0
        # The older one is removed: the other one goes on by itself.
        api.kubectl("delete", "mutatingwebhookconfiguration", older)
        wait_for("the younger one's configuration", lambda: loki() == f"http://{younger}:3100", 40)
        second.wait_ready()


def test_what_the_operator_makes_is_owned_by_its_cluster_role(api, namespace, tmp_path, two):
    name = two[0]
    api.kubectl("-n", "telltale", "delete", "secret", "telltale-webhook-ca", "--ignore-not-found")
    role = json.loads(api.kubectl("get", "clusterrole", name, "-o", "json").stdout)["metadata"]["uid"]
    with program(api, tmp_path, name) as running:
        running.wait_ready()
        objects.apply(api, target(namespace, "web"))
        wait_for("the ConfigMap", lambda: objects.data(api, namespace, "telltale-sidecar"))
        for ns, kind, what in ((namespace, "configmap", "telltale-sidecar"), ("telltale", "lease", name),
                               ("telltale", "secret", "telltale-webhook-ca")):  # fmt: skip
            held = json.loads(api.kubectl("-n", ns, "get", kind, what, "-o", "json").stdout)
            [owner] = held["metadata"]["ownerReferences"]
            assert (owner["kind"], owner["name"], owner["uid"]) == ("ClusterRole", name, role), what


def test_a_reinstallation_serves_without_waiting_for_the_lease_of_the_old_one(api, tmp_path, two):
    name, other = two
    api.kubectl("delete", "mutatingwebhookconfiguration", other)
    with program(api, tmp_path / "old", name) as old:
        old.wait_ready()
        old.kill()  # its Lease runs on for 15 s
    api.kubectl("delete", "mutatingwebhookconfiguration", name)
    objects.apply(api, installation(name))
    began = time.monotonic()
    with program(api, tmp_path / "new", name) as new:
        new.wait_ready()
        assert time.monotonic() - began < 5
        assert not new.text().count("became the leader")
        held = json.loads(api.kubectl("get", "mutatingwebhookconfiguration", name, "-o", "json").stdout)
        assert held["webhooks"][0]["clientConfig"]["caBundle"]
