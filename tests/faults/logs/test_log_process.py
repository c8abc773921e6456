# SPDX-License-Identifier: Apache-2.0
"""Counts the plans of fault_log_process_test (C++): each is a test here. README.md says more."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import plans  # noqa: E402  (beside this file)


@pytest.fixture(scope="session", params=plans.STORES)
def outcomes(tmp_path_factory, request) -> dict:
    folder = tmp_path_factory.mktemp(f"log_process_{request.param}")
    with plans.STORES[request.param](folder / request.param) as store:
        return plans.run(folder, store)


@pytest.mark.parametrize("plan", plans.gtest_shards.names(plans.PROGRAM))
def test_a_sidecar_that_is_killed_loses_nothing_and_doubles_nothing(outcomes, plan):
    assert plan in outcomes, f"{plans.PROGRAM} did not come to {plan}"
    assert outcomes[plan] == "", outcomes[plan]
