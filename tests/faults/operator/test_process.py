# SPDX-License-Identifier: Apache-2.0
"""Counts the plans of fault_process_test (C++): each is a test here. They run two at a time.

TELLTALE_FAULT_BUILD names another build than build/dev; README.md says how to repeat one plan.
"""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import gtest_shards  # noqa: E402  (the folder is no package)

PROGRAM = gtest_shards.BUILD / "fault_process_test"
SHARDS = 2


@pytest.fixture(scope="session")
def outcomes(tmp_path_factory) -> dict:
    return gtest_shards.run(PROGRAM, tmp_path_factory.mktemp("process"), SHARDS, {}, 600)


@pytest.mark.parametrize("plan", gtest_shards.names(PROGRAM))
def test_a_process_that_met_faults_ends_like_one_that_did_not(outcomes, plan):
    assert plan in outcomes, f"{PROGRAM} did not come to {plan}"
    assert outcomes[plan] == "", outcomes[plan]
