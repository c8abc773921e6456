# SPDX-License-Identifier: Apache-2.0
"""An API server as test_fake_api.py asks it, and its answers without what differs from run to run."""

import http.client
import json
import pathlib
import ssl
import time
import urllib.parse

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


def config_map(name: str, **data) -> dict:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def target(**rest) -> dict:
    return {"apiVersion": "telltale.dev/v1alpha1", "kind": "MonitoringTarget", "metadata": {"name": "web"}, **rest}


def spec(**rest) -> dict:
    """With everything that the real server would fill in by the schema's defaults."""
    return {
        "selector": {"matchLabels": {"app": "web"}, "matchAll": False}, "suspend": False,
        "metrics": {"endpoints": [{"port": 80, "interval": "15s", "path": "/metrics", "scheme": "http", "nativeHistograms": False}]}, **rest,
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
