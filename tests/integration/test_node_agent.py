# SPDX-License-Identifier: Apache-2.0
"""A node agent, the operator that tells it what to read, a real API server and real log stores."""

import datetime
import json

import objects
import ours
import pytest
from ours import wait_for


def line(number: int, level: str = "info") -> str:
    """As a container runtime writes it, with the time of now: what is old is not searched."""
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
    return f'{now}.{number:09d}Z stdout F {{"level":"{level}","n":{number}}}\n'


@pytest.fixture
def agent(operator, store, tmp_path):
    """(folder of the pods' logs, the agent of the node `nowhere`)."""
    pods = tmp_path / "pods"
    pods.mkdir()
    (tmp_path / "node.yaml").write_text(json.dumps({
        "version": 1, "listen": "127.0.0.1:0", "state": str(tmp_path / "state"),
        "loki": {"url": store.push_base, "batchWait": "200ms"}, "pods": {"operator": operator.url, "directory": str(pods)},
    }))  # fmt: skip
    with ours.Program(tmp_path, "telltale-sidecar", "--role=node", f"--config={tmp_path}/node.yaml",
                      environment={"NODE_NAME": "nowhere"}) as program:  # fmt: skip
        yield pods, program


def write(api, pods, namespace: str, name: str, *lines: str, container: str = "app") -> None:
    """Appends to the log that a kubelet would keep for the pod's container."""
    uid = api.kubectl("-n", namespace, "get", "pod", name, "-o", "jsonpath={.metadata.uid}").stdout
    folder = pods / f"{namespace}_{name}_{uid}" / container
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "0.log").open("a") as out:
        out.write("".join(lines))


def numbers(store, namespace: str) -> list[int]:
    return sorted(json.loads(entry.line)["n"] for entry in store.entries({"namespace": namespace}))


def test_pods_that_a_target_selects_are_read_and_no_others(api, namespace, agent, store):
    pods, program = agent
    objects.apply(api, objects.target(
        namespace, "out", selector={"matchLabels": {"app": "web"}},
        logs={"source": "Stdout", "labels": {"team": "blue"}, "pipeline": [
            {"json": {"expressions": {"level": ""}}}, {"labels": {"values": {"level": ""}}},
            {"drop": {"source": "level", "expression": "debug"}},
        ]},
    ))  # fmt: skip
    objects.running_pod(api, namespace, "web-1", "10.3.0.1", {"app": "web"})
    objects.running_pod(api, namespace, "other", "10.3.0.2", {"app": "other"})
    for name in ("web-1", "other"):
        number = 0 if name == "web-1" else 100
        write(api, pods, namespace, name, *(line(n + number) for n in range(3)), line(50, "debug"))
    wait_for("three lines", lambda: numbers(store, namespace) == [0, 1, 2])
    labels = store.entries({"namespace": namespace})[0].labels
    expected = {"namespace": namespace, "pod": "web-1", "container": "app", "node": "nowhere", "app": "web",
                "stream": "stdout", "team": "blue", "level": "info"}  # fmt: skip
    assert expected.items() <= labels.items()
    assert program.metric("telltale_node_pods") == 1

    # Its labels change, so it is selected now; what it wrote before is read, too.
    api.kubectl("-n", namespace, "label", "pod", "other", "--overwrite", "app=web")
    wait_for("the other's lines", lambda: numbers(store, namespace) == [0, 1, 2, 100, 101, 102])
    assert program.metric("telltale_node_pods") == 2

    # What became of each pod's lines, of four one was dropped; and which generation of the resource does it.
    def acked(pod: str) -> float:
        return program.metric("telltale_logs_target_acked_lines_total", target=f"{namespace}/out", log_namespace=namespace, log_pod=pod)

    wait_for("the lines of both are counted", lambda: (acked("web-1"), acked("other")) == (3, 3))
    for pod in ("web-1", "other"):
        assert program.metric("telltale_logs_target_read_lines_total", log_pod=pod) == 4
        assert program.metric("telltale_logs_target_dropped_lines_total", log_pod=pod) == 1
        assert program.metric("telltale_logs_target_pending_lines", log_pod=pod) == 0
    assert program.metric("telltale_config_target_generation", target=f"{namespace}/out") == 1


def test_a_pod_that_has_finished_is_read(api, namespace, agent, store):
    pods, program = agent
    objects.running_pod(api, namespace, "job", "10.3.1.1", {"app": "web"}, init=("setup-2", "native-3"), more=("istio-proxy",))
    api.kubectl("-n", namespace, "patch", "pod", "job", "--subresource=status", "--type=merge",
                "-p", json.dumps({"status": {"phase": "Succeeded"}}))  # fmt: skip
    for number, container in enumerate(("app", "setup-2", "native-3", "istio-proxy"), 1):
        write(api, pods, namespace, "job", line(number), container=container)
    web = {"matchLabels": {"app": "web"}}
    # Each container belongs to the first target that reads it.
    objects.apply(
        api,
        objects.target(namespace, "out", selector=web, logs={
            "source": "Stdout", "labels": {"part": "app"}, "containers": {"include": ["app", "other-1"]}}),
        objects.target(namespace, "rest", selector=web, logs={
            "source": "Stdout", "labels": {"part": "rest"}, "containers": {"exclude": ["istio-proxy"]}}),
    )  # fmt: skip
    wait_for("the lines of three containers", lambda: numbers(store, namespace) == [1, 2, 3])
    parts = {(entry.labels["container"], entry.labels["part"]) for entry in store.entries({"namespace": namespace})}
    assert parts == {("app", "app"), ("setup-2", "rest"), ("native-3", "rest")}
    assert program.metric("telltale_node_pods") == 1


def test_while_the_operator_is_away_its_last_list_is_read_also_by_a_new_agent(api, namespace, operator, agent, store):
    pods, program = agent
    objects.apply(api, objects.target(
        namespace, "out", selector={"matchLabels": {"app": "web"}}, logs={"source": "Stdout"}))  # fmt: skip
    objects.running_pod(api, namespace, "web-1", "10.3.2.1", {"app": "web"})
    write(api, pods, namespace, "web-1", line(1))
    wait_for("its first line", lambda: numbers(store, namespace) == [1])
    operator.kill()
    write(api, pods, namespace, "web-1", line(2))
    wait_for("its second line", lambda: numbers(store, namespace) == [1, 2])
    assert program.terminate() == 0
    write(api, pods, namespace, "web-1", line(3))
    program.start()
    wait_for("its third line", lambda: numbers(store, namespace) == [1, 2, 3])
    assert program.metric("telltale_node_pod_list_requests_total", result="failure") > 0
