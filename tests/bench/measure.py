# SPDX-License-Identifier: Apache-2.0
"""The measurements, one function each: they start a load and a subject, and return numbers by name.

Memory is VmRSS and VmHWM in MB of 2^20 bytes, processor time is user and system of /proc/PID/stat.
"""

import contextlib
import json
import pathlib
import subprocess
import threading
import time

import load
import subjects
import usage

MARKERS = 20
SETTLE = 10  # seconds of rest before memory counts as settled
PODS_OF_A_NODE = 30  # as the load spreads them
AGENT_SECONDS = 15
PEER_SETTLE = 60  # for them more: their collectors give memory back slowly


def discovered(pods: int, apps: int) -> int:
    """How many targets a peer finds: one for each port. Apps of the shape "web" have three."""

    def ports(app: int) -> int:
        return 3 if app % 3 == 0 and app % 10 != 9 else 2

    return MARKERS * ports(0) + sum(ports(1 + i % apps) for i in range(pods - MARKERS))


@contextlib.contextmanager
def sampled(pid: int):
    """Samples a process's resident memory each half second while the block runs; gives the list."""
    samples, done = [], threading.Event()

    def run():
        while not done.wait(0.5):
            samples.append(usage.memory_mb(pid)[0])

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield samples
    finally:
        done.set()
        thread.join()


def settle(pid: int, out: dict, seconds: float = SETTLE) -> None:
    time.sleep(seconds)
    out["rss_settled_mb"], out["rss_peak_mb"] = usage.memory_mb(pid)


def churn(server, subject, rate: int, seconds: int, patience: float, out: dict) -> None:
    """Events for so many seconds: processor time, memory, and from event to known."""
    server("poll", subject.port, *subject.poll)
    before, cpu = server("counters"), usage.cpu_seconds(subject.pid)
    usage.forget_peak(subject.pid)
    with sampled(subject.pid) as samples:
        report = server("churn", rate, seconds)
        spent = usage.cpu_seconds(subject.pid) - cpu
        after = server("counters")
    events = after["events"] - before["events"]
    time.sleep(patience)  # for what is on its way
    latency = server("latency")
    seen = [latency["appear"], latency["gone"]]
    out |= {
        "events": events, "events_sent_per_second": report["events"] / report["seconds"],
        "core_share": spent / report["seconds"], "events_per_cpu_second": events / max(spent, 0.01),
        "rss_churn_mb": sum(samples) / len(samples), "rss_churn_peak_mb": usage.memory_mb(subject.pid)[1],
        "rss_churn_end_mb": samples[-1],
        "event_to_known_ms": {q: max(side[q] for side in seen) for q in ("p50", "p99", "max")},
        "markers_timed": sum(side["count"] for side in seen),
        "markers_missed": latency["missing"] + latency["lingering"],
        "looks": latency["looks"], "looks_failed": latency["failures"],
        "relists": after["lists"] - before["lists"], "expired_watches": after["gone"] - before["gone"],
        "worst_backlog": after["worst_backlog"], "writes": after["writes"] - before["writes"],
        "generator_core_share": report["cpu"] / report["seconds"], "generator_late_ms": report["worst_lag_ms"],
    }  # fmt: skip


def digest(server, subject, rate: int, out: dict) -> None:
    """All lives come to their end; then what is served must be what the pods ask for."""
    server("drain", rate)
    deadline = time.monotonic() + 10
    while True:
        answer = server("digest", subject.port, "/sd/v1/targets")
        if answer["equal"] or time.monotonic() > deadline:
            break
        time.sleep(0.2)
    out["nothing_lost"], out["served"], out["expected"] = answer["equal"], answer["served"], answer["expected"]


