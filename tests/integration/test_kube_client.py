# SPDX-License-Identifier: Apache-2.0
"""The operator's API client (operator/kube) against a real kube-apiserver, over TLS with client
certificates: reads and writes, long lists, watches, and what happens when the server restarts,
forgets its history, is restored from a backup, or the network fails."""

import json
import pathlib
import queue
import re
import shutil
import subprocess
import sys
import threading
import urllib.parse
import urllib.request

import pytest

import apiserver
import ours
from ours import wait_for

sys.path.insert(0, str(ours.ROOT / "tests/faults/real"))
from proxy import Proxy  # noqa: E402  (the folder is no package)

MAPS = "/api/v1/namespaces/default/configmaps"


@pytest.fixture(scope="session")
def tool():
    return ours.tool("kube_tool")


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

    def __init__(self, tool, server, collection, query="", kubeconfig=None):
        self.log = ""
        self.process = subprocess.Popen(
            [tool, str(kubeconfig or server.kubeconfig), "watch", collection, query],
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


def content(lines):
    """The names of what came between begin and end."""
    return {line.split("/")[1] for line in lines if line.startswith("changed")}


def metric(metrics, name, **labels):
    pairs = ",".join(f'{key}="{value}"' for key, value in sorted({**labels, "resource": "things"}.items()))
    return metrics["telltale_" + name + "{" + pairs + "}"]


class Stopped:
    """kube-apiserver does not run inside the block, and etcd neither if that is asked for. Outside
    of it they run again on their ports, kube-apiserver with these flags more than it was given."""

    def __init__(self, server, *flags, etcd=False):
        self.server, self.flags = server, flags
        self.daemons = server._daemons[0 if etcd else 1 :]

    def __enter__(self):
        self.commands = []
        for daemon in reversed(self.daemons):
            pid, _ = daemon.identity()
            command = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode().rstrip("\0").split("\0")
            self.commands.insert(0, [word for word in command if not word.startswith("--feature-gates")])
            daemon.stop(0)

    def __exit__(self, *_):
        self.commands[-1].extend(self.flags)
        for daemon, command in zip(self.daemons, self.commands):
            daemon.start(command)
        self.daemons[-1].wait(self.server.client.ready, 120)


def etcd_url(server):
    pid, _ = server._daemons[0].identity()
    command = pathlib.Path(f"/proc/{pid}/cmdline").read_text()
    return re.search(r"--advertise-client-urls=([^\0]+)", command).group(1)


def compact(server):
    """etcd forgets every version but the newest."""

    def call(path, **body):
        request = urllib.request.Request(etcd_url(server) + path, json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    revision = call("/v3/kv/range", key="AA==")["header"]["revision"]
    call("/v3/kv/compaction", revision=revision, physical=True)


@pytest.fixture
def proxied(server, tmp_path):
    """(proxy, kubeconfig that leads through it)"""
    port = urllib.parse.urlsplit(server.server).port
    with Proxy(("127.0.0.1", port)) as proxy:
        kubeconfig = tmp_path / "proxied"
        kubeconfig.write_text(server.kubeconfig.read_text().replace(f"127.0.0.1:{port}", proxy.address))
        yield proxy, kubeconfig


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
        assert len([line for line in listed if line.startswith("changed")]) == len(content(listed))
        assert names <= content(listed)

        server.client.apply(MAPS, config_map("new", a="1"))
        watch.until("changed default/new")
        server.client.apply(MAPS, config_map("many-5", a="2"))
        watch.until("changed default/many-5")
        server.client.call("DELETE", f"{MAPS}/many-6")
        watch.until("deleted default/many-6")
        metrics = watch.close()
    assert metric(metrics, "watch_events_total") >= 3
    assert metric(metrics, "watch_bytes_total") > 620 * 1000
    assert metric(metrics, "relists_total") == 0
    assert metric(metrics, "decode_errors_total") == 0
    assert metric(metrics, "syncs_total", mode="watch-list") == 1, "kube-apiserver 1.34 offers it"
    assert metric(metrics, "syncs_total", mode="list") == 0


def test_a_selector_holds_for_the_list_and_the_watch(server, tool):
    server.client.apply(MAPS, config_map("chosen"))
    with Watch(tool, server, MAPS, "fieldSelector=metadata.name%3Dchosen") as watch:
        assert watch.until("end") == ["begin", "changed default/chosen", "end"]
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
        with Stopped(server):
            wait_for("the client to notice", lambda: "cannot reach the API server" in watch.log, 30)
        server.client.apply(MAPS, config_map("after", a="1"))
        # As an event, or in a new content when the server's history starts after our place in it.
        watch.until("changed default/after", seconds=90)
        server.client.apply(MAPS, config_map("after", a="2"))
        watch.until("changed default/after")
        metrics = watch.close()
    assert metric(metrics, "watch_restarts_total", reason="error") >= 1
    assert metric(metrics, "watch_restarts_total", reason="gone") >= 1
    assert metric(metrics, "relists_total") >= 1
    assert metric(metrics, "history_checks_total") >= 1
    assert metric(metrics, "watch_restarts_total", reason="rewind") == 0


def test_a_watch_that_is_cut_goes_on_without_a_new_content(server, tool, proxied):
    proxy, kubeconfig = proxied
    server.client.apply(MAPS, config_map("cut", n="0"))
    with Watch(tool, server, MAPS, "fieldSelector=metadata.name%3Dcut", kubeconfig) as watch:
        watch.until("end")
        for i in range(3):
            proxy.cut()
            server.client.apply(MAPS, config_map("cut", n=f"{i}+1"))
            assert watch.until("changed default/cut") == ["changed default/cut"]
        proxy.refuse(True)
        server.client.call("DELETE", f"{MAPS}/cut")
        wait_for("the client to notice", lambda: "cannot go on yet" in watch.log)
        proxy.refuse(False)
        assert watch.until("deleted default/cut") == ["deleted default/cut"]
        metrics = watch.close()
    assert metric(metrics, "watch_restarts_total", reason="error") >= 4
    assert metric(metrics, "relists_total") == 0
    assert metric(metrics, "history_checks_total") >= 4


def test_history_that_etcd_has_forgotten_is_made_up_for_by_a_new_content(server, tool, proxied):
    proxy, kubeconfig = proxied
    for name in ("stays", "goes"):
        server.client.apply(MAPS, config_map(name))
    with Watch(tool, server, MAPS, kubeconfig=kubeconfig) as watch:
        assert {"stays", "goes"} <= content(watch.until("end"))
        proxy.refuse(True)
        server.client.call("DELETE", f"{MAPS}/goes")
        server.client.apply(MAPS, config_map("comes"))
        compact(server)
        with Stopped(server):  # the server keeps a history of its own
            pass
        proxy.refuse(False)
        again = watch.until("end", seconds=90)
        assert again[0] == "begin"
        assert {"stays", "comes"} <= content(again) and "goes" not in content(again)
        metrics = watch.close()
    assert metric(metrics, "watch_restarts_total", reason="gone") >= 1
    assert metric(metrics, "relists_total") == 1
    assert metric(metrics, "syncs_total", mode="watch-list") == 2


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


def test_a_server_without_watch_list_is_listed(server, tool):
    server.client.apply(MAPS, config_map("listed"))
    with Stopped(server, "--feature-gates=WatchList=false"):
        pass
    with Watch(tool, server, MAPS) as watch:
        assert watch.until("end")[:3] == ["begin", "abort", "begin"]
        server.client.apply(MAPS, config_map("listed", a="1"))
        assert watch.until("changed default/listed") == ["changed default/listed"]
        metrics = watch.close()
    assert "sendInitialEvents is forbidden" in watch.log, "the server's own words"
    assert metric(metrics, "syncs_total", mode="list") == 1
    assert metric(metrics, "syncs_total", mode="watch-list") == 0
    assert metric(metrics, "relists_total") == 0


def test_a_server_restored_from_a_backup_is_noticed(server, tool, tmp_path):
    """Without the question about its history the watch would be accepted, and silent."""
    server.client.apply(MAPS, config_map("old", a="1"))
    data, backup = server.folder / "etcd", tmp_path / "backup"
    with Stopped(server, etcd=True):
        shutil.copytree(data, backup)
    with Watch(tool, server, MAPS) as watch:
        watch.until("end")
        server.client.apply(MAPS, config_map("lost", a="1"))
        # Far ahead of what the restored server writes by itself until we ask it.
        for i in range(500):
            server.client.apply(MAPS, config_map("old", a=str(i)))
        watch.until("changed default/lost")
        with Stopped(server, etcd=True):
            shutil.rmtree(data)
            shutil.copytree(backup, data)
        again = watch.until("begin", seconds=90) and watch.until("end")
        assert "old" in content(again) and "lost" not in content(again)
        server.client.apply(MAPS, config_map("old", b="2"))
        watch.until("changed default/old")
        metrics = watch.close()
    assert metric(metrics, "watch_restarts_total", reason="rewind") == 1
