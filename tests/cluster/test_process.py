# SPDX-License-Identifier: Apache-2.0
"""Background programs of the cluster: found again, ended, and never mistaken for another's."""

import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import process  # noqa: E402

# A program that ignores SIGTERM and says so, so that nobody has to guess when it began to.
STUBBORN = "trap '' TERM; echo ready; while :; do sleep 60 & wait; done"


@pytest.fixture(name="stranger")
def _stranger():
    """A process that is not ours."""
    child = subprocess.Popen(["sleep", "600"])
    yield child
    child.kill()
    child.wait()


def test_a_daemon_is_found_again_by_its_record_and_ended(tmp_path):
    process.Daemon("sleeper", tmp_path).start(["sleep", "600"])
    again = process.Daemon("sleeper", tmp_path)
    pid, started = again.identity()
    assert again.alive() and pid > 0
    again.stop()
    assert process.start_time(pid) != started
    assert not again.alive()
    assert not again.record.exists()


def test_a_recycled_pid_is_not_hit(tmp_path, stranger):
    daemon = process.Daemon("sleeper", tmp_path)
    daemon.record.parent.mkdir()
    daemon.record.write_text(f"{stranger.pid} 1\n")
    assert not daemon.alive()
    daemon.stop(0)
    assert stranger.poll() is None


def test_the_record_is_of_the_program_and_not_of_its_launcher(tmp_path):
    daemon = process.Daemon("sleeper", tmp_path)
    daemon.start(["sleep", "600"])
    pid, started = daemon.identity()

    def replaced():
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"sleep")

    daemon.wait(replaced, 10)
    assert process.start_time(pid) == started
    daemon.stop()


def test_a_program_that_ignores_sigterm_is_killed(tmp_path):
    daemon = process.Daemon("stubborn", tmp_path)
    daemon.start(["sh", "-c", STUBBORN])
    daemon.wait(lambda: "ready" in daemon.log.read_text(), 10)
    pid, started = daemon.identity()
    daemon.stop(patience=0.2)
    assert process.start_time(pid) != started


def test_a_program_that_dies_at_its_start_fails_with_the_end_of_its_log(tmp_path):
    daemon = process.Daemon("broken", tmp_path)
    daemon.start(["sh", "-c", "echo the port is taken >&2; exit 3"])
    with pytest.raises(process.Failure, match="the port is taken"):
        daemon.wait(lambda: False, 10)
    daemon.stop()


def test_a_start_that_finds_no_program_fails_instead_of_waiting(tmp_path):
    daemon = process.Daemon("absent", tmp_path)
    daemon.start(["/nonexistent/program"])
    with pytest.raises(process.Failure, match="/nonexistent/program"):
        daemon.wait(lambda: False, 10)
    daemon.stop()
