# SPDX-License-Identifier: Apache-2.0
"""The sidecar for arm64, and the tests of the code that reads and writes bytes, under qemu.

They are built by `cmake --preset arm64 && cmake --build --preset arm64`, which `tests/run.py arm64` does.
"""

import json
import os
import pathlib
import socket
import subprocess
import sys
import tarfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BIN = ROOT / "build/arm64/bin"
sys.path.insert(0, str(ROOT / "images"))
import elf  # noqa: E402

PROGRAMS = ["common_base_test", "common_json_test", "sidecar_journal_test", "sidecar_loki_test",
            "sidecar_stages_test", "sidecar_tail_test"]  # fmt: skip
CONFIG = """version: 1
listen: 127.0.0.1:0
state: {folder}/state
loki: {{url: "http://localhost:{port}", batchWait: 10ms}}
logs: [{{files: {{include: ["{folder}/*.log"]}}}}]
"""


def emulated(*command) -> list[str]:
    sysroot = subprocess.run([ROOT / "cmake/arm64_sysroot.sh"], capture_output=True, text=True, check=True)
    return ["qemu-aarch64-static", "-L", sysroot.stdout.strip(), *map(str, command)]


def test_the_sidecar_is_one_file_at_a_random_address():
    program = elf.read(BIN / "telltale-sidecar")
    assert program.architecture == "arm64"
    assert program.position_independent and program.needed == 0 and not program.interpreter
    assert program.relro and program.bind_now and not program.executable_stack


def test_the_image_that_is_made_of_it_is_for_arm64(tmp_path):
    """As `images/build.py` writes it for a user: what containerd reads to choose an image."""
    environment = dict(os.environ, TELLTALE_BIN=str(BIN))
    subprocess.run(
        [sys.executable, ROOT / "images/build.py", "--out", tmp_path, "telltale-sidecar"],
        env=environment, check=True, timeout=120,
    )  # fmt: skip
    with tarfile.open(tmp_path / "telltale-sidecar.tar") as archive:
        index = json.load(archive.extractfile("index.json"))
        manifest = json.load(archive.extractfile(blob(index["manifests"][0]["digest"])))
        config = json.load(archive.extractfile(blob(manifest["config"]["digest"])))
    assert (config["architecture"], config["os"]) == ("arm64", "linux")


def blob(digest: str) -> str:
    return "blobs/" + digest.replace(":", "/")


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_unit_tests_pass(name):
    done = subprocess.run(emulated(BIN / name), cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert "[  PASSED  ]" in done.stdout


def test_the_sidecar_sends_lines_to_a_host_that_it_finds_by_name(tmp_path):
    (tmp_path / "state").mkdir()
    (tmp_path / "a.log").write_text("one\ntwo\n")
    with socket.create_server(("127.0.0.1", 0)) as store:
        store.settimeout(120)
        config = tmp_path / "config.yaml"
        config.write_text(CONFIG.format(folder=tmp_path, port=store.getsockname()[1]))
        command = emulated(BIN / "telltale-sidecar", "--config", config)
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as sidecar:
            try:
                with store.accept()[0] as connection:
                    connection.settimeout(60)
                    assert connection.recv(5) == b"POST "
            finally:
                sidecar.kill()
