# SPDX-License-Identifier: Apache-2.0
"""What is left of a cluster whose processes were killed is cleaned, and `down` leaves nothing.

It ends the demo's cluster, so it comes last (conftest.py), and not at all where the cluster was
somebody's before the tests.
"""

import os
import signal
import subprocess
import sys

import layout
import process
import pytest
from conftest import ROOT

CLUSTER = [sys.executable, ROOT / "tests/cluster/cluster.py"]


@pytest.fixture(autouse=True)
def ours(demo):
    if demo.was_up:
        pytest.skip("the cluster was up before the tests, so it is not theirs to end")


def run(word: str) -> str:
    done = subprocess.run([*CLUSTER, word], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_cluster_whose_processes_were_killed_is_cleaned_and_started_anew():
    cluster = layout.Layout()
    daemons = [process.Daemon(name, cluster.state) for name in layout.DAEMONS]
    assert all(daemon.alive() for daemon in daemons)  # so that each record is of a process of ours
    for daemon in daemons:
        os.kill(daemon.identity()[0], signal.SIGKILL)
    output = run("up")
    assert "removing it first" in output
    assert "is up" in output
    run("status")


def test_down_leaves_nothing_and_may_be_said_twice():
    cluster = layout.Layout()
    assert "checked: no process" in run("down")
    run("down")
    assert not cluster.netns.exists()
    assert not cluster.state.exists()
    mounts = open("/proc/self/mounts").read()
    assert str(cluster.state) not in mounts and "kubelet" not in mounts
