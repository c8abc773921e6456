# SPDX-License-Identifier: Apache-2.0
"""The measurements of the log path, one method each: they write lines, start a shipper on them and return numbers by
name. A run in which other lines came than were written has no number."""

import contextlib
import json
import pathlib
import shutil
import subprocess
import time

import profiles
import programs as peer_programs
import shippers
import usage

BUILD = peer_programs.BUILD
BYTES = 257  # of a line, its end included
LEVELS = 3  # of the lines that bench_write makes
DELAY_MS = 20
MANY = 500  # files
VALUES = 60_000  # of a label

# Which shippers run a part. VictoriaLogs, the only store that vlagent knows, is then the destination of both.
PARTS = {
    "bulk": ("ours", "promtail"),
    "stages": ("ours", "promtail"),
    "encode": ("ours",),
    "store": ("ours", "vlagent"),
    "json": ("ours", "vlagent"),
    "spread": ("ours", "vlagent"),
    "far": ("ours",),
    "quiet": ("ours",),
    "steady": ("ours", "promtail"),
    "latency": ("ours", "promtail"),
    "idle": ("ours", "promtail"),
    "values": ("ours",),
}

# Counts requests by trace, which is another one in each line, and keeps the label out of the stream.
COUNT_TRACES = [
    {"json": {"expressions": {"trace": ""}}},
    {"labels": {"values": {"trace": ""}}},
    {"metrics": [{"name": "requests_total", "type": "counter", "action": "inc", "matchAll": True}]},
    {"labelDrop": {"names": ["trace"]}},
]


