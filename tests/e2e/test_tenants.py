# SPDX-License-Identifier: Apache-2.0
"""A Loki of several tenants that lets nobody in without a certificate: a sidecar and a node agent have
theirs from the Secret of `loki.secretName`, and each target's lines go to its tenant."""

import json
import subprocess
import urllib.parse

import external_loki
import layout
import manifests
import pki
import pytest
import stores

SECRET = "loki-access"
FILES = {"source": "Files", "files": {"directory": "/var/log/app"}}
TLS = "/etc/loki-tls"
ARGUMENTS = (
    f"-server.http-tls-cert-path={TLS}/tls.crt", f"-server.http-tls-key-path={TLS}/tls.key",
    f"-server.http-tls-ca-path={TLS}/ca.crt", "-server.http-tls-client-auth=RequireAndVerifyClientCert",
)  # fmt: skip


def secret(cluster, namespace: str, name: str, authority: pki.Authority, pair: str) -> None:
    cluster.kubectl(
        "-n", namespace, "create", "secret", "generic", name, f"--from-file=ca.crt={authority.certificate}",
        f"--from-file=tls.crt={authority.folder / pair}.crt", f"--from-file=tls.key={authority.folder / pair}.key",
    )  # fmt: skip


@pytest.fixture
def loki(cluster, images, namespace, tmp_path):
    """Its host:port in the cluster, and a question of a tenant: loki.ask("team-a", selector)."""
    images("loki")
    host = f"loki.{namespace}.svc"
    authority = pki.Authority(tmp_path / "pki").create()
    authority.issue("server", "loki", hosts=(host,))
    authority.issue("client", "telltale")
    secret(cluster, namespace, "loki-server", authority, "server")
    secret(cluster, namespace, SECRET, authority, "client")
    cluster.kubectl("-n", "telltale", "delete", "secret", SECRET, "--ignore-not-found")
    secret(cluster, "telltale", SECRET, authority, "client")
    external_loki.install(cluster, namespace, tmp_path, tenants=True, arguments=ARGUMENTS,
                          secret="loki-server", secret_path=TLS)  # fmt: skip
    address = cluster.json("-n", namespace, "get", "service", "loki")["spec"]["clusterIP"]

    def ask(tenant: str, selector: str, certificate: bool = True) -> tuple[int, str]:
        query = urllib.parse.urlencode({"query": selector, "since": "1h"})
        pair = ("--cert", authority.folder / "client.crt", "--key", authority.folder / "client.key")
        command = [
            "curl", "--silent", "--max-time", "10", "--resolve", f"{host}:3100:{address}", "--cacert",
            authority.certificate, *(pair if certificate else ()), "--write-out", "\n%{http_code}",
            "--header", f"X-Scope-OrgID: {tenant}", f"https://{host}:3100/loki/api/v1/query_range?{query}",
        ]  # fmt: skip
        done = subprocess.run(layout.Layout().inside(*command), capture_output=True, text=True)
        body, _, code = done.stdout.rpartition("\n")
        return int(code), body

    yield f"{host}:3100", ask
    cluster.kubectl("-n", "telltale", "delete", "secret", SECRET, "--ignore-not-found")


@pytest.fixture
def through(cluster, loki, release):
    """The release pushes to that Loki."""
    host, ask = loki

    class Elsewhere(stores.Loki):
        push_url = f"https://{host}"
        settings = ("victorialogs.enabled=false", f"loki.external.url=https://{host}", "loki.tenant=blue",
                    f"loki.secretName={SECRET}", "tenants.*={team-a}")  # fmt: skip

    before = release.store
    release.use(collector="telltale", store=Elsewhere(cluster))
    yield ask
    release.use(collector="telltale", store=before)


def test_each_targets_lines_go_to_its_tenant_with_the_secrets_certificate(
    cluster, images, namespace, through, wait_for
):
    images("busybox")
    writes = "while true; do echo a line | tee -a /var/log/app/app.log; sleep 1; done"
    prints = "while true; do echo a line; sleep 1; done"
    for name, script, logs in (
        ("files", writes, FILES),
        ("files-a", writes, FILES | {"tenant": "team-a"}),
        ("stdout", prints, {"source": "Stdout"}),
        ("stdout-a", prints, {"source": "Stdout", "tenant": "team-a"}),
    ):
        cluster.kubectl("apply", "-f", "-", stdin=manifests.target(
            namespace, name, selector={"matchLabels": {"app": name}}, logs=logs))  # fmt: skip
        cluster.kubectl("apply", "-f", "-", stdin=manifests.deployment(namespace, name, {}, manifests.container(script)))

    selector = f'{{namespace="{namespace}", app=~".+"}}'  # not the events of the namespace

    def apps(tenant: str) -> set[str]:
        code, body = through(tenant, selector)
        assert code == 200, body
        return {stream["stream"]["app"] for stream in json.loads(body)["data"]["result"]}

    wait_for("lines of all four", 60, lambda: len(apps("blue") | apps("team-a")) == 4)
    assert apps("blue") == {"files", "stdout"}
    assert apps("team-a") == {"files-a", "stdout-a"}
    assert through("", selector)[0] == 401  # the tenants are real
    assert through("blue", selector, certificate=False)[0] == 0  # and so is the certificate
