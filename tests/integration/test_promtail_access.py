# SPDX-License-Identifier: Apache-2.0
"""The real Promtail with the configuration that the operator writes, before a Loki of several tenants
that wants a password: each target's lines go to its tenant."""

import base64
import datetime
import pathlib

import catalog
import objects
import ours
import peers
import pytest
import yaml
from ours import wait_for

FOLDER = "/etc/telltale-loki"  # where the chart mounts the Secret


@pytest.fixture
def loki():
    """Takes every push. `.pushes` is a list of (tenant, authorization)."""

    class Push(ours.Quiet):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            pushes.append((self.headers["X-Scope-OrgID"], self.headers["Authorization"]))
            self.send_response(204)
            self.end_headers()

    pushes = []
    with ours.served(Push) as server:
        server.pushes = pushes
        server.url = f"http://127.0.0.1:{server.server_port}"
        yield server


@pytest.fixture
def written(api, namespace, tmp_path, loki):
    """promtail.yaml as the operator writes it of a target with a tenant and one without."""
    with ours.Program(
        tmp_path, "telltale-operator", f"--kubeconfig={api.kubeconfig}", "--namespace=telltale",
        "--http-listen=127.0.0.1:0", "--webhook-listen=off", f"--loki-url={loki.url}", "--loki-tenant=blue",
        "--promtail-secret-keys=username,password",
    ):  # fmt: skip
        for name, logs in (("all", {}), ("own", {"tenant": "team-a"})):
            objects.apply(api, objects.target(
                namespace, name, selector={"matchAll": True}, logs={"source": "Stdout"} | logs))  # fmt: skip

        def config():
            text = (objects.data(api, "telltale", "telltale-promtail") or {}).get("promtail.yaml", "")
            return text if f"{namespace}/own" in text and loki.url in text else None

        yield wait_for("the Promtail configuration", config)


def test_promtail_says_who_it_is_and_each_target_has_its_tenant(written, namespace, loki, tmp_path):
    secret, logs = tmp_path / "secret", tmp_path / "logs"
    secret.mkdir()
    logs.mkdir()
    (secret / "username").write_text("writer\n")
    (secret / "password").write_text("pa$$:word\n")
    config = yaml.safe_load(written.replace(FOLDER, str(secret)))
    del config["server"]
    if catalog.version("promtail") < (3,):
        # Promtail 2.2.1 reads a password from a file, but no username. Seen with Promtail 3.6.4: it reads both.
        for client in config["clients"]:
            auth = client["basic_auth"]
            auth["username"] = pathlib.Path(auth.pop("username_file")).read_text().strip()
    config["scrape_configs"] = [job for job in config["scrape_configs"] if job["job_name"].startswith(namespace)]
    assert len(config["scrape_configs"]) == 2
    for job in config["scrape_configs"]:
        # There is no kubelet here: the same stages over a file of the same form.
        del job["kubernetes_sd_configs"], job["relabel_configs"]
        path = logs / f"{job['job_name'].replace('/', '-')}.log"
        path.write_text(f"{datetime.datetime.now(datetime.UTC).isoformat()} stdout F a line\n")
        job["static_configs"] = [{"targets": ["localhost"], "labels": {"__path__": str(path)}}]
    with peers.Promtail(tmp_path / "promtail", yaml.safe_dump(config)):
        wait_for("a push for each tenant", lambda: len({tenant for tenant, _ in loki.pushes}) == 2)
    basic = "Basic " + base64.b64encode(b"writer:pa$$:word").decode()
    assert set(loki.pushes) == {("blue", basic), ("team-a", basic)}
