# SPDX-License-Identifier: Apache-2.0
"""Kubernetes objects that the end-to-end tests make, as JSON for `kubectl apply -f -`."""

import json

BUSYBOX = "localhost/telltale/busybox:1"
RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "runAsUser": 10001,
    "seccompProfile": {"type": "RuntimeDefault"},
}


def container(script: str, name: str = "app", **more) -> dict:
    return {
        "name": name,
        "image": BUSYBOX,
        "imagePullPolicy": "IfNotPresent",
        "command": ["/bin/sh", "-c", script],
        "securityContext": RESTRICTED,
        "resources": {"requests": {"cpu": "5m", "memory": "4Mi"}, "limits": {"memory": "32Mi"}},
        **more,
    }


def deployment(namespace: str, name: str, labels: dict, *containers: dict, replicas: int = 1) -> str:
    return json.dumps({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name, **labels}},
                "spec": {
                    "automountServiceAccountToken": False,
                    "terminationGracePeriodSeconds": 2,
                    "containers": list(containers),
                },
            },
        },
    })  # fmt: skip


def target(namespace: str, name: str, **spec) -> str:
    return json.dumps({
        "apiVersion": "telltale.dev/v1alpha1", "kind": "MonitoringTarget",
        "metadata": {"name": name, "namespace": namespace}, "spec": spec,
    })  # fmt: skip
