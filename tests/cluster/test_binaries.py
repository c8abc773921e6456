# SPDX-License-Identifier: Apache-2.0
"""The headers of our two programs as they are shipped, and that the sidecar needs nothing beside it."""

import os
import pathlib
import shutil
import socket
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "images"))
import elf  # noqa: E402

BIN = pathlib.Path(os.environ.get("TELLTALE_BIN") or ROOT / "build" / "release" / "bin")
PROGRAMS = ["telltale-operator", "telltale-sidecar"]


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_is_loaded_at_a_random_address(name):
    assert elf.read(BIN / name).position_independent


@pytest.mark.parametrize("name", PROGRAMS)
def test_nothing_of_a_program_is_both_writable_and_a_way_to_run_other_code(name):
    program = elf.read(BIN / name)
    assert program.relro and program.bind_now and not program.executable_stack


def test_the_sidecar_has_no_shared_libraries_and_no_loader():
    program = elf.read(BIN / "telltale-sidecar")
    assert program.needed == 0 and not program.interpreter


def test_the_operator_is_compiled_with_checks_of_buffers_and_of_the_stack():
    symbols = subprocess.run(["readelf", "--dyn-syms", "-W", BIN / "telltale-operator"],
                             capture_output=True, text=True, check=True).stdout  # fmt: skip
    assert "__stack_chk_fail" in symbols
    assert "_chk@" in symbols.replace("__stack_chk_fail", "")


def test_a_program_without_these_flags_would_be_noticed(tmp_path):
    flags = ["-static", "-no-pie", "-Wl,-z,norelro,-z,lazy,-z,execstack"]
    plain = tmp_path / "plain"
    subprocess.run(["gcc", "-x", "c", "-", *flags, "-o", plain],
                   input="int main(void) { return 0; }", text=True, check=True)  # fmt: skip
    program = elf.read(plain)
    assert not program.position_independent and not program.relro and program.executable_stack
    assert not program.bind_now


def in_an_empty_root(tmp_path, *command):
    shutil.copy(BIN / "telltale-sidecar", tmp_path / "telltale-sidecar")
    return subprocess.run(["chroot", tmp_path, "/telltale-sidecar", *command],
                          capture_output=True, text=True, check=False, timeout=60)  # fmt: skip


@pytest.mark.skipif(os.geteuid() != 0, reason="chroot is for root")
def test_the_sidecar_starts_where_there_is_nothing_else(tmp_path):
    done = in_an_empty_root(tmp_path, "--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("telltale-sidecar ")


CONFIG = """version: 1
listen: 127.0.0.1:{pages}
state: /state
loki: {{url: "http://store.test:{store}", batchWait: 10ms}}
logs: [{{files: {{include: [/log/*.log]}}}}]
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="chroot is for root")
def test_the_sidecar_finds_a_host_by_name_without_the_libraries_of_its_libc(tmp_path):
    for folder in ("etc", "log", "state", "proc"):
        (tmp_path / folder).mkdir()
    (tmp_path / "etc/hosts").write_text("127.0.0.1 store.test\n")
    (tmp_path / "etc/nsswitch.conf").write_text("hosts: files\n")
    (tmp_path / "log/a.log").write_text("one\n")
    with socket.create_server(("127.0.0.1", 0)) as store:
        store.settimeout(60)
        port = store.getsockname()[1]
        (tmp_path / "config.yaml").write_text(CONFIG.format(pages=0, store=port))
        shutil.copy(BIN / "telltale-sidecar", tmp_path / "telltale-sidecar")
        # A container has /proc, too. The mount ends with the process.
        enter = f"mount -t proc proc {tmp_path}/proc && exec chroot {tmp_path} /telltale-sidecar --config /config.yaml"
        command = ["unshare", "--mount", "sh", "-c", enter]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as sidecar:
            try:
                with store.accept()[0] as connection:
                    connection.settimeout(60)
                    assert connection.recv(5) == b"POST "
            finally:
                sidecar.kill()
