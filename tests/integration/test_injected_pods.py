# SPDX-License-Identifier: Apache-2.0
"""Pods of many kinds, before and after injection: whatever the API server takes as a person wrote
it, it takes with the sidecar too."""

import json

import admitted
import objects
import pytest
from admitted import create, pod, sidecar, target
from ours import wait_for

UNSEEN = "telltale.dev/unseen-logs"
NOT_INJECTED = "telltale.dev/not-injected"
SAFE_TO_EVICT = "cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes"


@pytest.fixture(scope="module")
def webhook(api, tmp_path_factory):
    flags = ("--sidecar-pull-secrets=regcred,mirror",)
    with admitted.program(api, tmp_path_factory.mktemp("operator"), *flags) as program:
        program.wait_ready()
        yield admitted.Webhook(api, program)


def sized(requests: dict | None = None, limits: dict | None = None, name: str = "app", **more) -> dict:
    return {"name": name, "resources": {"requests": requests or {}, "limits": limits or {}}, **more}


SMALL = sized({"cpu": "50m", "memory": "32Mi"}, {"cpu": "100m", "memory": "64Mi"})


def limit_range(namespace: str, *limits: dict, name: str = "limits") -> dict:
    return {
        "apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": name, "namespace": namespace},
        "spec": {"limits": list(limits)},
    }  # fmt: skip


def mounts(container: dict) -> list[str]:
    own = ("/etc/telltale/", "/var/lib/telltale", "/var/run/secrets/")
    return [
        f"{m['name']} {m['mountPath']}" + (" ro" if m.get("readOnly") else "")
        for m in container.get("volumeMounts", []) if not m["mountPath"].startswith(own)
    ]  # fmt: skip


def annotation(after: dict, name: str) -> str:
    return (after["metadata"].get("annotations") or {}).get(name, "")


RANGES = {
    "min": [{"type": "Container", "min": {"cpu": "50m", "memory": "32Mi"}}],
    "ratio": [{"type": "Container", "maxLimitRequestRatio": {"cpu": "4"}}],
    "ratio-and-min": [
        {"type": "Container", "min": {"cpu": "30m"}, "maxLimitRequestRatio": {"cpu": "3", "memory": "2"}}],
    "max": [{"type": "Container", "max": {"cpu": "100m", "memory": "64Mi"}}],
    "pod-max": [{"type": "Pod", "max": {"cpu": "150m", "memory": "128Mi"}}],
    "pod-ratio": [{"type": "Pod", "maxLimitRequestRatio": {"cpu": "2", "memory": "2"}}],
    "both-types": [
        {"type": "Container", "min": {"cpu": "20m"}, "max": {"cpu": "120m"}},
        {"type": "Pod", "max": {"cpu": "180m"}, "min": {"cpu": "10m"}}],
    "devices": [
        {"type": "Container", "default": {"nvidia.com/gpu": "1"}, "defaultRequest": {"nvidia.com/gpu": "1"}}],
    "storage": [
        {"type": "Container", "default": {"ephemeral-storage": "1Gi"}, "defaultRequest": {"ephemeral-storage": "1Gi"}},
        {"type": "Pod", "max": {"ephemeral-storage": "1100Mi"}}],
}  # fmt: skip


@pytest.mark.parametrize("name", RANGES)
def test_with_limit_ranges_a_pod_is_taken_as_without_us(api, webhook, namespace, name):
    objects.apply(api, target(namespace, sidecar={}), limit_range(namespace, *RANGES[name]))
    before = pod(SMALL)
    wait_for("the pod as written", lambda: create(api, namespace, before)[0])

    def taken():
        after = webhook.patched(namespace, before)
        return sidecar(after) and create(api, namespace, after)[0]

    kept = wait_for("the pod with its sidecar", taken)
    assert "nvidia.com/gpu" not in json.dumps(sidecar(kept)["resources"]) or name == "devices"
    if name == "devices":
        assert sidecar(kept)["resources"]["limits"]["nvidia.com/gpu"] == "0"


