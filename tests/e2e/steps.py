# SPDX-License-Identifier: Apache-2.0
"""Steps that a person watches: each says its name, its progress and its seconds.

A step is a command or a function; independent ones run side by side in threads. What a command
prints goes to a log, and every line that its `progress` picks is shown at once with the step's
name in front. A command that fails shows the end of its log and ends the run.
"""

import concurrent.futures
import pathlib
import subprocess
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
_print_lock = threading.Lock()
LOG_LINES = 30


class Failed(Exception):
    """A step failed; the sentence says what and where to look."""


def say(text: str) -> None:
    with _print_lock:
        print(text, flush=True)


class Steps:
    def __init__(self, logs: pathlib.Path):
        self.logs = logs
        self.logs.mkdir(parents=True, exist_ok=True)
        self.began = time.monotonic()
        self._pool = concurrent.futures.ThreadPoolExecutor(8)

    def run(self, name: str, command: list, progress=lambda line: None) -> str:
        """Runs a command as a step and returns its output."""
        log = self.logs / f"{name.replace(' ', '-')}.log"
        started = time.monotonic()
        say(f"==> {name}")
        lines: list[str] = []
        with log.open("w") as out, subprocess.Popen(
            [str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL, text=True, errors="replace", cwd=ROOT,
        ) as child:  # fmt: skip
            for line in child.stdout:
                out.write(line)
                lines.append(line)
                shown = progress(line.rstrip())
                if shown:
                    say(f"    {name}: {shown}")
        if child.returncode != 0:
            tail = "".join(f"    {line}" for line in lines[-LOG_LINES:])
            raise Failed(f"{name} failed, the end of {log}:\n{tail}")
        say(f"<== {name}: {time.monotonic() - started:.1f} s")
        return "".join(lines)

    def call(self, name: str, function):
        """Runs a function as a step and returns its result."""
        started = time.monotonic()
        say(f"==> {name}")
        result = function()
        say(f"<== {name}: {time.monotonic() - started:.1f} s")
        return result

    def beside(self, function, *arguments) -> concurrent.futures.Future:
        """Starts something beside what goes on; result() waits for it."""
        return self._pool.submit(function, *arguments)

    def seconds(self) -> float:
        return time.monotonic() - self.began


def every_line(line: str) -> str:
    return line


def tenths():
    """Progress of a Ninja build: a line for each tenth of its steps."""
    last = -1

    def pick(line: str):
        nonlocal last
        if not line.startswith("[") or "/" not in line.split("]")[0]:
            return line if "error:" in line or line.startswith("FAILED") else None
        done, total = line[1:].split("]")[0].split("/")
        tenth = 10 * int(done) // max(1, int(total))
        if tenth == last:
            return None
        last = tenth
        return f"{done} of {total}"

    return pick


def wait_for(what: str, seconds: float, probe):
    """Asks until the probe's answer is true, and returns it; Failed says what was waited for."""
    deadline = time.monotonic() + seconds
    while True:
        answer = probe()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise Failed(f"{what} did not come true within {seconds:.0f} s")
        time.sleep(0.25)
