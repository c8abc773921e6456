# SPDX-License-Identifier: Apache-2.0
"""The dashboards' form, that they ask only for metrics which somebody exports, and that every query is valid.

Whether queries return data is asked on the cluster (tests/e2e).
"""

import re
import sys
import urllib.error
import urllib.parse
import urllib.request

import chart
import pytest
import yaml

import peers

sys.path[:0] = [str(chart.ROOT / "tests")]
import dashboards  # noqa: E402  (the folder is no package)

NAMES = sorted(dashboards.FILES)
EXPORTERS = yaml.safe_load((chart.ROOT / "tests/chart/exporter_metrics.yaml").read_text())
IMAGES = {"node-exporter": "nodeExporter", "kube-state-metrics": "kubeStateMetrics"}


@pytest.fixture(params=NAMES)
def name(request) -> str:
    return request.param


@pytest.fixture
def dashboard(name) -> dict:
    return dashboards.loaded(name)


def variables(dashboard: dict) -> dict:
    return {variable["name"]: variable for variable in dashboard["templating"]["list"]}


def test_the_json_is_what_the_descriptions_give():
    done = chart.run(sys.executable, chart.ROOT / "helm/dashboards/generate.py", "--check")
    assert done.returncode == 0, done.stderr


def test_there_is_one_for_each_need():
    assert {"fleet", "application", "sidecar", "operator", "node", "containers", "shop", "postgres"} <= set(NAMES)
    boards = [dashboards.loaded(one) for one in NAMES]
    assert len({board["uid"] for board in boards}) == len({board["title"] for board in boards}) == len(boards)
    # Those of examples come with them and not with the chart.
    mounted = chart.find(chart.render(), "ConfigMap", "telltale-grafana-dashboards")["data"]
    assert {f"{one}.json" for one in NAMES} - set(mounted) == {"shop.json", "postgres.json"}


def test_it_can_be_provisioned(dashboard):
    assert dashboard["id"] is None
    assert re.fullmatch(r"[a-z0-9-]{1,40}", dashboard["uid"])
    assert not {"__inputs", "__requires", "__elements"} & set(dashboard)
    numbers = [panel["id"] for panel in dashboard["panels"]]
    assert len(numbers) == len(set(numbers))
    assert "telltale" in dashboard["tags"]


def test_data_sources_are_variables(dashboard):
    kinds = {n: v["query"] for n, v in variables(dashboard).items() if v["type"] == "datasource"}
    assert kinds.items() <= {"datasource": "prometheus", "logs": "loki"}.items()
    allowed = [{"type": kind, "uid": f"${{{name}}}"} for name, kind in kinds.items()]
    for panel, target in dashboards.targets(dashboard):
        assert panel["datasource"] in allowed, panel["title"]
        assert target["datasource"] == panel["datasource"], panel["title"]
    for name, variable in variables(dashboard).items():
        if variable["type"] == "query":
            assert variable["datasource"] == allowed[0], name


def test_panels_explain_themselves(dashboard):
    titles = [panel["title"] for panel in dashboards.panels(dashboard)]
    assert len(titles) == len(set(titles))
    for panel in dashboards.panels(dashboard):
        assert panel["title"] and panel["description"].endswith("."), panel["title"]
        if panel["type"] == "heatmap":
            assert panel["options"]["yAxis"]["unit"]
        elif panel["type"] not in ("logs", "table"):
            assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]


def test_panels_do_not_overlap(dashboard):
    taken = {}
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert (x, y) not in taken, f"{panel['title']} lies on {taken.get((x, y))}"
                taken[x, y] = panel["title"]


def test_queries_follow_the_variables_and_the_scrape_interval(name, dashboard):
    used = set()
    for panel, target in dashboards.targets(dashboard):
        wanted = {"$__rate_interval", "$__range"} if dashboards.of_prometheus(panel) else {"$__auto"}
        assert set(re.findall(r"\[([^]]*)\]", target["expr"])) <= wanted, panel["title"]
        used |= set(re.findall(r"\$(\w+)", target["expr"]))
    # A variable that no panel follows would lie.
    assert {one for one in used if not one.startswith("__")} == set(dashboards.described(name)["variables"])


def exported() -> dict[str, set[str]]:
    """Metric -> the components that export it, as `needs` names them; none for our own programs."""
    known: dict[str, set[str]] = {}
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \|", (chart.ROOT / "docs/reference/metrics.md").read_text(), re.MULTILINE)
    for metric, kind in rows:
        for suffix in ("_bucket", "_count", "_sum") if kind == "histogram" else ("",):
            known.setdefault(metric + suffix, set()).add("")
    for source in (chart.ROOT / "examples/shop/app").glob("*.cc"):
        for metric in re.findall(r'"(shop_\w+)"', source.read_text()):
            for suffix in ("", "_bucket"):
                known.setdefault(metric + suffix, set()).add("")
    for exporter, one in EXPORTERS.items():
        for metric in one["metrics"]:
            known.setdefault(metric, set()).add("" if exporter == "prometheus" else exporter)
    state = chart.config(chart.render("kubeStateMetrics.enabled=true"), "telltale-kube-state-metrics", "config.yaml")
    [resource] = yaml.safe_load(state)["spec"]["resources"]
    for metric in resource["metrics"]:
        known[f"{resource['metricNamePrefix']}_{metric['name']}"] = {"kube-state-metrics"}
    for file, needed in (("containers", "kubelet"), ("workloads", "kube-state-metrics")):
        text = re.sub(r"\{\{.*?\}\}", "", (chart.CHART / f"rules/{file}.yaml").read_text())
        for rule in yaml.safe_load(text)["groups"][0]["rules"]:
            known[rule["record"]] = {needed}
    return known


