# SPDX-License-Identifier: Apache-2.0
"""A real API server of these tests' own, because they kill it."""

import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent.parent
FOLDERS = ("tests/faults/real", "tests/integration", "tests/cluster", "tests/cluster/tools")
sys.path[:0] = [str(ROOT / folder) for folder in FOLDERS]
import apiserver  # noqa: E402  (the folders above are no packages)


@pytest.fixture(scope="session")
def api():
    with apiserver.ApiServer() as server:
        made = server.kubectl("apply", "-f", ROOT / "crds/monitoringtargets.yaml")
        assert made.returncode == 0, made.stderr
        server.kubectl("wait", "--for=condition=Established", "crd/monitoringtargets.telltale.dev")
        server.kubectl("create", "namespace", "telltale")
        yield server
