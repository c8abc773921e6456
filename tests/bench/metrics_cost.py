#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Measures what metrics cost: a page in each format, pushes, and the whole sidecar with all collectors; prints one table.

Usage: metrics_cost.py [--only=PART,PART] [--keep]     parts: page, push, whole; see README.md

Exits 1 when a goal is missed. The numbers also go to `build/bench/metrics.json`; `--keep` puts them into results/.
"""

import argparse
import contextlib
import http.client
import json
import pathlib
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests/bench"), str(ROOT / "tests/cluster")]
import goals  # noqa: E402  (the folders are no packages)
import machine  # noqa: E402
import process  # noqa: E402
import programs as peer_programs  # noqa: E402
import usage  # noqa: E402
from goals import Row  # noqa: E402

OURS = ("telltale-sidecar", "bench_exposition")
GATEWAY = "/usr/bin/prometheus-pushgateway"
FORMATS = ("text", "openmetrics", "protobuf")
PUSHED = 1_000  # series of a push
PUSH_SECONDS, WHOLE_SECONDS = 10, 60
GROUPS = 10  # that are pushed to in turn
SCRAPE_SECONDS, CYCLE_SECONDS = 15, 10
ALL_COLLECTORS = {"process": {}, "network": {}, "filesystem": {}}


def rows() -> list[Row]:
    found = [
        Row("1,000 series, text: ms a page", "page/small/text/ms", "{:.4f}", 0.2),
        Row("  allocations", "page/small/text/allocations", goal=0),
    ]
    for form in FORMATS:
        found.append(Row(f"100,000 series, {form}: ms a page", f"page/large/{form}/ms", "{:.2f}"))
        if form == "text":  # all that prometheus-cpp writes
            found.append(Row("  times faster than prometheus-cpp", "page/large/text/times_prometheus_cpp", "{:.1f}", 10, True))
        found.append(Row("  times faster than client_golang", f"page/large/{form}/times_client_golang", "{:.1f}", 3, True))
    return found + [
        Row("pushes of 1,000 series: per CPU-second", "push/per_cpu_second"),
        Row("  times Pushgateway's", "push/ratio", "{:.1f}", 5, at_least=True),
        Row("  memory afterwards, MB", "push/rss_mb", "{:.1f}"),
        Row("  of Pushgateway's", "push/memory_share", "{:.2f}", 0.2),
        Row("sidecar with all collectors: core share", "whole/core_share", "{:.5f}", 0.002),
        Row("  memory, MB", "whole/rss_mb", "{:.1f}", 6),
        Row("  program, MB of 10^6 bytes", "whole/program_mb", "{:.1f}", 10),
    ]


def page(programs: dict) -> dict:
    """Milliseconds of processor time a page, of ours and of the two libraries."""
    found = {"ours": {}, "client_golang": {}}
    for size, series in (("small", 1_000), ("large", 100_000)):
        for kind, program in (("ours", "bench_exposition"), ("client_golang", "exposition")):
            done = subprocess.run([programs[program], str(series)], stdout=subprocess.PIPE, check=True)
            found[kind][size] = json.loads(done.stdout)
        ours = found["ours"][size]
        ours["text"]["times_prometheus_cpp"] = ours["prometheus_cpp"]["ms"] / ours["text"]["ms"]
        for form in FORMATS:
            ours[form]["times_client_golang"] = found["client_golang"][size][form]["ms"] / ours[form]["ms"]
    return found


@contextlib.contextmanager
def running(command: list, port: int, folder: pathlib.Path):
    """The process, once it answers on its port."""
    with (folder / "output").open("w") as out:
        program = subprocess.Popen(command, stdout=out, stderr=out)
    try:
        deadline = time.monotonic() + 20
        while True:
            with contextlib.suppress(OSError):
                if ask(port, "GET", "/metrics") == 200:
                    break
            if time.monotonic() > deadline:
                raise RuntimeError(f"{command[0]} does not answer: {(folder / 'output').read_text()[-1000:]}")
            time.sleep(0.05)
        yield program
    finally:
        program.terminate()
        program.wait(20)


def ask(port: int, method: str, path: str, body: bytes | None = None) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, body)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


@contextlib.contextmanager
def sidecar(programs: dict, folder: pathlib.Path, **more):
    """(process, port) of our sidecar."""
    port = process.free_ports(1)[0]
    config = {"version": 1, "listen": f"127.0.0.1:{port}", "state": str(folder / "state"), **more}
    (folder / "config.yaml").write_text(json.dumps(config))
    with running([programs["telltale-sidecar"], f"--config={folder}/config.yaml"], port, folder) as program:
        yield program, port


@contextlib.contextmanager
def gateway(folder: pathlib.Path):
    port = process.free_ports(1)[0]
    command = [GATEWAY, f"--web.listen-address=127.0.0.1:{port}", "--persistence.file="]
    with running(command, port, folder) as program:
        yield program, port


def pushes(subject) -> dict:
    """One client pushes to a few groups in turn, and somebody scrapes once a second."""
    program, port = subject
    body = b"# TYPE m counter\n" + b"".join(b'm{path="/api/v1/orders/%d",code="200"} %d\n' % (i, i * 977) for i in range(PUSHED))
    count, spent, begin, scraped = 0, usage.cpu_seconds(program.pid), time.monotonic(), 0.0
    while (now := time.monotonic()) < begin + PUSH_SECONDS:
        status = ask(port, "PUT", f"/metrics/job/batch/instance/{count % GROUPS}", body)
        if status != 200:
            raise RuntimeError(f"a push was answered with {status}")
        count += 1
        if now > scraped + 1:
            ask(port, "GET", "/metrics")
            scraped = now
    spent = usage.cpu_seconds(program.pid) - spent
    return {
        "pushes": count, "cpu_seconds": spent, "per_cpu_second": count / spent, "rss_mb": usage.memory_mb(program.pid)[0],
    }  # fmt: skip


def push(programs: dict, folder: pathlib.Path) -> dict:
    limits = {"pushgateway": {"maxSeries": 2 * GROUPS * PUSHED}}
    with sidecar(programs, folder, push=limits) as subject:
        ours = pushes(subject)
    with gateway(folder) as subject:
        theirs = pushes(subject)
    ours["ratio"] = ours["per_cpu_second"] / theirs["per_cpu_second"]
    ours["memory_share"] = ours["rss_mb"] / theirs["rss_mb"]
    return {"ours": ours, "pushgateway": theirs}


def whole(programs: dict, folder: pathlib.Path) -> dict:
    """The sidecar with every collector, one poll that finds nobody, and one file of metrics, scraped as Prometheus would; no logs."""
    (folder / "files").mkdir()
    (folder / "files/app.prom").write_text("# TYPE of_file counter\nof_file 3\n")
    poll = {"name": "nobody", "url": f"http://127.0.0.1:{process.free_ports(1)[0]}/"}
    collectors = ALL_COLLECTORS | {"textfile": {"directory": str(folder / "files")}, "http": {"polls": [poll]}}
    more = {"interval": f"{CYCLE_SECONDS}s", "collectors": collectors, "push": {"pushgateway": {}}}
    with sidecar(programs, folder, **more) as (program, port):
        time.sleep(2 * CYCLE_SECONDS)
        begin, spent = time.monotonic(), usage.cpu_nanoseconds(program.pid)
        while time.monotonic() < begin + WHOLE_SECONDS:
            ask(port, "GET", "/metrics")
            time.sleep(SCRAPE_SECONDS)
        share = (usage.cpu_nanoseconds(program.pid) - spent) / 1e9 / (time.monotonic() - begin)
        memory = usage.exact_memory_mb(program.pid)
    return {"core_share": share, "program_mb": programs["telltale-sidecar"].stat().st_size / 1e6} | memory


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--only", default="page,push,whole")
    parser.add_argument("--build", default="", help="a build folder that is ready; else build/bench/cmake is made")
    parser.add_argument("--keep", action="store_true", help="write the numbers to results/, to be committed")
    options = parser.parse_args()
    parts = options.only.split(",")
    programs = peer_programs.ours(OURS, options.build) | {"exposition": peer_programs.locate("exposition")}
    folder = peer_programs.BUILD / "metrics"
    results = {"machine": machine.describe(), "ours": {}}
    for part in parts:
        print(f"==> {part}", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        if part == "whole":
            results["ours"][part] = whole(programs, folder)
            continue
        for kind, numbers in (page(programs) if part == "page" else push(programs, folder)).items():
            results.setdefault(kind, {})[part] = numbers
    results["machine"]["load_at_end"] = machine.load()
    machine.save(results, folder.parent / "metrics.json", "metrics" if options.keep else "")
    peers = {"client_golang": "client_golang", "Pushgateway": "pushgateway"}
    wanted = [row for row in rows() if row.path.split("/")[0] in parts]
    text, missed = goals.render(wanted, results, "ours", peers)
    return goals.report(text, missed, folder.parent / "metrics.txt")


if __name__ == "__main__":
    sys.exit(main())
