# SPDX-License-Identifier: Apache-2.0
"""The shipping protocol keeps its properties, and the model would notice if it did not."""

import pytest

import model


@pytest.mark.parametrize("run", model.RUNS, ids=lambda run: run.name)
def test_the_properties_hold(run):
    violated, states = model.check(run)
    assert violated == ""
    assert states > 1000  # the search did not end at the start


@pytest.mark.parametrize("run", model.BREAKS, ids=lambda run: run.name)
def test_a_broken_step_violates_its_property(run):
    assert model.check(run)[0] == run.violates


def test_every_property_can_fail():
    assert {run.violates for run in model.BREAKS} == set("abcdef")
