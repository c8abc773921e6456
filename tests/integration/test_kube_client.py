# SPDX-License-Identifier: Apache-2.0
"""The operator's API client (operator/kube) against a real kube-apiserver, over TLS with client
certificates: reads and writes, long lists, watches, and what happens when the server restarts."""

import json
import os
import pathlib
import queue
import re
import subprocess
import threading

import pytest

import apiserver
import ours
from ours import wait_for

MAPS = "/api/v1/namespaces/default/configmaps"


@pytest.fixture(scope="session")
def tool():
    given = os.environ.get("TELLTALE_KUBE_TOOL")
    if given:
        return given
    for command in (["--preset", "dev"], ["--build", "build/dev", "--target", "kube_tool"]):
        done = subprocess.run(["cmake", *command], cwd=ours.ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return str(ours.ROOT / "build/dev/bin/kube_tool")


@pytest.fixture(scope="module")
def server():
    """A server of our own, because these tests restart it."""
    with apiserver.ApiServer() as started:
        wait_for("the default namespace", lambda: started.client.get("/api/v1/namespaces/default"))
        yield started


def run(tool, config, *arguments):
    """(exit code, stdout) of one call."""
    done = subprocess.run([tool, str(config), *arguments], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout.strip()


def config_map(name, **data):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


class Watch:
    """`kube_tool watch`: its lines one by one, its log, and its metrics once it was closed."""

    def __init__(self, tool, server, collection, query=""):
        self.log = ""
        self.process = subprocess.Popen(
            [tool, str(server.kubeconfig), "watch", collection, query],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.lines = queue.Queue()
        self.threads = [threading.Thread(target=self._read), threading.Thread(target=self._read_log)]
        for thread in self.threads:
            thread.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line.strip())

    def _read_log(self):
        for line in self.process.stderr:
            self.log += line

    def until(self, *wanted, seconds=60):
        """The lines up to and with one of these."""
        seen = []
        while not set(wanted) & set(seen):
            try:
                seen.append(self.lines.get(timeout=seconds))
            except queue.Empty:
                raise AssertionError(f"none of {wanted} after {seen[-20:]}\n{self.log[-3000:]}") from None
        return seen

    def close(self):
        """The metrics; the end must be quick and clean."""
        if self.process.poll() is None:
            self.process.stdin.close()
            assert self.process.wait(10) == 0, self.log
        for thread in self.threads:
            thread.join()
        rest = "\n".join(list(self.lines.queue))
        return {m[1]: float(m[2]) for m in re.finditer(r"^(telltale_\S+) (\d+)$", rest, re.M)}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.close()


def restart(server):
    """Ends kube-apiserver alone, and starts it again on its port; etcd goes on."""
    daemon = server._daemons[1]
    pid, _ = daemon.identity()
    command = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode().rstrip("\0").split("\0")
    daemon.stop(0)
    yield
    daemon.start(command)
    daemon.wait(server.client.ready, 120)


def test_objects_are_created_applied_read_and_deleted(server, tool):
    path = f"{MAPS}/one"
    code, out = run(tool, server.kubeconfig, "get", path)
    assert code == 1
    assert out == f'ERROR not_found: GET {path}: the API server does not have it: configmaps "one" not found (HTTP 404)'

    made = json.dumps(config_map("one", a="1", b="2"))
    assert run(tool, server.kubeconfig, "create", MAPS, made) == (0, "")
    code, out = run(tool, server.kubeconfig, "create", MAPS, made)
    assert code == 1 and out.startswith("ERROR conflict:") and "already exists" in out

    assert run(tool, server.kubeconfig, "apply", path, json.dumps(config_map("two", a="1")))[0] == 1
    assert run(tool, server.kubeconfig, "apply", path, json.dumps(config_map("one", a="3", c="4"))) == (0, "")
    code, out = run(tool, server.kubeconfig, "get", path)
    assert code == 0
    held = json.loads(out)
    assert held["data"]["a"] == "3" and held["data"]["c"] == "4"
    assert "telltale-operator" in {m["manager"] for m in held["metadata"]["managedFields"]}
    # The whole intent each time: what is no longer in it and was only ours goes.
    assert run(tool, server.kubeconfig, "apply", path, json.dumps(config_map("one", a="3"))) == (0, "")
    assert "c" not in server.client.get(path)["data"]

    assert run(tool, server.kubeconfig, "delete", path) == (0, "")
    assert server.client.get(path) is None
    assert run(tool, server.kubeconfig, "delete", path) == (0, ""), "gone already is good"


def test_what_is_not_allowed_is_said_with_the_servers_words(server, tool, tmp_path):
    nobody = server.credentials("nobody", tmp_path / "kubeconfig")
    code, out = run(tool, nobody, "get", "/api/v1/secrets")
    assert code == 1
    assert out.startswith("ERROR permission:") and 'User "nobody" cannot list resource "secrets"' in out


def test_a_long_list_arrives_whole_and_every_change_after_it(server, tool):
    names = {f"many-{i}" for i in range(620)}
    for name in names:
        server.client.apply(MAPS, config_map(name, text="x" * 1000))
    with Watch(tool, server, MAPS) as watch:
        listed = watch.until("end")
        assert listed[0] == "begin" and "abort" not in listed
        items = [line.split("/")[1] for line in listed if line.startswith("item")]
        assert len(items) == len(set(items))
        assert names <= set(items)

        server.client.apply(MAPS, config_map("new", a="1"))
        watch.until("changed default/new")
        server.client.apply(MAPS, config_map("many-5", a="2"))
        watch.until("changed default/many-5")
        server.client.call("DELETE", f"{MAPS}/many-6")
        watch.until("deleted default/many-6")
        metrics = watch.close()
    assert metrics['telltale_watch_events_total{resource="things"}'] >= 3
    assert metrics['telltale_relists_total{resource="things"}'] == 0
    assert metrics['telltale_decode_errors_total{resource="things"}'] == 0


def test_a_selector_holds_for_the_list_and_the_watch(server, tool):
    server.client.apply(MAPS, config_map("chosen"))
    with Watch(tool, server, MAPS, "fieldSelector=metadata.name%3Dchosen") as watch:
        assert watch.until("end") == ["begin", "item default/chosen", "end"]
        server.client.apply(MAPS, config_map("not-chosen", a="1"))
        server.client.apply(MAPS, config_map("chosen", a="1"))
        assert watch.until("changed default/chosen") == ["changed default/chosen"]


def test_a_watch_survives_the_restart_of_the_server(server, tool):
    server.client.apply(MAPS, config_map("before", a="1"))
    with Watch(tool, server, MAPS) as watch:
        watch.until("end")
        # Puts our place behind the history that the new server will keep, so that it answers 410.
        for i in range(3):
            server.client.apply("/api/v1/namespaces/default/secrets", {**config_map(f"s{i}"), "kind": "Secret"})
        restarting = restart(server)
        next(restarting)
        wait_for("the client to notice", lambda: "cannot reach the API server" in watch.log, 30)
        next(restarting, None)
        server.client.apply(MAPS, config_map("after", a="1"))
        # As an event, or in a list when the new server's history starts after our place in it.
        watch.until("changed default/after", "item default/after", seconds=90)
        server.client.apply(MAPS, config_map("after", a="2"))
        watch.until("changed default/after")
        metrics = watch.close()
    assert metrics['telltale_watch_restarts_total{reason="error",resource="things"}'] >= 1
    assert metrics['telltale_watch_restarts_total{reason="gone",resource="things"}'] >= 1
    assert metrics['telltale_relists_total{resource="things"}'] >= 1


def test_a_resource_without_its_definition_is_waited_for(server, tool):
    with Watch(tool, server, "/apis/telltale.dev/v1alpha1/monitoringtargets") as watch:
        watch.until("abort")
        wait_for("the log line", lambda: "is the CustomResourceDefinition installed?" in watch.log)
        made = server.kubectl("apply", "-f", ours.ROOT / "crds/monitoringtargets.yaml")
        assert made.returncode == 0, made.stderr
        watch.until("end")
        target = {
            "apiVersion": "telltale.dev/v1alpha1", "kind": "MonitoringTarget",
            "metadata": {"name": "web", "namespace": "default"},
            "spec": {"selector": {"matchLabels": {"app": "web"}}, "metrics": {"endpoints": [{"port": 80}]}},
        }  # fmt: skip
        made = server.kubectl("apply", "-f", "-", text=json.dumps(target))
        assert made.returncode == 0, made.stderr
        watch.until("changed default/web")
