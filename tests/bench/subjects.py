# SPDX-License-Identifier: Apache-2.0
"""The programs that are measured: ours, Prometheus's kubernetes_sd, OpenTelemetry's target allocator.

Each gets the same API server and is a process of its own with the settings it has by default.
"""

import json
import pathlib
import subprocess
import sys
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests/cluster/tools"), str(ROOT / "tests/cluster"), str(ROOT / "tests/bench")]
import process  # noqa: E402  (the folders are no packages)

MARKER = "aa-bench"


def get(url: str, seconds: float = 120) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=seconds) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


class Subject:
    """One process. `poll` is where its targets are looked up: (target, milliseconds, head)."""

    name = ""
    poll = ("", 100, "")

    def __init__(self, binary, kubeconfig: pathlib.Path, folder: pathlib.Path):
        self.binary, self.kubeconfig, self.folder = pathlib.Path(binary), kubeconfig, folder
        folder.mkdir(parents=True, exist_ok=True)
        self.port = process.free_ports(1)[0]
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / f"{self.name}.log"
        self.process = None

    def arguments(self) -> list[str]:
        raise NotImplementedError

    def knows(self) -> int:
        """How many targets it knows of now."""
        raise NotImplementedError

    def __enter__(self):
        arguments = self.arguments()
        with self.log.open("w") as out:
            self.started = time.monotonic()
            self.process = subprocess.Popen([self.binary, *arguments], stdout=out, stderr=out)
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    @property
    def pid(self) -> int:
        return self.process.pid

    def wait_for(self, targets: int, seconds: float) -> float:
        """Until it knows that many; the seconds since its start."""
        while True:
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.name} ended with {self.process.returncode}: {self.log.read_text()[-2000:]}")
            if self.knows() >= targets:
                return time.monotonic() - self.started
            if time.monotonic() - self.started > seconds:
                raise RuntimeError(f"{self.name} does not know {targets} targets after {seconds:.0f} s")
            time.sleep(0.1)

    def metric(self, name: str) -> float:
        """The sum of a metric's series."""
        total = 0.0
        for line in get(self.url + "/metrics")[1].splitlines():
            if line.startswith((name + " ", name + "{")):
                total += float(line.rsplit(" ", 1)[1])
        return total


class Telltale(Subject):
    name = "telltale"
    poll = ("/sd/v1/targets", 40, "head")

    def arguments(self) -> list[str]:
        return [
            f"--kubeconfig={self.kubeconfig}", f"--http-listen=127.0.0.1:{self.port}", "--webhook-listen=off",
            "--namespace=telltale", "--loki-url=http://loki:3100",
        ]  # fmt: skip

    def knows(self) -> int:
        if get(self.url + "/readyz")[0] != 200:
            return 0
        return int(self.metric("telltale_discovery_targets"))


SCRAPE_JOB = """
  - job_name: {job}
    scrape_interval: 1h
    kubernetes_sd_configs:
      - role: pod
        kubeconfig_file: {kubeconfig}{namespaces}
    relabel_configs:{rules}
"""
KEEP_PORT = """
      - {action: keep, source_labels: [__meta_kubernetes_pod_container_port_name], regex: metrics}"""
KEEP_MARKER = """
      - {action: keep, source_labels: [__meta_kubernetes_namespace], regex: %s}""" % MARKER


class Prometheus(Subject):
    """One job finds every pod and keeps the markers: so nothing is scraped but them, and what is
    measured is discovery, in Prometheus's favour."""

    name = "prometheus"
    poll = ("/api/v1/targets?state=active", 100, "")

    def arguments(self) -> list[str]:
        config = self.folder / "prometheus.yml"
        config.write_text(
            "scrape_configs:"
            + SCRAPE_JOB.format(job="pods", kubeconfig=self.kubeconfig, namespaces="", rules=KEEP_PORT + KEEP_MARKER)
        )
        return [
            f"--config.file={config}", f"--storage.tsdb.path={self.folder}/data",
            f"--web.listen-address=127.0.0.1:{self.port}",
        ]  # fmt: skip

    def knows(self) -> int:
        return int(self.metric("prometheus_sd_discovered_targets"))


class Allocator(Subject):
    """One job finds and allocates every pod to one collector. The markers have a job of their own,
    whose list is small: what it costs to look must not be measured."""

    name = "allocator"
    poll = (f"/jobs/markers/targets?collector_id=COLLECTOR", 100, "")

    def arguments(self) -> list[str]:
        config = self.folder / "allocator.yaml"
        jobs = SCRAPE_JOB.format(job="pods", kubeconfig=self.kubeconfig, namespaces="", rules=KEEP_PORT)
        only = "\n        namespaces: {names: [%s]}" % MARKER
        jobs += SCRAPE_JOB.format(job="markers", kubeconfig=self.kubeconfig, namespaces=only, rules=KEEP_PORT)
        config.write_text(
            "allocation_strategy: consistent-hashing\nfilter_strategy: relabel-config\ncollector_namespace: otel\n"
            "collector_selector: {matchlabels: {app: collector}}\nconfig:\n  scrape_configs:"
            + "\n".join("  " + line for line in jobs.splitlines()) + "\n"
        )  # fmt: skip
        return [f"--config-file={config}", f"--kubeconfig-path={self.kubeconfig}", f"--listen-addr=127.0.0.1:{self.port}"]

    def knows(self) -> int:
        collectors = {}
        status, text = get(self.url + "/jobs/markers/targets")
        if status == 200:
            collectors = json.loads(text)
        if not collectors:
            return 0
        self.poll = (f"/jobs/markers/targets?collector_id={next(iter(collectors))}", 100, "")
        return int(self.metric("opentelemetry_allocator_targets"))
