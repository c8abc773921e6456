# SPDX-License-Identifier: Apache-2.0
"""The fake API server (tests/fakes/kube) held against the real one: each scenario is played on both,
and what they answered must be the same but for uids, times, versions and the words of messages."""

import base64
import http.client
import json
import os
import pathlib
import ssl
import subprocess
import time
import urllib.parse
import urllib.request

import pytest

import ours
from ours import wait_for

NS = "conformance"
MAPS = f"/api/v1/namespaces/{NS}/configmaps"
LEASES = f"/apis/coordination.k8s.io/v1/namespaces/{NS}/leases"
TARGETS = f"/apis/telltale.dev/v1alpha1/namespaces/{NS}/monitoringtargets"
APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
STREAM = "watch=1&allowWatchBookmarks=true&timeoutSeconds=1"
WATCH_LIST = STREAM + "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"


class Server:
    """One of the two. Every call is a connection of its own."""

    def __init__(self, url: str, context: ssl.SSLContext, kubeconfig: pathlib.Path):
        self.address = urllib.parse.urlsplit(url).netloc
        self.context = context
        self.kubeconfig = kubeconfig

    def call(self, method: str, path: str, body=None, kind: str = "application/json"):
        """(status, tree or text); a watch gives the list of its events."""
        # The real one answers 429 while it prepares itself for a new resource.
        answers = (self.call_once(method, path, body, kind) for _ in range(100))
        return next(answer for answer in answers if answer[0] != 429 or time.sleep(0.1))

    def call_once(self, method: str, path: str, body, kind: str):
        connection = http.client.HTTPSConnection(self.address, timeout=20, context=self.context)
        try:
            data = body if body is None or isinstance(body, str) else json.dumps(body)
            connection.request(method, path, data, {"Content-Type": kind, "User-Agent": "conformance/1"})
            answer = connection.getresponse()
            text = answer.read().decode()
            if answer.status == 200 and "watch=" in path:
                return 200, [json.loads(line) for line in text.splitlines()]
            is_json = "json" in answer.getheader("Content-Type", "")
            return answer.status, json.loads(text) if is_json else text.strip()
        finally:
            connection.close()

    def get(self, path: str) -> dict:
        status, body = self.call("GET", path)
        assert status == 200, body
        return body

    def version(self, path: str) -> str:
        return self.get(path)["metadata"]["resourceVersion"]

    def apply(self, path: str, manager: str, body: dict, force: bool = True):
        return self.call("PATCH", f"{path}?fieldManager={manager}" + ("&force=true" * force), body, APPLY)


