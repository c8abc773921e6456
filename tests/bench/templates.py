# SPDX-License-Identifier: Apache-2.0
"""Pods as an API server shows them at each step of their lives, as templates for the load generator.

A template is a pod's JSON in which what differs from pod to pod is a token of the same length as the
value (load/templates.h), so that the generator copies bytes and patches a few of them. The same
tokens survive the conversion to protobuf (peers/podproto), which Go clients ask for.
"""

import json
import pathlib

NS, APP, HASH, SUFFIX, ORDINAL = "@NS@@@@@", "@APP@@@@", "@HASH@@@@@", "@SFX@", "@I@"
UID, IP, VERSION, NODE = "@UID@" + "@" * 31, "@IP@" + "@" * 11, "@RV@" + "@" * 6, "@NODE@" + "@" * 3
PHASES = ("created", "scheduled", "creating", "started", "ready", "touched", "terminating", "stopped")
SHAPES = {"web": 2, "worker": 6, "cache": 4, "sts": 4}  # and how many variables their container has
T = "2026-11-21T0%d:14:%02dZ"


def _metadata(shape: str, phase: int) -> dict:
    sts = shape == "sts"
    name = f"{APP}-{ORDINAL}" if sts else f"{APP}-{HASH}-{SUFFIX}"
    labels = {
        "app": APP, "app.kubernetes.io/component": shape, "app.kubernetes.io/managed-by": "Helm",
        "app.kubernetes.io/part-of": "storefront", "app.kubernetes.io/version": "2.14.3", "team": NS,
    }  # fmt: skip
    if sts:
        labels |= {
            "apps.kubernetes.io/pod-index": ORDINAL, "controller-revision-hash": f"{APP}-{HASH}",
            "statefulset.kubernetes.io/pod-name": name,
        }  # fmt: skip
    else:
        labels["pod-template-hash"] = HASH
    out = {"name": name}
    if not sts:
        out["generateName"] = f"{APP}-{HASH}-"
    out |= {"namespace": NS, "uid": UID, "resourceVersion": VERSION, "generation": 1, "creationTimestamp": T % (4, 1)}
    if phase >= 6:
        out |= {"deletionTimestamp": T % (5, 40), "deletionGracePeriodSeconds": 30}
    owner = ("StatefulSet", APP) if sts else ("ReplicaSet", f"{APP}-{HASH}")
    out |= {
        "labels": labels,
        "annotations": {
            "checksum/config": "6f1b2c1d0f7e4c0fb7f7f6a53bd10a7cd6a3ee0f1f1d4a3fd1a8c3a7c11b9a52",
            "kubectl.kubernetes.io/default-container": "main",
            "kubectl.kubernetes.io/restartedAt": T % (3, 58),
        },
        "ownerReferences": [
            {
                "apiVersion": "apps/v1", "kind": owner[0], "name": owner[1],
                "uid": "5bb1c9a2-0c59-4a8e-8c41-6a0bd1b6f7d4", "controller": True, "blockOwnerDeletion": True,
            }
        ],
        "managedFields": _managed_fields(shape, phase, sorted(labels)),
    }  # fmt: skip
    return out


