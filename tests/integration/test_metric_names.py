# SPDX-License-Identifier: Apache-2.0
"""Every series that our programs name in their sources is on a page, and every page passes promtool and the reference parser."""

import json
import re

import objects
import ours
import polled
import prometheus_client.openmetrics.parser
import prometheus_client.parser
from admitted import CONFIGURATION
from ours import wait_for
from test_log_stages import STAGES
from test_sidecar import POD, write

NAME = re.compile(r'"((?:telltale|node|workqueue|controller_runtime|leader_election|rest_client)_[A-Za-z0-9_]*[A-Za-z0-9])"')


# For a line without a number, and one whose number is no time.
FAILING = [{"regex": {"expression": "^(?P<at>[0-9]+) "}}, {"timestamp": {"source": "at", "format": "RFC3339"}}]


def named(*folders: str) -> set[str]:
    """The metrics that the sources of these folders name."""
    sources = [path for folder in folders for path in (objects.ROOT / folder).rglob("*.cc")]
    return {name for path in sources for name in NAME.findall(path.read_text())}


def families(page: str) -> set[str]:
    return set(re.findall(r"^# TYPE (\S+) ", page, re.MULTILINE))


def page_of(program: ours.Program, *wanted: str) -> str:
    """The program's page, once it has these families."""
    return wait_for(f"{wanted}", lambda: next((p for p in [program.get("/metrics")[1]] if families(p) >= set(wanted)), ""))


def read_in_both_formats(program: ours.Program) -> None:
    """The Python client's parsers, that of OpenMetrics being the strict one, find the same series in both."""
    _, openmetrics, headers = program.get("/metrics", "application/openmetrics-text;version=1.0.0")
    assert headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0"), headers
    strict = list(prometheus_client.openmetrics.parser.text_string_to_metric_families(openmetrics))
    plain = list(prometheus_client.parser.text_string_to_metric_families(program.get("/metrics")[1]))
    names = [{sample.name for family in page for sample in family.samples} for page in (strict, plain)]
    assert names[0] == names[1] and len(names[0]) > 20


def sidecar(folder, loki_url: str, url: str):
    """One with all that a sidecar can be asked for."""
    for name in ("logs", "state"):
        (folder / name).mkdir()
    (folder / "config.yaml").write_text(json.dumps({
        "version": 1, "listen": "127.0.0.1:0", "interval": "1s", "state": str(folder / "state"),
        "loki": {"url": loki_url}, "alertmanager": {"url": "http://127.0.0.1:1"},
        "logs": [{"files": {"include": [str(folder / "logs" / "*.log")]}, "pipeline": STAGES}, {"stdout": {}},
                 {"files": {"include": [str(folder / "logs" / "*.txt")]}, "pipeline": FAILING}],
        "collectors": {"process": {}, "network": {}, "filesystem": {}, "textfile": {"directory": str(folder)},
                       "http": {"polls": [{"url": url, "body": ".", "tls": {"insecureSkipVerify": True}}]}}, "push": {"pushgateway": {}},
        "lastSample": {"urls": ["http://127.0.0.1:1/api/v1/write"], "timeout": "1s",
                       "pages": [{"url": "http://127.0.0.1:1/", "labels": {"job": "none", "instance": "none"}}]},
    }))  # fmt: skip
    (folder / "a.prom").write_text("broken")
    write(folder / "logs" / "a.log", '{"level":"info","m":"one"}', '{"level":"debug"}', '{"level":"panic"}')
    write(folder / "logs" / "b.txt", "no number", "12 is no time")
    # The API server of the containers' output is not there: the series are, all the same.
    pod = {**POD, "TELLTALE_CONTAINERS": "web,db", "KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": "1"}
    return ours.Program(folder, "telltale-sidecar", f"--config={folder}/config.yaml", environment=pod)


