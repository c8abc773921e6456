# SPDX-License-Identifier: Apache-2.0
"""The programs around ours as single processes on loopback, for tests: Prometheus, VictoriaMetrics, the log stores
Loki and VictoriaLogs, and the shippers Promtail and vlagent.

    with peers.Prometheus(folder, config_text) as prometheus:
        urllib.request.urlopen(prometheus.url + "/api/v1/targets")

    with peers.Loki(folder) as store:          # or peers.VictoriaLogs(folder)
        push_to(store.push_base)               # our `loki.url`
        store.entries({"app": "shop"})         # what is stored, as log_query.Entry

TELLTALE_LOKI and TELLTALE_PROMTAIL name other programs than those that tools/build.py builds. Each takes a folder of its own for configuration, data, run/ and logs/, listens on free ports, and is
ready when `start` returns. When it does not get ready, the Failure carries the end of its log.
"""

import json
import pathlib
import urllib.error
import urllib.request

import layout  # noqa: F401  (makes the catalog importable)
import catalog
import log_query
import process


def answers(url: str) -> bool:
    """True when a GET answers 200; False when it answers something else."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status == 200
    except urllib.error.HTTPError:
        return False


class Program:
    """One of them. `config` is the text of its configuration file, for those that have one."""

    name = ""
    ready_path = "/ready"

    def __init__(self, folder: pathlib.Path, config: str = ""):
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
            self._daemon.start([catalog.chosen(self.name), *self._arguments(ports)])
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

    def reload(self, config: str) -> None:
        """Makes it read another configuration; raises HTTPError when it refuses. Not all of them can."""
        self.config_file.write_text(config)
        request = urllib.request.Request(self.url + "/-/reload", method="POST")
        urllib.request.urlopen(request, timeout=30).close()

    __enter__ = start

    def __exit__(self, *_) -> None:
        self.stop()


class Prometheus(Program):
    name = "prometheus"
    ready_path = "/-/ready"

    def __init__(self, folder: pathlib.Path, config: str = "", *flags: str):
        super().__init__(folder, config)
        self._flags = flags

    def _arguments(self, ports):
        return [
            f"--config.file={self.config_file}",
            f"--storage.tsdb.path={self.folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{ports[0]}",
            "--web.enable-lifecycle",
            *self._flags,
        ]


class Alertmanager(Program):
    """One alone, that looks for no others."""

    name = "alertmanager"
    ready_path = "/-/ready"

    def __init__(self, folder: pathlib.Path, config: str, *flags: str):
        super().__init__(folder, config)
        self._flags = flags or ("--cluster.listen-address=",)

    def _arguments(self, ports):
        return [
            f"--config.file={self.config_file}",
            f"--storage.path={self.folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{ports[0]}",
            *self._flags,
        ]


class VictoriaMetrics(Program):
    """Single node, which scrapes and answers Prometheus' API; with a password for everything but its health."""

    name = "victoria-metrics"
    ready_path = "/health"

    def __init__(self, folder, config: str, username: str, password: str):
        super().__init__(folder, config)
        self._login = (username, password)

    def _arguments(self, ports):
        return [
            f"-promscrape.config={self.config_file}",
            f"-storageDataPath={self.folder / 'data'}",
            f"-httpListenAddr=127.0.0.1:{ports[0]}",
            f"-httpAuth.username={self._login[0]}",
            f"-httpAuth.password={self._login[1]}",
            "-reloadAuthKey=reload",
            "-promscrape.httpSDCheckInterval=1s",
            "-search.latencyOffset=1s",
        ]

    def reload(self, config: str) -> None:
        self.config_file.write_text(config)
        urllib.request.urlopen(self.url + "/-/reload?authKey=reload", timeout=30).close()


# Loki 2.2.1. A stream is taken in the order of time only, and there is no structured metadata.
LOKI = """auth_enabled: {tenants}
ingester:
  max_transfer_retries: 0
  lifecycler:
    address: 127.0.0.1
    ring: {{kvstore: {{store: inmemory}}, replication_factor: 1}}
    final_sleep: 0s
    min_ready_duration: 0s
  wal: {{enabled: true, dir: {folder}/data/wal}}
schema_config:
  configs:
  - from: 2024-01-01
    store: boltdb-shipper
    object_store: filesystem
    schema: v11
    index: {{prefix: index_, period: 24h}}
storage_config:
  boltdb_shipper:
    active_index_directory: {folder}/data/index
    cache_location: {folder}/data/index_cache
    shared_store: filesystem
  filesystem: {{directory: {folder}/data/chunks}}
compactor: {{working_directory: {folder}/data/compactor, shared_store: filesystem}}
limits_config: {{{limits}}}
"""

# Loki 3, for a person who has it.
LOKI_3 = """auth_enabled: {tenants}
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
limits_config: {{{limits}}}
analytics: {{reporting_enabled: false}}
"""


