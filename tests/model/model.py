#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Checks shipping.pml with Spin. `make model` calls it; test_model.py uses its tables.

RUNS are searched to the end and must find nothing. BREAKS change one step of the protocol and must
violate the property whose letter they name. The letters are those of README.md; in shipping.pml
they stand behind each assertion.
"""

import concurrent.futures
import dataclasses
import pathlib
import re
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(__file__).resolve().parent / "shipping.pml"
MEGABYTES = 1024  # a search that needs more ends with an error
PROGRESS = "d"


@dataclasses.dataclass(frozen=True)
class Run:
    name: str
    defines: str
    violates: str = ""  # the letter of a property


RUNS = [
    Run("two-tenants", "FAULTS=0 CRASHES=0"),
    Run("two-tenants-fault", "FAULTS=1 CRASHES=0"),
    Run("two-tenants-crash", "RANGES_B=1 FAULTS=0 CRASHES=1"),
    Run("fault-and-crash", "RANGES_B=0 FAULTS=1 CRASHES=1"),
    Run("two-faults", "RANGES_B=0 FAULTS=2 CRASHES=0"),
    Run("two-crashes", "RANGES_B=0 FAULTS=0 CRASHES=2"),
    Run("refused-in-part-and-late", "RANGES_B=0 FAULTS=1 CRASHES=0 POISON LATE"),
    Run("refused-in-part-and-crash", "RANGES_B=0 FAULTS=0 CRASHES=1 POISON"),
    Run("file-vanishes", "RANGES_B=0 FAULTS=0 CRASHES=1 VANISH"),
    Run("tenant-refused-for-ever", "FAULTS=0 CRASHES=0 REFUSE_A"),
]

BREAKS = [
    Run("NO_DIVISION", "RANGES_B=0 FAULTS=0 CRASHES=0 POISON", "a"),
    Run("UNCOUNTED_LOSS", "RANGES_B=0 FAULTS=0 CRASHES=0 VANISH", "a"),
    Run("NO_ACK_PART", "RANGES_B=0 FAULTS=0 CRASHES=1", "b"),
    Run("ACK_OUT_OF_ORDER", "RANGES_B=0 FAULTS=0 CRASHES=1", "b"),
    Run("UNCOUNTED", "RANGES_B=0 FAULTS=1 CRASHES=0", "b"),
    Run("RETURN_OLDEST", "RANGES_B=0 FAULTS=1 CRASHES=0", "c"),
    Run("NEW_FILE_FIRST", "RANGES_B=0 FAULTS=0 CRASHES=0", "c"),
    Run("NO_RETURN", "FAULTS=0 CRASHES=0 REFUSE_A", "d"),
    Run("REFUSAL_HOLDS_ALL", "FAULTS=0 CRASHES=0 REFUSE_A", "d"),
    Run("REPLAY_WITHOUT_BUDGET", "FAULTS=0 CRASHES=1", "e"),
    Run("NO_RECORD", "RANGES_B=0 FAULTS=0 CRASHES=0", "f"),
]


def call(folder: pathlib.Path, *command: str) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def violated(folder: pathlib.Path, defines: list[str], output: str) -> str:
    """The letter of the property that a search found violated; the search has left its trail."""
    if "acceptance cycle" in output:
        return PROGRESS
    trail = subprocess.run(["spin", "-t", *defines, SOURCE.name], cwd=folder, capture_output=True, text=True, check=False)
    lines = SOURCE.read_text().splitlines()
    at = re.findall(SOURCE.name + r":(\d+), Error: assertion violated", trail.stdout)
    letters = {letter for line in at for letter in re.findall(r"// \((\w)\)", lines[int(line) - 1])}
    return letters.pop() if len(letters) == 1 else f"no single property: lines {at}\n{output}"


def check(run: Run) -> tuple[str, int]:
    """(letter of the violated property or nothing, number of states)."""
    breaks = [f"BREAK_{run.name}"] if run.violates else []
    defines = [f"-D{word}" for word in run.defines.split() + breaks]
    progress = "REFUSE_A" in run.defines
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / SOURCE.name).write_text(SOURCE.read_text())
        call(folder, "spin", "-a", *defines, SOURCE.name)
        how = ["-DNFAIR=4"] if progress else ["-DSAFETY", "-DCOLLAPSE"]
        level = "-O0" if run.violates else "-O2"  # compiling takes longer than a short search
        call(folder, "gcc", "-w", level, f"-DMEMLIM={MEGABYTES}", *how, "-o", "pan", "pan.c")
        output = call(folder, "./pan", "-w20", *(["-a", "-f"] if progress else []))
        complete = re.search(r"(\d+) states, stored", output)
        if "errors: 0" in output and complete and "Search not completed" not in output and "max search depth" not in output:
            return "", int(complete[1])
        return violated(folder, defines, output), 0


def main() -> int:
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        started = time.monotonic()
        for run, (letter, states) in zip(RUNS + BREAKS, pool.map(check, RUNS + BREAKS)):
            wrong = letter != run.violates
            failed += wrong
            found = f"violates ({letter})" if letter else f"holds in {states:,} states"
            print(f"{'WRONG' if wrong else 'ok':<6}{run.name:<28}{found}", flush=True)
        print(f"{len(RUNS + BREAKS) - failed} as expected, {failed} not, {time.monotonic() - started:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
