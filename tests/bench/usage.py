# SPDX-License-Identifier: Apache-2.0
"""What a process uses, from /proc."""

import os
import pathlib


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and all its threads."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int) -> tuple[float, float]:
    """(resident, its peak) in MB of 2^20 bytes."""
    values = {}
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name in ("VmRSS", "VmHWM"):
            values[name] = int(value.split()[0]) / 1024
    return values["VmRSS"], values["VmHWM"]


def forget_peak(pid: int) -> None:
    """The peak starts anew at what is resident now."""
    pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")


def cpu_nanoseconds(pid: int) -> int:
    """The same as cpu_seconds, to the nanosecond, for those that hardly run."""
    tasks = pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks)


def exact_memory_mb(pid: int) -> dict[str, float]:
    """What is resident, counted page by page: the kernel's own sum in `status` lags by some pages."""
    values = {}
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, _, value = line.partition(":")
        values[name] = int(value.split()[0]) / 1024
    return {"rss_mb": values["Rss"], "pss_mb": values["Pss"], "anonymous_mb": values["Anonymous"]}


def wakeups(pid: int) -> dict[str, int]:
    """How often each of its threads began to wait by itself, which is as often as it woke."""
    counts = {}
    for status in pathlib.Path(f"/proc/{pid}/task").glob("*/status"):
        for line in status.read_text().splitlines():
            if line.startswith("voluntary_ctxt_switches"):
                counts[status.parent.name] = int(line.split()[1])
    return counts
