# SPDX-License-Identifier: Apache-2.0
"""Random resources, LimitRanges and pods: what a real API server takes as a person wrote it, it
takes with the sidecar too. One fixed seed and one that is new each day; FAULT_SEEDS=7,19 runs others."""

import datetime
import json
import os
import random

import admitted
import objects
import pytest
from admitted import sidecar
from ours import wait_for

PODS = 60  # in four namespaces with 0 to 3 LimitRanges, of which some take next to nothing
NEVER_SHOWN = {"secret", "configMap", "projected", "downwardAPI"}
CPU = ["1m", "10m", "50m", "0.1", "200m", "500m", "1", "2500m"]
MEMORY = ["4Mi", "16Mi", "32Mi", "48M", "64Mi", "100000000", "0.5Gi", "1Gi"]
STORAGE = ["1Mi", "64Mi", "1Gi"]
FOLDERS = ["/data", "/data/log", "/data/log/deep", "/logs", "/var/log/app", "/opt/app/logs", "/tmp/x"]
VALUES = {"cpu": CPU, "memory": MEMORY, "ephemeral-storage": STORAGE}


class Draw:
    """Everything that a seed decides."""

    def __init__(self, seed: int):
        self.random = random.Random(seed)

    def maybe(self, chance: float) -> bool:
        return self.random.random() < chance

    def some(self, names, chance: float) -> list:
        return [name for name in names if self.maybe(chance)]

    def quantities(self, chance: float) -> dict:
        return {name: self.random.choice(VALUES[name]) for name in self.some(VALUES, chance)}

    def resources(self) -> dict:
        kind = self.random.choice(["none", "equal", "limits", "requests", "both", "both"])
        if kind == "none":
            return {}
        if kind == "equal":
            one = {"cpu": self.random.choice(CPU), "memory": self.random.choice(MEMORY)}
            return {"requests": one, "limits": dict(one)}
        limits, requests = self.quantities(0.7), self.quantities(0.7)
        return {"limits": {"limits": limits}, "requests": {"requests": requests}}.get(
            kind, {"limits": limits, "requests": requests}
        )

    def limit_range_item(self) -> dict:
        kind = self.random.choice(["Container", "Container", "Pod"])
        item = {"type": kind}
        for field in self.some(["min", "max", "maxLimitRequestRatio"], 0.4):
            if field == "maxLimitRequestRatio":
                item[field] = {name: self.random.choice(["1", "1.5", "2", "4", "10"]) for name in self.some(VALUES, 0.5)}
            else:
                item[field] = self.quantities(0.5)
        if kind == "Container":
            for field in self.some(["default", "defaultRequest"], 0.4):
                item[field] = self.quantities(0.5)
            if self.maybe(0.2):
                item["default"] = item.get("default", {}) | {"example.com/device": "1"}
        return item

    def limit_range(self, namespace: str, name: str) -> dict:
        return {
            "apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": name, "namespace": namespace},
            "spec": {"limits": [self.limit_range_item() for _ in range(self.random.randint(1, 2))]},
        }  # fmt: skip

    def volume(self, name: str) -> dict:
        source = self.random.choice([
            {"emptyDir": {}}, {"emptyDir": {"sizeLimit": "1Gi"}}, {"persistentVolumeClaim": {"claimName": "c"}},
            {"secret": {"secretName": "s"}}, {"configMap": {"name": "c"}}, {"hostPath": {"path": "/var/log/x"}},
            {"projected": {"sources": [{"configMap": {"name": "c"}}]}},
            {"downwardAPI": {"items": [{"path": "l", "fieldRef": {"fieldPath": "metadata.labels"}}]}},
        ])  # fmt: skip
        return {"name": name, **source}

    def container(self, name: str, volumes: list[dict]) -> dict:
        container = {"name": name, "image": "x", "resources": self.resources()}
        if self.maybe(0.4):
            container["env"] = [
                {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
                {"name": "TEAM", "value": "a"}, {"name": "BOTH", "value": "$(TEAM)-$(POD_NAME)"},
            ]  # fmt: skip
        container["volumeMounts"] = [
            {"name": self.random.choice(volumes)["name"], "mountPath": path + self.random.choice(["", "/"]),
             **self.random.choice([{}, {}, {"readOnly": True}, {"subPath": "a/b"}, {"subPathExpr": "$(BOTH)/x"},
                                   {"subPathExpr": "$(NOT_THERE)"}])}
            for path in self.some(FOLDERS, 0.25)
        ] if volumes else []  # fmt: skip
        if self.maybe(0.3):
            container["securityContext"] = {"runAsUser": self.random.choice([0, 7, 1001]), "runAsGroup": 7}
        if self.maybe(0.1):
            container["ports"] = [{"containerPort": self.random.choice([80, 9847])}]
        return container

    def pod(self, name: str) -> dict:
        names = [f"v{i}" for i in range(self.random.randint(0, 3))] + self.some(["telltale-state", "telltale-logs"], 0.1)
        volumes = [self.volume(name) for name in names]
        spec = {
            "containers": [self.container(f"c{i}", volumes) for i in range(self.random.randint(1, 3))],
            "initContainers": [self.container(f"i{i}", volumes) for i in range(self.random.randint(0, 2))],
            "volumes": volumes,
        }
        for container in spec["initContainers"]:
            if self.maybe(0.5):
                container["restartPolicy"] = "Always"
        if self.maybe(0.25):
            spec["resources"] = {
                field: {name: self.random.choice(VALUES[name][3:]) for name in self.some(["cpu", "memory"], 0.7)}
                for field in self.some(["requests", "limits"], 0.7)
            }
        if self.maybe(0.2):
            spec["securityContext"] = {"runAsUser": self.random.choice([0, 5]), "fsGroup": 5}
        if self.maybe(0.5):
            spec["serviceAccountName"] = "default"
        if self.maybe(0.2):
            spec["imagePullSecrets"] = [{"name": "own"}, {"name": "mirror"}]
        metadata = {"name": name, "labels": {"app": "web"}}
        if self.maybe(0.2):
            metadata["annotations"] = {"big": "x" * self.random.choice([1, 262_000, 262_141])}
        return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}

    def target(self, namespace: str, name: str) -> dict:
        spec = {}
        if self.maybe(0.8):
            spec["logs"] = self.random.choice([
                {"files": {"directory": self.random.choice(FOLDERS)}}, {"source": "Stdout", "collector": "Sidecar"},
            ])  # fmt: skip
        if self.maybe(0.5) or not spec:
            spec["sidecar"] = {"resources": {
                field: {"cpu": self.random.choice(CPU), "memory": self.random.choice(MEMORY)}
                for field in self.some(["requests", "limits"], 0.5)
            }} if self.maybe(0.5) else {}  # fmt: skip
        return admitted.target(namespace, name, **spec)


