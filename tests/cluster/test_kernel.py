# SPDX-License-Identifier: Apache-2.0
"""The kernel's part of a start: modules are tried, and what is lacking is named, not guessed."""

import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import kernel  # noqa: E402
import layout  # noqa: E402
import node  # noqa: E402
import process  # noqa: E402
import start  # noqa: E402


@pytest.fixture(name="tool")
def _tool(tmp_path, monkeypatch):
    """Puts a script of this name before all other programs."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")

    def make(name: str, script: str) -> None:
        path = folder / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    return make


def proc(folder: pathlib.Path, filesystems: str, conntrack: bool) -> pathlib.Path:
    settings = folder / "sys/net/netfilter"
    settings.mkdir(parents=True)
    (folder / "filesystems").write_text(filesystems)
    if conntrack:
        (settings / "nf_conntrack_max").write_text("1\n")
    return folder


def test_every_module_is_tried_alone_though_all_fail(tool, tmp_path):
    tool("modprobe", f'echo "$*" >>{tmp_path}/tried; exit 1')
    kernel.load()
    tried = (tmp_path / "tried").read_text().splitlines()
    assert tried == [f"-q {module}" for module in kernel.MODULES]
    needed = {"overlay", "br_netfilter", "nf_conntrack", "nf_tables", "veth", "bridge"}
    assert set(kernel.MODULES) == needed


def test_a_machine_without_modprobe_does_with_what_its_kernel_has(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    kernel.load()


def test_what_a_kernel_lacks_is_named_by_module(tmp_path):
    whole = proc(tmp_path / "whole", "nodev\tproc\nnodev\toverlay\n", True)
    assert kernel.missing(whole) == []
    bare = proc(tmp_path / "bare", "nodev\tproc\n\text4\n", False)
    assert kernel.missing(bare) == ["overlay", "nf_conntrack"]
    assert "overlayfs" in kernel.sentence("overlay") and "module overlay" in kernel.sentence("overlay")
    assert kernel.sentence("veth", "no such type").endswith("(no such type)")


def test_modules_are_loaded_before_the_kernel_is_judged(monkeypatch):
    calls = []
    monkeypatch.setattr(start, "TOOLS", {})
    monkeypatch.setattr(start, "PROGRAMS", ())
    monkeypatch.setattr(kernel, "load", lambda: calls.append("load"))
    monkeypatch.setattr(kernel, "missing", lambda: calls.append("missing") or ["nf_conntrack"])
    with pytest.raises(process.Failure, match="connection tracking.*module nf_conntrack"):
        start.check_machine(layout.Layout())
    assert calls == ["load", "missing"]


@pytest.mark.parametrize(("fails", "said"), [("net.bridge", "br_netfilter\n"), ("nothing", "")])
def test_a_bridge_setting_that_is_not_there_is_said_and_ends_nothing(tool, fails, said):
    tool("sysctl", f'case "$*" in *{fails}*) echo cannot stat >&2; exit 255;; esac')
    done = subprocess.run(["sh", "-ec", node.SETTINGS], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, said)


def test_a_node_that_cannot_forward_ends_the_start(tool):
    tool("sysctl", 'case "$*" in *ip_forward*) exit 255;; esac')
    done = subprocess.run(["sh", "-ec", node.SETTINGS], capture_output=True, text=True)
    assert done.returncode != 0


def test_a_kernel_without_nftables_is_told_so(monkeypatch):
    cluster = layout.Layout()

    def run(*command):
        if "nft" in command:
            raise process.Failure("`nft` failed: Operation not supported")
        return ""

    monkeypatch.setattr(node, "run", run)
    with pytest.raises(process.Failure, match="no nftables.*module nf_tables.*not supported"):
        start._network(cluster)


def test_a_start_without_bridge_netfilter_goes_on_with_a_warning(monkeypatch, capsys):
    monkeypatch.setattr(node, "run", lambda *command: "br_netfilter\n" if "sh" in command else "")
    start._network(layout.Layout())
    said = capsys.readouterr().out
    assert "warning" in said and "module br_netfilter" in said
