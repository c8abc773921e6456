# SPDX-License-Identifier: Apache-2.0
"""What ships logs and is measured: our sidecar and Promtail, each a process with its defaults."""

import contextlib
import json
import pathlib
import shutil
import subprocess
import sys
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests/cluster")]
import process  # noqa: E402  (the folder is no package)


class Sink:
    """bench_sink: takes pushes, counts lines, knows how old each was when it was answered."""

    def __init__(self, program: pathlib.Path):
        self.program = program

    def __enter__(self):
        self.process = subprocess.Popen([self.program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.url = f"http://127.0.0.1:{int(self.process.stdout.readline())}"
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()

    def _get(self, path: str) -> bytes:
        with urllib.request.urlopen(self.url + path, timeout=60) as answer:
            return answer.read()

    def stats(self) -> dict:
        return json.loads(self._get("/stats"))

    def reset(self) -> None:
        self._get("/reset")

    def wait_for(self, lines: int, seconds: float, pid: int) -> float:
        """Until that many lines are answered; the seconds it took."""
        begin = time.monotonic()
        while (stats := self.stats())["lines"] < lines:
            if time.monotonic() - begin > seconds or not pathlib.Path(f"/proc/{pid}/exe").exists():
                raise RuntimeError(f"{stats['lines']} of {lines} lines came within {seconds:.0f} s")
            time.sleep(0.02)
        return time.monotonic() - begin


def same_lines(written: dict, came: dict, streams: int) -> None:
    """What came must be what was written, each line once, in so many streams."""
    if came["lines"] != written["lines"] or came["digest"] != written["digest"]:
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
    format: cri
    pipeline: {stages}
"""
SIDECAR_STAGES = [{"json": {"expressions": {"level": "level"}}}, {"labels": {"values": {"level": "level"}}}]

PROMTAIL = """server: {{http_listen_port: {port}, grpc_listen_port: 0, http_listen_address: 127.0.0.1}}
positions: {{filename: {folder}/positions.yaml}}
clients: [{{url: "{url}/loki/api/v1/push"}}]
scrape_configs:
  - job_name: bench
    pipeline_stages: {stages}
    static_configs: [{{targets: [localhost], labels: {{app: bench, __path__: "{logs}/*.log"}}}}]
"""
PROMTAIL_STAGES = [{"cri": {}}, {"json": {"expressions": {"level": "level"}}}, {"labels": {"level": ""}}]


@contextlib.contextmanager
def shipper(kind: str, program: pathlib.Path, folder: pathlib.Path, url: str, logs: pathlib.Path, stages: bool = False):
    """The process, started from nothing on the files in `logs`."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    port = process.free_ports(1)[0]
    if kind == "ours":
        text, steps, flag = SIDECAR, SIDECAR_STAGES if stages else [], "--config={}"
    else:
        text, steps, flag = PROMTAIL, PROMTAIL_STAGES if stages else PROMTAIL_STAGES[:1], "-config.file={}"
    config = folder / "config.yaml"
    config.write_text(text.format(port=port, folder=folder, url=url, logs=logs, stages=json.dumps(steps)))
    with (folder / "output").open("w") as out:
        running = subprocess.Popen([program, flag.format(config)], stdout=out, stderr=out)
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
