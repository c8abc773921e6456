# SPDX-License-Identifier: Apache-2.0
"""Pods before and after the injection webhook, and what a real API server says to them."""

import base64
import http.client
import json
import socket
import ssl

import objects
import ours
from ours import wait_for

HOST = "telltale-operator.telltale.svc"
CONFIGURATION = {
    "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
    "metadata": {"name": "telltale-operator"},
    "webhooks": [{
        "name": "inject.telltale.dev", "admissionReviewVersions": ["v1"], "sideEffects": "None",
        "failurePolicy": "Ignore",
        "clientConfig": {"service": {"name": "telltale-operator", "namespace": "telltale", "path": "/inject"}},
        "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}],
        "namespaceSelector": {"matchLabels": {"nobody": "has-this"}},
    }],
}  # fmt: skip


class Webhook:
    """The webhook of a running operator, called as the API server calls it."""

    def __init__(self, api, program):
        self.api = api
        self.program = program
        self.port = int(program.logged(r"webhook is serving.* port=(\d+)").group(1))
        held = json.loads(api.kubectl("get", "mutatingwebhookconfiguration", "telltale-operator", "-o", "json").stdout)
        bundle = base64.b64decode(held["webhooks"][0]["clientConfig"]["caBundle"]).decode()
        self.trust = ssl.create_default_context(cadata=bundle)

    def connect(self) -> ssl.SSLSocket:
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        return self.trust.wrap_socket(plain, server_hostname=HOST)

    def post(self, body: bytes) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.sock = self.connect()
        connection.request("POST", "/inject", body, {"Content-Type": "application/json", "Host": HOST})
        answer = connection.getresponse()
        return answer.status, answer.read()

    def review(self, namespace: str, pod: dict) -> dict:
        """The response to the creation of this pod."""
        request = {"uid": "u-1", "namespace": namespace, "operation": "CREATE", "object": pod}
        status, body = self.post(json.dumps({
            "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request,
        }).encode())  # fmt: skip
        assert status == 200, body
        return json.loads(body)["response"]

    def patched(self, namespace: str, pod: dict) -> dict:
        return apply_patch(pod, self.review(namespace, pod).get("patch"))

    def injected(self, namespace: str, pod: dict) -> dict:
        """The pod with its sidecar, as soon as the operator knows the resource."""

        def find():
            after = self.patched(namespace, pod)
            return after if sidecar(after) else None

        return wait_for("a sidecar", find)


def apply_patch(document: dict, patch: str | None) -> dict:
    """The document after a patch whose operations are all "add"."""
    document = json.loads(json.dumps(document))
    for change in json.loads(base64.b64decode(patch)) if patch else []:
        assert change["op"] == "add"
        *parents, last = [p.replace("~1", "/").replace("~0", "~") for p in change["path"].split("/")[1:]]
        place = document
        for key in parents:
            place = place[int(key)] if isinstance(place, list) else place[key]
        if not isinstance(place, list):
            place[last] = change["value"]
        elif last == "-":
            place.append(change["value"])
        else:
            place.insert(int(last), change["value"])
    return document


def sidecar(pod: dict) -> dict | None:
    for container in pod["spec"].get("initContainers") or []:
        if container["name"] == "telltale-sidecar":
            return container
    return None


def create(api, namespace: str, pod: dict) -> tuple[dict | None, str]:
    """The pod as the API server would keep it, or None and why it refuses it. Nothing is kept."""
    done = api.kubectl("-n", namespace, "create", "--dry-run=server", "-o", "json", "-f", "-", text=json.dumps(pod))
    return (json.loads(done.stdout), "") if done.returncode == 0 else (None, done.stderr)


def program(api, folder, *flags: str) -> ours.Program:
    objects.apply(api, CONFIGURATION)
    return ours.Program(
        folder, "telltale-operator", f"--kubeconfig={api.kubeconfig}", "--namespace=telltale",
        "--http-listen=127.0.0.1:0", "--webhook-listen=127.0.0.1:0", "--loki-url=http://loki:3100", *flags,
    )  # fmt: skip


def pod(*containers: dict, name: str = "web", **spec) -> dict:
    """A pod that targets with the selector app=web match."""
    named = [{"image": "x", **container} for container in containers or ({"name": "app"},)]
    return {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": "web"}},
        "spec": {"containers": named, **spec},
    }  # fmt: skip


def target(namespace: str, name: str = "web", **spec) -> dict:
    return objects.target(namespace, name, selector={"matchLabels": {"app": "web"}}, **spec)
