# SPDX-License-Identifier: Apache-2.0
"""The sidecar on a machine without Kubernetes: the Debian package, its unit, a supervisor, and the page about it."""

import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.request

import catalog
import ours
import peers
import pytest
from ours import BIN, ROOT, wait_for

PAGE = ROOT / "docs/how-to/vm.md"
SIDECAR = BIN / "telltale-sidecar"


def run(*command, **more) -> subprocess.CompletedProcess:
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, **more)


@pytest.fixture(scope="module")
def package(tmp_path_factory) -> pathlib.Path:
    """The package, unpacked."""
    folder = tmp_path_factory.mktemp("deb")
    made = run("cpack", "--config", BIN.parent / "CPackConfig.cmake", "-D", f"CPACK_OUTPUT_FILE_PREFIX={folder}", cwd=folder)
    assert made.returncode == 0, made.stdout + made.stderr
    (deb,) = folder.glob("*.deb")
    for what, place in (("-x", "root"), ("-e", "control")):
        assert run("dpkg-deb", what, deb, folder / place).returncode == 0
    return folder


def test_the_package_depends_on_nothing_and_keeps_the_configuration(package):
    control = (package / "control/control").read_text()
    assert "Package: telltale-sidecar\n" in control and "Depends:" not in control
    assert (package / "control/conffiles").read_text() == "/etc/telltale/sidecar.yaml\n"
    for script in ("postinst", "prerm", "postrm"):
        assert os.access(package / "control" / script, os.X_OK), script
    version = run(package / "root/usr/bin/telltale-sidecar", "--version").stdout.split()[1]
    assert f"Version: {version}" in control
    checked = run(SIDECAR, "--check-config", f"--config={package}/root/etc/telltale/sidecar.yaml")
    assert checked.stdout == "OK\n", checked.stdout


def test_systemd_accepts_the_unit_and_finds_it_safe(package):
    root = package / "root"
    # What every system has; a unit is verified among those that it names.
    for unit in ("sysinit", "basic", "shutdown", "network-online", "multi-user"):
        (root / f"lib/systemd/system/{unit}.target").write_text("[Unit]\nDescription=of the system\n")
    unit = root / "lib/systemd/system/telltale-sidecar.service"
    (root / "bin").mkdir(exist_ok=True)
    shutil.copy("/bin/true", root / "bin/kill")
    verified = run("systemd-analyze", f"--root={root}", "verify", "telltale-sidecar.service")
    ours_only = [line for line in verified.stderr.splitlines() if "telltale" in line]
    assert not ours_only, verified.stderr
    security = run("systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=25", unit)
    assert security.returncode == 0, security.stdout[-3000:] + security.stderr
    # The check notices: a unit with a wrong key is named.
    unit.write_text(unit.read_text().replace("Restart=always", "Restart=sometimes"))
    assert "sometimes" in run("systemd-analyze", f"--root={root}", "verify", "telltale-sidecar.service").stderr


class Supervisor:
    """Starts a program as systemd does a service of type notify, and hears what it says."""

    def __init__(self, folder: pathlib.Path, *command: str):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(folder / "notify"))
        environment = {"NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": "1000000", "INVOCATION_ID": "1"}
        words = ["/bin/sh", "-c", 'WATCHDOG_PID=$$ exec "$@"', "sh", *command]
        self.process = subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=(folder / "log").open("w"))

    def hears(self, start: str, seconds: float = 20) -> str:
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                text = self.socket.recv(4096).decode()
            except TimeoutError:
                break
            if text.startswith(start):
                return text
        raise AssertionError(f"the program did not say {start} within {seconds} s")

    def is_silent(self, seconds: float) -> bool:
        try:
            self.socket.setblocking(False)
            while self.socket.recv(4096):
                pass
        except BlockingIOError:
            pass
        self.socket.settimeout(seconds)
        try:
            self.socket.recv(4096)
        except TimeoutError:
            return True
        return False