def fetch(program, subject, mode: str, number) -> dict:
    done = subprocess.run(
        [program, str(subject.port), "/sd/v1/targets", mode, str(number)], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def requests(program, subject, out: dict) -> None:
    """Discovery requests for the whole list: the first byte, bytes a second, a hundred clients."""
    out["first_byte_ms"] = fetch(program, subject, "first", 30)
    reading = fetch(program, subject, "read", 5)
    out["read_gb_per_second"], out["page_mb"] = reading["rate"] / 1e9, reading["page_bytes"] / 1e6
    before = usage.memory_mb(subject.pid)[0]
    usage.forget_peak(subject.pid)
    crowd = fetch(program, subject, "crowd", 100)
    out["crowd_clients"], out["crowd_seconds"] = crowd["clients"], crowd["seconds"]
    out["crowd_growth_mb"] = usage.memory_mb(subject.pid)[1] - before


def ours(options, programs: dict, folder: pathlib.Path, kind: str, storm: bool) -> dict:
    out = {}
    with load.Load(programs["bench_load"], folder, pods=options.pods, apps=options.apps, targets=options.apps) as server:
        out["pod_bytes"] = server.hello["pod_bytes"]
        with subjects.Telltale(programs["telltale-operator"], server.kubeconfig(kind), folder / "ours") as subject:
            out["sync_seconds"] = subject.wait_for(options.pods, 120)
            out["sync_cpu_seconds"] = usage.cpu_seconds(subject.pid)
            settle(subject.pid, out)
            relists = subject.metric("telltale_relists_total")
            if storm:
                requests(programs["bench_fetch"], subject, out)
            churn(server, subject, options.rate, options.seconds, 3, out)
            digest(server, subject, options.rate, out)
            if storm:
                out["storm"] = {}
                churn(server, subject, options.storm_rate, options.storm_seconds, 3, out["storm"])
                digest(server, subject, options.rate, out["storm"])
            out["telltale_relists_total"] = subject.metric("telltale_relists_total") - relists
            out["rss_end_mb"] = usage.memory_mb(subject.pid)[0]
    return out


def ours_large(options, programs: dict, folder: pathlib.Path) -> dict:
    """Three times the pods, at rest."""
    out, pods = {}, 3 * options.pods
    with load.Load(programs["bench_load"], folder, pods=pods, apps=options.apps, targets=options.apps) as server:
        with subjects.Telltale(programs["telltale-operator"], server.kubeconfig("tls"), folder / "large") as subject:
            out["sync_seconds"] = subject.wait_for(pods, 300)
            settle(subject.pid, out)
    return out


def agents(options, programs: dict, folder: pathlib.Path) -> dict:
    """All nodes' agents ask for their pods, as they do every two seconds: at rest, then under events."""
    out, more = {}, {"node-logs": "true"}
    with load.Load(
        programs["bench_load"], folder, pods=options.pods, apps=options.apps, targets=options.apps, **more
    ) as server:
        with subjects.Telltale(programs["telltale-operator"], server.kubeconfig("tls"), folder / "agents") as subject:
            subject.wait_for(options.pods, 120)
            nodes = options.pods // PODS_OF_A_NODE
            for part, rate in (("rest", 0), ("events", options.rate)):
                command = [programs["bench_agents"], str(subject.port), str(nodes), str(AGENT_SECONDS + 5)]
                asking = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
                time.sleep(3)  # each has asked once
                status = subjects.get(subject.url + "/sd/v1/targets")[0]
                cpu, began = usage.cpu_seconds(subject.pid), time.monotonic()
                if rate:
                    server("churn", rate, AGENT_SECONDS)
                else:
                    time.sleep(AGENT_SECONDS)
                share = (usage.cpu_seconds(subject.pid) - cpu) / (time.monotonic() - began)
                out[part] = json.loads(asking.communicate()[0]) | {"core_share": share, "discovery_served": status == 200}
            out["rss_mb"] = usage.memory_mb(subject.pid)[0]
    return out


def peer(options, programs: dict, folder: pathlib.Path, kind: type) -> dict:
    """A peer at its own rate: at ours it would take more than this machine has."""
    out = {}
    with load.Load(
        programs["bench_load"], folder, programs["podproto"], pods=options.pods, apps=options.apps, targets=options.apps
    ) as server:
        with kind(programs[kind.name], server.kubeconfig("tls"), folder / kind.name) as subject:
            out["sync_seconds"] = subject.wait_for(discovered(options.pods, options.apps), 300)
            out["sync_cpu_seconds"] = usage.cpu_seconds(subject.pid)
            settle(subject.pid, out, PEER_SETTLE)
            churn(server, subject, options.peer_rate, options.peer_seconds, 15, out)
            out["protobuf"] = server("counters")["protobuf"]
    return out