class Bench:
    """One kind of shipper through the parts."""

    def __init__(self, kind: str, options, programs: dict):
        self.kind, self.options, self.programs = kind, options, programs
        self.program = programs["telltale-sidecar" if kind == "ours" else kind]
        self.logs = BUILD / "logs"
        self.samples = BUILD / "logs.perf" if options.profile else None

    @contextlib.contextmanager
    def _start(self, to, stages: list = (), form: str = "cri"):
        folder = BUILD / f"shipper-{self.kind}"
        with shippers.shipper(self.kind, self.program, folder, to.url, self.logs, stages, form) as running:
            with profiles.recorded(running.pid, self.samples):
                yield running

    def _sink(self, delay_ms: int = 0) -> shippers.Sink:
        return shippers.Sink(self.programs["bench_sink"], delay_ms)

    def _store(self) -> shippers.Store:
        return shippers.Store(BUILD / "store")

    def _write(self, files: int, lines: int, *words, form: str = "cri") -> dict:
        """Lines into files; how many, and their digests."""
        mode = ["--json"] if form == "plain" else []
        command = [self.programs["bench_write"], *mode, self.logs, *map(str, (files, lines, BYTES, *words))]
        return json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)

    def _fresh(self, files: int, lines: int, form: str = "cri") -> dict:
        shutil.rmtree(self.logs, ignore_errors=True)
        self.logs.mkdir(parents=True)
        return self._write(files, lines, form=form)

    def _read(self, to, lines: int, stages: list = (), form: str = "cri") -> dict:
        """Files that are there already, read to their end."""
        with self._start(to, stages, form) as running:
            seconds = to.wait_for(lines, 600, running.pid)
            cpu = usage.cpu_seconds(running.pid)
            peak = usage.memory_mb(running.pid)[1]
        return {
            "lines": lines, "cpu_seconds": cpu, "seconds": seconds, "per_cpu_second": lines / cpu,
            "per_second": lines / seconds, "rss_peak_mb": peak,
        }  # fmt: skip

    def bulk(self, stages: list = (), streams: int = 1) -> dict:
        written = self._fresh(1, self.options.lines if self.kind == "ours" else self.options.peer_lines)
        with self._sink() as sink:
            out = self._read(sink, written["lines"], stages)
            stats = sink.stats()
        shippers.same_lines(written, stats, streams)
        return out | {"compression": stats["compressed"] / stats["uncompressed"]}

    def stages(self) -> dict:
        return self.bulk(shippers.LEVELS, LEVELS)

    def encode(self) -> dict:
        """Our reader, decoder and encoder alone, with nothing compressed and nothing sent."""
        written = self._fresh(1, self.options.peer_lines)
        command = [*profiles.recorder(self.samples), self.programs["bench_encode"], self.logs / "0.log", "5"]
        made = json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)
        shippers.same_lines(written, made, 1)
        return made

    def _to_store(self, files: int, lines: int, form: str) -> dict:
        written = self._fresh(files, lines, form)["lines"]
        with self._store() as store:
            out = self._read(store, written, (), form)
            stored = store.stored()
        if stored != written:
            raise RuntimeError(f"{stored} of {written} lines are stored")
        return out

    def store(self) -> dict:
        """One file, to a real store."""
        return self._to_store(1, self.options.peer_lines, "cri")

    def json(self) -> dict:
        """A backlog in fifty files of JSON, to a real store."""
        return self._to_store(50, self.options.peer_lines // 25, "plain")

    def far(self) -> dict:
        """A store that answers after 20 ms: one file, then as many lines in 500."""
        out = {"one": {}, "many": {}}
        for part, files in (("one", 1), ("many", MANY)):
            written = self._fresh(files, self.options.far_lines // files)
            with self._sink(DELAY_MS) as sink:
                out[part] = self._read(sink, written["lines"])
                stats = sink.stats()
            shippers.same_lines(written, stats, files)
            out[part] |= {"pushes": stats["pushes"], "kb_per_push": stats["uncompressed"] / stats["pushes"] / 1024}
        return out | {"share": out["many"]["per_second"] / out["one"]["per_second"]}

    def _live(self, to, files: int, rate: int, form: str = "cri") -> dict:
        """Lines that are written now, at a rate."""
        self._fresh(files, 20, form)
        with self._start(to, (), form) as running:
            to.wait_for(20 * files, 60, running.pid)
            time.sleep(2)
            before, pushes = to.lines(), self._pushes(to)
            usage.forget_peak(running.pid)
            cpu = usage.cpu_nanoseconds(running.pid)
            written = self._write(files, 0, rate, self.options.seconds, form=form)
            spent = usage.cpu_nanoseconds(running.pid) - cpu
            pushes = self._pushes(to) - pushes
            to.wait_for(before + written["lines"], 60, running.pid)
            peak = usage.memory_mb(running.pid)[1]
        return {
            "core_share": spent / 1e9 / self.options.seconds, "rss_peak_mb": peak, "lines": written["lines"],
            "pushes_per_second": pushes / self.options.seconds, "written": written,
        }  # fmt: skip

    @staticmethod
    def _pushes(to) -> int:
        return to.stats()["pushes"] if isinstance(to, shippers.Sink) else 0

    def _live_to_sink(self, files: int, rate: int, form: str = "cri") -> dict:
        with self._sink() as sink:
            out = self._live(sink, files, rate, form)
            stats = sink.stats()
        written = out.pop("written")
        if stats["lines"] != written["lines"] + 20 * files or stats["streams"] != files:
            raise RuntimeError(f"other lines came than were written: {stats} instead of {written}")
        return out | {name: stats[name] for name in ("p50_ms", "p99_ms", "max_ms")}

    def steady(self) -> dict:
        return self._live_to_sink(1, 10_000)

    def latency(self) -> dict:
        return self._live_to_sink(1, 1_000)

    def quiet(self) -> dict:
        return self._live_to_sink(30, 150)

    def spread(self) -> dict:
        """Ours to the sink, which tells how old a line is when it comes; vlagent to its store."""
        if self.kind == "ours":
            return self._live_to_sink(50, 10_000, "plain")
        with self._store() as store:
            out = self._live(store, 50, 10_000, "plain")
        del out["written"]
        return out

    def idle(self) -> dict:
        self._fresh(5, 100)
        with self._sink() as sink, self._start(sink) as running:
            sink.wait_for(500, 60, running.pid)
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

    def values(self) -> dict:
        """A metrics stage that meets a new value of a label in each of 60,000 lines."""
        written = self._fresh(1, VALUES)
        with self._sink() as sink:
            out = self._read(sink, VALUES, COUNT_TRACES)
            shippers.same_lines(written, sink.stats(), 1)
        return out


def remove_logs() -> None:
    shutil.rmtree(BUILD / "logs", ignore_errors=True)


def folder() -> pathlib.Path:
    BUILD.mkdir(parents=True, exist_ok=True)
    return BUILD
