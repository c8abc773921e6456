# SPDX-License-Identifier: Apache-2.0
"""A gtest program whose cases are tests of pytest's: its names, and its outcomes from several processes."""

import os
import pathlib
import subprocess
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / os.environ.get("TELLTALE_FAULT_BUILD", "build/dev") / "bin"
ENVIRONMENT = {"TELLTALE_BIN": str(ROOT / "build/release/bin"), **os.environ}


def names(program: pathlib.Path) -> list[str]:
    if not program.exists():
        return [f"none: build {program.name}"]
    listed = subprocess.run([program, "--gtest_list_tests"], capture_output=True, text=True, check=True).stdout
    found, suite = [], ""
    for line in listed.splitlines():
        word = line.split("#")[0].strip()
        if line.startswith(" "):
            found.append(suite + word)
        elif word.endswith("."):
            suite = word
    return found


def run(program: pathlib.Path, folder: pathlib.Path, shards: int, environment: dict, patience: float) -> dict[str, str | None]:
    """What is wrong with each case; empty when nothing is, None when it was skipped."""
    started = []
    for index in range(shards):
        variables = {**ENVIRONMENT, **environment, "GTEST_TOTAL_SHARDS": str(shards), "GTEST_SHARD_INDEX": str(index),
                     "TEST_TMPDIR": str(folder)}  # fmt: skip
        started.append(subprocess.Popen([program, f"--gtest_output=xml:{folder}/{index}.xml"], cwd=ROOT,
                                        env=variables, stdout=subprocess.DEVNULL))  # fmt: skip
    found = {}
    for index, shard in enumerate(started):
        shard.wait(patience)
        report = folder / f"{index}.xml"
        if not report.exists():
            continue  # it crashed, so its cases are missing
        for case in xml.etree.ElementTree.parse(report).getroot().iter("testcase"):
            if case.get("status") == "run":
                failures = [failure.get("message", "") for failure in case.iter("failure")]
                skipped = case.get("result") == "skipped"
                found[f"{case.get('classname')}.{case.get('name')}"] = None if skipped else "\n".join(failures)
    return found
