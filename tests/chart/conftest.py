# SPDX-License-Identifier: Apache-2.0
"""Real API servers for the tests of this folder that need one."""

import contextlib
import functools

import chart  # noqa: F401  (puts tests/cluster into the path)
import pytest

import apiserver


def pytest_configure(config):
    config.addinivalue_line("markers", "every_api_server: runs against each tested version of Kubernetes")


def pytest_generate_tests(metafunc):
    if "server" in metafunc.fixturenames and metafunc.definition.get_closest_marker("every_api_server"):
        metafunc.parametrize("server", apiserver.PROGRAMS, indirect=True)


@pytest.fixture(scope="session")
def started_servers():
    """Starts a server when the first test wants it; it ends with the run."""
    with contextlib.ExitStack() as stack:

        @functools.cache
        def started(program: str) -> apiserver.ApiServer:
            running = stack.enter_context(apiserver.ApiServer(program=program))
            running.define(chart.ROOT / "crds/monitoringtargets.yaml")
            done = running.kubectl("create", "namespace", "shop")
            assert done.returncode == 0, done.stderr
            return running

        yield started


@pytest.fixture(scope="session")
def server(started_servers, request):
    """etcd and kube-apiserver with the definition of MonitoringTarget, and the namespace `shop`."""
    return started_servers(getattr(request, "param", apiserver.PROGRAMS[0]))
