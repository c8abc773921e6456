# SPDX-License-Identifier: Apache-2.0
"""Real processes on loopback: etcd and kube-apiserver, Prometheus, log stores, and our own programs."""

import contextlib
import functools
import hashlib
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests/integration"), str(ROOT / "tests/cluster"), str(ROOT / "tests/cluster/tools")]
import apiserver  # noqa: E402  (the folders above are no packages)
import catalog  # noqa: E402
import objects  # noqa: E402
import ours  # noqa: E402
import peers  # noqa: E402


def pytest_configure(config):
    config.addinivalue_line("markers", "every_api_server: runs against each tested version of Kubernetes")


def pytest_generate_tests(metafunc):
    if "api" in metafunc.fixturenames and metafunc.definition.get_closest_marker("every_api_server"):
        metafunc.parametrize("api", apiserver.PROGRAMS, indirect=True)


@pytest.fixture(scope="session")
def started_servers():
    """Starts an API server when the first test wants it; it ends with the run."""
    with contextlib.ExitStack() as stack:

        @functools.cache
        def started(program: str) -> apiserver.ApiServer:
            return stack.enter_context(objects.prepared_server(program))

        yield started


@pytest.fixture(scope="session")
def api(started_servers, request):
    """An API server with the MonitoringTarget definition and the namespaces that tests use."""
    return started_servers(getattr(request, "param", apiserver.PROGRAMS[0]))


@pytest.fixture
def namespace(api, request):
    """A namespace of the test's own."""
    name = re.sub("[^a-z0-9]+", "-", "t-" + request.node.name.lower().replace("test_", "")).strip("-")
    if len(name) > 60:
        name = f"{name[:51].strip('-')}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    done = api.kubectl("create", "namespace", name)
    assert done.returncode == 0, done.stderr
    yield name
    api.kubectl("-n", name, "delete", "mt,pods", "--all", "--force", "--grace-period=0")


@pytest.fixture
def operator(api, tmp_path):
    """telltale-operator against the API server, without a webhook."""
    with ours.Program(
        tmp_path, "telltale-operator", f"--kubeconfig={api.kubeconfig}", "--namespace=telltale",
        "--http-listen=127.0.0.1:0", "--webhook-listen=off", "--loki-url=http://loki:3100", "--tenants=*=team-a",
    ) as program:  # fmt: skip
        program.wait_ready()
        yield program


@pytest.fixture(scope="session")
def stores(tmp_path_factory):
    """A log store of each kind, by its name: the tests of a run share them and use labels of their own."""
    with peers.Loki(tmp_path_factory.mktemp("loki")) as loki:
        with peers.VictoriaLogs(tmp_path_factory.mktemp("victorialogs")) as victoria_logs:
            yield {store.kind: store for store in (loki, victoria_logs)}


@pytest.fixture(params=["loki", "victorialogs"])
def store(stores, request):
    """Each log store in turn. `store.push_base` is our `loki.url`, `store.entries(labels)` what is stored."""
    return stores[request.param]


@pytest.fixture
def promtool():
    def check_metrics(page: str) -> None:
        done = subprocess.run(
            [catalog.locate("promtool"), "check", "metrics"], input=page, capture_output=True, text=True
        )
        # node_exporter's own names, which promtool does not like.
        wrong = [line for line in (done.stdout + done.stderr).splitlines() if not line.startswith("node_netstat_")]
        assert done.returncode in (0, 3) and not wrong, done.stdout + done.stderr

    return check_metrics
