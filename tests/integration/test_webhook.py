# SPDX-License-Identifier: Apache-2.0
"""The injection webhook over TLS, with the authority that the operator made and published itself."""

import base64
import http.client
import json
import socket
import ssl

import objects
import ours
import pytest
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
    def __init__(self, api, program):
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


@pytest.fixture
def webhook(api, tmp_path):
    objects.apply(api, CONFIGURATION)
    with ours.Program(
        tmp_path, "telltale-operator", f"--kubeconfig={api.kubeconfig}", "--namespace=telltale",
        "--http-listen=127.0.0.1:0", "--webhook-listen=127.0.0.1:0", "--loki-url=http://loki:3100",
    ) as program:  # fmt: skip
        program.wait_ready()
        yield Webhook(api, program)


def review(namespace: str, labels: dict) -> bytes:
    pod = {"metadata": {"generateName": "web-", "labels": labels},
           "spec": {"containers": [{"name": "app", "image": "x"}]}}  # fmt: skip
    return json.dumps({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {"uid": "u-1", "namespace": namespace, "operation": "CREATE", "object": pod},
    }).encode()  # fmt: skip


def test_a_selected_pod_gets_a_native_sidecar_and_another_pod_nothing(api, webhook, namespace):
    objects.apply(api, objects.target(
        namespace, "web", selector={"matchLabels": {"app": "web"}},
        logs={"source": "Files", "files": {"directory": "/var/log/app"}}))  # fmt: skip

    def patched():
        status, body = webhook.post(review(namespace, {"app": "web"}))
        assert status == 200
        return json.loads(body)["response"].get("patch")

    patch = json.loads(base64.b64decode(wait_for("the patch", patched)))
    sidecars = [
        container
        for change in patch if change["path"].startswith("/spec/initContainers")
        for container in (change["value"] if isinstance(change["value"], list) else [change["value"]])
    ]  # fmt: skip
    assert [c["name"] for c in sidecars] == ["telltale-sidecar"]
    assert sidecars[0]["restartPolicy"] == "Always"
    assert sidecars[0]["resources"]["requests"] and sidecars[0]["resources"]["limits"]

    other = json.loads(webhook.post(review(namespace, {"app": "other"}))[1])["response"]
    assert other["allowed"] and "patch" not in other


@pytest.mark.parametrize(
    "body", [b"", b"garbage", b"\x00" * 100, b"[" * 100_000, b'{"request":', b"x" * (8 << 20)],
    ids=["empty", "words", "zeros", "deep", "cut", "8MiB"],
)  # fmt: skip
def test_garbage_is_answered_and_does_not_end_the_webhook(webhook, namespace, body):
    assert webhook.post(body)[0] in (400, 413)
    assert webhook.post(review(namespace, {}))[0] == 200


def test_a_body_above_the_limit_is_refused(webhook, namespace):
    try:
        assert webhook.post(b"x" * ((8 << 20) + 1))[0] == 413
    except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
        pass  # it may close before all of the body is sent
    assert webhook.post(review(namespace, {}))[0] == 200


def test_a_half_sent_review_does_not_hold_up_the_next_one(webhook, namespace):
    half = webhook.connect()
    half.sendall(b"POST /inject HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
    assert webhook.post(review(namespace, {}))[0] == 200
    half.settimeout(30)
    half.recv(4096)  # the deadline ends it: an answer or the end of the stream, but no wait for ever
    half.close()


def test_a_restart_keeps_the_authority(api, webhook, tmp_path):
    before = api.kubectl("-n", "telltale", "get", "secret", "telltale-webhook-ca", "-o", "jsonpath={.data}").stdout
    webhook.program.terminate()
    webhook.program.start()
    webhook.program.wait_ready()
    after = api.kubectl("-n", "telltale", "get", "secret", "telltale-webhook-ca", "-o", "jsonpath={.data}").stdout
    assert after == before and "ca.key" in after