def _managed_fields(shape: str, phase: int, labels: list) -> list:
    container = {
        ".": {}, "f:image": {}, "f:imagePullPolicy": {}, "f:name": {}, "f:resources": {
            ".": {}, "f:limits": {".": {}, "f:memory": {}}, "f:requests": {".": {}, "f:cpu": {}, "f:memory": {}}},
        "f:env": {".": {}, **{f'k:{{"name":"SETTING_{i:02d}"}}': {".": {}, "f:name": {}, "f:value": {}} for i in range(SHAPES[shape] // 3)}},
        "f:livenessProbe": {".": {}, "f:failureThreshold": {}, "f:httpGet": {".": {}, "f:path": {}, "f:port": {}, "f:scheme": {}}},
        "f:readinessProbe": {".": {}, "f:failureThreshold": {}, "f:httpGet": {".": {}, "f:path": {}, "f:port": {}, "f:scheme": {}}},
        "f:ports": {".": {}, 'k:{"containerPort":9090,"protocol":"TCP"}': {".": {}, "f:containerPort": {}, "f:name": {}, "f:protocol": {}}},
        "f:terminationMessagePath": {}, "f:terminationMessagePolicy": {},
    }  # fmt: skip
    fields = [
        {
            "manager": "kube-controller-manager", "operation": "Update", "apiVersion": "v1", "time": T % (4, 1),
            "fieldsType": "FieldsV1",
            "fieldsV1": {
                "f:metadata": {"f:generateName": {}, "f:labels": {".": {}, **{f"f:{k}": {} for k in labels}},
                               "f:ownerReferences": {".": {}, 'k:{"uid":"5bb1c9a2-0c59-4a8e-8c41-6a0bd1b6f7d4"}': {}}},
                "f:spec": {"f:containers": {'k:{"name":"main"}': container}, "f:dnsPolicy": {}, "f:restartPolicy": {},
                           "f:schedulerName": {}, "f:securityContext": {}, "f:terminationGracePeriodSeconds": {}},
            },
        }
    ]  # fmt: skip
    if phase >= 2:
        kinds = ("PodReadyToStartContainers", "ContainersReady", "Initialized", "Ready")
        fields.append(
            {
                "manager": "kubelet", "operation": "Update", "apiVersion": "v1", "time": T % (4, 2 + phase),
                "fieldsType": "FieldsV1",
                "fieldsV1": {"f:status": {
                    "f:conditions": {f'k:{{"type":"{k}"}}': {".": {}, "f:lastTransitionTime": {}, "f:status": {}, "f:type": {}} for k in kinds},
                    "f:containerStatuses": {}, "f:hostIP": {}, "f:phase": {}, "f:podIP": {},
                    "f:podIPs": {".": {}, 'k:{"ip":"' + (IP if phase >= 3 else "") + '"}': {".": {}, "f:ip": {}}}, "f:startTime": {}}},
                "subresource": "status",
            }
        )  # fmt: skip
    return fields


def _spec(shape: str, phase: int) -> dict:
    probe = {"httpGet": {"path": "/healthz", "port": "http", "scheme": "HTTP"}, "timeoutSeconds": 1,
             "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}  # fmt: skip
    mounts = [{"name": "config", "mountPath": "/etc/app"}, {"name": "tmp", "mountPath": "/tmp"},
              {"name": "kube-api-access-x7k2p", "readOnly": True, "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}]  # fmt: skip
    env = [{"name": f"SETTING_{i:02d}", "value": f"https://{APP}.{NS}.svc:8443/v{i}"} for i in range(SHAPES[shape])]
    env += [{"name": "POD_NAME", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}},
            {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": f"{APP}-token", "key": "token"}}}]  # fmt: skip
    main = {
        "name": "main", "image": f"registry.example.com/shop/{shape}:2.14.3",
        "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}, {"name": "metrics", "containerPort": 9090, "protocol": "TCP"}],
        "env": env, "resources": {"limits": {"memory": "512Mi"}, "requests": {"cpu": "100m", "memory": "256Mi"}},
        "volumeMounts": mounts, "livenessProbe": probe, "readinessProbe": probe,
        "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File", "imagePullPolicy": "IfNotPresent",
        "securityContext": {"capabilities": {"drop": ["ALL"]}, "runAsNonRoot": True, "readOnlyRootFilesystem": True, "allowPrivilegeEscalation": False},
    }  # fmt: skip
    containers = [main]
    if shape == "web":
        containers.append({
            "name": "proxy", "image": "registry.example.com/mesh/proxy:1.22.1", "args": ["--config=/etc/app/proxy.yaml", "--log-level=warn"],
            "ports": [{"name": "admin", "containerPort": 15000, "protocol": "TCP"}],
            "resources": {"limits": {"memory": "128Mi"}, "requests": {"cpu": "10m", "memory": "64Mi"}}, "volumeMounts": mounts,
            "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File", "imagePullPolicy": "IfNotPresent",
        })  # fmt: skip
    spec = {
        "volumes": [
            {"name": "config", "configMap": {"name": f"{APP}-config", "defaultMode": 420}}, {"name": "tmp", "emptyDir": {}},
            {"name": "kube-api-access-x7k2p", "projected": {"sources": [
                {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
                {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
                {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}]}}],
                "defaultMode": 420}},
        ],
        "containers": containers, "restartPolicy": "Always", "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst",
        "serviceAccountName": APP, "serviceAccount": APP,
    }  # fmt: skip
    if phase >= 1:
        spec["nodeName"] = NODE
    spec |= {
        "securityContext": {"runAsUser": 10001, "fsGroup": 10001, "seccompProfile": {"type": "RuntimeDefault"}},
        "schedulerName": "default-scheduler",
        "tolerations": [{"key": f"node.kubernetes.io/{k}", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
                        for k in ("not-ready", "unreachable")],
        "priority": 0, "enableServiceLinks": True, "preemptionPolicy": "PreemptLowerPriority",
    }  # fmt: skip
    return spec


def _status(shape: str, phase: int, containers: list) -> dict:
    if phase == 0:
        return {"phase": "Pending", "qosClass": "Burstable"}
    scheduled = {"type": "PodScheduled", "status": "True", "lastProbeTime": None, "lastTransitionTime": T % (4, 1)}
    if phase == 1:
        return {"phase": "Pending", "conditions": [scheduled], "qosClass": "Burstable"}
    ready = phase in (4, 5, 6)
    wait = {} if ready else {"reason": "ContainersNotReady", "message": "containers with unready status: [main]"}

    def condition(kind: str, on: bool, second: int) -> dict:
        extra = {} if on else wait
        return {"type": kind, "status": "True" if on else "False", "lastProbeTime": None,
                "lastTransitionTime": T % (4, second), **extra}  # fmt: skip

    states = []
    for container in containers:
        state, started = {"waiting": {"reason": "ContainerCreating"}}, phase >= 3
        if 3 <= phase <= 6:
            state = {"running": {"startedAt": T % (4, 6)}}
        if phase == 7:
            state = {"terminated": {"exitCode": 0, "reason": "Completed", "startedAt": T % (4, 6), "finishedAt": T % (5, 12)}}
        last = {"terminated": {"exitCode": 137, "reason": "OOMKilled", "startedAt": T % (4, 6), "finishedAt": T % (4, 59)}} if phase == 5 else {}
        states.append({
            "name": container["name"], "state": state, "lastState": last, "ready": ready, "restartCount": int(phase == 5),
            "image": container["image"], "imageID": "registry.example.com/shop@sha256:" + "9c5f0a7d" * 8 if started else "",
            **({"containerID": "containerd://" + "e3b0c442" * 8} if started else {}), "started": 3 <= phase <= 6,
        })  # fmt: skip
    status = {
        "observedGeneration": 1, "phase": "Running" if phase >= 3 else "Pending",
        "conditions": [condition("PodReadyToStartContainers", phase >= 3, 5), condition("Initialized", True, 2),
                       condition("Ready", ready, 12), condition("ContainersReady", ready, 12), scheduled],
        "hostIP": "10.128.0.7", "hostIPs": [{"ip": "10.128.0.7"}],
    }  # fmt: skip
    if phase >= 3:
        status |= {"podIP": IP, "podIPs": [{"ip": IP}]}
    return status | {"startTime": T % (4, 2), "containerStatuses": states, "qosClass": "Burstable"}


def pod(shape: str, phase: int) -> dict:
    spec = _spec(shape, phase)
    return {"metadata": _metadata(shape, phase), "spec": spec, "status": _status(shape, phase, spec["containers"])}


def bookmark(initial: bool) -> dict:
    annotations = {"annotations": {"k8s.io/initial-events-end": "true"}} if initial else {}
    return {"metadata": {"resourceVersion": VERSION, **annotations}, "spec": {"containers": None}, "status": {}}


def write(folder: pathlib.Path) -> None:
    """SHAPE-PHASE.json for every pair, and the two bookmarks."""
    folder.mkdir(parents=True, exist_ok=True)
    everything = {f"{s}-{name}": pod(s, number) for s in SHAPES for number, name in enumerate(PHASES)}
    everything |= {"bookmark": bookmark(False), "bookmark-initial": bookmark(True)}
    for name, content in everything.items():
        whole = {"kind": "Pod", "apiVersion": "v1", **content}
        (folder / f"{name}.json").write_text(json.dumps(whole, separators=(",", ":")))
