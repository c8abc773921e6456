# SPDX-License-Identifier: Apache-2.0
"""One real API server for the tests of this folder that need one."""

import chart  # noqa: F401  (puts tests/cluster into the path)
import pytest

import apiserver


@pytest.fixture(scope="session")
def server():
    """etcd and kube-apiserver with the definition of MonitoringTarget, and the namespace `shop`."""
    with apiserver.ApiServer() as running:
        running.define(chart.ROOT / "crds/monitoringtargets.yaml")
        done = running.kubectl("create", "namespace", "shop")
        assert done.returncode == 0, done.stderr
        yield running
