# SPDX-License-Identifier: Apache-2.0
"""One demo for all end-to-end tests: `demo.py up` runs once, its output is asserted, and what it
leaves is what the other tests work on. A cluster that was not there before is removed at the end.
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
sys.path[:0] = [str(HERE), str(ROOT / "tests/cluster"), str(ROOT / "tests/cluster/tools"), str(ROOT / "images")]
import catalog  # noqa: E402  (the folders above are no packages)
import layout  # noqa: E402
import observe  # noqa: E402
import steps  # noqa: E402

os.environ.pop("KUBECONFIG", None)  # a test must never touch the cluster that a shell points at
DEMO = [sys.executable, HERE / "demo.py"]


@dataclasses.dataclass
class Demo:
    """A `make demo` that succeeded."""

    seconds: float
    output: str
    was_up: bool  # there was a cluster before it


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.path.name == "test_remains.py")  # it ends the cluster


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
def helm(demo):
    """`helm upgrade` of the demo's release with further --set values, waited for."""

    def upgrade(*sets: str) -> None:
        done = subprocess.run(
            [catalog.bin_dir() / "helm", "--kubeconfig", layout.Layout().kubeconfig, "upgrade",
             "telltale", ROOT / "helm/telltale", "--namespace", "telltale", "--values",
             ROOT / "examples/shop/values-demo.yaml", "--wait", "--timeout", "5m",
             *(word for item in sets for word in ("--set", item))],
            capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    return upgrade


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
