#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Measures the way of log lines from files to Loki's wire beside Promtail and prints one table.

Usage: log_path.py [--full] [--only=PART,PART] ...     see --help and README.md

Exits 1 when a goal is missed. The numbers also go to `build/bench/logs.json`.
"""

import argparse
import contextlib
import json
import pathlib
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests/bench")]
import profiles  # noqa: E402  (the folder is no package)
import programs as peer_programs  # noqa: E402
import shippers  # noqa: E402
import table  # noqa: E402
import usage  # noqa: E402
from table import Row  # noqa: E402

BUILD = peer_programs.BUILD
OURS = ("telltale-sidecar", "bench_sink", "bench_write", "bench_encode")
PARTS = ("bulk", "stages", "encode", "steady", "latency", "idle")
OURS_ALONE = ("encode",)
LEVELS = 3  # of the lines that bench_write makes
BYTES = 257  # of a line, its end included


def rows() -> list[Row]:
    share, mb = "{:.4f}", "{:.1f}"
    return [
        Row("lines per CPU-second", "bulk/per_cpu_second", goal=2_000_000, at_least=True),
        Row("of Promtail's", "bulk/ratio", "{:.1f}", 28, at_least=True),
        Row("lines a second", "bulk/per_second"),
        Row("memory, peak, MB", "bulk/rss_peak_mb", mb),
        Row("push, of its size before compression", "bulk/compression", "{:.2f}"),
        Row("json and labels: lines per CPU-second", "stages/per_cpu_second", goal=800_000, at_least=True),
        Row("json and labels: memory, peak, MB", "stages/rss_peak_mb", mb),
        Row("read, parse, encode alone: GB per CPU-second", "encode/gb_per_cpu_second", "{:.2f}", 1, at_least=True),
        Row("10,000 lines/s: core share", "steady/core_share", share, 0.02),
        Row("10,000 lines/s: memory, peak, MB", "steady/rss_peak_mb", mb, 12),
        Row("1,000 lines/s: written to answered p50, ms", "latency/p50_ms"),
        Row("1,000 lines/s: written to answered p99, ms", "latency/p99_ms", goal=300),
        Row("1,000 lines/s: core share", "latency/core_share", share),
        Row("idle, five files: core share", "idle/core_share", "{:.5f}", 0.001),
        Row("idle: wake-ups a second", "idle/wakeups_per_second", "{:.2f}"),
        Row("idle: of its busiest thread", "idle/timer_per_second", "{:.2f}", 1),
        Row("idle: memory, MB", "idle/rss_mb", mb, 4),
        Row("idle: of that its own (anonymous), MB", "idle/anonymous_mb", mb),
    ]


class Bench:
    """One kind of shipper through all parts."""

    def __init__(self, kind: str, options, programs: dict, sink: shippers.Sink):
        self.kind, self.options, self.programs, self.sink = kind, options, programs, sink
        self.program = programs["telltale-sidecar" if kind == "ours" else "promtail"]
        self.logs = BUILD / "logs"
        self.samples = BUILD / "logs.perf" if options.profile else None

    @contextlib.contextmanager
    def _start(self, stages: bool = False):
        self.sink.reset()
        folder = BUILD / f"shipper-{self.kind}"
        with shippers.shipper(self.kind, self.program, folder, self.sink.url, self.logs, stages) as running:
            with profiles.recorded(running.pid, self.samples):
                yield running

    def _write(self, name: str, *words) -> dict:
        """Lines into a file; how many, and their digest."""
        command = [self.programs["bench_write"], self.logs / name, *map(str, words)]
        return json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)

    def _fresh(self, files: int, lines: int) -> list[dict]:
        shutil.rmtree(self.logs, ignore_errors=True)
        self.logs.mkdir(parents=True)
        return [self._write(f"{number}.log", lines, BYTES) for number in range(files)]

    def bulk(self, stages: bool = False) -> dict:
        """A file that is there already, read to its end."""
        lines = self.options.lines if self.kind == "ours" else self.options.peer_lines
        written = self._fresh(1, lines)[0]
        with self._start(stages) as running:
            seconds = self.sink.wait_for(lines, 600, running.pid)
            cpu = usage.cpu_seconds(running.pid)
            peak = usage.memory_mb(running.pid)[1]
        stats = self.sink.stats()
        shippers.same_lines(written, stats, LEVELS if stages else 1)
        return {
            "lines": lines, "per_cpu_second": lines / cpu, "per_second": lines / seconds, "rss_peak_mb": peak,
            "compression": stats["compressed"] / stats["uncompressed"],
        }  # fmt: skip

    def stages(self) -> dict:
        return self.bulk(stages=True)

    def encode(self) -> dict:
        """Our reader, decoder and encoder alone, with nothing compressed and nothing sent."""
        written = self._fresh(1, self.options.peer_lines)[0]
        command = [*profiles.recorder(self.samples), self.programs["bench_encode"], self.logs / "0.log", "5"]
        made = json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)
        shippers.same_lines(written, made, 1)
        return made

    def _live(self, rate: int) -> dict:
        """Lines that are written now, at a rate."""
        self._fresh(1, 1000)
        with self._start() as running:
            self.sink.wait_for(1000, 60, running.pid)
            time.sleep(2)
            self.sink.reset()
            usage.forget_peak(running.pid)
            before = usage.cpu_nanoseconds(running.pid)
            written = self._write("0.log", 0, BYTES, rate, self.options.seconds)
            spent = usage.cpu_nanoseconds(running.pid) - before
            self.sink.wait_for(written["lines"], 60, running.pid)
            peak = usage.memory_mb(running.pid)[1]
        stats = self.sink.stats()
        shippers.same_lines(written, stats, 1)
        return {
            "core_share": spent / 1e9 / self.options.seconds, "rss_peak_mb": peak, "lines": written["lines"],
            "p50_ms": stats["p50_ms"], "p99_ms": stats["p99_ms"], "pushes": stats["pushes"],
        }  # fmt: skip

    def steady(self) -> dict:
        return self._live(10_000)

    def latency(self) -> dict:
        return self._live(1_000)

    def idle(self) -> dict:
        self._fresh(5, 100)
        with self._start() as running:
            self.sink.wait_for(500, 60, running.pid)
            time.sleep(10)
            begin, cpu, woken = time.monotonic(), usage.cpu_nanoseconds(running.pid), usage.wakeups(running.pid)
            time.sleep(self.options.seconds)
            seconds, cpu = time.monotonic() - begin, usage.cpu_nanoseconds(running.pid) - cpu
            woken = {task: count - woken.get(task, 0) for task, count in usage.wakeups(running.pid).items()}
            return {
                "core_share": cpu / 1e9 / seconds, **usage.exact_memory_mb(running.pid),
                "wakeups_per_second": sum(woken.values()) / seconds,
                # Between so many wake-ups there is one interval less.
                "timer_per_second": max(max(woken.values()) - 1, 0) / seconds,
            }  # fmt: skip


def build(options) -> dict:
    """Our programs and Promtail."""
    programs = peer_programs.ours(OURS, options.build)
    if "promtail" in options.kinds:
        programs["promtail"] = peer_programs.locate("promtail")
    return programs


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--only", default=",".join(PARTS), help=f"parts, of: {', '.join(PARTS)}")
    parser.add_argument("--kinds", default="ours,promtail")
    parser.add_argument("--lines", type=int, default=8_000_000, help="in the file that ours reads")
    parser.add_argument("--peer-lines", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=int, default=30, help="of each live part")
    parser.add_argument("--build", default="", help="a build folder that is ready; else build/bench/cmake is made")
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
    BUILD.mkdir(parents=True, exist_ok=True)
    programs = build(options)
    results = {kind: {} for kind in options.kinds}
    with shippers.Sink(programs["bench_sink"]) as sink:
        for part in options.only:
            for kind in options.kinds[: 1 if part in OURS_ALONE else None]:
                print(f"==> {part}: {kind}", flush=True)
                results[kind][part] = getattr(Bench(kind, options, programs, sink), part)()
                if options.profile:
                    print(profiles.table(BUILD / "logs.perf"), flush=True)
    shutil.rmtree(BUILD / "logs", ignore_errors=True)
    if "bulk" in options.only and "promtail" in results:
        results["ours"]["bulk"]["ratio"] = (
            results["ours"]["bulk"]["per_cpu_second"] / results["promtail"]["bulk"]["per_cpu_second"]
        )
    (BUILD / "logs.json").write_text(json.dumps(results, indent=1))
    wanted = [row for row in rows() if row.path.split("/")[0] in options.only]
    if "promtail" not in results:
        wanted = [row for row in wanted if row.path != "bulk/ratio"]
    text, missed = table.render(wanted, results, "ours", {"promtail": "promtail"})
    return table.report(text, missed, BUILD / "logs.txt")


if __name__ == "__main__":
    sys.exit(main())
