# SPDX-License-Identifier: Apache-2.0
"""One real API server for the tests of this folder that need one."""

import chart  # noqa: F401  (puts tests/cluster into the path)
import pytest

import apiserver


@pytest.fixture(scope="session")
def server():
    """etcd and kube-apiserver with the definition of MonitoringTarget, and the namespace `shop`."""
    with apiserver.ApiServer() as running:
        definition = chart.ROOT / "crds/monitoringtargets.yaml"
        for arguments in (
            ("apply", "--server-side", "--validate=strict", "-f", definition),
            ("wait", "--for=condition=Established", "crd/monitoringtargets.telltale.dev"),
            ("create", "namespace", "shop"),
        ):
            done = running.kubectl(*arguments)
            assert done.returncode == 0, done.stderr
        yield running