def test_two_limit_ranges_are_both_obeyed(api, webhook, namespace):
    objects.apply(
        api, target(namespace, sidecar={}),
        limit_range(namespace, {"type": "Container", "min": {"cpu": "40m"}}, name="one"),
        limit_range(namespace, {"type": "Container", "maxLimitRequestRatio": {"cpu": "2"}}, name="two"),
    )  # fmt: skip

    def taken():
        after = webhook.patched(namespace, pod(SMALL))
        return sidecar(after) and create(api, namespace, after)[0]

    resources = sidecar(wait_for("the pod with its sidecar", taken))["resources"]
    assert resources["requests"]["cpu"] == "40m" and resources["limits"]["cpu"] == "80m"


def test_where_there_is_no_room_the_pod_is_left_alone_and_the_status_says_why(api, webhook, namespace):
    objects.apply(
        api, target(namespace, sidecar={}), limit_range(namespace, {"type": "Pod", "max": {"cpu": "100m"}})
    )
    wait_for("the reason", lambda: annotation(webhook.patched(namespace, pod(SMALL)), NOT_INJECTED))
    after = webhook.patched(namespace, pod(SMALL))
    assert sidecar(after) is None
    assert create(api, namespace, after)[0]
    after["metadata"]["name"] = "left-alone"
    after["spec"]["nodeName"] = "nowhere"
    objects.apply(api, {**after, "metadata": {**after["metadata"], "namespace": namespace}})
    running = {"status": {"phase": "Running", "podIP": "10.9.9.9", "podIPs": [{"ip": "10.9.9.9"}]}}
    done = api.kubectl("-n", namespace, "patch", "pod", "left-alone", "--subresource=status", "--type=merge",
                       "-p", json.dumps(running))  # fmt: skip
    assert done.returncode == 0, done.stderr
    wait_for("SidecarImpossible", lambda: objects.reasons(api, namespace, "web") == ["SidecarImpossible"])
    [problem] = objects.status(api, namespace, "web")["problems"]
    assert "LimitRanges" in problem["message"] and "cpu" in problem["message"]


def test_a_limit_range_that_goes_no_longer_counts(api, webhook, namespace):
    objects.apply(
        api, target(namespace, sidecar={}), limit_range(namespace, {"type": "Container", "max": {"memory": "8Mi"}})
    )
    tiny = pod(sized({"memory": "4Mi"}, {"memory": "8Mi"}))
    wait_for("the reason", lambda: annotation(webhook.patched(namespace, tiny), NOT_INJECTED))
    assert api.kubectl("-n", namespace, "delete", "limitrange", "limits").returncode == 0
    wait_for("a sidecar", lambda: sidecar(webhook.patched(namespace, tiny)))