def test_its_metrics_are_exported_by_somebody(name):
    known = exported()
    for panel in dashboards.described(name)["panels"]:
        for query in [panel["query"]] if "query" in panel else panel.get("queries", {}).values():
            names = dashboards.metrics(dashboards.filled(name, query))
            assert names, query
            assert not names - set(known), f"{query}: nobody exports {names - set(known)}"
            # Who needs an exporter says so: `needs` is one that exports a metric of the query.
            outside = set().union(*(known[one] for one in names if "" not in known[one]))
            if outside or "needs" in panel:
                assert panel.get("needs") in outside | set().union(*(known[one] for one in names)), query
    for variable in dashboards.described(name)["variables"].values():
        inside = re.fullmatch(r"label_values\((.+), ?\w+\)", variable["query"]).group(1)
        assert dashboards.metrics(dashboards.filled(name, inside)) <= set(known), inside


def test_the_names_of_metrics_are_found_in_any_form_of_query():
    query = 'sum by (pod, a_total) (rate(x_total{y="z_total"}[5m])) / on (instance) group_left (b) (m:n:o > 0) or vector(1) and up'
    assert dashboards.metrics(query) == {"x_total", "m:n:o", "up"}
    assert dashboards.metrics('rate({__name__="y_total", pod=~"z_total"}[5m])') == {"y_total"}


def test_what_is_not_known_is_not_shown_as_zero(dashboard):
    """`or vector(0)` says 0 also when nobody exports the metric; a divisor that is absent hides it again."""
    for panel, target in dashboards.targets(dashboard):
        if dashboards.of_prometheus(panel) and "vector(0)" in target["expr"]:
            assert re.search(r"or vector\(0\)\) / \w+\(", target["expr"]), panel["title"]


def test_the_metrics_of_exporters_were_looked_up_in_the_version_that_the_chart_runs():
    for exporter, key in IMAGES.items():
        assert EXPORTERS[exporter]["version"] == chart.values()[key]["image"]["tag"]
    used = set()
    for name in NAMES:
        for panel in dashboards.described(name)["panels"]:
            for query in [panel.get("query", ""), *panel.get("queries", {}).values()]:
                used |= dashboards.metrics(dashboards.filled(name, query))
        for variable in dashboards.described(name)["variables"].values():
            used |= dashboards.metrics(dashboards.filled(name, variable["query"]))
    assert not {metric for one in EXPORTERS.values() for metric in one["metrics"]} - used, "in the list and not used"


def test_prometheus_takes_every_query(tmp_path):
    rules = [
        {"record": f"query:{number}", "expr": dashboards.filled(name, target["expr"])}
        for name in NAMES
        for number, (panel, target) in enumerate(dashboards.targets(dashboards.loaded(name)))
        if dashboards.of_prometheus(panel)
    ]
    assert len(rules) > 100
    for number, rule in enumerate(rules):
        rule["record"] = f"query:{number}"
    file = tmp_path / "queries.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboards", "rules": rules}]}))
    done = chart.run(chart.catalog.locate("promtool"), "check", "rules", "--lint=none", file)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    """Both log stores, empty."""
    with peers.Loki(tmp_path_factory.mktemp("loki")) as loki, peers.VictoriaLogs(tmp_path_factory.mktemp("logs")) as logs:
        yield loki.url, logs.url


def answer(url: str, **parameters) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"{url}?{urllib.parse.urlencode(parameters)}", timeout=30) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def ask(kind: str, url: str, target: dict, query: str) -> tuple[int, str]:
    if kind == "loki":
        return answer(f"{url}/loki/api/v1/query_range", query=query)
    if target["queryType"] == "statsRange":
        return answer(f"{url}/select/logsql/stats_query_range", query=query, start="1h", step="1m")
    return answer(f"{url}/select/logsql/query", query=query, limit=1)


def rendered(kind: str) -> dict[str, dict]:
    return dashboards.rendered(kind, chart.catalog.locate("helm"))


@pytest.mark.parametrize("kind", ["loki", "victorialogs"])
def test_the_log_store_takes_every_query(kind, stores):
    url = stores[kind == "victorialogs"]
    asked = 0
    for name, board in rendered(kind).items():
        for panel, target in dashboards.targets(board):
            if not dashboards.of_prometheus(panel):
                status, said = ask(kind, url, target, dashboards.filled(name, target["expr"]))
                assert status == 200, f"{name}: {panel['title']}: {said}"
                asked += 1
    assert asked >= 5
    # And it does refuse: these checks can fail.
    broken = {"expr": '{app="a"} | | stats', "queryType": "instant"}
    assert ask(kind, url, broken, broken["expr"])[0] >= 400


def test_with_victorialogs_only_the_panels_of_log_lines_differ():
    loki, victorialogs = rendered("loki"), rendered("victorialogs")
    for name in loki:
        for one, other in zip(loki[name]["panels"], victorialogs[name]["panels"], strict=True):
            if one["type"] == "row" or dashboards.of_prometheus(one):
                assert one == other
            else:
                assert other["datasource"] == {"type": "victoriametrics-logs-datasource", "uid": "${logs}"}
                assert all(target["datasource"] == other["datasource"] for target in other["targets"])
                assert one["gridPos"] == other["gridPos"] and one["options"] == other["options"]
