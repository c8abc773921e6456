# SPDX-License-Identifier: Apache-2.0
"""Counts the plans of fault_process_test (C++): each is a test here. They run two at a time.

TELLTALE_FAULT_BUILD names another build than build/dev; README.md says how to repeat one plan.
"""

import os
import pathlib
import subprocess
import xml.etree.ElementTree

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAM = ROOT / os.environ.get("TELLTALE_FAULT_BUILD", "build/dev") / "bin/fault_process_test"
ENVIRONMENT = {"TELLTALE_BIN": str(ROOT / "build/release/bin"), **os.environ}
SHARDS = 2


def plans() -> list[str]:
    if not PROGRAM.exists():
        return ["none: build fault_process_test"]
    listed = subprocess.run([PROGRAM, "--gtest_list_tests"], capture_output=True, text=True, check=True).stdout
    names, suite = [], ""
    for line in listed.splitlines():
        word = line.split("#")[0].strip()
        if line.startswith(" "):
            names.append(suite + word)
        elif word.endswith("."):
            suite = word
    return names


@pytest.fixture(scope="session")
def outcomes(tmp_path_factory) -> dict[str, str]:
    """What is wrong with each plan; empty when nothing is."""
    folder = tmp_path_factory.mktemp("process")
    shards = []
    for index in range(SHARDS):
        environment = {**ENVIRONMENT, "GTEST_TOTAL_SHARDS": str(SHARDS), "GTEST_SHARD_INDEX": str(index),
                       "TEST_TMPDIR": str(folder)}  # fmt: skip
        shards.append(subprocess.Popen([PROGRAM, f"--gtest_output=xml:{folder}/{index}.xml"], cwd=ROOT,
                                       env=environment, stdout=subprocess.DEVNULL))  # fmt: skip
    found = {}
    for index, shard in enumerate(shards):
        shard.wait(600)
        report = folder / f"{index}.xml"
        if not report.exists():
            continue  # it crashed, so its plans are missing
        for case in xml.etree.ElementTree.parse(report).getroot().iter("testcase"):
            if case.get("status") == "run":
                failures = [failure.get("message", "") for failure in case.iter("failure")]
                found[f"{case.get('classname')}.{case.get('name')}"] = "\n".join(failures)
    return found


@pytest.mark.parametrize("plan", plans())
def test_a_process_that_met_faults_ends_like_one_that_did_not(outcomes, plan):
    assert plan in outcomes, f"{PROGRAM} did not come to {plan}"
    assert not outcomes[plan], outcomes[plan]
