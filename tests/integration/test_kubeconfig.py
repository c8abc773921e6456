# SPDX-License-Identifier: Apache-2.0
"""The ways into a cluster from outside it (operator/kube/config) against a real kube-apiserver, which
says in its refusals whom it takes us for."""

import base64
import json
import socket
import threading

import pytest
import yaml

from test_kube_client import run, server, tool  # noqa: F401  (fixtures)

FORBIDDEN = "/api/v1/namespaces/kube-system/secrets/x"
EXEC = "client.authentication.k8s.io/v1"


@pytest.fixture
def config(server, tmp_path):  # noqa: F811
    """Writes a kubeconfig with more fields in its cluster and these of a user; the path."""

    def write(user, cluster=None, name="config"):
        content = {
            "apiVersion": "v1", "kind": "Config", "current-context": "c",
            "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
            "clusters": [{"name": "k", "cluster": {
                "server": server.server,
                "certificate-authority": str(server.folder / "pki/ca.crt"), **(cluster or {})}}],
            "users": [{"name": "u", "user": user}],
        }  # fmt: skip
        path = tmp_path / name
        path.write_text(yaml.safe_dump(content))
        return path

    return write


@pytest.fixture
def plugin(tmp_path):
    """Makes a credential plugin that gives this status and writes down what it was told."""

    def make(**status):
        (tmp_path / "answer.json").write_text(
            json.dumps({"kind": "ExecCredential", "apiVersion": EXEC, "status": status})
        )
        script = tmp_path / "bin/login"
        script.parent.mkdir(exist_ok=True)
        script.write_text(
            f'#!/bin/sh\nprintf %s "$KUBERNETES_EXEC_INFO" >{tmp_path}/told.json\n'
            f'echo "token: not here" >&2\nexec cat "{tmp_path}/$1"\n'
        )
        script.chmod(0o755)
        return {
            "exec": {
                "apiVersion": EXEC,
                "interactiveMode": "IfAvailable",
                "provideClusterInfo": True,
                "command": "bin/login",  # beside the kubeconfig
                "args": ["answer.json"],
            }
        }

    return make


def account_token(server, name):  # noqa: F811
    server.kubectl("-n", "default", "create", "serviceaccount", name)
    made = server.kubectl("-n", "default", "create", "token", name)
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


def certificate(server, name):  # noqa: F811
    """PEM of a client certificate for a user of this name, and of its key."""
    server.credentials(name, server.folder / f"{name}.kubeconfig")
    pki = server.folder / "pki"
    return (pki / f"{name}.crt").read_text(), (pki / f"{name}.key").read_text()


def who(tool, path):  # noqa: F811
    """What the server says to somebody who has no rights."""
    code, said = run(tool, path, "get", FORBIDDEN)
    assert code == 1, said
    return said


def test_a_token_and_a_token_file(tool, server, config, tmp_path):  # noqa: F811
    token = account_token(server, "tokens")
    expected = '"system:serviceaccount:default:tokens" cannot get'
    assert expected in who(tool, config({"token": token}))
    (tmp_path / "token").write_text(token + "\n")
    assert expected in who(tool, config({"token": "not-this", "tokenFile": "token"}))
    assert "does not accept our credentials" in who(tool, config({"token": "not-this"}))


def test_a_plugin_gives_a_token_and_is_told_about_the_cluster(tool, server, config, plugin, tmp_path):  # noqa: F811
    path = config(plugin(token=account_token(server, "from-plugin")))
    assert '"system:serviceaccount:default:from-plugin" cannot get' in who(tool, path)
    told = json.loads((tmp_path / "told.json").read_text())
    assert told["kind"] == "ExecCredential" and told["apiVersion"] == EXEC
    assert told["spec"]["interactive"] is False
    assert told["spec"]["cluster"]["server"] == server.server
    authority = base64.b64decode(told["spec"]["cluster"]["certificate-authority-data"])
    assert authority == (server.folder / "pki/ca.crt").read_bytes()


def test_a_plugin_gives_a_certificate(tool, server, config, plugin):  # noqa: F811
    pem, key = certificate(server, "paula")
    path = config(plugin(clientCertificateData=pem, clientKeyData=key))
    assert 'User "paula" cannot get' in who(tool, path)


def test_a_plugins_failure_is_one_sentence_without_its_output(tool, config, plugin, tmp_path):  # noqa: F811
    path = config(plugin(token="secret", clientKeyData="secret"))
    said = who(tool, path)
    assert "credential plugin" in said and "belong together" in said and "secret" not in said
    (tmp_path / "answer.json").unlink()
    assert "it ended with 1 (cat:" in who(tool, path)


def test_client_certificates_from_files_beside_the_kubeconfig(tool, server, config, tmp_path):  # noqa: F811
    pem, key = certificate(server, "carla")
    (tmp_path / "carla.crt").write_text(pem)
    (tmp_path / "carla.key").write_text(key)
    user = {"client-certificate": "carla.crt", "client-key": "carla.key"}
    assert 'User "carla" cannot get' in who(tool, config(user))


def test_the_server_must_have_the_name_that_is_asked_for(tool, server, config):  # noqa: F811
    user = {"token": account_token(server, "names")}
    named = config(user, {"tls-server-name": "kubernetes.default"})
    assert "default:names" in who(tool, named)
    assert "hostname mismatch" in who(tool, config(user, {"tls-server-name": "x.example"}))


def test_parts_from_several_kubeconfigs(tool, server, config, tmp_path):  # noqa: F811
    pem, key = certificate(server, "merle")
    for suffix, text in (("crt", pem), ("key", key)):
        (tmp_path / f"merle.{suffix}").write_text(text)
    user = {"client-certificate": "merle.crt", "client-key": "merle.key"}
    (tmp_path / "users").write_text(yaml.safe_dump({"users": [{"name": "u", "user": user}]}))
    rest = config({"token": "not-this"}, name="rest")
    assert 'User "merle" cannot get' in who(tool, f"{tmp_path}/absent:{tmp_path}/users:{rest}")


def test_acting_as_somebody_else(tool, server, config):  # noqa: F811
    pem, key = ((server.folder / f"pki/admin.{kind}").read_bytes() for kind in ("crt", "key"))
    admin = {
        "client-certificate-data": base64.b64encode(pem).decode(),
        "client-key-data": base64.b64encode(key).decode(),
    }
    code, _ = run(tool, config(admin), "get", "/api/v1/namespaces/kube-system")
    assert code == 0
    assert 'User "jane" cannot get' in who(tool, config({**admin, "as": "jane", "as-groups": ["g"]}))


class Proxy:
    """Tunnels connections to where CONNECT says, and counts them."""

    def __init__(self):
        self.asked = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            head = b""
            while b"\r\n\r\n" not in head:
                head += client.recv(4096)
            self.asked.append(head.split(b"\r\n")[0].decode())
            host, port = self.asked[-1].split()[1].rsplit(":", 1)
            server = socket.create_connection((host, int(port)))  # noqa: F811
            client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            for ends in ((client, server), (server, client)):
                threading.Thread(target=self._move, args=ends, daemon=True).start()

    @staticmethod
    def _move(source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def test_through_a_proxy(tool, server, config):  # noqa: F811
    proxy = Proxy()
    try:
        path = config({"token": account_token(server, "proxied")}, {"proxy-url": proxy.url})
        assert "default:proxied" in who(tool, path)
        assert proxy.asked == [f"CONNECT {server.server.removeprefix('https://')} HTTP/1.1"]
    finally:
        proxy.listener.close()
