# SPDX-License-Identifier: Apache-2.0
"""One demo for all end-to-end tests: `demo.py up` runs once, its output is asserted, and what it
leaves is what the other tests work on. A cluster that was not there before is removed at the end.

A promise about log lines is tested with both stores: the demo's VictoriaLogs, and then a Loki that is
no part of the chart. ORDER puts the tests so that the release is upgraded as seldom as possible.
"""

import dataclasses
import os
import pathlib
import re
import subprocess
import sys
import time

import pytest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(ROOT / "tests"), str(ROOT / "tests/cluster"), str(ROOT / "tests/cluster/tools"), str(ROOT / "images")]
import catalog  # noqa: E402  (the folders above are no packages)
import external_loki  # noqa: E402
import layout  # noqa: E402
import observe  # noqa: E402
import release as releases  # noqa: E402
import steps  # noqa: E402
import stores  # noqa: E402

os.environ.pop("KUBECONFIG", None)  # a test must never touch the cluster that a shell points at
DEMO = [sys.executable, HERE / "demo.py"]
# What is not named here comes first, with the release as the demo leaves it.
ORDER = [
    ("test_logs.py", "victorialogs"), ("test_podlog.py", "victorialogs"), ("test_node_agent.py", "victorialogs"),
    ("test_accounts.py", ""), ("test_promtail.py", "victorialogs"), ("test_promtail.py", "loki"),
    ("test_podlog.py", "loki"), ("test_node_agent.py", "loki"), ("test_logs.py", "loki"),
    ("test_dashboard.py", "loki"), ("test_tenants.py", ""), ("test_remains.py", ""),
]  # fmt: skip


@dataclasses.dataclass
class Demo:
    """A `make demo` that succeeded."""

    seconds: float
    output: str
    was_up: bool  # there was a cluster before it


def place(item) -> int:
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    wanted = (item.path.name, parameters.get("store", ""))
    return ORDER.index(wanted) if wanted in ORDER else -1


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    items.sort(key=place)


@pytest.fixture(scope="session")
def demo():
    was_up = layout.Layout().marker.exists()
    started = time.monotonic()
    done = subprocess.run([*DEMO, "up"], capture_output=True, text=True)
    seconds = time.monotonic() - started
    print(done.stdout)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    yield Demo(seconds, done.stdout, was_up)
    if not was_up:
        subprocess.run([*DEMO, "down"], check=True, capture_output=True)


@pytest.fixture(scope="session")
def cluster(demo):
    return observe.Cluster(str(catalog.bin_dir() / "kubectl"), str(layout.Layout().kubeconfig))


@pytest.fixture(scope="session")
def images(demo):
    """Imports images that only tests need: call it with their names."""

    def load(*names: str) -> None:
        subprocess.run(
            [sys.executable, ROOT / "images/build.py", "--out", ROOT / "build/images", "--import", *names],
            check=True, capture_output=True,
        )  # fmt: skip

    return load


@pytest.fixture(scope="session")
def release(cluster, demo):
    """The demo's release: `use` changes its values. A cluster that stays gets the demo's back."""
    ours = releases.Release(cluster)
    yield ours
    if demo.was_up:
        ours.use(store=stores.VictoriaLogs(cluster))


@pytest.fixture(scope="session", params=sorted(stores.STORES, reverse=True))
def store(request, cluster, release, images, tmp_path_factory):
    """The log store that the release pushes to, whatever else its values are."""
    chosen = stores.STORES[request.param](cluster)
    if chosen.kind == "loki":
        images("loki")
        cluster.kubectl("delete", "namespace", chosen.namespace, "--ignore-not-found", "--wait=true")
        cluster.kubectl("create", "namespace", chosen.namespace)
        external_loki.install(cluster, chosen.namespace, tmp_path_factory.mktemp("loki"))
    release.store = chosen
    yield chosen
    if chosen.kind == "loki":
        # After the last tests the cluster is gone, unless it was there before them.
        cluster.kubectl("delete", "namespace", chosen.namespace, "--wait=false", check=False)


@pytest.fixture
def namespace(cluster, request):
    """A namespace of the test's own; gone afterwards, with everything in it."""
    name = re.sub("[^a-z0-9]+", "-", "e2e-" + request.node.name.lower().replace("test_", ""))[:50].strip("-")
    cluster.kubectl("delete", "namespace", name, "--ignore-not-found", "--wait=true")
    cluster.kubectl("create", "namespace", name)
    yield name
    cluster.kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture
def wait_for():
    return steps.wait_for
