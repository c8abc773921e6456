# SPDX-License-Identifier: Apache-2.0
"""Leader election and events against a real kube-apiserver: processes that are stopped, killed and
asked to go, and what the server keeps of it."""

import contextlib
import json
import queue
import signal
import subprocess
import threading
import time

import pytest

import ours
from ours import wait_for

LEASE = 3  # seconds, as leader_tool has it
DEADLINE = 2


@pytest.fixture(scope="module")
def tool():
    return ours.tool("leader_tool")


class Replica:
    def __init__(self, tool, api, namespace, identity):
        self.process = subprocess.Popen(
            [tool, str(api.kubeconfig), namespace, identity],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        self.lines = queue.Queue()
        self.thread = threading.Thread(target=self._read)
        self.thread.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line.strip())

    def says(self, wanted, seconds=20):
        assert self.lines.get(timeout=seconds) == wanted

    def tell(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def signal(self, number):
        self.process.send_signal(number)

    def leave(self):
        self.process.stdin.close()
        assert self.process.wait(timeout=20) == 0
        self.thread.join()

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.thread.join()
        self.process.stdout.close()


@pytest.fixture
def replica(tool, api, namespace):
    with contextlib.ExitStack() as stack:

        def start(identity):
            one = Replica(tool, api, namespace, identity)
            stack.callback(one.end)
            return one

        yield start


def lease(api, namespace):
    done = api.kubectl("-n", namespace, "get", "lease", "telltale-operator", "-o", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["spec"]


@pytest.mark.every_api_server
def test_a_replica_that_is_killed_is_followed_when_its_lease_has_run_out(api, namespace, replica):
    first = replica("first")
    first.says("started")
    second = replica("second")
    held = lease(api, namespace)
    assert held["holderIdentity"] == "first"
    assert held["leaseDurationSeconds"] == LEASE
    first.signal(signal.SIGKILL)
    second.says("started")
    taken = lease(api, namespace)
    assert taken["holderIdentity"] == "second"
    assert taken["leaseTransitions"] == held.get("leaseTransitions", 0) + 1


def test_a_replica_that_goes_is_followed_at_once(api, namespace, replica):
    first, second = replica("first"), replica("second")
    leader, other = (first, second) if wait_for_leader(api, namespace) == "first" else (second, first)
    leader.says("started")
    leader.leave()
    leader.says("stopped")
    gone = time.monotonic()
    other.says("started")
    # Candidates look every 0.4 to 0.9 seconds; without the release it would be three and more.
    assert time.monotonic() - gone < 2.5
    other.leave()
    assert lease(api, namespace).get("holderIdentity", "") == ""


def wait_for_leader(api, namespace):
    def holder():
        done = api.kubectl("-n", namespace, "get", "lease", "telltale-operator", "-o", "json")
        return done.returncode == 0 and json.loads(done.stdout)["spec"].get("holderIdentity")

    return wait_for("a leader", holder)


def test_a_replica_that_was_stopped_and_wakes_up_does_not_lead(api, namespace, replica):
    first = replica("first")
    first.says("started")
    second = replica("second")
    first.signal(signal.SIGSTOP)
    first.tell("ask")  # answered when it wakes up, by the first thread that runs
    first.tell("event late Late it must not be written")
    second.says("started")
    first.signal(signal.SIGCONT)
    said = {first.lines.get(timeout=20), first.lines.get(timeout=20)}
    assert said == {"follower", "stopped"}
    first.leave()
    events = api.kubectl("-n", namespace, "get", "events.events.k8s.io", "-o", "name").stdout
    assert "late" not in events
    assert lease(api, namespace)["holderIdentity"] == "second"


@pytest.mark.every_api_server
def test_labels_that_people_give_the_lease_stay(api, namespace, replica):
    first = replica("first")
    first.says("started")
    renewed = lease(api, namespace)["renewTime"]
    done = api.kubectl("-n", namespace, "label", "lease", "telltale-operator", "team=a")
    assert done.returncode == 0, done.stderr
    wait_for("two renewals", lambda: lease(api, namespace)["renewTime"] > renewed)
    renewed = lease(api, namespace)["renewTime"]
    wait_for("another", lambda: lease(api, namespace)["renewTime"] > renewed)
    done = api.kubectl("-n", namespace, "get", "lease", "-l", "team=a", "-o", "name")
    assert done.stdout.strip() == "lease.coordination.k8s.io/telltale-operator"
    first.tell("ask")
    first.says("leader")


def events_of(api, namespace, name):
    done = api.kubectl("-n", namespace, "get", "events.events.k8s.io", "-o", "json")
    assert done.returncode == 0, done.stderr
    return [one for one in json.loads(done.stdout)["items"] if one["regarding"]["name"] == name]


@pytest.mark.every_api_server
def test_events_are_taken_and_repetitions_become_a_series(api, namespace, replica):
    first = replica("first")
    first.says("started")
    first.tell("event thing PortNotFound no container has it " + "é" * 600)
    first.tell("event thing PortNotFound another note")
    first.tell("event thing Timeout something else")

    def settled():
        found = events_of(api, namespace, "thing")
        return found if len(found) == 2 and any("series" in one for one in found) else None

    by_reason = {one["reason"]: one for one in wait_for("two events", settled)}
    repeated = by_reason["PortNotFound"]
    assert repeated["series"]["count"] == 2
    assert repeated["note"].startswith("no container has it é") and repeated["note"].endswith("...")
    assert len(repeated["note"].encode()) <= 1024
    assert repeated["type"] == "Warning" and repeated["action"] == "Test"
    assert repeated["reportingController"] == "telltale.dev/operator"
    assert repeated["reportingInstance"] == "first"
    assert repeated["metadata"]["name"].startswith("thing.")
    assert "series" not in by_reason["Timeout"]
    # What people read.
    text = api.kubectl("-n", namespace, "get", "events").stdout
    assert "configmap/thing" in text and "PortNotFound" in text
