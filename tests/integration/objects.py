# SPDX-License-Identifier: Apache-2.0
"""Objects that tests put into the API server, and pods that seem to run although no kubelet does."""

import contextlib
import json
import pathlib

import apiserver

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


@contextlib.contextmanager
def prepared_server(program: str = apiserver.PROGRAMS[0]):
    """An API server with the MonitoringTarget definition and the operator's namespace."""
    with apiserver.ApiServer(program=program) as server:
        server.define(ROOT / "crds/monitoringtargets.yaml")
        server.kubectl("create", "namespace", "telltale")
        yield server


def apply(api, *documents: dict) -> None:
    for document in documents:
        done = api.kubectl("apply", "-f", "-", text=json.dumps(document))
        assert done.returncode == 0, done.stderr


def target(namespace: str, name: str, **spec) -> dict:
    return {
        "apiVersion": "telltale.dev/v1alpha1", "kind": "MonitoringTarget",
        "metadata": {"name": name, "namespace": namespace}, "spec": spec,
    }  # fmt: skip


def running_pod(api, namespace: str, name: str, ip: str, labels: dict, ports: dict | None = None,
                sidecar: bool = False, owner: tuple[str, str] = ("", ""), init: tuple[str, ...] = (),
                more: tuple[str, ...] = ()) -> None:  # fmt: skip
    """A pod bound to a node that does not exist, whose status says that it runs at this address. `owner`: kind and name.
    `init` and `more` are names of containers beside `app`; the last of `init` is a native sidecar."""
    injected = [{"name": "telltale-sidecar", "image": "none", "restartPolicy": "Always"}]
    first = [{"name": each, "image": "none"} | ({"restartPolicy": "Always"} if each == init[-1] else {}) for each in init]
    owners = [{"apiVersion": "apps/v1", "kind": owner[0], "name": owner[1], "uid": "u", "controller": True}] if owner[0] else []
    apply(api, {
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": labels, "ownerReferences": owners},
        "spec": {
            "nodeName": "nowhere",
            "initContainers": (injected if sidecar else []) + first,
            "containers": [{
                "name": "app", "image": "none",
                "ports": [{"name": n, "containerPort": p} for n, p in (ports or {}).items()],
            }] + [{"name": each, "image": "none"} for each in more],
        },
    })  # fmt: skip
    status = {
        "phase": "Running", "podIP": ip, "podIPs": [{"ip": ip}],
        "conditions": [{"type": "Ready", "status": "True"}],
    }  # fmt: skip
    done = api.kubectl("-n", namespace, "patch", "pod", name, "--subresource=status", "--type=merge",
                       "-p", json.dumps({"status": status}))  # fmt: skip
    assert done.returncode == 0, done.stderr


def delete_pod(api, namespace: str, name: str) -> None:
    api.kubectl("-n", namespace, "delete", "pod", name, "--force", "--grace-period=0")


def status(api, namespace: str, name: str) -> dict:
    done = api.kubectl("-n", namespace, "get", "mt", name, "-o", "json")
    return json.loads(done.stdout).get("status", {}) if done.returncode == 0 else {}


def condition(api, namespace: str, name: str, kind: str) -> dict:
    for item in status(api, namespace, name).get("conditions", []):
        if item["type"] == kind:
            return item
    return {"status": None, "reason": None, "message": ""}


def reasons(api, namespace: str, name: str) -> list[str]:
    """The reasons of the problems that the status lists."""
    return [problem["reason"] for problem in status(api, namespace, name).get("problems", [])]


def data(api, namespace: str, name: str) -> dict | None:
    """The data of a ConfigMap; None when there is none."""
    done = api.kubectl("-n", namespace, "get", "configmap", name, "-o", "json")
    return json.loads(done.stdout).get("data", {}) if done.returncode == 0 else None
