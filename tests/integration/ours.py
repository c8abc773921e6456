# SPDX-License-Identifier: Apache-2.0
"""Our own programs as processes of a test: started on free ports, watched, ended by their pid."""

import contextlib
import http.server
import json
import os
import pathlib
import re
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BIN = pathlib.Path(os.environ.get("TELLTALE_BIN") or ROOT / "build/release/bin")


def tool(name: str) -> str:
    """A program of the tests: beside the released ones when it is there, else built."""
    if (BIN / name).exists():
        return str(BIN / name)
    for command in (["--preset", "dev"], ["--build", "build/dev", "--target", name]):
        done = subprocess.run(["cmake", *command], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return str(ROOT / "build/dev/bin" / name)


def wait_for(what: str, probe, seconds: float = 20):
    """The probe's first true answer; fails with `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        answer = probe()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"{what} did not come true within {seconds} s"
        time.sleep(0.05)


class Quiet(http.server.BaseHTTPRequestHandler):
    """A handler of HTTP requests that logs nothing; the test gives it do_GET or do_POST."""

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def served(handler: type[Quiet], host: str = "127.0.0.1", port: int = 0):
    """The server of such a handler, which the handler finds as self.server."""
    with http.server.ThreadingHTTPServer((host, port), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:  # else the thread would keep a run alive in which a test fails
            server.shutdown()
            thread.join()


class Program:
    """One process. Its log is folder/NAME.log; ports that it chose are read from there."""

    def __init__(self, folder: pathlib.Path, name: str, *arguments: str, environment: dict | None = None):
        folder.mkdir(parents=True, exist_ok=True)
        self.command = [str(BIN / name), *arguments]
        self.log = folder / f"{name}.log"
        self.environment = {**os.environ, **(environment or {})}
        self.process: subprocess.Popen | None = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()

    def start(self) -> None:
        with self.log.open("w") as out:
            self.process = subprocess.Popen(
                self.command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, env=self.environment
            )

    def kill(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def terminate(self, seconds: float = 15) -> int:
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def text(self) -> str:
        return self.log.read_text(errors="replace")

    def logged(self, pattern: str, seconds: float = 20) -> re.Match:
        """Waits for a line of the log."""

        def find():
            assert self.process.poll() is None, f"it ended: {self.text()}"
            return re.search(pattern, self.text())

        return wait_for(f"{pattern} in the log", find, seconds)

    @property
    def url(self) -> str:
        return "http://127.0.0.1:" + self.logged(r"http_port=(\d+)").group(1)

    def get(self, path: str, accept: str = "*/*") -> tuple[int, str, dict]:
        """(status, body, headers) of a GET, whatever the status."""
        request = urllib.request.Request(self.url + path, headers={"Accept": accept})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read().decode(), dict(answer.headers)
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(), dict(error.headers)

    def wait_ready(self) -> None:
        wait_for("readiness", lambda: self.get("/readyz")[0] == 200)

    def targets(self) -> list[dict]:
        status, body, _ = self.get("/sd/v1/targets")
        assert status == 200, body
        return json.loads(body)

    def metric(self, name: str, **labels: str) -> float:
        """The sum of a metric's series with these labels."""
        total = 0.0
        for line in self.get("/metrics")[1].splitlines():
            if line.startswith((name + " ", name + "{")) and all(f'{k}="{v}"' in line for k, v in labels.items()):
                total += float(line.rsplit(" ", 1)[1])
        return total
