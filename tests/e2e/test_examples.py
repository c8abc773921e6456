# SPDX-License-Identifier: Apache-2.0
"""Each folder of examples that a write-up of docs/reference/origins.md became does what its README promises.

They are applied as they are, but for images of registries: the cluster has others of the same programs. A cluster that
stays has pods of an earlier run in its stores, hence >= where pods are compared.
"""

import json
import pathlib

import catalog
import dashboards
import log_query
import manifests
import observe
import pytest
import stores
import yaml

EXAMPLES = pathlib.Path(__file__).resolve().parent.parent.parent / "examples"
FOLDERS = ("postgres", "autoscaled", "three-ways", "metric-kinds", "web-service")
EXPORTER = catalog.required("postgresexporter", "github.com/prometheus-community/postgres_exporter")
IMAGES = {
    "docker.io/library/busybox:1.37": manifests.BUSYBOX,
    "docker.io/library/postgres:15": "localhost/telltale/postgres:15",
    f"quay.io/prometheuscommunity/postgres-exporter:{EXPORTER}": f"localhost/telltale/postgres-exporter:{EXPORTER}",
}
PATIENCE = 120.0  # seconds, on a machine that does other things too


def documents(folder: str) -> list[dict]:
    """What `kubectl apply -f FOLDER` reads, in its order."""
    found = [one for path in sorted((EXAMPLES / folder).glob("*.yaml")) for one in yaml.safe_load_all(path.read_text())]
    for one in found:
        for container in one.get("spec", {}).get("template", {}).get("spec", {}).get("containers", []):
            container["image"] = IMAGES[container["image"]]
    return found


@pytest.fixture(scope="module", autouse=True)
def applied(cluster, images):
    images("busybox", "postgres", "postgres-exporter")
    cluster.kubectl("delete", "namespace", *FOLDERS, "--ignore-not-found", "--wait=true")
    for folder in FOLDERS:
        cluster.kubectl("apply", "-f", "-", stdin="\n---\n".join(map(json.dumps, documents(folder))))
    yield
    cluster.kubectl("delete", "namespace", *FOLDERS, "--ignore-not-found", "--wait=false")


@pytest.fixture
def has_data(cluster, wait_for):
    """Waits until a query has a result, and returns it."""

    def ask(promql: str) -> list[dict]:
        return wait_for(f"data for {promql}", PATIENCE, lambda: cluster.query(promql))

    return ask


@pytest.fixture
def ready(cluster, wait_for):
    def wait(namespace: str, name: str) -> None:
        def settled():
            status = cluster.json("-n", namespace, "get", "mt", name).get("status", {})
            return {c["type"]: c["status"] for c in status.get("conditions", [])}.get("Ready") == "True"

        wait_for(f"MonitoringTarget {namespace}/{name} being Ready", PATIENCE, settled)

    return wait


def test_pods_that_an_autoscaler_adds_are_scraped_and_those_that_it_takes_away_are_not(cluster, wait_for, has_data, ready):
    def scraped(wanted: int):
        pods = cluster.pods("autoscaled", "app=web")
        names = {pod["metadata"]["name"] for pod in pods if observe.ready_since(pod)}
        targets = [target["labels"] for target in cluster.targets("web") if target["health"] == "up"]
        return len(pods) == wanted and {one["pod"] for one in targets} == names and len(names) == wanted and targets

    def bounds(least: int, most: int):
        spec = {"spec": {"minReplicas": least, "maxReplicas": most}}
        cluster.kubectl("-n", "autoscaled", "patch", "hpa", "web", "--type=merge", "-p", json.dumps(spec))

    wait_for("the two pods of the autoscaler's lower bound", PATIENCE, lambda: scraped(2))
    bounds(4, 6)
    four = wait_for("four pods", PATIENCE, lambda: scraped(4))
    assert all(one["node"] and one["namespace"] == "autoscaled" for one in four)
    names = {one["pod"] for one in four}

    def known(promql: str):
        return {one["metric"]["pod"] for one in cluster.query(promql)} >= names

    wait_for("a rate of every pod", PATIENCE, lambda: known('rate(web_requests_total{job="web"}[1m]) > 0'))
    wait_for("the memory of every pod's container, by cAdvisor", PATIENCE,
             lambda: known('container_memory_working_set_bytes{namespace="autoscaled", container="web"}'))  # fmt: skip
    bounds(1, 2)
    wait_for("the two that are left", PATIENCE, lambda: scraped(2))
    ready("autoscaled", "web")


