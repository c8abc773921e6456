# SPDX-License-Identifier: Apache-2.0
"""Prometheus, Loki and Promtail as single processes on loopback, for integration tests.

    with peers.Prometheus(folder, config_text) as prometheus:
        urllib.request.urlopen(prometheus.url + "/api/v1/targets")

Each takes a folder of its own for configuration, data, run/ and logs/, listens on free ports, and is
ready when `start` returns. When it does not get ready, the Failure carries the end of its log.
"""

import pathlib
import urllib.error
import urllib.request

import layout  # noqa: F401  (makes the catalog importable)
import catalog
import process


def answers(url: str) -> bool:
    """True when a GET answers 200; False when it answers something else."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status == 200
    except urllib.error.HTTPError:
        return False


class Program:
    """One of the three. `config` is the text of its configuration file."""

    name = ""
    ready_path = "/ready"

    def __init__(self, folder: pathlib.Path, config: str):
        self.folder = pathlib.Path(folder)
        self.config_file = self.folder / f"{self.name}.yml"
        self._config = config
        self._daemon = process.Daemon(self.name, self.folder)
        self.log = self._daemon.log

    def _arguments(self, ports: list[int]) -> list[str]:
        raise NotImplementedError

    def start(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        ports = process.free_ports(3)
        self.port = ports[0]
        self.url = f"http://127.0.0.1:{self.port}"
        self.config_file.write_text(self._config)
        try:
            self._daemon.start([catalog.locate(self.name), *self._arguments(ports)])
            self._daemon.wait(lambda: answers(self.url + self.ready_path), 120)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self, patience: float = 10) -> None:
        self._daemon.stop(patience)

    def kill(self) -> None:
        """SIGKILL, as a crash would; `start` may follow and finds the same data."""
        self._daemon.stop(0)

    __enter__ = start

    def __exit__(self, *_) -> None:
        self.stop()


class Prometheus(Program):
    name = "prometheus"
    ready_path = "/-/ready"

    def _arguments(self, ports):
        return [
            f"--config.file={self.config_file}",
            f"--storage.tsdb.path={self.folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{ports[0]}",
            "--web.enable-lifecycle",
        ]

    def reload(self, config: str) -> None:
        """Makes it read another configuration; raises HTTPError when it refuses."""
        self.config_file.write_text(config)
        request = urllib.request.Request(self.url + "/-/reload", method="POST")
        urllib.request.urlopen(request, timeout=30).close()


LOKI = """auth_enabled: false
common:
  instance_addr: 127.0.0.1
  path_prefix: {folder}/data
  replication_factor: 1
  ring: {{kvstore: {{store: inmemory}}, instance_addr: 127.0.0.1}}
schema_config:
  configs:
  - from: 2024-01-01
    store: tsdb
    object_store: filesystem
    schema: v13
    index: {{prefix: index_, period: 24h}}
storage_config:
  filesystem: {{directory: {folder}/data/chunks}}
limits_config: {{allow_structured_metadata: true}}
analytics: {{reporting_enabled: false}}
"""


class Loki(Program):
    """Without a config, a single binary that keeps everything in its folder."""

    name = "loki"

    def __init__(self, folder: pathlib.Path, config: str = ""):
        super().__init__(folder, config or LOKI.format(folder=folder))

    def _arguments(self, ports):
        return [
            f"-config.file={self.config_file}",
            "-server.http-listen-address=127.0.0.1",
            f"-server.http-listen-port={ports[0]}",
            "-server.grpc-listen-address=127.0.0.1",
            f"-server.grpc-listen-port={ports[1]}",
            # Else it says for 15 s that it is not ready, to give other ingesters time.
            "-ingester.min-ready-duration=0s",
            # One process needs no ring to find its own scheduler; over the ring it takes a while.
            "-query-scheduler.use-scheduler-ring=false",
            f"-frontend.scheduler-address=127.0.0.1:{ports[1]}",
            f"-querier.scheduler-address=127.0.0.1:{ports[1]}",
            "-target=all",
        ]


class Promtail(Program):
    """`config` has clients and scrape_configs; the server and the positions are set here."""

    name = "promtail"

    def _arguments(self, ports):
        return [
            f"-config.file={self.config_file}",
            "-server.http-listen-address=127.0.0.1",
            f"-server.http-listen-port={ports[0]}",
            "-server.grpc-listen-address=127.0.0.1",
            f"-server.grpc-listen-port={ports[1]}",
            f"-positions.file={self.folder / 'positions.yaml'}",
        ]
