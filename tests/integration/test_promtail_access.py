# SPDX-License-Identifier: Apache-2.0
"""The real Promtail with the configuration that the operator writes, before a Loki of several tenants
that wants a password: each target's lines go to its tenant."""

import base64
import datetime
import pathlib
import re
import urllib.request

import objects
import ours
import peers
import pytest
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


# A line that it drops shows that backslashes and dollars come through the expansion of variables.
DROPS = {"pipeline": [{"drop": {"expression": r"^costs \d+\$$", "dropCounterReason": "dollars"}}]}


@pytest.fixture
def written(api, namespace, tmp_path, loki):
    """promtail.yaml as the operator writes it of a target with a tenant and one without."""
    with ours.Program(
        tmp_path, "telltale-operator", f"--kubeconfig={api.kubeconfig}", "--namespace=telltale",
        "--http-listen=127.0.0.1:0", "--webhook-listen=off", f"--loki-url={loki.url}", "--loki-tenant=blue", "--tenants=*=team-a",
        "--promtail-secret-keys=username,password",
    ):  # fmt: skip
        for name, logs in (("all", {}), ("own", {"tenant": "team-a"})):
            objects.apply(api, objects.target(
                namespace, name, selector={"matchAll": True}, logs={"source": "Stdout"} | DROPS | logs))  # fmt: skip

        def config():
            text = (objects.data(api, "telltale", "telltale-promtail") or {}).get("promtail.yaml", "")
            return text if f"{namespace}/own" in text and loki.url in text else None

        yield wait_for("the Promtail configuration", config)


def over_files(text: str, namespace: str, folder: pathlib.Path) -> str:
    """The operator's text of the targets of this namespace, with files in place of the pods of a kubelet."""
    head, _, rest = text.partition("scrape_configs:\n")
    jobs = [job for job in re.split(r"^  - job_name: ", rest, flags=re.MULTILINE) if job.startswith(f'"{namespace}/')]
    assert len(jobs) == 2
    for number, job in enumerate(jobs):
        path = folder / f"{number}.log"
        now = datetime.datetime.now(datetime.UTC).isoformat()
        path.write_text(f"{now} stdout F costs 12$\n{now} stdout F a line\n")
        stages, _, _ = job.partition("    kubernetes_sd_configs:\n")
        files = f'    static_configs: [{{targets: [localhost], labels: {{__path__: "{path}"}}}}]\n'
        head += ("" if number else "scrape_configs:\n") + "  - job_name: " + stages + files
    return head


@pytest.mark.parametrize("username", ["writer", r"""SHOP\wri"t'er: #$1 ${HOME} $$""" + "\n"], ids=["plain", "special"])
def test_promtail_says_who_it_is_and_each_target_has_its_tenant(
    written, namespace, loki, tmp_path, monkeypatch, username
):
    secret, logs = tmp_path / "secret", tmp_path / "logs"
    secret.mkdir()
    logs.mkdir()
    (secret / "password").write_text("pa$$:word\n")
    monkeypatch.setenv("TELLTALE_LOKI_USERNAME", username)  # as the chart's DaemonSet does
    config = over_files(written.replace(FOLDER, str(secret)), namespace, logs)
    with peers.Promtail(tmp_path / "promtail", config, "-config.expand-env=true") as promtail:
        wait_for("a push for each tenant", lambda: len({tenant for tenant, _ in loki.pushes}) == 2)
        with urllib.request.urlopen(promtail.url + "/metrics", timeout=10) as page:
            # Promtail 2.2.1 makes this counter with the first line that it drops, and never increments it.
            assert b'logentry_dropped_lines_total{reason="dollars"}' in page.read()
    basic = "Basic " + base64.b64encode(f"{username.strip()}:pa$$:word".encode()).decode()
    assert set(loki.pushes) == {("blue", basic), ("team-a", basic)}
