# SPDX-License-Identifier: Apache-2.0
"""Scenarios of test_fake_api.py: server-side apply, updates and their conflicts."""

from fake_api_answers import APPLY, LEASES, MAPS, MERGE, TARGETS, Server, clear, config_map, owners, plain, spec, target


def applies(server: Server):
    clear(server, MAPS)
    one = f"{MAPS}/one"
    for manager, data, force in (
        ("m1", {"a": "1", "b": "2"}, True), ("m1", {"a": "1", "b": "2"}, True), ("m2", {"a": "3"}, False),
        ("m2", {"a": "3", "c": "1"}, True), ("m1", {"b": "2"}, True), ("m3", {"b": "2"}, False),
        ("m1", {}, True), ("m3", {}, True), ("m2", {}, True),
    ):  # fmt: skip
        before = server.call("GET", one)[1].get("metadata", {}).get("resourceVersion")
        answer = server.apply(one, manager, config_map("one", **data), force)
        yield manager, data, plain(answer), server.version(one) == before
    server.apply(one, "m1", config_map("one", a="1", b="1"))
    yield plain(server.call("PATCH", one, {"data": {"a": "2", "n": "1"}}, MERGE))
    yield plain(server.apply(one, "m1", config_map("one", a="1"), False))
    yield plain(server.apply(one, "m1", config_map("one")))
    for metadata in ({"resourceVersion": "5"}, {"uid": "5"}, {"name": "other"}, {"namespace": "other"}):
        body = config_map("one", q="1")
        body["metadata"].update(metadata)
        yield metadata, server.apply(one, "m1", body)[0]
    yield plain(server.call("PATCH", f"{one}?force=true", config_map("one"), APPLY))
    yield server.apply(one, "m1", {"data": {}})[0]
    yield server.call("PATCH", one, config_map("one"), "text/plain")[0]


def webhook_caches(server: Server):
    path = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/conformance"
    body = {
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": "conformance"},
        "webhooks": [{
            "name": "a.b.c", "sideEffects": "None", "admissionReviewVersions": ["v1"],
            "clientConfig": {"url": "https://127.0.0.1:1/"},
        }],
    }  # fmt: skip
    bundle = {**body, "webhooks": [{"name": "a.b.c", "clientConfig": {"caBundle": "Cg=="}}]}
    for manager, applied in (("chart", body), ("operator", bundle), ("operator", bundle), ("chart", body)):
        status, made = server.apply(path, manager, applied)
        hook = made["webhooks"][0]
        yield status, made["metadata"]["generation"], hook["clientConfig"], owners(made["metadata"]["managedFields"])
    server.call("DELETE", path)


def status_and_spec(server: Server):
    clear(server, TARGETS)
    status, web = server.call("POST", TARGETS, target(spec=spec(), status={"observedGeneration": 7}))
    yield status, plain(web)
    path = f"{TARGETS}/web"
    web["spec"]["suspend"], web["status"] = True, {"observedGeneration": 9}
    status, web = server.call("PUT", path, web)
    yield status, plain(web)
    yield plain(server.call("PUT", path, target(spec=spec())))
    web["spec"]["suspend"], web["metadata"]["labels"], web["status"] = False, {"q": "1"}, {"observedGeneration": 2}
    status, web = server.call("PUT", f"{path}/status", web)
    yield status, web["metadata"]["generation"], web["spec"], web["status"], web["metadata"].get("labels")

    def conditions(seen, *kinds):
        when = {"status": "True", "reason": "R", "message": "m", "lastTransitionTime": "2026-01-01T00:00:00Z"}
        return target(status={"observedGeneration": seen, "conditions": [{"type": k, **when} for k in kinds]})

    for manager, body in (
        ("op", conditions(1, "Ready", "Accepted")), ("op", conditions(1, "Ready", "Accepted")),
        ("op2", conditions(1, "Other")), ("op", conditions(1, "Accepted")),
        ("op2", conditions(1, "Accepted")), ("op", conditions(3)),
    ):  # fmt: skip
        before = server.version(path)
        status, web = server.apply(f"{path}/status", manager, body)
        yield status, manager, web["status"], web["metadata"]["generation"], server.version(path) == before
        yield [row for row in owners(web["metadata"]["managedFields"]) if row[1] == "Apply"]
    yield plain(server.apply(f"{TARGETS}/none/status", "op", conditions(1)))
    yield plain(server.call("DELETE", path))
    yield server.call("GET", f"{MAPS}/none/status")[0]


def updates(server: Server):
    clear(server, MAPS, LEASES)
    one = f"{MAPS}/one"
    yield plain(server.call("POST", MAPS, config_map("one", x="1")))
    yield plain(server.call("POST", MAPS, config_map("one", x="1")))
    yield plain(server.call("POST", "/api/v1/namespaces/nowhere/configmaps", config_map("one")))
    held = server.get(one)
    held["data"]["x"] = "2"
    yield plain(server.call("PUT", one, held))
    yield plain(server.call("PUT", one, held))
    version = server.version(one)
    yield server.call("PUT", one, config_map("one", x="2"))[0], server.version(one) == version
    for body in (config_map("other"), {**config_map("one"), "kind": "Secret"}, "{nonsense", config_map("")):
        yield server.call("PUT", one, body)[0]
    wrong = config_map("one")
    wrong["metadata"]["uid"] = "123"
    yield plain(server.call("PUT", one, wrong))
    yield plain(server.call("PUT", f"{MAPS}/none", config_map("none")))
    yield plain(server.call("POST", MAPS, config_map("")))
    status, named = server.call("POST", MAPS, {"metadata": {"generateName": "some-"}})
    yield status, named["metadata"]["name"].startswith("some-"), len(named["metadata"]["name"])
    for patch in ({"data": {"x": None, "y": "1"}}, {"data": {"x": None}}, {"metadata": {"resourceVersion": "3"}}):
        yield plain(server.call("PATCH", one, patch, MERGE))
    yield plain(server.call("PATCH", f"{MAPS}/none", {}, MERGE))
    for preconditions in ({"uid": "77"}, {"resourceVersion": "77"}):
        yield server.call("DELETE", one, {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": preconditions})[0]
    yield plain(server.call("DELETE", one))
    yield plain(server.call("DELETE", one))

    lease = {
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "l"},
        "spec": {"holderIdentity": "a", "leaseDurationSeconds": 15, "renewTime": "2026-01-01T00:00:00.000000Z"},
    }  # fmt: skip
    _, held = server.call("POST", LEASES, lease)
    yield plain(server.call("PUT", f"{LEASES}/l", lease))
    yield server.call("PUT", f"{LEASES}/l", held)[1]["metadata"]["resourceVersion"] == held["metadata"]["resourceVersion"]
    held["spec"]["holderIdentity"] = "b"
    yield plain(server.call("PUT", f"{LEASES}/l", held))
    yield plain(server.call("PUT", f"{LEASES}/l", held))
    lease["metadata"]["name"] = "made"
    yield plain(server.call("PUT", f"{LEASES}/made", lease))


SCENARIOS = (applies, webhook_caches, status_and_spec, updates)