def loki_config(folder: pathlib.Path, limits: dict | None = None, tenants: bool = False) -> str:
    """The configuration of a single process that keeps everything in `folder`, for the version that runs."""
    chosen = {"reject_old_samples": True, "reject_old_samples_max_age": "168h", **(limits or {})}
    if catalog.version("loki") >= (3,):
        chosen.setdefault("allow_structured_metadata", True)
    text = ", ".join(f"{name}: {json.dumps(value)}" for name, value in chosen.items())
    template = LOKI_3 if catalog.version("loki") >= (3,) else LOKI
    return template.format(folder=folder, limits=text, tenants=json.dumps(tenants))


class Loki(Program):
    """`tenants`: pushes and queries must name one."""

    name = "loki"
    kind = "loki"

    def __init__(self, folder: pathlib.Path, config: str = "", limits: dict | None = None, tenants: bool = False):
        super().__init__(folder, config or loki_config(folder, limits, tenants))
        self.keeps_metadata = catalog.version("loki") >= (3,)
        # Loki 2.2.1 takes the lines of a stream in the order of their times only.
        self.keeps_order = catalog.version("loki") < (2, 4)
        self.drops_repeats = True

    @property
    def push_base(self) -> str:
        """What our `loki.url` is: the URL before /loki/api/v1/push."""
        return self.url

    def entries(self, labels: dict[str, str], age: float = 3600, tenant: str = "") -> list[log_query.Entry]:
        """The stored lines with these labels, of the last `age` seconds, in the order of time."""
        return log_query.from_loki(self.url, labels, age, tenant)

    def _arguments(self, ports):
        arguments = [f"-config.file={self.config_file}", *_server(ports), "-target=all"]
        if catalog.version("loki") >= (3,):
            # Else it says for 15 s that it is not ready, to give other ingesters time; and one process
            # needs no ring to find its own scheduler, over which it takes a while.
            arguments += [
                "-ingester.min-ready-duration=0s",
                "-query-scheduler.use-scheduler-ring=false",
                f"-frontend.scheduler-address=127.0.0.1:{ports[1]}",
                f"-querier.scheduler-address=127.0.0.1:{ports[1]}",
            ]
        return arguments


class VictoriaLogs(Program):
    """Takes Loki's push protocol. A tenant is ACCOUNT:PROJECT, two numbers; none is 0:0."""

    name = "victoria-logs"
    kind = "victorialogs"
    ready_path = "/health"
    keeps_metadata = True
    keeps_order = False
    drops_repeats = False  # an entry that is pushed twice is there twice

    def __init__(self, folder: pathlib.Path, *flags: str):
        super().__init__(folder)
        self._flags = flags

    @property
    def push_base(self) -> str:
        return self.url + "/insert"

    def entries(self, labels: dict[str, str], age: float = 3600, tenant: str = "") -> list[log_query.Entry]:
        return log_query.from_victoria_logs(self.url, labels, age, tenant)

    def _arguments(self, ports):
        return [
            f"-storageDataPath={self.folder / 'data'}",
            f"-httpListenAddr=127.0.0.1:{ports[0]}",
            # Else a line that is JSON becomes fields, and is no line any more.
            "-loki.disableMessageParsing",
            "-retentionPeriod=30d",
            *self._flags,
        ]


class Promtail(Program):
    """`config` has clients and scrape_configs; the server and the positions are set here."""

    name = "promtail"

    def __init__(self, folder: pathlib.Path, config: str, *flags: str):
        super().__init__(folder, config)
        self._flags = flags

    def _arguments(self, ports):
        positions = f"-positions.file={self.folder / 'positions.yaml'}"
        return [f"-config.file={self.config_file}", *_server(ports), positions, *self._flags]


class Vlagent(Program):
    """Ships the files that a glob names to a VictoriaLogs."""

    name = "vlagent"
    ready_path = "/health"

    def __init__(self, folder: pathlib.Path, glob: str, store: VictoriaLogs, *flags: str):
        super().__init__(folder)
        self._glob, self._store, self._flags = glob, store, flags

    def _arguments(self, ports):
        return [
            f"-fileCollector.glob={self._glob}",
            f"-fileCollector.checkpointsPath={self.folder / 'checkpoints'}",
            f"-tmpDataPath={self.folder / 'data'}",
            f"-httpListenAddr=127.0.0.1:{ports[0]}",
            f"-remoteWrite.url={self._store.url}/internal/insert",
            *self._flags,
        ]


def _server(ports: list[int]) -> list[str]:
    """The flags for the listeners of Loki and of Promtail."""
    return [
        "-server.http-listen-address=127.0.0.1",
        f"-server.http-listen-port={ports[0]}",
        "-server.grpc-listen-address=127.0.0.1",
        f"-server.grpc-listen-port={ports[1]}",
    ]