def seeds() -> list[int]:
    given = [int(seed) for seed in os.environ.get("FAULT_SEEDS", "").split(",") if seed]
    return given or [1, int(datetime.date.today().strftime("%Y%m%d"))]


@pytest.fixture(scope="module")
def webhook(api, tmp_path_factory):
    flags = ("--sidecar-pull-secrets=regcred,mirror", "--loki-secret=loki-access")
    with admitted.program(api, tmp_path_factory.mktemp("operator"), *flags) as program:
        program.wait_ready()
        yield admitted.Webhook(api, program)


def kept(api, namespace: str, pod: dict) -> tuple[dict | None, str]:
    """The pod as the API server would keep it, or why it refuses it."""
    status, body = api.client.call("POST", f"/api/v1/namespaces/{namespace}/pods?dryRun=All", pod)
    return (body, "") if status == 201 else (None, json.dumps(body)[:2000])


def prepare(api, draw: Draw, namespace: str, ranges: int) -> bool:
    """Some LimitRanges and one to three resources; what the API server refuses is left out.
    True when a resource asks for something of its own for the sidecar."""
    for index in range(ranges):
        api.kubectl("apply", "-f", "-", text=json.dumps(draw.limit_range(namespace, f"l{index}")))
    targets = [draw.target(namespace, f"t{index}") for index in range(draw.random.randint(1, 3))]
    for target in targets:
        api.kubectl("apply", "-f", "-", text=json.dumps(target))
    objects.apply(api, admitted.target(namespace, "always", sidecar={}))
    return any(target["spec"].get("sidecar", {}).get("resources") for target in targets)


def wait_until_known(api, webhook, marker: str) -> None:
    """The operator has seen what was applied before: events of one kind come in their order."""
    tight = {"type": "Container", "max": {"memory": "8Mi"}}
    assert api.kubectl("create", "namespace", marker).returncode == 0
    objects.apply(
        api, admitted.target(marker, "marker", sidecar={}),
        {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "marker", "namespace": marker},
         "spec": {"limits": [tight]}},
    )  # fmt: skip

    def seen():
        annotations = webhook.patched(marker, admitted.pod())["metadata"].get("annotations", {})
        return "telltale.dev/not-injected" in annotations

    wait_for("the marker", seen)


@pytest.mark.every_api_server
@pytest.mark.parametrize("seed", seeds())
def test_what_the_api_server_takes_it_takes_with_a_sidecar(api, webhook, namespace, seed):
    draw = Draw(seed)
    taken = injected = 0
    for round_ in range(4):
        inside = f"{namespace}-{round_}"[-58:].strip("-")
        assert api.kubectl("create", "namespace", inside).returncode == 0
        asks = prepare(api, draw, inside, ranges=round_)
        wait_until_known(api, webhook, f"{inside}-m")
        for index in range(PODS // 4):
            before, _ = kept(api, inside, draw.pod(f"p{index}"))
            if before is None:
                continue
            taken += 1
            quality = before.pop("status")["qosClass"]
            for field in ("uid", "resourceVersion", "managedFields"):
                before["metadata"].pop(field, None)
            patched = webhook.patched(inside, before)
            after, why = kept(api, inside, patched)
            assert after, f"seed {seed}, pod {index} of {inside}: {why}\n{json.dumps(patched)}"
            if not sidecar(after):
                continue
            injected += 1
            assert asks or after["status"]["qosClass"] == quality, f"seed {seed}: {json.dumps(patched)}"
            sources = {v["name"]: v for v in before["spec"].get("volumes", [])}
            shown = [sources[m["name"]] for m in sidecar(patched)["volumeMounts"] if m["name"] in sources]
            assert not [v for v in shown if NEVER_SHOWN & set(v)], json.dumps(patched)
            assert all(m.get("readOnly") for m in sidecar(patched)["volumeMounts"] if m["name"] in sources)
    assert taken >= 5 and injected >= 5, f"seed {seed} tries too little: {taken} taken, {injected} injected"