def test_a_supervisor_hears_that_it_is_ready_alive_reloading_and_stopping(tmp_path):
    (tmp_path / "c.yaml").write_text(f"version: 1\nlisten: 127.0.0.1:0\nstate: {tmp_path}/state\ncollectors: {{process: {{}}}}\n")
    supervisor = Supervisor(tmp_path, str(SIDECAR), f"--config={tmp_path}/c.yaml")
    try:
        assert "STATUS=serves 127.0.0.1" in supervisor.hears("READY=1")
        for _ in range(2):
            supervisor.hears("WATCHDOG=1")
        supervisor.process.send_signal(signal.SIGHUP)
        assert re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=\d+", supervisor.hears("RELOADING=1"))
        supervisor.hears("READY=1")
        supervisor.process.send_signal(signal.SIGSTOP)
        assert supervisor.is_silent(2), "a program that does not run feeds its watchdog"
        supervisor.process.send_signal(signal.SIGCONT)
        supervisor.hears("WATCHDOG=1")
        supervisor.process.terminate()
        supervisor.hears("STOPPING=1")
        assert supervisor.process.wait(20) == 0
    finally:
        supervisor.process.kill()
        supervisor.process.wait()
        supervisor.socket.close()


@pytest.mark.parametrize("kind", [peers.Loki, peers.VictoriaLogs], ids=lambda kind: kind.kind)
def test_once_collects_sends_prints_and_ends(tmp_path, kind):
    (tmp_path / "logs").mkdir()
    for name in ("a", "b"):
        (tmp_path / f"logs/{name}.log").write_text("one\ntwo\n")
    config = tmp_path / "c.yaml"
    with kind(tmp_path / "store") as store:
        config.write_text(
            f"version: 1\nlisten: 127.0.0.1:1\nstate: {tmp_path}/state\ncollectors: {{process: {{}}}}\n"
            f"labels: {{app: once}}\nloki: {{url: '{store.push_base}'}}\nlogs: [{{files: {{include: ['{tmp_path}/logs/*.log']}}}}]\n"
        )
        for run_number, lines in ((1, 4), (2, 0)):
            done = run(SIDECAR, "--once", f"--config={config}")
            assert done.returncode == 0, done.stderr
            assert f"telltale_logs_acked_lines_total {lines}\n" in done.stdout, run_number
            assert "telltale_collect_cycles_total 1\n" in done.stdout
    refused = run(SIDECAR, "--once", "--role=node", f"--config={config}")
    assert refused.returncode == 1 and "a node agent has to stay" in refused.stderr


def test_once_beside_a_running_service_ends_at_once_with_a_sentence(tmp_path):
    config = tmp_path / "c.yaml"
    config.write_text(f"version: 1\nlisten: 127.0.0.1:0\nstate: {tmp_path}/state\ncollectors: {{process: {{}}}}\n")
    with ours.Program(tmp_path, "telltale-sidecar", f"--config={config}") as service:
        wait_for("the service has the folder", lambda: (tmp_path / "state/lock").exists() and (tmp_path / "state/lock").read_text())
        refused = run(SIDECAR, "--once", f"--config={config}", timeout=30)
        assert refused.returncode == 1 and refused.stdout == ""
        assert refused.stderr.splitlines()[-1].startswith("telltale-sidecar: another telltale-sidecar, pid "), refused.stderr
        assert f"{tmp_path}/state" in refused.stderr and "`state`" in refused.stderr
        (tmp_path / "own.yaml").write_text(config.read_text().replace("/state", "/own"))
        assert run(SIDECAR, "--once", f"--config={tmp_path}/own.yaml").returncode == 0
        assert service.metric("telltale_collect_cycles_total") >= 1, "the service runs on"
    assert run(SIDECAR, "--once", f"--config={config}").returncode == 0


