#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Measures the way of log lines from files to a store's wire beside Promtail and vlagent and prints one table.

Usage: log_path.py [--only=PART,PART] ...     see --help and README.md

Exits 1 when a goal is missed. The numbers also go to `build/bench/logs.json`; `--keep` puts them into results/.
"""

import argparse
import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests/bench")]
import log_parts  # noqa: E402  (the folder is no package)
import machine  # noqa: E402
import profiles  # noqa: E402
import programs as peer_programs  # noqa: E402
import goals  # noqa: E402
from log_parts import PARTS  # noqa: E402
from goals import Row  # noqa: E402

OURS = ("telltale-sidecar", "bench_sink", "bench_write", "bench_encode")
PEERS = ("promtail", "vlagent")


def rows() -> list[Row]:
    share, mb, times = "{:.4f}", "{:.1f}", "{:.1f}"
    return [
        Row("one file: lines per CPU-second", "bulk/per_cpu_second"),
        Row("  times Promtail's", "bulk/ratio", times, 25, at_least=True),
        Row("  lines a second", "bulk/per_second"),
        Row("  memory, peak, MB", "bulk/rss_peak_mb", mb, 8),
        Row("  push, of its size before compression", "bulk/compression", "{:.2f}"),
        Row("json and labels: lines per CPU-second", "stages/per_cpu_second"),
        Row("  times Promtail's", "stages/ratio", times),
        Row("  memory, peak, MB", "stages/rss_peak_mb", mb),
        Row("read, parse, encode alone: GB per CPU-second", "encode/gb_per_cpu_second", "{:.2f}", 1, at_least=True),
        Row("one file to VictoriaLogs: lines per CPU-second", "store/per_cpu_second"),
        Row("  times vlagent's", "store/ratio", times, 2.5, at_least=True),
        Row("  memory, peak, MB", "store/rss_peak_mb", mb, 8),
        Row("50 files of JSON to VictoriaLogs: CPU seconds", "json/cpu_seconds", "{:.2f}"),
        Row("  times fewer than vlagent", "json/ratio", times, 5, at_least=True),
        Row("  seconds", "json/seconds", "{:.1f}"),
        Row("  times faster than vlagent by the clock", "json/clock_ratio", times, 1, at_least=True),
        Row("  memory, peak, MB", "json/rss_peak_mb", mb),
        Row("10,000 lines/s over 50 files: core share", "spread/core_share", share, 0.02),
        Row("  memory, peak, MB", "spread/rss_peak_mb", mb, 8),
        Row("  written to received p99, ms", "spread/p99_ms", goal=1200),
        Row("store answers after 20 ms, one file: lines a second", "far/one/per_second"),
        Row("  500 files: lines a second", "far/many/per_second"),
        Row("  of that with one file", "far/share", "{:.2f}", 0.8, at_least=True),
        Row("  500 files: KiB a push, uncompressed", "far/many/kb_per_push", "{:,.0f}", 100, at_least=True),
        Row("30 quiet files, 5 lines/s each: pushes a second", "quiet/pushes_per_second", "{:.2f}", 2),
        Row("10,000 lines/s in one file: core share", "steady/core_share", share, 0.02),
        Row("  memory, peak, MB", "steady/rss_peak_mb", mb, 8),
        Row("1,000 lines/s: written to received p50, ms", "latency/p50_ms"),
        Row("  p99, ms", "latency/p99_ms", goal=1200),
        Row("  core share", "latency/core_share", share),
        Row("idle, five files: core share", "idle/core_share", "{:.5f}", 0.001),
        Row("  wake-ups a second", "idle/wakeups_per_second", "{:.2f}"),
        Row("  of its busiest thread", "idle/timer_per_second", "{:.2f}", 1),
        Row("  memory, MB", "idle/rss_mb", mb, 4),
        Row("  of that its own (anonymous), MB", "idle/anonymous_mb", mb),
        Row("60,000 values of a label counted: memory, peak, MB", "values/rss_peak_mb", mb, 16),
    ]


def ratios(results: dict) -> None:
    """What is a ratio to a peer, for the parts that both ran."""
    ours = results["ours"]
    for part, peer, name, number in (
        ("bulk", "promtail", "ratio", "per_cpu_second"),
        ("stages", "promtail", "ratio", "per_cpu_second"),
        ("store", "vlagent", "ratio", "per_cpu_second"),
        ("json", "vlagent", "ratio", "per_cpu_second"),
        ("json", "vlagent", "clock_ratio", "per_second"),
    ):
        if part in ours and part in results.get(peer, {}):
            ours[part][name] = ours[part][number] / results[peer][part][number]


def build(options) -> dict:
    """Our programs and the peers that are asked for."""
    return peer_programs.ours(OURS, options.build) | {
        name: peer_programs.locate(name) for name in PEERS if name in options.kinds
    }


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--only", default=",".join(PARTS), help=f"parts, of: {', '.join(PARTS)}")
    parser.add_argument("--kinds", default=",".join(("ours", *PEERS)))
    parser.add_argument("--lines", type=int, default=8_000_000, help="in the file that ours reads")
    parser.add_argument("--peer-lines", type=int, default=1_000_000)
    parser.add_argument("--far-lines", type=int, default=2_000_000, help="for a store that answers after 20 ms")
    parser.add_argument("--seconds", type=int, default=30, help="of each live part")
    parser.add_argument("--build", default="", help="a build folder that is ready; else build/bench/cmake is made")
    parser.add_argument("--keep", action="store_true", help="write the numbers to results/, to be committed")
    parser.add_argument("--profile", action="store_true", help="of ours alone: what takes the time, by perf")
    options = parser.parse_args()
    options.only = options.only.split(",")
    options.kinds = ["ours"] if options.profile else options.kinds.split(",")
    unknown = set(options.only) - set(PARTS)
    if unknown:
        parser.error(f"no part is called {unknown.pop()}; choose from: {', '.join(PARTS)}")
    return options


def main() -> int:
    options = arguments()
    folder = log_parts.folder()
    programs = build(options)
    results = {"machine": machine.describe()} | {kind: {} for kind in options.kinds}
    for part in options.only:
        for kind in [kind for kind in PARTS[part] if kind in options.kinds]:
            print(f"==> {part}: {kind}", flush=True)
            results[kind][part] = getattr(log_parts.Bench(kind, options, programs), part)()
            if options.profile:
                print(profiles.table(folder / "logs.perf"), flush=True)
    log_parts.remove_logs()
    ratios(results)
    results["machine"]["load_at_end"] = machine.load()
    machine.save(results, folder / "logs.json", "logs" if options.keep else "")
    peers = [peer for peer in PEERS if peer in options.kinds]
    wanted = [row for row in rows() if row.path.split("/")[0] in options.only]
    if not peers:
        wanted = [row for row in wanted if "ratio" not in row.path]
    text, missed = goals.render(wanted, results, "ours", {peer: peer for peer in peers})
    return goals.report(text, missed, folder / "logs.txt")


if __name__ == "__main__":
    sys.exit(main())
