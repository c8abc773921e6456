# SPDX-License-Identifier: Apache-2.0
"""Ends a cluster and takes away all that it left on the machine, and proves it.

`tear_down` works from what `up` wrote down (pids with start times, what was there before) and on
names that only this cluster uses, so it does the same for a cluster that was killed half way. It
never touches a process, mount, file or cgroup that was not the cluster's.
"""

import concurrent.futures
import os
import pathlib
import select
import shutil
import signal
import subprocess
import time

import layout
import process

CGROUPS = pathlib.Path("/sys/fs/cgroup")
# Others may keep files in these; they go only when they are empty and were not there before.
ONLY_WHEN_EMPTY = ("/var/lib/cni", "/var/run/kubernetes", "/run/containerd", "/run/containerd/s")
Layout = layout.Layout


def baseline() -> dict:
    """What the shared folders hold and the kernel's settings are before the cluster's start."""
    folders = {}
    for path in (*layout.SHARED, "/run/netns"):
        folders[path] = sorted(os.listdir(path)) if os.path.isdir(path) else None
    settings = {}
    for name in layout.SYSCTLS:
        try:
            settings[name] = pathlib.Path("/proc/sys", name).read_text().strip()
        except OSError:
            continue
    return {"folders": folders, "sysctls": settings}


def kubepods() -> list[pathlib.Path]:
    """The roots of the kubelet's cgroups: one on a unified (v2) machine, else one a hierarchy."""
    unified = (CGROUPS / "cgroup.controllers").exists()
    # One level further down on a unified machine they would be somebody else's.
    return sorted(path for path in CGROUPS.glob("kubepods" if unified else "*/kubepods") if path.is_dir())


def members(group: pathlib.Path) -> set[int]:
    found: set[int] = set()
    for folder, _, _ in os.walk(group):  # which passes over a group that goes while we look
        try:
            found.update(map(int, pathlib.Path(folder, "cgroup.procs").read_text().split()))
        except OSError:
            continue
    return found


def shims(cluster: Layout) -> dict[int, str]:
    """The containerd shims of this cluster, known by the socket they report to: pid -> start."""
    found = {}
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        if "containerd-shim" in words[0] and str(cluster.socket) in words:
            found[int(entry.name)] = process.start_time(int(entry.name))
    return found


def mounts(cluster: Layout) -> list[str]:
    """Mount points below our state, our namespace included, deepest and newest first."""
    ours = (str(cluster.state) + "/", str(cluster.netns))
    lines = pathlib.Path("/proc/self/mountinfo").read_text().splitlines()
    points = [line.split()[4].encode().decode("unicode_escape") for line in lines]
    mine = [p for p in points if p.startswith(ours[0]) or p in (ours[1], str(cluster.state))]
    return mine[::-1]


def _end_tasks(cluster: Layout) -> None:
    """Ends every container through containerd, so that its shim leaves in order."""
    listed = subprocess.run(
        cluster.ctr("--timeout", "5s", "tasks", "ls", "-q"), capture_output=True, text=True, check=False
    )
    tasks = listed.stdout.split()
    if tasks:
        subprocess.run(
            cluster.ctr("--timeout", "20s", "tasks", "rm", "-f", *tasks),
            capture_output=True,
            check=False,
        )


def _kill(pids) -> None:
    """SIGKILL, and waits until they are gone. The caller knows that they are ours."""
    handles = []
    for pid in pids:
        try:
            handle = os.pidfd_open(pid)
            signal.pidfd_send_signal(handle, signal.SIGKILL)
            handles.append(handle)
        except ProcessLookupError:
            continue
    deadline = time.monotonic() + 10
    for handle in handles:
        select.select([handle], [], [], max(0, deadline - time.monotonic()))
        os.close(handle)


def stop(cluster: Layout) -> None:
    """Ends all processes: daemons that start others, containers, then the rest."""
    daemons = {name: process.Daemon(name, cluster.state) for name in layout.DAEMONS}
    first = layout.DAEMONS[: layout.DAEMONS.index("containerd")]
    with concurrent.futures.ThreadPoolExecutor(len(first)) as pool:
        list(pool.map(lambda name: daemons[name].stop(5), first))
    if daemons["containerd"].alive():
        _end_tasks(cluster)
    daemons["containerd"].stop(10)
    _kill(shims(cluster))
    for group in kubepods():
        _kill(members(group))
    # Nothing in etcd is worth an orderly end, and the API server would wait for its watches.
    for name in ("kube-apiserver", "etcd"):
        daemons[name].stop(0)