def mounted_sidecar(folder, loki_url: str):
    """One whose configuration is as the operator's ConfigMap is mounted: a file for each MonitoringTarget, one of them broken.
    The other has lines that are too long or that stages cannot work on, and a link to nothing."""
    for name in ("mounted", "logs"):
        (folder / name).mkdir(parents=True)
    write(folder / "logs" / "a.log", "no number", "12 is no time", "x" * 300_000)
    (folder / "logs" / "b.log").symlink_to(folder / "nowhere")
    (folder / "mounted" / "shop.broken.json").write_text("{")
    (folder / "mounted" / "shop.web.json").write_text(json.dumps({
        "selector": {"matchAll": True}, "generation": 3,
        "config": {"version": 1, "listen": "127.0.0.1:0", "state": str(folder / "state"), "loki": {"url": loki_url},
                   "logs": [{"files": {"include": [str(folder / "logs" / "*.log")]}, "pipeline": FAILING}]},
    }))  # fmt: skip
    return ours.Program(folder, "telltale-sidecar", f"--config={folder}/mounted", environment=POD)


def test_every_series_of_the_sidecar_and_the_node_agent_passes_promtool(store, tmp_path, promtool):
    (tmp_path / "pod").mkdir()
    (tmp_path / "node").mkdir()
    (tmp_path / "node" / "config.yaml").write_text(json.dumps({
        "version": 1, "listen": "127.0.0.1:0", "state": str(tmp_path / "node" / "state"), "loki": {"url": store.push_base},
        "pods": {"operator": "http://127.0.0.1:1", "directory": str(tmp_path / "node")},
    }))  # fmt: skip
    agent = ours.Program(tmp_path / "node", "telltale-sidecar", "--role=node", f"--config={tmp_path}/node/config.yaml",
                         environment={"NODE_NAME": "nowhere"})  # fmt: skip
    mounted = mounted_sidecar(tmp_path / "mounted", store.push_base)
    with polled.tls_server(tmp_path) as port, sidecar(tmp_path / "pod", store.push_base, f"https://localhost:{port}/") as program, agent, mounted:
        pages = [
            page_of(program, "telltale_custom_lines_total", "telltale_logs_requests_total", "telltale_logs_stage_failures_total", "telltale_collect_cycles_total",
                    "telltale_http_body_matched", "telltale_textfile_error",
                        "telltale_last_sample_scrapes_total"),
            page_of(agent, "telltale_node_pods"),
            page_of(mounted, "telltale_config_target_generation", "telltale_logs_target_lost_bytes_total",
                    "telltale_logs_target_files_unread", "telltale_logs_target_stage_failures_total"),
        ]
        for each in (program, agent, mounted):
            read_in_both_formats(each)
    assert 'telltale_config_target_generation{target="shop/web"} 3\n' in pages[2]
    assert 'telltale_config_target_generation{target="shop/broken"} 0\n' in pages[2]
    assert re.search(r'^telltale_logs_target_read_lines_total\{target="shop/web"\} 3$', pages[2], re.MULTILINE)
    for page in pages:
        promtool(page)
    assert named("sidecar", "common") - set().union(*map(families, pages)) == set()
    # Names that are put together from parts.
    assert families(pages[0]) >= {f"telltale_logs_{what}_{unit}_total" for what in ("lost", "dropped") for unit in ("lines", "bytes")}


def test_every_series_of_the_operator_passes_promtool(api, namespace, tmp_path, promtool):
    objects.apply(api, CONFIGURATION)
    objects.apply(api, objects.target(namespace, "web", selector={"matchLabels": {"app": "web"}}, logs={"source": "Stdout"}))
    with ours.Program(
        tmp_path, "telltale-operator", f"--kubeconfig={api.kubeconfig}", "--namespace=telltale", "--leader-elect",
        "--http-listen=127.0.0.1:0", "--webhook-listen=127.0.0.1:0", "--loki-url=http://loki:3100",
        "--prometheus-url=http://127.0.0.1:1", f"--events-file={tmp_path}/events.log",
    ) as program:  # fmt: skip
        program.wait_ready()
        assert program.get("/logs/v1/pods?node=nowhere")[0] == 200
        # The webhook's are there when its authority is, the others after the first lists.
        page = page_of(program, "telltale_injections_total", "controller_runtime_webhook_requests_total",
                       "telltale_publications_total", "rest_client_request_duration_seconds")  # fmt: skip
        assert list(prometheus_client.parser.text_string_to_metric_families(page))
    promtool(page)
    asked_of_others = named("sidecar")
    assert named("operator", "common") - asked_of_others - families(page) == set()
