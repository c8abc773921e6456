# SPDX-License-Identifier: Apache-2.0
"""What ships logs and is measured, and what it ships to.

Shippers: our sidecar, Promtail and vlagent, each a process with its defaults; all three send what they have after a
second at the latest. Destinations: bench_sink, which only counts, and a real VictoriaLogs, the only one that vlagent
knows.
"""

import contextlib
import json
import pathlib
import shutil
import subprocess
import sys
import time
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests/cluster")]
import peers  # noqa: E402  (the folder is no package)
import process  # noqa: E402


def _get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=60) as answer:
        return answer.read()


class Destination:
    """Knows how many lines it has."""

    def lines(self) -> int:
        raise NotImplementedError

    def wait_for(self, lines: int, seconds: float, pid: int) -> float:
        """Until that many lines are answered; the seconds it took."""
        begin = time.monotonic()
        while (have := self.lines()) < lines:
            if time.monotonic() - begin > seconds or not pathlib.Path(f"/proc/{pid}/exe").exists():
                raise RuntimeError(f"{have} of {lines} lines came within {seconds:.0f} s")
            time.sleep(0.02)
        return time.monotonic() - begin


class Sink(Destination):
    """bench_sink: takes pushes, counts lines, knows how old each was when it came. With `delay_ms` every answer takes
    so long."""

    def __init__(self, program: pathlib.Path, delay_ms: int = 0):
        self.command = [program, str(delay_ms)]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.pages, self.url = (f"http://127.0.0.1:{int(port)}" for port in self.process.stdout.readline().split())
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()

    def stats(self) -> dict:
        return json.loads(_get(self.pages + "/stats"))

    def reset(self) -> None:
        _get(self.pages + "/reset")

    def lines(self) -> int:
        return self.stats()["lines"]


class Store(Destination):
    """A real VictoriaLogs, empty at first."""

    def __init__(self, folder: pathlib.Path):
        shutil.rmtree(folder, ignore_errors=True)
        self._program = peers.VictoriaLogs(folder)

    def __enter__(self):
        self._program.start()
        self.url = self._program.push_base
        return self

    def __exit__(self, *_):
        self._program.stop()
        shutil.rmtree(self._program.folder, ignore_errors=True)

    def lines(self) -> int:
        page = _get(self._program.url + "/metrics").decode().splitlines()
        return int(sum(float(line.split()[-1]) for line in page if line.startswith("vl_rows_ingested_total{")))

    def stored(self) -> int:
        """How many lines a query finds."""
        _get(self._program.url + "/internal/force_flush")
        query = urllib.parse.quote("* | count() lines")
        return int(json.loads(_get(f"{self._program.url}/select/logsql/query?query={query}"))["lines"])


def same_lines(written: dict, came: dict, streams: int, digest: str = "digest") -> None:
    """What came must be what was written, each line once, in so many streams. `digest` is "texts" for lines whose time
    is when they were read."""
    if came["lines"] != written["lines"] or came[digest] != written[digest]:
        raise RuntimeError(f"other lines came than were written: {came} instead of {written}")
    if came["streams"] != streams or came["misplaced"] > 0:
        raise RuntimeError(f"the lines came in {came['streams']} streams instead of {streams}, or in wrong ones: {came}")


SIDECAR = """version: 1
listen: 127.0.0.1:{port}
state: {folder}/state
loki: {{url: "{url}"}}
labels: {{app: bench}}
logs:
  - files: {{include: ["{logs}/*.log"]}}
    format: {form}
    pipeline: {stages}
"""
LEVELS = [{"json": {"expressions": {"level": "level"}}}, {"labels": {"values": {"level": "level"}}}]

PROMTAIL = """server: {{http_listen_port: {port}, grpc_listen_port: 0, http_listen_address: 127.0.0.1}}
positions: {{filename: {folder}/positions.yaml}}
clients: [{{url: "{url}/loki/api/v1/push"}}]
scrape_configs:
  - job_name: bench
    pipeline_stages: {stages}
    static_configs: [{{targets: [localhost], labels: {{app: bench, __path__: "{logs}/*.log"}}}}]
"""
PROMTAIL_LEVELS = [{"json": {"expressions": {"level": "level"}}}, {"labels": {"level": ""}}]


def _command(kind: str, form: str, stages: list, config: pathlib.Path, places: dict) -> list[str]:
    """Of a shipper; writes its configuration."""
    if kind == "vlagent":
        return [
            "-fileCollector.glob={logs}/*.log".format(**places),
            "-fileCollector.checkpointsPath={folder}/checkpoints".format(**places),
            "-tmpDataPath={folder}/data".format(**places),
            "-httpListenAddr=127.0.0.1:{port}".format(**places),
            "-remoteWrite.url={url}/native".format(**places),
        ]
    if kind == "promtail":
        text, flag = PROMTAIL, "-config.file={}"
        stages = [{"cri": {}}, *(PROMTAIL_LEVELS if stages else [])]
    else:
        text, flag = SIDECAR, "--config={}"
    config.write_text(text.format(**places, form=form, stages=json.dumps(stages)))
    return [flag.format(config)]


@contextlib.contextmanager
def shipper(kind: str, program: pathlib.Path, folder: pathlib.Path, url: str, logs: pathlib.Path,
            stages: list = (), form: str = "cri"):  # fmt: skip
    """The process, started from nothing on the files in `logs`."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    places = {"port": process.free_ports(1)[0], "folder": folder, "url": url, "logs": logs}
    command = _command(kind, form, list(stages), folder / "config.yaml", places)
    with (folder / "output").open("w") as out:
        running = subprocess.Popen([program, *command], stdout=out, stderr=out)
    try:
        yield running
        if running.poll() is not None:
            raise RuntimeError(f"{kind} ended: {(folder / 'output').read_text()[-2000:]}")
    finally:
        running.terminate()
        try:
            running.wait(20)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()
