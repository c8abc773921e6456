# SPDX-License-Identifier: Apache-2.0
"""The chart as the tests of this folder see it: rendered by the real helm, parsed into objects."""

import functools
import pathlib
import subprocess
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CHART = ROOT / "helm" / "telltale"
RELEASE = "telltale"
NAMESPACE = "telltale"

sys.path[:0] = [str(ROOT / "tests" / "cluster" / "tools"), str(ROOT / "tests" / "cluster")]
import catalog  # noqa: E402  (the folders above are no packages)

WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet")
CLUSTER_WIDE = (
    "Namespace",
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "MutatingWebhookConfiguration",
)


def run(*command) -> subprocess.CompletedProcess:
    return subprocess.run([str(word) for word in command], capture_output=True, text=True)


def template(*arguments) -> subprocess.CompletedProcess:
    """`helm template` of the chart; the caller looks at returncode, stdout and stderr."""
    helm = catalog.locate("helm")  # says which command builds it when it is missing
    return run(helm, "template", RELEASE, CHART, "--namespace", NAMESPACE, *arguments)


@functools.cache
def render(*settings: str, release: str = RELEASE, namespace: str = NAMESPACE) -> list[dict]:
    """The objects of the chart with these --set settings. Shared: do not change them."""
    words = [word for setting in settings for word in ("--set", setting)]
    helm = catalog.locate("helm")
    done = run(helm, "template", release, CHART, "--namespace", namespace, *words)
    assert done.returncode == 0, f"helm template {' '.join(words)}: {done.stderr}"
    return [document for document in yaml.safe_load_all(done.stdout) if document]


def find(objects: list[dict], kind: str, name: str) -> dict:
    found = [o for o in objects if o["kind"] == kind and o["metadata"]["name"] == name]
    assert len(found) == 1, f"{len(found)} objects are {kind} {name}"
    return found[0]


def config(objects: list[dict], name: str, key: str) -> str:
    return find(objects, "ConfigMap", name)["data"][key]


def workloads(objects: list[dict]) -> list[dict]:
    return [one for one in objects if one["kind"] in WORKLOADS]


def pod(workload: dict) -> dict:
    return workload["spec"]["template"]["spec"]


def containers(spec: dict) -> list[dict]:
    return spec.get("initContainers", []) + spec["containers"]


def title(one: dict) -> str:
    return f"{one['kind']} {one['metadata']['name']}"


def values() -> dict:
    return yaml.safe_load((CHART / "values.yaml").read_text())
