# SPDX-License-Identifier: Apache-2.0
"""What a cluster needs on top of its daemons: DNS and a default StorageClass.

`install` applies them through the API server; the images are imported by cluster.py.
"""

import random
import socket
import struct
import sys

import kube
import layout
import table

SYSTEM = "/api/v1/namespaces/kube-system"
DEPLOYMENTS = "/apis/apps/v1/namespaces/kube-system/deployments"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
STORAGE = "/apis/storage.k8s.io/v1/storageclasses"
LABELS = {"k8s-app": "kube-dns"}
META = {"name": "coredns", "namespace": "kube-system"}

COREFILE = f""".:1053 {{
    errors
    health :8080
    ready :8181
    kubernetes {layout.DNS_DOMAIN} in-addr.arpa ip6.arpa {{
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
        ttl 5
    }}
    prometheus :9153
    cache 5
    loadbalance
}}
"""


def _container() -> dict:
    def probe(path: str, port: int) -> dict:
        return {"httpGet": {"path": path, "port": port}, "periodSeconds": 1, "failureThreshold": 60}

    return {
        "name": "coredns",
        "image": table.coredns_reference(),
        "imagePullPolicy": "IfNotPresent",
        "args": ["-conf", "/etc/coredns/Corefile"],
        "ports": [
            {"name": "dns", "containerPort": 1053, "protocol": "UDP"},
            {"name": "dns-tcp", "containerPort": 1053, "protocol": "TCP"},
            {"name": "metrics", "containerPort": 9153, "protocol": "TCP"},
        ],
        "resources": {"requests": {"cpu": "50m", "memory": "32Mi"}, "limits": {"memory": "170Mi"}},
        "readinessProbe": probe("/ready", 8181),
        "livenessProbe": dict(probe("/health", 8080), periodSeconds=10, failureThreshold=5),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "volumeMounts": [{"name": "config", "mountPath": "/etc/coredns", "readOnly": True}],
    }


def _manifests() -> list[tuple[str, dict]]:
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "system:coredns"}
    pod = {
        "serviceAccountName": "coredns",
        "priorityClassName": "system-cluster-critical",
        "dnsPolicy": "Default",
        "terminationGracePeriodSeconds": 5,
        "containers": [_container()],
        "volumes": [{"name": "config", "configMap": {"name": "coredns"}}],
    }
    ports = [
        {"name": "dns", "port": 53, "protocol": "UDP", "targetPort": "dns"},
        {"name": "dns-tcp", "port": 53, "protocol": "TCP", "targetPort": "dns-tcp"},
        {"name": "metrics", "port": 9153, "protocol": "TCP", "targetPort": "metrics"},
    ]
    account = {"kind": "ServiceAccount", "name": "coredns", "namespace": "kube-system"}
    watched = [
        {"apiGroups": [""], "resources": ["services", "pods", "namespaces"]},
        {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"]},
    ]
    rbac = {"apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {"name": "system:coredns"}}
    return [
        (f"{SYSTEM}/serviceaccounts", {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": META}),
        (
            f"{RBAC}/clusterroles",
            {
                **rbac,
                "kind": "ClusterRole",
                "rules": [{**rule, "verbs": ["list", "watch"]} for rule in watched],
            },
        ),
        (
            f"{RBAC}/clusterrolebindings",
            {**rbac, "kind": "ClusterRoleBinding", "roleRef": role, "subjects": [account]},
        ),
        (
            f"{SYSTEM}/configmaps",
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": META,
                "data": {"Corefile": COREFILE},
            },
        ),
        (
            f"{SYSTEM}/services",
            {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": {"name": "kube-dns", "namespace": "kube-system", "labels": LABELS},
                "spec": {"clusterIP": layout.DNS_SERVICE, "selector": LABELS, "ports": ports},
            },
        ),
        (
            DEPLOYMENTS,
            {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {**META, "labels": LABELS},
                "spec": {
                    "replicas": 1,
                    "selector": {"matchLabels": LABELS},
                    "template": {"metadata": {"labels": LABELS}, "spec": pod},
                },
            },
        ),
        (
            STORAGE,
            {
                "apiVersion": "storage.k8s.io/v1",
                "kind": "StorageClass",
                "metadata": {
                    "name": "standard",
                    "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
                },
                "provisioner": "kubernetes.io/host-path",
                "reclaimPolicy": "Delete",
                "volumeBindingMode": "Immediate",
            },
        ),
    ]


def install(client: kube.Client) -> None:
    for path, manifest in _manifests():
        client.apply(path, manifest)


def dns_available(client: kube.Client) -> bool:
    return kube.condition(client.get(f"{DEPLOYMENTS}/coredns"), "Available")


def resolve(name: str, server: str) -> str:
    """One question for an A record over UDP: the address, or "" when there is none."""
    query = random.randrange(65536)
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.strip(".").split("."))
    question = struct.pack(">HHHHHH", query, 0x0100, 1, 0, 0, 0) + labels + b"\0\0\1\0\1"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.settimeout(1)
        asker.sendto(question, (server, 53))
        answer = asker.recv(1500)
    number, flags, _, answers = struct.unpack(">HHHH", answer[:8])
    if number != query or flags & 0xF or answers == 0:
        return ""
    return socket.inet_ntoa(answer[-4:])


if __name__ == "__main__":  # run inside the cluster's network: addons.py NAME SERVER
    try:
        found = resolve(sys.argv[1], sys.argv[2])
    except OSError as error:
        sys.exit(f"{sys.argv[2]} did not answer: {error}")
    print(found)
    sys.exit(0 if found else 1)
