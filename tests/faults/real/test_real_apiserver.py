# SPDX-License-Identifier: Apache-2.0
"""The operator and a real API server with a bad network between them, and with the server killed.

Each case is a seed: FAULT_SEEDS=7,19 runs just these. After the faults the served list must be what
the API server holds; at no time may a target that never changed be missing from it.
"""

import json
import os
import random
import sys
import threading
import time
import urllib.parse

import pytest

import ours
from proxy import Proxy, Treatment

TARGETS = "/apis/telltale.dev/v1alpha1/namespaces/{}/monitoringtargets"
PODS = "/api/v1/namespaces/{}/pods"
KINDS = ["cut", "refuse", "stall", "torn", "drip", "reorder", "restart", "mixed", "two"]
SEEDS = [int(seed) for seed in os.environ.get("FAULT_SEEDS", "").split(",") if seed] or range(1, 13)

LEADER = ["--leader-elect", "--lease-duration=3s", "--renew-deadline=2s", "--retry-period=300ms"]


class World:
    """Pods and MonitoringTargets of one namespace, changed at random and read back for the oracle."""

    def __init__(self, client, namespace: str, dice: random.Random):
        self.client, self.namespace, self.dice = client, namespace, dice
        self.pods: dict[str, int] = {}
        self.addresses = 0
        for name in ("rock", "web"):
            self._target(name, {"app": name}, "http")
        for i in range(3):
            self._pod(f"rock-{i}", "rock")

    def _call(self, method: str, path: str, body=None, kind="application/json"):
        status, answer = self.client.call(method, path, body, kind)
        assert status in (200, 201, 202), (method, path, status, answer)
        return answer

    def _target(self, name: str, labels: dict, port: str) -> None:
        self.client.apply(TARGETS.format(self.namespace), {
            "apiVersion": "telltale.dev/v1alpha1", "kind": "MonitoringTarget",
            "metadata": {"name": name, "namespace": self.namespace},
            "spec": {"selector": {"matchLabels": labels}, "metrics": {"endpoints": [{"port": port}]},
                     "logs": {"source": "Files", "files": {"directory": "/var/log/app"}}},
        })  # fmt: skip

    def _pod(self, name: str, app: str) -> None:
        self.addresses += 1
        path = PODS.format(self.namespace)
        self._call("POST", path, {
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "namespace": self.namespace, "labels": {"app": app}},
            "spec": {"nodeName": "nowhere", "containers": [
                {"name": "app", "image": "none", "ports": [{"name": "http", "containerPort": 8080}]}]},
        })  # fmt: skip
        ip = f"10.9.{self.addresses // 250}.{self.addresses % 250 + 1}"
        self._call("PATCH", f"{path}/{name}/status", {"status": {
            "phase": "Running", "podIP": ip, "podIPs": [{"ip": ip}],
            "conditions": [{"type": "Ready", "status": "True"}]}}, "application/merge-patch+json")  # fmt: skip
        self.pods[name] = self.addresses

    def _delete_pod(self, name: str) -> None:
        self._call("DELETE", f"{PODS.format(self.namespace)}/{name}",
                   {"kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 0})  # fmt: skip
        self.pods.pop(name)

    def change(self) -> None:
        """One change; what was made in the constructor as "rock" stays as it is."""
        loose = [name for name in self.pods if not name.startswith("rock")]
        action = self.dice.choice(["pod", "pod", "pod", "delete", "again", "target", "relabel"])
        if action == "pod" or not loose:
            self._pod(f"web-{self.addresses}", self.dice.choice(["web", "web", "other"]))
        elif action == "delete":
            self._delete_pod(self.dice.choice(loose))
        elif action == "again":  # the same name is another pod
            name = self.dice.choice(loose)
            self._delete_pod(name)
            self._pod(name, "web")
        elif action == "relabel":
            self._call("PATCH", f"{PODS.format(self.namespace)}/{self.dice.choice(loose)}",
                       {"metadata": {"labels": {"app": self.dice.choice(["web", "other"])}}},
                       "application/merge-patch+json")  # fmt: skip
        else:
            self._target("web", {"app": self.dice.choice(["web", "other"])}, self.dice.choice(["http", "metrics"]))

    def expected(self) -> set[tuple[str, str, str]]:
        """(job, address, pod UID) by what the API server holds, computed the simple way."""
        found = set()
        pods = self.client.get(PODS.format(self.namespace))["items"]
        for target in self.client.get(TARGETS.format(self.namespace))["items"]:
            spec = target["spec"]
            if spec["metrics"]["endpoints"][0]["port"] != "http":
                continue  # no pod has such a port
            for pod in pods:
                if pod["metadata"]["labels"] == spec["selector"]["matchLabels"]:
                    job = f"{self.namespace}/{target['metadata']['name']}"
                    found.add((job, pod["status"]["podIP"] + ":8080", pod["metadata"]["uid"]))
        return found


class Watcher(threading.Thread):
    """Reads the served list all the time; remembers when a target that never changed was missing."""

    def __init__(self, program: ours.Program, namespace: str, rock: set):
        super().__init__()
        self.program, self.namespace, self.rock = program, namespace, rock
        self.missing: list = []
        self.reads = 0
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.wait(0.05):
            status, body, _ = self.program.get("/sd/v1/targets")
            self.reads += 1
            lost = self.rock - served(body, self.namespace) if status == 200 else {f"HTTP {status}"}
            if lost:
                self.missing.append((time.time(), sorted(lost)))


def served(body: str, namespace: str) -> set[tuple[str, str, str]]:
    return {
        (group["labels"]["job"], group["targets"][0], group["labels"]["__meta_telltale_pod_uid"])
        for group in json.loads(body)
        if group["labels"]["namespace"] == namespace
    }


def treatment(kind: str, dice: random.Random):
    """The proxy's choice for each connection of a case; connections are numbered from 1."""

    def choose(_: int) -> Treatment:
        if kind == "torn":
            return Treatment(cut_after=dice.randint(2000, 30000))
        if kind == "drip":
            return Treatment(piece=dice.randint(100, 3000), delay=0.002)
        if kind == "reorder" and dice.random() < 0.5:
            return Treatment(delay=dice.uniform(0.2, 1.2))
        if kind == "mixed":
            return Treatment(cut_after=dice.choice([0, 0, dice.randint(3000, 60000)]),
                             delay=dice.choice([0, 0, 0.3]))  # fmt: skip
        return Treatment()

    return choose


def disturb(kind: str, proxy: Proxy, api, dice: random.Random) -> None:
    if kind in ("cut", "drip", "two") or (kind == "mixed" and dice.random() < 0.5):
        proxy.cut()
    elif kind == "refuse":
        proxy.refuse(True)
        time.sleep(dice.uniform(0.1, 0.8))
        proxy.refuse(False)
    elif kind == "stall":
        proxy.stall(True)
        time.sleep(dice.uniform(0.1, 1.0))
        if dice.random() < 0.5:
            proxy.cut()
        proxy.stall(False)
    elif kind == "restart":
        api.restart()


@pytest.mark.parametrize("seed", SEEDS)
def test_the_list_is_whole_through_a_bad_network(api, tmp_path, seed):
    print(f"repeat with: FAULT_SEEDS={seed} {sys.executable} -m pytest tests/faults/real")
    dice = random.Random(seed)
    kind = KINDS[seed % len(KINDS)]
    namespace = f"faults-{seed}"
    api.client.apply("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    world = World(api.client, namespace, dice)
    rock = world.expected()
    port = urllib.parse.urlsplit(api.server).port
    with Proxy(("127.0.0.1", port)) as proxy:
        config = tmp_path / "kubeconfig"
        config.write_text(api.kubeconfig.read_text().replace(api.server, f"https://{proxy.address}"))
        replicas = 2 if kind == "two" else 1
        programs = [
            ours.Program(tmp_path / str(i), "telltale-operator", f"--kubeconfig={config}", "--namespace=telltale",
                         "--http-listen=127.0.0.1:0", "--webhook-listen=off", *LEADER)
            for i in range(replicas)
        ]  # fmt: skip
        watchers = [Watcher(program, namespace, rock) for program in programs]
        try:
            for program in programs:
                program.start()
                program.wait_ready()
            for watcher in watchers:
                watcher.start()
            proxy.choose = treatment(kind, dice)
            for step in range(6):
                for _ in range(dice.randint(1, 5)):
                    world.change()
                # One restart of the server takes as long as all of another case.
                if kind != "restart" or step == 2:
                    disturb(kind, proxy, api, dice)
                time.sleep(dice.uniform(0, 0.3))
            proxy.choose = lambda _: Treatment()
            if kind in ("torn", "drip", "reorder", "mixed"):
                proxy.cut()
            wanted = world.expected()
            for program in programs:
                # Longer than the longest wait between two tries.
                ours.wait_for("the served list that the API server holds",
                              lambda p=program: served(p.get("/sd/v1/targets")[1], namespace) == wanted, 65)  # fmt: skip
            ours.wait_for("the status with the number of pods", lambda: counted(api, world), 30)
        finally:
            for watcher in watchers:
                watcher.ended.set()
            for watcher in watchers:
                if watcher.is_alive():
                    watcher.join()
            for program in programs:
                program.kill()
    for watcher in watchers:
        assert watcher.reads > 0
        assert not watcher.missing, f"seed {seed}: the list was partial: {watcher.missing[:3]}"
    if kind not in ("restart", "reorder"):
        assert proxy.resets > 0, "the case disturbed nothing"


def counted(api, world: World) -> bool:
    """Every target's status says how many pods it matches."""
    pods = api.client.get(PODS.format(world.namespace))["items"]
    for target in api.client.get(TARGETS.format(world.namespace))["items"]:
        labels = target["spec"]["selector"]["matchLabels"]
        matched = sum(pod["metadata"]["labels"] == labels for pod in pods)
        if target.get("status", {}).get("pods", {}).get("matched") != matched:
            return False
    return True