def test_a_log_is_read_later_an_urgent_line_alerts_at_once_and_numbers_are_polled(cluster, wait_for, ready):
    store = stores.VictoriaLogs(cluster)
    pods = {pod["metadata"]["name"] for pod in cluster.pods("three-ways", "app=worker")}
    assert len(pods) == 2
    selector = log_query.selector({"namespace": "three-ways", "level": "WARN", "job": "logging"})
    wait_for("warnings of both pods", PATIENCE, lambda: set(stores.by_pod(store.entries(selector))) >= pods)
    for entry in store.entries(selector):
        written = log_query.nanoseconds(entry.line[:19].replace(" ", "T") + "Z")
        # Later lines of one second are some nanoseconds later, so that they keep their order.
        assert entry.time // log_query.SECOND == written // log_query.SECOND and "took long" in entry.line

    def alerts():
        found = json.loads(cluster.service("telltale-alertmanager:9093", "/api/v2/alerts", {}))
        named = [one for one in found if one["labels"]["alertname"] == "WorkerIsInTrouble"]
        return {one["labels"]["pod"]: one for one in named if one["labels"]["namespace"] == "three-ways"}

    found = wait_for("an alert of each pod", PATIENCE, lambda: set(alerts()) >= pods and alerts())
    for one in found.values():
        assert one["annotations"]["line"].endswith("FATAL task 10 is lost") and one["labels"]["severity"] == "page"
    polled = 'rate(worker_tasks_total{namespace="three-ways"}[1m]) > 0'
    wait_for("numbers of both pods", PATIENCE, lambda: {one["metric"]["pod"] for one in cluster.query(polled)} >= pods)
    ready("three-ways", "worker")


def test_five_kinds_of_metrics_and_one_that_a_job_pushed(cluster, wait_for, has_data, ready):
    pods = {pod["metadata"]["name"] for pod in cluster.pods("metric-kinds", "app=kinds")}
    own = 'namespace="metric-kinds"'
    for promql in (
        f"rate(kinds_requests_total{{{own}}}[1m]) > 0",
        f"kinds_temperature_celsius{{{own}}}",
        f'kinds_queue_length{{{own}, priority!="low", queue=~"ord.+"}}',
        f"histogram_quantile(0.9, sum by (le, pod) (rate(kinds_size_bucket{{{own}}}[1m]))) > 60 < 110",
        f'kinds_wait_seconds{{{own}, quantile=~"0.9"}}',
    ):
        wait_for(f"{promql} of both pods", PATIENCE,
                 lambda promql=promql: {one["metric"]["pod"] for one in cluster.query(promql)} >= pods)  # fmt: skip
    types = cluster.prometheus("/api/v1/metadata", {})
    assert {types[f"kinds_{name}"][0]["type"] for name in ("requests_total", "queue_length", "size", "wait_seconds")} == {
        "counter", "gauge", "histogram", "summary"}  # fmt: skip
    [job] = cluster.pods("metric-kinds", "kind=job")
    of_job = f'{own}, pod="{job["metadata"]["name"]}"'
    [pushed] = has_data(f'max_over_time(some_metric{{job="some_job", {of_job}}}[15m])')
    assert pushed["value"][1] == "3.14" and pushed["metric"]["step"] == "import"
    ready("metric-kinds", "kinds")


def test_postgres_is_scraped_under_the_name_of_its_job_and_its_dashboard_shows_it(has_data, ready):
    [up] = has_data('pg_up{job="postgres"} == 1')
    assert up["metric"]["namespace"] == "postgres"
    ready("postgres", "postgres")
    board = dashboards.loaded("postgres")
    asked = [target["expr"] for _, target in dashboards.targets(board)]
    assert len(asked) >= 12
    for query in asked:
        has_data(dashboards.filled("postgres", query))
    sizes = {one["metric"]["datname"]: float(one["value"][1]) for one in has_data('pg_database_size_bytes{job="postgres"}')}
    assert set(sizes) >= {"postgres", "template1"} and min(sizes.values()) > 1e6


def test_a_service_is_measured_and_its_alerts_fire_when_its_database_is_away(cluster, wait_for, has_data, ready):
    for promql in (
        'histogram_quantile(0.9, sum by (le, handler, controller, method) (rate(orders_request_duration_milliseconds_bucket{job="orders"}[1m])))',
        'count by (version) (orders_info{job="orders"}) == 2',
        'sum(rate(orders_request_duration_milliseconds_count{job="orders"}[1m])) > 0',
    ):
        has_data(promql)
    store = stores.VictoriaLogs(cluster)
    orders = {pod["metadata"]["name"] for pod in cluster.pods("web-service", "app=orders")}
    lines = log_query.selector({"namespace": "web-service", "app": "orders"})
    wait_for("lines of both pods", PATIENCE, lambda: set(stores.by_pod(store.entries(lines))) >= orders)
    ready("web-service", "orders")
    rules = yaml.safe_load((EXAMPLES / "web-service/chart/values.yaml").read_text())["prometheus"]["rules"]["web-service"]
    assert {rule["alert"] for rule in rules} == {"OrdersFail", "PostgresDown"}
    # Not while all is well; pods that started before the database had failures of their own.
    for rule in rules:
        wait_for(f"{rule['alert']} being silent", PATIENCE, lambda rule=rule: not cluster.query(rule["expr"]))
    cluster.kubectl("-n", "postgres", "scale", "statefulset/postgres", "--replicas=0")
    for rule in rules:
        has_data(rule["expr"])
