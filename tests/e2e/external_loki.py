# SPDX-License-Identifier: Apache-2.0
"""A Loki that is in the cluster and is no part of the chart, of the version that may be built here."""

import json
import pathlib

import layout  # noqa: F401  (makes the images' table importable)
import manifests
import observe
import peers
import table

FOLDER = "/loki"
PORT = 3100
ARGUMENTS = ("-config.file=/etc/loki-test/loki.yaml", "-target=all", f"-server.http-listen-port={PORT}",
             "-server.grpc-listen-port=9095")  # fmt: skip


def pod(arguments: tuple[str, ...] = (), secret: str = "", secret_path: str = "") -> dict:
    """`secret` is mounted at `secret_path`. Ready means that it answers, when nothing keeps the kubelet out."""
    mounts = {"config": "/etc/loki-test", "data": FOLDER}
    volumes = [{"name": "config", "configMap": {"name": "loki"}}, {"name": "data", "emptyDir": {}}]
    ready = {"httpGet": {"path": "/ready", "port": PORT}}
    if secret:
        mounts["secret"] = secret_path
        volumes.append({"name": "secret", "secret": {"secretName": secret}})
        ready = {"tcpSocket": {"port": PORT}}
    return {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "loki", "labels": {"app": "loki"}},
        "spec": {
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": 1,
            "containers": [{
                "name": "loki", "image": table.local_reference("loki"), "args": [*ARGUMENTS, *arguments],
                "ports": [{"containerPort": PORT}], "securityContext": manifests.RESTRICTED,
                "readinessProbe": {**ready, "periodSeconds": 1, "failureThreshold": 60},
                "volumeMounts": [{"name": name, "mountPath": path} for name, path in mounts.items()],
            }],
            "volumes": volumes,
        },
    }  # fmt: skip


def install(cluster: observe.Cluster, namespace: str, scratch: pathlib.Path, tenants: bool = False, **how) -> None:
    """Starts it in a namespace that exists, behind a Service `loki`, and waits until it is Ready."""
    config = scratch / "loki.yaml"
    config.write_text(peers.loki_config(pathlib.Path(FOLDER), tenants=tenants))
    cluster.kubectl("-n", namespace, "create", "configmap", "loki", f"--from-file={config}")
    cluster.kubectl("-n", namespace, "apply", "-f", "-", stdin=json.dumps(pod(**how)))
    cluster.kubectl("-n", namespace, "expose", "pod", "loki", f"--port={PORT}")
    cluster.kubectl("-n", namespace, "wait", "--for=condition=Ready", "pod/loki", "--timeout=90s")
