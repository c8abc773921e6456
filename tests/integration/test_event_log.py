# SPDX-License-Identifier: Apache-2.0
"""The cluster's events in the log store: two replicas of the operator follow a real API server, the one that leads
writes them, and a sidecar beside each ships its file, with the configuration that the chart gives it."""

import contextlib
import json
import pathlib
import signal
import subprocess
import time

import catalog
import objects
import ours
import yaml
from ours import wait_for

LEASE = ("--leader-elect", "--lease-duration=3s", "--renew-deadline=2s", "--retry-period=500ms")


def event(api, namespace: str, name: str, message: str, kind: str = "Normal") -> None:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    done = api.kubectl("apply", "--server-side", "-f", "-", text=json.dumps({
        "apiVersion": "v1", "kind": "Event", "metadata": {"name": name, "namespace": namespace},
        "involvedObject": {"kind": "Pod", "namespace": namespace, "name": "web-0"}, "type": kind,
        "reason": "Tested", "message": message, "source": {"component": "test"}, "firstTimestamp": now, "lastTimestamp": now,
    }))  # fmt: skip
    assert done.returncode == 0, done.stderr


def shipper_config(folder: pathlib.Path, push_url: str) -> str:
    """What the chart renders, with this folder's paths."""
    done = subprocess.run(
        [catalog.locate("helm"), "template", "telltale", objects.ROOT / "helm/telltale", "--show-only", "templates/operator/events.yaml",
         "--set", "logs.events.enabled=true", "--set", f"loki.enabled=false,loki.external.url={push_url}"],
        capture_output=True, text=True, check=True)  # fmt: skip
    config = yaml.safe_load(yaml.safe_load(done.stdout)["data"]["events.yaml"])
    config |= {"listen": "127.0.0.1:0", "state": str(folder / "state")}
    config["logs"][0]["files"]["include"] = [str(folder / "events.log")]
    return json.dumps(config)


class Replica(contextlib.ExitStack):
    """An operator and the sidecar beside it."""

    def __init__(self, folder: pathlib.Path, api, namespace: str, push_url: str):
        super().__init__()
        (folder / "state").mkdir(parents=True)
        (folder / "events.yaml").write_text(shipper_config(folder, push_url))
        self.file = folder / "events.log"
        self.operator = self.enter_context(ours.Program(
            folder, "telltale-operator", f"--kubeconfig={api.kubeconfig}", f"--namespace={namespace}", "--http-listen=127.0.0.1:0",
            "--webhook-listen=off", "--promtail=false", f"--events-file={self.file}", *LEASE,
            environment={"POD_NAME": folder.name}))  # fmt: skip
        self.sidecar = self.enter_context(ours.Program(folder, "telltale-sidecar", f"--config={folder}/events.yaml"))

    def leads(self) -> bool:
        return self.operator.metric("leader_election_master_status") == 1


def messages(store, namespace: str) -> list[str]:
    found = store.entries({"job": "kubernetes-events", "namespace": namespace})
    return [json.loads(entry.line)["message"] for entry in found]


def test_every_event_is_in_the_store_once_through_changes_of_leader(api, namespace, store, tmp_path):
    event(api, namespace, "before", "0 was there before anybody followed")
    event(api, namespace, "warning", "1 is a warning", "Warning")
    with contextlib.ExitStack() as stack:
        replicas = [stack.enter_context(Replica(tmp_path / name, api, namespace, store.push_base)) for name in ("a", "b")]
        leader = wait_for("a leader", lambda: next((one for one in replicas if one.leads()), None))
        other = replicas[1 - replicas.index(leader)]
        event(api, namespace, "seen", "2 is new")
        wait_for("the first three", lambda: len(messages(store, namespace)) == 3)
        event(api, namespace, "seen", "3 is the same event, seen again")
        wait_for("the new state of an event", lambda: len(messages(store, namespace)) == 4)

        assert leader.operator.terminate() == 0
        event(api, namespace, "between", "4 came while nobody led")
        wait_for("another leader", other.leads)
        wait_for("its event", lambda: len(messages(store, namespace)) == 5)
        third = stack.enter_context(Replica(tmp_path / "c", api, namespace, store.push_base))
        third.operator.wait_ready()
        position = objects.data(api, namespace, "telltale-events")
        event(api, namespace, "last", "5 is told by the one that is killed then")
        wait_for("the sixth", lambda: len(messages(store, namespace)) == 6)
        wait_for("its position", lambda: objects.data(api, namespace, "telltale-events") != position)
        other.operator.process.send_signal(signal.SIGKILL)
        event(api, namespace, "after", "6 is told by the third")
        wait_for("the seventh", lambda: len(messages(store, namespace)) == 7, 30)
        assert sorted(messages(store, namespace)) == sorted(set(messages(store, namespace)))
        assert [text[0] for text in sorted(messages(store, namespace))] == list("0123456")
        assert third.file.read_text().count("\n") >= 1 and '"6 is told' in third.file.read_text()

    entries = store.entries({"job": "kubernetes-events", "namespace": namespace, "type": "Warning"})
    [warning] = [json.loads(entry.line) for entry in entries]
    assert warning | {"time": ""} == {
        "time": "", "type": "Warning", "reason": "Tested", "kind": "Pod", "namespace": namespace, "name": "web-0",
        "message": "1 is a warning", "component": "test"}  # fmt: skip
    assert abs(entries[0].time / 1e9 - time.time()) < 120, "it has the event's own time"