def _remove_cgroups() -> None:
    deadline = time.monotonic() + 10
    for root in kubepods():
        for group, _, _ in os.walk(root, topdown=False):  # the kernel wants children first
            while True:
                try:
                    os.rmdir(group)
                    break
                except FileNotFoundError:
                    break
                except OSError:  # a process that was just killed is still being counted
                    if time.monotonic() > deadline:
                        return
                    time.sleep(0.05)


def _live_sockets() -> set[str]:
    rows = pathlib.Path("/proc/net/unix").read_text().splitlines()[1:]
    return {row.split()[-1] for row in rows if "/" in row}


def _restore_folders(before: dict) -> None:
    live = _live_sockets()
    for path, entries in before.items():
        folder = pathlib.Path(path)
        if not folder.is_dir():
            continue
        for entry in folder.iterdir():
            known = entries is not None and entry.name in entries
            stale = path == "/run/containerd/s" and str(entry) not in live
            if known or (path in (*ONLY_WHEN_EMPTY, "/run/netns") and not stale):
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry, ignore_errors=True)
            else:
                entry.unlink(missing_ok=True)
        if entries is None and not any(folder.iterdir()):
            if path == "/run/netns":  # `ip netns add` mounts it on itself
                subprocess.run(["umount", path], capture_output=True, check=False)
            folder.rmdir()


def restore(cluster: Layout) -> None:
    """Takes away mounts, cgroups, the namespace and files, and sets the kernel back."""
    for _ in range(5):  # one mount can hide another
        points = mounts(cluster)
        for point in points:
            subprocess.run(["umount", "-l", point], capture_output=True, check=False)
        if not points:
            break
    subprocess.run(["ip", "netns", "del", cluster.name], capture_output=True, check=False)
    subprocess.run(["ip", "link", "del", cluster.host_link], capture_output=True, check=False)
    _remove_cgroups()
    before = cluster.recall().get("before", {"folders": {}, "sysctls": {}})
    _restore_folders(before["folders"])
    for name, value in before["sysctls"].items():
        path = pathlib.Path("/proc/sys", name)
        try:
            if path.read_text().strip() != value:
                path.write_text(value)
        except OSError:
            continue  # reported by `remains`
    if not mounts(cluster):  # else the removal would reach into what is mounted
        # The marker goes last: while it is there, another run can finish this one's work.
        for entry in cluster.state.iterdir() if cluster.state.is_dir() else ():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry, ignore_errors=True)
            elif entry != cluster.marker:
                entry.unlink(missing_ok=True)


def remains(cluster: Layout) -> list[str]:
    """What of the cluster is still on the machine, a line each; empty when nothing is."""
    found = []
    for name in layout.DAEMONS:
        daemon = process.Daemon(name, cluster.state)
        if daemon.alive():
            found.append(f"process {daemon.identity()[0]} ({name})")
    found += [f"process {pid} (containerd shim)" for pid in shims(cluster)]
    found += [f"mount {point}" for point in mounts(cluster)]
    found += [f"cgroup {path}" for path in kubepods()]
    if cluster.netns.exists():
        found.append(f"network namespace {cluster.netns}")
    if pathlib.Path("/sys/class/net", cluster.host_link).exists():
        found.append(f"network link {cluster.host_link}")
    before = cluster.recall().get("before", {"folders": {}, "sysctls": {}})
    for path, entries in before["folders"].items():
        for name in sorted(os.listdir(path)) if os.path.isdir(path) else ():
            if path not in ONLY_WHEN_EMPTY and path != "/run/netns" and name not in (entries or ()):
                found.append(f"file {path}/{name}")
    for name, value in before["sysctls"].items():
        now = pathlib.Path("/proc/sys", name).read_text().strip()
        if now != value:
            found.append(f"sysctl {name} is {now} and was {value}")
    if cluster.state.is_dir():
        found += [f"file {p}" for p in cluster.state.iterdir() if p != cluster.marker]
    return found


def tear_down(cluster: Layout) -> None:
    stop(cluster)
    restore(cluster)
    left = remains(cluster)
    if left:
        raise process.Failure(
            "the cluster could not be removed completely; still there: "
            + "; ".join(left)
            + ". Run `cluster.py down` again, or look for who holds them"
        )
    cluster.marker.unlink(missing_ok=True)
    if cluster.state.is_dir():
        cluster.state.rmdir()