def test_once_waits_for_each_poll(tmp_path):
    class Slow(ours.Quiet):
        def do_GET(self):
            time.sleep(1)  # longer than everything else that a run does
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

    with ours.served(Slow) as server:
        polls = f"[{{name: slow, url: 'http://127.0.0.1:{server.server_port}/'}}, {{name: nobody, url: 'http://127.0.0.1:1/'}}]"
        (tmp_path / "c.yaml").write_text(f"version: 1\nstate: {tmp_path}/state\ncollectors: {{http: {{polls: {polls}}}}}\n")
        done = run(SIDECAR, "--once", f"--config={tmp_path}/c.yaml")
    assert done.returncode == 0, done.stderr
    assert 'telltale_http_up{poll="slow"} 1\n' in done.stdout
    assert 'telltale_http_failures_total{poll="nobody",reason="connect"} 1\n' in done.stdout


def test_the_collector_of_the_examples_counts_and_its_lines_reach_loki(tmp_path):
    example = (ROOT / "examples/collector/collector.yml").read_text()
    assert len([line for line in example.splitlines() if not line.startswith("#")]) <= 12
    with peers.Loki(tmp_path / "loki") as loki:
        for here, there in (
            ("0.0.0.0:8080", "127.0.0.1:0"), ("10s", "1s"), ("/var/lib/telltale", f"{tmp_path}/state"),
            ("http://loki:3100", loki.push_base), ("/logs/*.log", str(tmp_path / "telltale-sidecar.log")),
        ):  # fmt: skip
            assert here in example
            example = example.replace(here, there)
        (tmp_path / "collector.yml").write_text(example)
        with ours.Program(tmp_path, "telltale-sidecar", f"--config={tmp_path}/collector.yml") as collector:
            wait_for("cycles", lambda: collector.metric("telltale_collect_cycles_total") >= 3)
            assert collector.metric("telltale_collector_duration_seconds", collector="process") > 0
            lines = wait_for("lines", lambda: [e for e in loki.entries({"job": "logging"}) if "cycle=2 " in e.line])
            assert 'msg="Collect cycle finished"' in lines[0].line and "collectors=2 failed=0" in lines[0].line


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL)


def test_the_configurations_of_the_page_are_right(tmp_path):
    ours_text, prometheus = blocks("yaml")
    (tmp_path / "sidecar.yaml").write_text(ours_text)
    assert run(SIDECAR, "--check-config", f"--config={tmp_path}/sidecar.yaml").stdout == "OK\n"
    (tmp_path / "prometheus.yml").write_text(prometheus)
    checked = run(catalog.chosen("promtool"), "check", "config", tmp_path / "prometheus.yml")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def up(url: str) -> dict:
    """What Prometheus says of its targets, by job."""
    with urllib.request.urlopen(url + "/api/v1/query?query=up", timeout=10) as answer:
        result = json.load(answer)["data"]["result"]
    return {series["metric"]["job"]: int(series["value"][1]) for series in result}


def test_prometheus_finds_two_machines_by_static_and_by_file_discovery(tmp_path):
    programs, ports = [], []
    try:
        for name in ("one", "two"):
            folder = tmp_path / name
            folder.mkdir()
            (folder / "config.yaml").write_text(f"version: 1\nlisten: 127.0.0.1:0\nstate: {folder}/state\ncollectors: {{process: {{}}}}\n")
            program = ours.Program(folder, "telltale-sidecar", f"--config={folder}/config.yaml")
            program.start()
            programs.append(program)
            ports.append(int(program.url.rsplit(":", 1)[1]))
        (tmp_path / "machines.json").write_text(f'[{{"targets": ["127.0.0.1:{ports[1]}"]}}]')
        config = (
            "global: {scrape_interval: 1s}\nscrape_configs:\n"
            f"- {{job_name: machines, static_configs: [{{targets: ['127.0.0.1:{ports[0]}']}}]}}\n"
            f"- {{job_name: by-file, file_sd_configs: [{{files: ['{tmp_path}/machines.json']}}]}}\n"
        )
        with peers.Prometheus(tmp_path / "prometheus", config) as prometheus:
            wait_for("both are up", lambda: up(prometheus.url) == {"machines": 1, "by-file": 1}, 40)
    finally:
        for program in programs:
            program.kill()
