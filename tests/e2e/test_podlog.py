# SPDX-License-Identifier: Apache-2.0
"""Stdout that the pod's own sidecar reads through the Kubernetes API arrives in the log store."""

import json
import pathlib

import manifests
import pytest
import yaml

EXAMPLE = pathlib.Path(__file__).resolve().parent.parent.parent / "examples" / "podlog"
SELECTOR = '{namespace="podlog", pod="printer", container="printer", app="printer", team="examples"}'


def apply(cluster, name: str) -> None:
    for document in yaml.safe_load_all((EXAMPLE / name).read_text()):
        spec = document.get("spec", {})
        for container in spec.get("containers", []) + spec.get("initContainers", []):
            container["image"] = manifests.BUSYBOX  # the image that can be had here
        cluster.kubectl("apply", "-f", "-", stdin=json.dumps(document))


@pytest.fixture(scope="module", autouse=True)
def example(cluster, images, release, store):
    images("busybox")
    release.follow_store()
    cluster.kubectl("delete", "namespace", "podlog", "--ignore-not-found", "--wait=true")
    for name in ("00-namespace.yaml", "10-monitoringtarget.yaml", "20-pod.yaml"):
        apply(cluster, name)
    yield
    cluster.kubectl("delete", "namespace", "podlog", "--ignore-not-found", "--wait=false")


def numbers(store) -> list[int]:
    return sorted(int(entry.line.split()[1]) for entry in store.entries(SELECTOR))


def reasons(cluster) -> list[str]:
    status = cluster.json("-n", "podlog", "get", "mt", "printer").get("status", {})
    return [problem["reason"] for problem in status.get("problems", [])]


def test_without_the_right_the_sidecar_and_the_status_say_what_to_do(cluster, store, wait_for):
    def log() -> str:
        return cluster.kubectl("-n", "podlog", "logs", "printer", "-c", "telltale-sidecar", check=False)

    wait_for("the sentence", 60, lambda: "verb get on pods/log" in log())
    assert not numbers(store)
    wait_for("the problem", 60, lambda: reasons(cluster) == ["LogsForbidden"])


def test_with_the_right_every_line_arrives_once_from_the_first_on(cluster, store, wait_for):
    apply(cluster, "role.yaml")
    wait_for("ten lines", 90, lambda: len(numbers(store)) >= 10)
    found = numbers(store)
    assert found == list(range(1, len(found) + 1))
    of_setup = '{namespace="podlog", container="setup"}'
    setup = wait_for("the line of the init container", 30, lambda: store.entries(of_setup))
    assert [entry.line for entry in setup] == ["setting up"]
    wait_for("no problem any more", 60, lambda: not reasons(cluster))
