# SPDX-License-Identifier: Apache-2.0
"""Counts the plans of fault_log_process_test (C++): each is a test here. README.md says more."""

import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import plans  # noqa: E402  (beside this file)


def names() -> list[str]:
    if not plans.PROGRAM.exists():
        return ["none: build fault_log_process_test"]
    listed = subprocess.run([plans.PROGRAM, "--gtest_list_tests"], capture_output=True, text=True, check=True).stdout
    found, suite = [], ""
    for line in listed.splitlines():
        word = line.split("#")[0].strip()
        if line.startswith(" "):
            found.append(suite + word)
        elif word.endswith("."):
            suite = word
    return found


@pytest.fixture(scope="session")
def outcomes(tmp_path_factory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("log_process")
    with plans.peers.Loki(folder / "loki") as loki:
        return plans.run(folder, loki.url)


@pytest.mark.parametrize("plan", names())
def test_a_sidecar_that_is_killed_loses_and_doubles_nothing(outcomes, plan):
    assert plan in outcomes, f"{plans.PROGRAM} did not come to {plan}"
    if outcomes[plan] is None:
        pytest.skip("known and open: open_plans.h")
    assert not outcomes[plan], outcomes[plan]
