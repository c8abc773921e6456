# SPDX-License-Identifier: Apache-2.0
"""The dashboard's form, and that it asks only for metrics which somebody serves.

Whether each query returns data is asked on the cluster (tests/e2e).
"""

import json
import re

import chart
import pytest

DASHBOARDS = sorted((chart.CHART / "dashboards").glob("*.json"))
FUNCTIONS = {"sum", "avg", "max", "min", "count", "by", "rate", "increase", "histogram_quantile",
             "vector", "or", "label_values", "count_over_time"}  # fmt: skip


@pytest.fixture(params=DASHBOARDS, ids=lambda path: path.name)
def dashboard(request) -> dict:
    return json.loads(request.param.read_text())


def panels(dashboard: dict) -> list[dict]:
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def targets(dashboard: dict):
    for panel in panels(dashboard):
        for target in panel["targets"]:
            yield panel, target


def variables(dashboard: dict) -> dict:
    return {variable["name"]: variable for variable in dashboard["templating"]["list"]}


def test_it_can_be_provisioned(dashboard):
    assert dashboard["id"] is None
    assert re.fullmatch(r"[a-z0-9-]{1,40}", dashboard["uid"])
    assert not {"__inputs", "__requires", "__elements"} & set(dashboard)
    numbers = [panel["id"] for panel in dashboard["panels"]]
    assert len(numbers) == len(set(numbers))
    assert "telltale" in dashboard["tags"]


def test_data_sources_are_variables(dashboard):
    kinds = {n: v["query"] for n, v in variables(dashboard).items() if v["type"] == "datasource"}
    assert kinds == {"datasource": "prometheus", "logs": "loki"}
    allowed = [{"type": kind, "uid": f"${{{name}}}"} for name, kind in kinds.items()]
    for panel, target in targets(dashboard):
        assert panel["datasource"] in allowed, panel["title"]
        assert target["datasource"] == panel["datasource"], panel["title"]
    for name, variable in variables(dashboard).items():
        if variable["type"] == "query":
            assert variable["datasource"] == allowed[0], name


def test_panels_explain_themselves(dashboard):
    for panel in panels(dashboard):
        assert panel["title"] and panel["description"].endswith("."), panel["title"]
        if panel["type"] == "heatmap":
            assert panel["options"]["yAxis"]["unit"]
        elif panel["type"] != "logs":
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


def test_queries_follow_the_variables_and_the_scrape_interval(dashboard):
    for panel, target in targets(dashboard):
        where = panel["title"]
        if target["datasource"]["type"] == "prometheus":
            selectors = re.findall(r"{([^}]*)}", target["expr"])
            ranges, wanted = re.findall(r"\[([^]]*)\]", target["expr"]), "$__rate_interval"
        else:
            selectors = re.findall(r"{([^}]*)}", target["expr"])
            ranges, wanted = re.findall(r"\[([^]]*)\]", target["expr"]), "$__auto"
        assert selectors, where
        for selector in selectors:
            assert 'namespace=~"$namespace"' in selector and 'pod=~"$pod"' in selector, where
        assert set(ranges) <= {wanted}, where


def test_its_metrics_are_served_by_somebody(dashboard):
    """Names as they stand in the sources of the sample app and of the sidecar."""
    sources = " ".join(
        path.read_text()
        for folder in ("examples/shop/app", "sidecar", "common/metrics")
        for path in (chart.ROOT / folder).rglob("*.cc")
    )
    queries = [t["expr"] for _, t in targets(dashboard) if t["datasource"]["type"] == "prometheus"]
    queries += [v["query"]["query"] for v in variables(dashboard).values() if v["type"] == "query"]
    names = set()
    for query in queries:
        names |= set(re.findall(r"\b(?:shop|telltale)_[a-z_]+", query))
    assert len(names) >= 8
    unknown = [n for n in names if f'"{n.removesuffix("_bucket")}"' not in sources]
    assert not unknown, "served neither by the sample app nor by the sidecar"
