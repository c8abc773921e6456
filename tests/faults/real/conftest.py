# SPDX-License-Identifier: Apache-2.0
"""A real API server of these tests' own, because they kill it."""

import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent.parent
FOLDERS = ("tests/faults/real", "tests/integration", "tests/cluster", "tests/cluster/tools")
sys.path[:0] = [str(ROOT / folder) for folder in FOLDERS]
import objects  # noqa: E402  (the folders above are no packages)


@pytest.fixture(scope="session")
def api():
    with objects.prepared_server() as server:
        yield server