@pytest.fixture(scope="module")
def fake(tmp_path_factory):
    """fake_apiserver as a process."""
    program = os.environ.get("TELLTALE_FAKE_APISERVER")
    if not program:
        for command in (["--preset", "dev"], ["--build", "build/dev", "--target", "fake_apiserver"]):
            done = subprocess.run(["cmake", *command], cwd=ours.ROOT, capture_output=True, text=True)
            assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        program = str(ours.ROOT / "build/dev/bin/fake_apiserver")
    folder = tmp_path_factory.mktemp("fake")
    process = subprocess.Popen(
        [program, f"--kubeconfig={folder}/kubeconfig", f"--tls-dir={folder}", "--namespaces=1"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        url = process.stdout.readline().split()[1]
        server = Server(url, ssl.create_default_context(cafile=folder / "ca.crt"), folder / "kubeconfig")

        def compact():
            process.stdin.write("compact\n")
            process.stdin.flush()
            assert process.stdout.readline().startswith("ok")

        server.compact = compact
        server.call("POST", "/api/v1/namespaces", {"metadata": {"name": NS}})
        yield server
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def real(api):
    context = ssl.create_default_context(cafile=api.folder / "pki/ca.crt")
    context.load_cert_chain(api.folder / "pki/admin.crt", api.folder / "pki/admin.key")
    server = Server(api.server, context, api.kubeconfig)

    def compact():
        """What the API server does every five minutes, at once: etcd forgets."""
        pid, _ = api._daemons[0].identity()
        command = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
        etcd = next(word.split("=", 1)[1] for word in command if word.startswith("--listen-client-urls="))
        # The version of any object written last is etcd's revision.
        _, made = server.call("POST", MAPS, config_map("revision"))
        server.call("DELETE", f"{MAPS}/revision")
        body = json.dumps({"revision": made["metadata"]["resourceVersion"], "physical": True}).encode()
        with urllib.request.urlopen(f"{etcd}/v3/kv/compaction", body, timeout=10) as answer:
            assert answer.status == 200

    server.compact = compact
    server.call("POST", "/api/v1/namespaces", {"metadata": {"name": NS}})
    return server


def config_map(name: str, **data) -> dict:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def target(**rest) -> dict:
    return {"apiVersion": "telltale.dev/v1alpha1", "kind": "MonitoringTarget", "metadata": {"name": "web"}, **rest}


def spec(**rest) -> dict:
    """With everything that the real server would fill in by the schema's defaults."""
    return {
        "selector": {"matchLabels": {"app": "web"}, "matchAll": False}, "suspend": False,
        "metrics": {"endpoints": [{"port": 80, "interval": "15s", "path": "/metrics"}]}, **rest,
    }  # fmt: skip


def owners(fields: list) -> list:
    """Who owns what, without times."""
    keys = ("manager", "operation", "subresource", "fieldsV1")
    return sorted(([entry.get(key) for key in keys] for entry in fields), key=str)


def plain(tree):
    """The same without what differs from run to run."""
    if isinstance(tree, (list, tuple)):
        return [plain(item) for item in tree]
    if not isinstance(tree, dict):
        return tree
    out = {}
    for key, value in tree.items():
        if key in ("uid", "creationTimestamp", "resourceVersion", "continue") and value:
            out[key] = key.upper()
        elif key == "managedFields":
            out[key] = owners(value)
        elif key == "message" and tree.get("reason"):
            continue
        elif key in ("causes",):
            out[key] = sorted({(c["reason"], c.get("field")) for c in value}, key=str)
        else:
            out[key] = plain(value)
    return out


def short(answer) -> list:
    """A list or a watch, by names: for scenarios about which objects come."""
    status, body = answer
    if status != 200:
        return [status, plain(body)]
    if isinstance(body, list):
        return [
            (e["type"], e["object"].get("code") or e["object"]["metadata"].get("name"),
             e["object"].get("metadata", {}).get("annotations"))
            for e in body
        ]  # fmt: skip
    meta = {k: bool(v) if k == "continue" else v for k, v in body["metadata"].items() if k != "resourceVersion"}
    return [[item["metadata"]["name"] for item in body["items"]], meta]


def clear(server: Server, *collections: str) -> None:
    for collection in collections:
        for item in server.get(collection)["items"]:
            server.call("DELETE", f"{collection}/{item['metadata']['name']}")


def five(server: Server) -> list[str]:
    """ConfigMaps a to e, and the version of each."""
    clear(server, MAPS)
    made = [server.call("POST", MAPS, config_map(name, x="1"))[1] for name in "abcde"]
    return [item["metadata"]["resourceVersion"] for item in made]


def lists(server: Server):
    versions = five(server)
    first = server.get(f"{MAPS}?limit=2")
    token = first["metadata"]["continue"]
    yield plain(first)
    server.call("DELETE", f"{MAPS}/c")
    second = server.call("GET", f"{MAPS}?limit=2&continue={token}")
    yield second[1]["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]
    yield short(second)
    yield short(server.call("GET", f"{MAPS}?continue={token}"))
    for query in (
        "limit=2&resourceVersion=0", "resourceVersion=0", f"resourceVersion={versions[1]}",
        f"resourceVersion={versions[1]}&resourceVersionMatch=NotOlderThan",
        f"resourceVersion={versions[1]}&resourceVersionMatch=Exact",
        f"resourceVersion={versions[3]}&limit=3", "resourceVersionMatch=Exact", "resourceVersion=99999999",
        "resourceVersion=0&resourceVersionMatch=Exact", "resourceVersion=abc", "continue=garbage",
        "resourceVersion=1&resourceVersionMatch=Sometimes", "fieldSelector=metadata.name%3Db&limit=1",
        "fieldSelector=metadata.name%3Dnone", "fieldSelector=data.x%3D1", "labelSelector=app",
        f"continue={token}&resourceVersion=0&resourceVersionMatch=NotOlderThan",
    ):  # fmt: skip
        yield short(server.call("GET", f"{MAPS}?{query}"))
    yield short(server.call("GET", f"/api/v1/configmaps?fieldSelector=metadata.namespace%3D{NS}"))


def forgotten_pages(server: Server):
    clear(server, TARGETS)
    server.call("POST", TARGETS, target(spec=spec()))
    server.compact()
    # A version from before the definition of the resource, which no cache has.
    old = {"v": "meta.k8s.io/v1", "rv": 2, "start": "/a\0"}
    token = base64.urlsafe_b64encode(json.dumps(old).encode()).decode().rstrip("=")
    status, body = server.call("GET", f"{TARGETS}?limit=2&continue={token}")
    yield status, plain(body)
    yield server.call("GET", f"{TARGETS}?resourceVersion=2&resourceVersionMatch=Exact")[0]
    rest = body.get("metadata", {}).get("continue", "")
    yield short(server.call("GET", f"{TARGETS}?limit=2&continue={rest}"))


def watches(server: Server):
    versions = five(server)
    server.call("DELETE", f"{MAPS}/c")
    server.call("PATCH", f"{MAPS}/a", {"data": {"x": "2"}}, MERGE)
    yield plain(server.call("GET", f"{MAPS}?watch=1&timeoutSeconds=1&resourceVersion={versions[2]}"))
    for query in (
        "resourceVersion=0", "resourceVersion=", "fieldSelector=metadata.name%3Da",
        f"resourceVersion={versions[0]}&fieldSelector=metadata.name%3Dc", "resourceVersion=99999999",
        "sendInitialEvents=true", "resourceVersionMatch=NotOlderThan",
    ):  # fmt: skip
        yield short(server.call("GET", f"{MAPS}?watch=1&timeoutSeconds=1&{query}"))
    for query in ("", f"&resourceVersion={versions[0]}", "&resourceVersion=0", "&fieldSelector=metadata.name%3Db",
                  "&resourceVersion=99999999"):  # fmt: skip
        yield plain(server.call("GET", f"{MAPS}?{WATCH_LIST}{query}"))
    yield short(server.call("GET", f"{MAPS}?{WATCH_LIST.replace('allowWatchBookmarks=true&', '')}"))
    _, events = server.call("GET", f"{MAPS}?{WATCH_LIST}")
    yield int(events[-1]["object"]["metadata"]["resourceVersion"]) >= int(server.version(f"{MAPS}/a"))
    _, events = server.call("GET", f"{MAPS}?watch=1&timeoutSeconds=1&resourceVersion={versions[4]}")
    yield [int(e["object"]["metadata"]["resourceVersion"]) > int(versions[4]) for e in events]


def watches_of_labels(server: Server):
    clear(server, MAPS)
    server.call("POST", MAPS, config_map("a"))
    start = server.version(MAPS)
    for labels in ({"app": "web"}, {"app": "web", "x": "1"}, {"app": "db"}):
        server.call("PATCH", f"{MAPS}/a", {"metadata": {"labels": labels}}, MERGE)
    query = f"watch=1&timeoutSeconds=1&resourceVersion={start}&labelSelector=app%3Dweb"
    _, events = server.call("GET", f"{MAPS}?{query}")
    yield plain(events)
    yield [int(event["object"]["metadata"]["resourceVersion"]) - int(start) for event in events]


def watch_of_an_old_version(server: Server):
    yield plain(server.call("GET", f"{TARGETS}?watch=1&resourceVersion=1&timeoutSeconds=1"))


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


def paths(server: Server):
    for method, path in (
        ("DELETE", "/version"), ("GET", "/nowhere"), ("POST", f"{MAPS}/one"), ("PUT", MAPS),
        ("GET", "/healthz"), ("GET", f"{MAPS}/none"), ("GET", f"{TARGETS}/none"), ("DELETE", f"{LEASES}/none"),
    ):  # fmt: skip
        yield method, path, plain(server.call(method, path, {} if method in ("POST", "PUT") else None))


@pytest.mark.parametrize("scenario", [
    lists, forgotten_pages, watches, watches_of_labels, watch_of_an_old_version, applies, webhook_caches,
    status_and_spec, updates, paths,
], ids=lambda scenario: scenario.__name__)  # fmt: skip
def test_the_fake_answers_as_the_real_one_does(scenario, fake, real):
    wanted, got = list(scenario(real)), list(scenario(fake))
    wrong = [
        f"answer {number}:\n  real {json.dumps(theirs)}\n  fake {json.dumps(answer)}"
        for number, (theirs, answer) in enumerate(zip(wanted, got))
        if theirs != answer
    ]
    assert not wrong, "\n".join(wrong)
    assert len(got) == len(wanted)


@pytest.fixture(scope="module")
def tool():
    return ours.tool("kube_tool")


def test_our_client_cannot_tell_them_apart(tool, fake, real):
    def run(server, *arguments):
        done = subprocess.run([tool, str(server.kubeconfig), *arguments], capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout.strip().replace(server.address, "SERVER")

    seen = []
    for server in (real, fake):
        clear(server, MAPS)
        one = f"{MAPS}/one"
        made = json.dumps(config_map("one", a="1"))
        answers = [run(server, "get", one), run(server, "create", MAPS, made), run(server, "create", MAPS, made)]
        answers += [run(server, "apply", one, json.dumps(config_map("one", a="2", b="3")))]
        answers += [plain(json.loads(run(server, "get", one)[1]))]
        watch = subprocess.Popen(
            [tool, str(server.kubeconfig), "watch", MAPS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        lines = []
        try:
            while not lines or f"{NS}/one" not in lines[-1]:
                lines.append(watch.stdout.readline().strip())
            wait_for("the delete", lambda: run(server, "delete", one) == (0, ""))
            while "deleted" not in lines[-1]:
                lines.append(watch.stdout.readline().strip())
        finally:
            watch.kill()
            watch.wait()
        answers += [[line for line in lines if NS in line], run(server, "delete", one)]
        seen.append(answers)
    assert seen[1] == seen[0]
