#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Long-running programs: start one with a log of its own, know it again later, end it.

Everything here that runs in the background is a Daemon. Its pid is written down together with the
time at which that process started, by the process itself before it becomes the program, so that
neither a killed caller nor a recycled pid can make us lose a process or hit somebody else's.

This file is also the launcher: `process.py RECORD COMMAND...` writes the record and execs.
"""

import os
import pathlib
import select
import signal
import socket
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
LOG_LINES = 20


class Failure(Exception):
    """Something that a person has to know, in one sentence; scripts print it and exit 1."""


def start_time(pid: int) -> str:
    """The start time of a process in clock ticks since boot, or "" when there is none."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] in "ZX" else fields[19]


def end(pid: int, started: str, patience: float = 10) -> bool:
    """SIGTERM, then SIGKILL after `patience` seconds; only if pid is still the process that it was.

    The pidfd pins the process between looking and shooting. True when it is gone.
    """
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        if start_time(pid) != started:
            return True
        for number, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, 5)):
            if seconds == 0:
                continue
            try:
                signal.pidfd_send_signal(handle, number)
            except ProcessLookupError:
                return True
            if select.select([handle], [], [], seconds)[0]:
                _reap(pid)
                return True
        return False
    finally:
        os.close(handle)


def _reap(pid: int) -> None:
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        pass  # started by an earlier run


def tail(path: pathlib.Path, lines: int = LOG_LINES) -> str:
    """The end of a log, indented, for an error message."""
    try:
        with path.open("rb") as log:
            log.seek(max(0, path.stat().st_size - 16384))
            text = log.read().decode(errors="replace").splitlines()[-lines:]
    except FileNotFoundError:
        return "    (no log)"
    return "\n".join(f"    {line[:400]}" for line in text)


def wait_until(what: str, ready, seconds: float, pause: float = 0.1):
    """Polls `ready` until it returns something true, which is returned; Failure after `seconds`.

    `ready` may raise OSError while its server is not up yet.
    """
    deadline = time.monotonic() + seconds
    last = ""
    while True:
        try:
            value = ready()
            if value:
                return value
        except OSError as error:
            last = f": {error}"
        if time.monotonic() > deadline:
            raise Failure(f"{what} was not ready within {seconds:.0f} s{last}")
        time.sleep(pause)


def free_ports(count: int) -> list[int]:
    """Ports on loopback that nobody listens on now, all different."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


class Daemon:
    """One background program. `folder` keeps run/NAME.pid and logs/NAME.log."""

    def __init__(self, name: str, folder: pathlib.Path):
        self.name = name
        self.log = folder / "logs" / f"{name}.log"
        self.record = folder / "run" / f"{name}.pid"

    def start(self, command: list, environment: dict | None = None) -> None:
        """Returns when the process has written its record, so that any Daemon of the name finds it."""
        for path in (self.log, self.record):
            path.parent.mkdir(parents=True, exist_ok=True)
        self.record.unlink(missing_ok=True)
        launcher = [sys.executable, "-E", "-S", str(HERE / "process.py"), str(self.record)]
        with self.log.open("ab") as out:
            self._child = subprocess.Popen(
                [*launcher, *map(str, command)],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                cwd="/",
                env=environment,
            )
        started = lambda: self.record.exists() or self._child.poll() is not None  # noqa: E731
        wait_until(f"the launcher of {self.name}", started, 30, 0.005)

    def identity(self) -> tuple[int, str]:
        """The recorded pid and start time; (0, "") when there is no record."""
        try:
            pid, started = self.record.read_text().split()
            return int(pid), started
        except (FileNotFoundError, ValueError):
            return 0, ""

    def alive(self) -> bool:
        child = getattr(self, "_child", None)
        if child is not None:
            return child.poll() is None
        pid, started = self.identity()
        return pid != 0 and start_time(pid) == started

    def wait(self, ready, seconds: float = 60) -> None:
        """Waits until `ready()` is true; Failure with the end of the log when it dies or lingers."""

        def check():
            if not self.alive():
                raise Failure(f"{self.name} ended; the end of {self.log}:\n{tail(self.log)}")
            return ready()

        try:
            wait_until(self.name, check, seconds)
        except Failure as failure:
            if str(self.log) in str(failure):
                raise
            raise Failure(f"{failure}; the end of {self.log}:\n{tail(self.log)}") from None

    def stop(self, patience: float = 10) -> None:
        child = getattr(self, "_child", None)
        if child is not None and child.poll() is None and not self.identity()[0]:
            child.kill()  # it has not even written its record
        pid, started = self.identity()
        if pid and not end(pid, started, patience):
            raise Failure(f"{self.name} (pid {pid}) does not end, even on SIGKILL; see {self.log}")
        if child is not None:
            child.wait()
        self.record.unlink(missing_ok=True)


def _launch(record: str, command: list[str]) -> None:
    temporary = pathlib.Path(record + ".new")
    temporary.write_text(f"{os.getpid()} {start_time(os.getpid())}\n")
    temporary.rename(record)
    try:
        os.execvp(command[0], command)
    except OSError as error:
        sys.exit(f"{command[0]} cannot be started: {error.strerror}")


if __name__ == "__main__":
    _launch(sys.argv[1], sys.argv[2:])