WHOLE = {
    "full": {"requests": {"cpu": "50m", "memory": "32Mi"}, "limits": {"cpu": "100m", "memory": "64Mi"}},
    "cpu-limit": {"limits": {"cpu": "100m"}},
    "memory-request": {"requests": {"memory": "40Mi"}},
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_pod_with_resources_as_a_whole_is_taken(api, webhook, namespace, name):
    objects.apply(api, target(namespace, sidecar={}))
    before = pod(SMALL, resources=WHOLE[name])
    kept, why = create(api, namespace, before)
    assert kept, why
    # As the API server sends it: with its defaults.
    after = webhook.injected(namespace, kept)
    kept, why = create(api, namespace, after)
    assert kept, why


@pytest.mark.parametrize(
    ("containers", "quality"),
    [
        ([sized({"cpu": "50m", "memory": "32Mi"}, {"cpu": "50m", "memory": "32Mi"})], "Guaranteed"),
        ([sized(limits={"cpu": "50m", "memory": "32Mi"}), sized(limits={"cpu": "1", "memory": "1Gi"}, name="b")],
         "Guaranteed"),
        ([SMALL], "Burstable"),
        ([{"name": "app"}, {"name": "b"}], "BestEffort"),
    ],
    ids=["equal", "limits-alone", "burstable", "best-effort"],
)  # fmt: skip
def test_the_pod_keeps_its_quality_of_service(api, webhook, namespace, containers, quality):
    objects.apply(api, target(namespace, logs={"files": {"directory": "/var/log/app"}}, sidecar={}))
    before = pod(*containers)
    assert create(api, namespace, before)[0]["status"]["qosClass"] == quality
    kept, why = create(api, namespace, webhook.injected(namespace, before))
    assert kept, why
    assert kept["status"]["qosClass"] == quality


def test_the_larger_of_two_wishes_counts(api, webhook, namespace):
    big = {"requests": {"memory": "64Mi"}, "limits": {"memory": "256Mi"}}
    objects.apply(api, target(namespace, "a-small", sidecar={}), target(namespace, "b-big", sidecar={"resources": big}))

    def both():
        resources = sidecar(webhook.patched(namespace, pod(SMALL)) or {})
        return resources and resources["resources"]["limits"]["memory"] == "256Mi" and resources["resources"]

    assert wait_for("both wishes", both)["requests"]["memory"] == "64Mi"


POLICY = {
    "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy",
    "metadata": {"name": "uid-range"},
    "spec": {
        "failurePolicy": "Fail",
        "matchConstraints": {"resourceRules": [
            {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}]},
        "validations": [{
            "expression": "(object.spec.containers + (has(object.spec.initContainers) ? object.spec.initContainers "
                          ": [])).all(c, !has(c.securityContext) || !has(c.securityContext.runAsUser) || "
                          "(c.securityContext.runAsUser >= 1000680000 && c.securityContext.runAsUser < 1000690000))",
            "message": "a user outside of the namespace's range",
        }],
    },
}  # fmt: skip


def test_where_users_are_assigned_the_sidecar_names_none(api, webhook, namespace):
    binding = {
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": "uid-range"},
        "spec": {"policyName": "uid-range", "validationActions": ["Deny"], "matchResources": {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}},
    }  # fmt: skip
    objects.apply(api, POLICY, binding, target(namespace, logs={"files": {"directory": "/var/log/app"}}))
    root = pod({"name": "app", "securityContext": {"runAsUser": 0}})
    wait_for("the policy", lambda: "outside of the namespace" in create(api, namespace, root)[1])
    refused, why = create(api, namespace, webhook.injected(namespace, pod()))
    assert refused is None and "outside of the namespace" in why
    done = api.kubectl("annotate", "namespace", namespace, "openshift.io/sa.scc.uid-range=1000680000/10000")
    assert done.returncode == 0, done.stderr
    wait_for("a user of the range", lambda: create(api, namespace, webhook.patched(namespace, pod()))[0])


def test_pull_secrets_and_volumes_for_the_autoscaler_are_appended(api, webhook, namespace):
    objects.apply(api, target(namespace, logs={"files": {"directory": "/var/log/app"}}))
    before = pod(imagePullSecrets=[{"name": "own"}])
    before["metadata"]["annotations"] = {SAFE_TO_EVICT: "cache"}
    after = webhook.injected(namespace, before)
    assert [s["name"] for s in after["spec"]["imagePullSecrets"]] == ["own", "regcred", "mirror"]
    assert annotation(after, SAFE_TO_EVICT) == "cache,telltale-state,telltale-logs"
    local = {v["name"] for v in after["spec"]["volumes"] if "emptyDir" in v}
    assert local == {"telltale-state", "telltale-logs"}
    kept, why = create(api, namespace, after)
    assert kept, why


def test_a_namespace_may_take_all_its_pods_out(api, webhook, namespace):
    objects.apply(api, target(namespace, sidecar={}))
    webhook.injected(namespace, pod())
    assert api.kubectl("label", "namespace", namespace, "telltale.dev/inject=false").returncode == 0
    wait_for("no patch", lambda: "patch" not in webhook.review(namespace, pod()))
    assert api.kubectl("label", "namespace", namespace, "telltale.dev/inject-").returncode == 0
    webhook.injected(namespace, pod())


def test_a_pod_full_of_annotations_is_taken(api, webhook, namespace):
    objects.apply(api, target(namespace, logs={"files": {"directory": "/var/log/app"}}))
    before = pod()
    before["metadata"]["annotations"] = {"big": "x" * (256 * 1024 - 8 - 3)}
    assert create(api, namespace, before)[0]
    kept, why = create(api, namespace, webhook.injected(namespace, before))
    assert kept, why


def test_the_folder_is_read_in_the_volume_of_the_container_that_writes(api, webhook, namespace):
    objects.apply(api, target(namespace, logs={"files": {"directory": "/data/log"}}))
    before = pod(
        {"name": "exporter"}, {"name": "postgres", "volumeMounts": [{"name": "d", "mountPath": "/data"}]},
        volumes=[{"name": "d", "emptyDir": {}}],
    )  # fmt: skip
    after = webhook.injected(namespace, before)
    assert mounts(sidecar(after)) == ["d /data ro"]
    assert mounts(after["spec"]["containers"][0]) == []
    assert {"name": "TELLTALE_CONTAINER", "value": "postgres"} in sidecar(after)["env"]
    kept, why = create(api, namespace, after)
    assert kept, why


def test_a_sub_path_expression_is_expanded_as_in_the_application(api, webhook, namespace):
    objects.apply(api, target(namespace, logs={"files": {"directory": "/logs"}}))
    before = pod(
        {"name": "app", "env": [{"name": "ME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
         "volumeMounts": [{"name": "d", "mountPath": "/logs", "subPathExpr": "$(ME)"}]},
        volumes=[{"name": "d", "emptyDir": {}}],
    )  # fmt: skip
    after = webhook.injected(namespace, before)
    assert {"name": "d", "mountPath": "/logs", "subPathExpr": "$(ME)", "readOnly": True} in sidecar(after)["volumeMounts"]
    assert before["spec"]["containers"][0]["env"][0] in sidecar(after)["env"]
    kept, why = create(api, namespace, after)
    assert kept, why


SECRETIVE = {
    "secret": {"secret": {"secretName": "x"}},
    "config-map": {"configMap": {"name": "x"}},
    "projected": {"projected": {"sources": [{"configMap": {"name": "x"}}, {"secret": {"name": "y"}}]}},
    "downward": {"downwardAPI": {"items": [{"path": "l", "fieldRef": {"fieldPath": "metadata.labels"}}]}},
}


@pytest.mark.parametrize("name", SECRETIVE)
def test_no_secret_is_shown_to_the_sidecar(api, webhook, namespace, name):
    objects.apply(api, target(namespace, logs={"files": {"directory": "/creds", "include": ["*"]}}))
    before = pod(
        {"name": "app", "volumeMounts": [{"name": "s", "mountPath": "/creds", "readOnly": True}]},
        volumes=[{"name": "s", **SECRETIVE[name]}],
    )  # fmt: skip
    after = webhook.injected(namespace, before)
    assert mounts(sidecar(after)) == []
    assert annotation(after, UNSEEN).startswith("/creds: volume s at /creds is of type ")
    kept, why = create(api, namespace, after)
    assert kept, why


@pytest.mark.parametrize(
    "directory",
    ["/var/log", "/usr/local", "/usr/share", "/srv", "/tmp", "/dev/shm", "/proc/1/root", "/sys/fs", "/etc/creds",
     "/var/run/secrets/kubernetes.io/serviceaccount", "/run/secrets"],
)  # fmt: skip
def test_folders_of_the_system_are_refused(api, namespace, directory):
    done = api.kubectl("apply", "-f", "-", text=json.dumps(target(namespace, logs={"files": {"directory": directory}})))
    assert done.returncode != 0
    assert "folder of the system" in done.stderr


def test_what_init_containers_and_native_sidecars_write_is_read(api, webhook, namespace):
    objects.apply(api, target(namespace, logs={"files": {"directory": "/var/log/app"}}))
    before = pod(
        {"name": "app"}, {"name": "web"},
        initContainers=[{"name": "migrate", "image": "x"}, {"name": "agent", "image": "x", "restartPolicy": "Always"}],
    )  # fmt: skip
    after = webhook.injected(namespace, before)
    assert [c["name"] for c in after["spec"]["initContainers"]] == ["telltale-sidecar", "migrate", "agent"]
    for container in after["spec"]["initContainers"][1:] + after["spec"]["containers"]:
        assert mounts(container) == ["telltale-logs /var/log/app"]
    kept, why = create(api, namespace, after)
    assert kept, why
