# SPDX-License-Identifier: Apache-2.0
"""The injection webhook over TLS, with the authority that the operator made and published itself."""

import base64
import json
import ssl

import admitted
import objects
import pytest
from ours import wait_for


@pytest.fixture
def webhook(api, tmp_path):
    with admitted.program(api, tmp_path) as program:
        program.wait_ready()
        yield admitted.Webhook(api, program)


def review(namespace: str, labels: dict) -> bytes:
    pod = {"metadata": {"generateName": "web-", "labels": labels},
           "spec": {"containers": [{"name": "app", "image": "x", "resources": {"requests": {"cpu": "10m"}}}]}}  # fmt: skip
    return json.dumps({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {"uid": "u-1", "namespace": namespace, "operation": "CREATE", "object": pod},
    }).encode()  # fmt: skip


@pytest.mark.every_api_server
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


@pytest.mark.every_api_server
def test_a_restart_keeps_the_authority(api, webhook, tmp_path):
    before = api.kubectl("-n", "telltale", "get", "secret", "telltale-webhook-ca", "-o", "jsonpath={.data}").stdout
    webhook.program.terminate()
    webhook.program.start()
    webhook.program.wait_ready()
    after = api.kubectl("-n", "telltale", "get", "secret", "telltale-webhook-ca", "-o", "jsonpath={.data}").stdout
    assert after == before and "ca.key" in after
