# SPDX-License-Identifier: Apache-2.0
"""The cluster's cgroups are found, ended and taken away, however the machine lays them out."""

import os
import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import cleanup  # noqa: E402
import kernel  # noqa: E402
import layout  # noqa: E402
import process  # noqa: E402
import start  # noqa: E402

POD = "burstable/pod1/container"


@pytest.fixture(name="machine", params=["v1", "v2"])
def _machine(request, tmp_path, monkeypatch):
    """A fake /sys/fs/cgroup, and the roots of the kubelet's groups in it."""
    groups = tmp_path / "cgroup"
    if request.param == "v2":
        roots = [groups / "kubepods"]
        (groups / "system.slice/kubepods").mkdir(parents=True)  # not the cluster's
        (groups / "cgroup.controllers").write_text("cpuset cpu memory pids\n")
    else:
        roots = [groups / "cpu/kubepods", groups / "memory/kubepods", groups / "unified/kubepods"]
    for root in roots:
        (root / POD).mkdir(parents=True)
    monkeypatch.setattr(cleanup, "CGROUPS", groups)
    monkeypatch.setenv("TELLTALE_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("TELLTALE_CLUSTER", "telltale-test")
    return roots


def test_the_kubelet_s_groups_are_found_and_no_others(machine):
    assert cleanup.kubepods() == machine


def test_what_runs_deep_in_a_group_is_a_member_of_it(machine):
    (machine[0] / "cgroup.procs").write_text("")
    (machine[0] / POD / "cgroup.procs").write_text("12\n34\n")
    assert cleanup.members(machine[0]) == {12, 34}


def test_a_group_that_is_gone_has_no_members(tmp_path):
    assert cleanup.members(tmp_path / "gone") == set()


def test_the_processes_of_the_groups_are_ended(machine):
    child = subprocess.Popen(["sleep", "600"])
    try:
        (machine[-1] / POD / "cgroup.procs").write_text(f"{child.pid}\n")
        cleanup.stop(layout.Layout())
        assert child.wait(10) == -9
    finally:
        child.kill()


def test_groups_are_remains_until_they_are_removed(machine):
    cluster = layout.Layout()
    assert cleanup.remains(cluster) == [f"cgroup {root}" for root in machine]
    cleanup._remove_cgroups()
    assert cleanup.remains(cluster) == []
    assert not [root for root in machine if root.exists()]
    assert all(root.parent.exists() for root in machine)
    stranger = cleanup.CGROUPS / "system.slice/kubepods"
    assert stranger.exists() == (cleanup.CGROUPS / "cgroup.controllers").exists()


def test_a_machine_on_which_another_kubelet_runs_pods_is_refused(machine, monkeypatch):
    monkeypatch.setattr(start, "TOOLS", {})
    monkeypatch.setattr(start, "PROGRAMS", ())
    monkeypatch.setattr(kernel, "load", lambda: None)
    monkeypatch.setattr(kernel, "missing", lambda: [])
    (machine[0] / POD / "cgroup.procs").write_text(f"{os.getpid()}\n")
    with pytest.raises(process.Failure, match=f"pid {os.getpid()} is in the cgroup kubepods"):
        start.check_machine(layout.Layout())
