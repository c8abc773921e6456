# SPDX-License-Identifier: Apache-2.0
"""ConfigMaps that the API server refuses, or that cannot hold everything: what the status says."""

import json

import objects
from ours import wait_for

FILES = {"source": "Files", "files": {"directory": "/var/log/app"}}


def problems(api, namespace, name):
    return objects.status(api, namespace, name).get("problems", [])


def ready(api, namespace, name):
    condition = objects.condition(api, namespace, name, "Ready")
    return condition["status"], condition["reason"]


def wait_for_reason(api, namespace, name, reason):
    wait_for(f"{reason} of {name}", lambda: reason in objects.reasons(api, namespace, name), 40)


def test_a_quota_that_refuses_the_config_map_is_in_each_status_until_it_is_raised(api, operator, namespace):
    def quota(count):
        objects.apply(api, {"apiVersion": "v1", "kind": "ResourceQuota",
                            "metadata": {"name": "few", "namespace": namespace},
                            "spec": {"hard": {"count/configmaps": str(count)}}})  # fmt: skip

    def counted():
        held = json.loads(api.kubectl("-n", namespace, "get", "resourcequota", "few", "-o", "json").stdout)
        return held.get("status", {}).get("hard")

    quota(0)
    # No controller manager runs here: a quota is enforced once its status says what is used.
    done = api.kubectl("-n", namespace, "patch", "resourcequota", "few", "--subresource=status", "--type=merge", "-p",
                       json.dumps({"status": {"hard": {"count/configmaps": "0"},
                                              "used": {"count/configmaps": "0"}}}))  # fmt: skip
    assert done.returncode == 0, done.stderr
    wait_for("the quota", counted)
    for name in ("a", "b"):
        objects.apply(api, objects.target(namespace, name, selector={"matchLabels": {"app": name}}, logs=FILES))
    for name in ("a", "b"):
        wait_for_reason(api, namespace, name, "ConfigNotWritten")
        message = next(p["message"] for p in problems(api, namespace, name) if p["reason"] == "ConfigNotWritten")
        assert f"ConfigMap {namespace}/telltale-sidecar" in message and "exceeded quota: few" in message, message
        assert ready(api, namespace, name) == ("False", "ConfigNotWritten")
        assert objects.status(api, namespace, name)["observedGeneration"] == 0
    api.kubectl("-n", namespace, "delete", "resourcequota", "few")
    for name in ("a", "b"):
        wait_for("mended", lambda n=name: "ConfigNotWritten" not in objects.reasons(api, namespace, n), 60)
        assert objects.status(api, namespace, name)["observedGeneration"] == 1
    assert f"{namespace}.a.json" in objects.data(api, namespace, "telltale-sidecar")


def large(namespace, name, **more):
    expressions = {f"field{i:02}" + "x" * 50: "y" * 120 for i in range(16)}
    return objects.target(namespace, name, selector={"matchLabels": {"app": name}},
                          logs={**FILES, "pipeline": [{"json": {"expressions": expressions}}] * 16, **more})  # fmt: skip


def test_what_does_not_fit_into_one_mebibyte_is_left_out_and_everything_else_works(api, operator, namespace):
    names = [f"team-{i:02}" for i in range(25)]
    objects.apply(api, *[large(namespace, name) for name in names])
    objects.apply(api, objects.target(namespace, "zz", selector={"matchLabels": {"app": "zz"}}, logs=FILES))
    wait_for_reason(api, namespace, names[-1], "ConfigTooLarge")
    left_out = [n for n in names if "ConfigTooLarge" in objects.reasons(api, namespace, n)]
    held = wait_for("the ConfigMap", lambda: objects.data(api, namespace, "telltale-sidecar"))
    assert left_out and set(held) == {f"{namespace}.{n}.json" for n in [*names, "zz"] if n not in left_out}
    assert ready(api, namespace, names[-1]) == ("False", "ConfigTooLarge")
    assert objects.condition(api, namespace, names[-1], "Accepted")["status"] == "False"
    assert objects.condition(api, namespace, names[0], "Accepted")["status"] == "True"

    # An edit of one that is in arrives; one of those left out is not observed.
    for name in (names[0], names[-1]):
        objects.apply(api, large(namespace, name, labels={"edited": "yes"}))
    wait_for("the edit", lambda: '"generation":2' in objects.data(api, namespace, "telltale-sidecar")[
        f"{namespace}.{names[0]}.json"])  # fmt: skip
    wait_for("observed", lambda: objects.status(api, namespace, names[0])["observedGeneration"] == 2)
    assert objects.status(api, namespace, names[-1])["observedGeneration"] == 0

    api.kubectl("-n", namespace, "delete", "mt", *[n for n in names if n not in left_out])
    for name in left_out:
        wait_for("room", lambda n=name: "ConfigTooLarge" not in objects.reasons(api, namespace, n), 60)
