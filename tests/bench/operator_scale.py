#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Measures the operator at scale beside its peers and prints one table; README.md says how.

Usage: operator_scale.py [--full] [--only=PART,PART] ...     see --help

Exits 1 when a goal is missed. The numbers also go to build/bench/operator.json.
"""

import argparse
import json
import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests/bench")]
import measure  # noqa: E402  (the folder is no package)
import programs as peer_programs  # noqa: E402
import subjects  # noqa: E402
import goals  # noqa: E402
from goals import Row  # noqa: E402

BUILD = peer_programs.BUILD
OURS = ("telltale-operator", "bench_load", "bench_fetch", "bench_agents")
PARTS = ("ours", "plain", "large", "agents", "prometheus", "allocator")


def rows(options) -> list[Row]:
    ms, share = "{:,.1f}", "{:.3f}"
    return [
        Row("initial sync, s", "sync_seconds", "{:.1f}", 15),
        Row("initial sync, CPU seconds", "sync_cpu_seconds", "{:.2f}"),
        Row("memory settled, MB", "rss_settled_mb", "{:,.1f}", 64),
        Row("memory peak of sync, MB", "rss_peak_mb", "{:,.1f}", 128),
        Row(f"memory settled, {3 * options.pods:,} pods, MB", "rss_settled_mb", "{:,.1f}", 192, part="large"),
        Row(f"memory peak, {3 * options.pods:,} pods, MB", "rss_peak_mb", "{:,.1f}", part="large"),
        Row("first byte of the list, p50 ms", "first_byte_ms/p50", ms, 5),
        Row("first byte of the list, max ms", "first_byte_ms/max", ms),
        Row("reading the list, GB/s", "read_gb_per_second", "{:.2f}", 1, at_least=True),
        Row("the list, MB", "page_mb", "{:.1f}"),
        Row("growth with 100 readers, MB", "crowd_growth_mb", "{:.1f}", 8),
        Row("events a second", "events_sent_per_second"),
        Row("core share under events", "core_share", share, 0.15),
        Row("events per CPU-second", "events_per_cpu_second", "{:,.0f}", 40_000, at_least=True),
        Row("event to served p50, ms", "event_to_known_ms/p50", "{:,.0f}", 150),
        Row("event to served p99, ms", "event_to_known_ms/p99", "{:,.0f}", 1000),
        Row("event to served max, ms", "event_to_known_ms/max"),
        Row("changes timed", "markers_timed"),
        Row("changes that were never seen", "markers_missed", "{:.0f}", 0),
        Row("memory under events, mean MB", "rss_churn_mb", "{:,.1f}"),
        Row("memory under events, peak MB", "rss_churn_peak_mb", "{:,.1f}"),
        Row("memory after, of settled", "rss_ratio", "{:.2f}", 1.1),
        Row("nothing lost", "nothing_lost", goal=True),
        Row(f"storm of {options.storm_rate:,}/s: sent a second", "storm/events_sent_per_second"),
        Row("storm: relists", "storm/relists", "{:.0f}", 0),
        Row("storm: nothing lost", "storm/nothing_lost", goal=True),
        Row("storm: events per CPU-second", "storm/events_per_cpu_second"),
        Row("storm: event to served p99, ms", "storm/event_to_known_ms/p99"),
        Row("storm: memory peak, MB", "storm/rss_churn_peak_mb", "{:,.1f}"),
        Row("node agents asking, at rest: core share", "rest/core_share", share, part="agents"),
        Row("node agents: answer p99, ms", "rest/p99", ms, part="agents"),
        Row("node agents under events: core share", "events/core_share", share, part="agents"),
        Row("node agents under events: answer p99, ms", "events/p99", ms, part="agents"),
        Row("node agents under events: without an answer", "events/failed", "{:.0f}", 0, part="agents"),
        Row("node agents: discovery is served beside them", "events/discovery_served", goal=True, part="agents"),
        Row("relists in all", "telltale_relists_total", "{:.0f}", 0),
        Row("the load's own core share", "generator_core_share", share),
    ]


def build(options) -> dict:
    """Our programs and the peers that are wanted."""
    programs = peer_programs.ours(OURS, options.build)
    if options.operator:
        programs["telltale-operator"] = pathlib.Path(options.operator)
    if {"prometheus", "allocator"} & set(options.only):
        programs |= {"prometheus": peer_programs.locate("prometheus"), "allocator": peer_programs.locate("otel-allocator")}
        programs["podproto"] = peer_programs.locate("podproto")
    return programs


def run(options, programs: dict) -> dict:
    results = {}
    for part in options.only:
        print(f"==> {part}", flush=True)
        folder = BUILD / part
        folder.mkdir(parents=True, exist_ok=True)
        if part in ("ours", "plain"):
            kind = "tls" if part == "ours" else "plain"
            results[part] = measure.ours(options, programs, folder, kind, storm=part == "ours")
        elif part == "large":
            results[part] = measure.ours_large(options, programs, folder)
        elif part == "agents":
            results[part] = measure.agents(options, programs, folder)
        else:
            subject = subjects.Prometheus if part == "prometheus" else subjects.Allocator
            results[part] = measure.peer(options, programs, folder, subject)
        found = results[part]
        if "rss_churn_mb" in found:
            found["rss_ratio"] = found["rss_churn_end_mb"] / found["rss_settled_mb"]
        (BUILD / "operator.json").write_text(json.dumps(results, indent=1))
    return results


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--full", action="store_true", help="five minutes of events; else one")
    parser.add_argument("--only", default=",".join(PARTS), help=f"parts, of: {', '.join(PARTS)}")
    parser.add_argument("--pods", type=int, default=50_000)
    parser.add_argument("--apps", type=int, default=1_000, help="apps, each with one MonitoringTarget")
    parser.add_argument("--rate", type=int, default=5_000, help="events a second, ours")
    parser.add_argument("--seconds", type=int, default=0, help="of events (default 60, with --full 300)")
    parser.add_argument("--storm-rate", type=int, default=20_000)
    parser.add_argument("--storm-seconds", type=int, default=30)
    parser.add_argument("--peer-rate", type=int, default=2_000, help="events a second, peers")
    parser.add_argument("--peer-seconds", type=int, default=60)
    parser.add_argument("--build", default="", help="a build folder that is ready; else build/bench/cmake is made")
    parser.add_argument("--operator", default="", help="another operator than that of the build folder")
    options = parser.parse_args()
    options.only = options.only.split(",")
    unknown = set(options.only) - set(PARTS)
    if unknown:
        parser.error(f"no part is called {unknown.pop()}; choose from: {', '.join(PARTS)}")
    options.seconds = options.seconds or (300 if options.full else 60)
    return options


def main() -> int:
    options = arguments()
    os.environ.pop("KUBECONFIG", None)
    BUILD.mkdir(parents=True, exist_ok=True)
    results = run(options, build(options))
    columns = {"over http": "plain", "prometheus": "prometheus", "allocator": "allocator"}
    wanted = [row for row in rows(options) if row.part in results]
    text, missed = goals.render(wanted, results, "ours", columns)
    return goals.report(text, missed, BUILD / "operator.txt")


if __name__ == "__main__":
    sys.exit(main())
