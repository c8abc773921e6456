# SPDX-License-Identifier: Apache-2.0
"""Each fuzz program for some seconds from its seeds, in preset `fuzz`.

TELLTALE_FUZZ_SECONDS  how long each one runs, default 8; a longer run finds more
TELLTALE_FUZZ_BIN      where the programs are, default build/fuzz/bin

An input that breaks a program is kept in build/fuzz/found/NAME; with the fix it goes into
tests/fuzz/corpus/NAME.
"""

import os
import pathlib
import shutil
import subprocess

import pytest

FOLDER = pathlib.Path(__file__).resolve().parent
ROOT = FOLDER.parent.parent
BIN = pathlib.Path(os.environ.get("TELLTALE_FUZZ_BIN", ROOT / "build/fuzz/bin"))
SECONDS = int(os.environ.get("TELLTALE_FUZZ_SECONDS", "8"))
NAMES = sorted(path.stem.removesuffix("_fuzz") for path in FOLDER.glob("*_fuzz.cc"))


def end_of(output: str) -> str:
    return "\n".join(output.splitlines()[-60:])


@pytest.mark.parametrize("name", NAMES)
def test_survives_somebody_elses_bytes(name, tmp_path):
    program = BIN / f"{name}_fuzz"
    assert program.exists(), f"{program} is not built: cmake --build build/fuzz --target fuzz"
    seeds = FOLDER / "corpus" / name
    assert any(seeds.iterdir()), f"{seeds} has no seeds"
    corpus = shutil.copytree(seeds, tmp_path / "corpus")  # the program adds what it finds
    found = BIN.parent / "found" / name
    found.mkdir(parents=True, exist_ok=True)
    run = subprocess.run(
        [program, f"-max_total_time={SECONDS}", "-rss_limit_mb=1024", "-timeout=10",
         f"-artifact_prefix={found}/", "-print_final_stats=1", corpus],
        cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, errors="replace", timeout=SECONDS + 120, check=False,
    )  # fmt: skip
    reproducers = [line for line in run.stdout.splitlines() if "Test unit written to" in line]
    assert run.returncode == 0, (
        f"{program.name} ended with {run.returncode}; {' '.join(reproducers) or 'no reproducer'}\n"
        f"{end_of(run.stdout)}"
    )
    executed = [line for line in run.stdout.splitlines() if "number_of_executed_units" in line]
    assert executed and int(executed[0].split()[-1]) > 0, end_of(run.stdout)
