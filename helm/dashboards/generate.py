#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes Grafana's JSON of the short descriptions of dashboards.

Usage: helm/dashboards/generate.py [--check]

  helm/dashboards/*.yaml            -> helm/telltale/dashboards/*.json, and victorialogs.yaml beside them
  examples/*/grafana/dashboard.yaml -> dashboard.json and dashboard-victorialogs.json beside it

A description has a title, a sentence about it, variables, and panels. A panel is `row: TITLE`, or has the kind as
the key of its title (stat, lines, stacked, bars, heat, table, logs) and:
  about    one sentence; every panel explains itself
  unit     as Grafana names it; `min`, `max`, `width`, `height` where the default does not fit
  query    one expression, or `queries: {LEGEND: EXPRESSION}`
  logql, logsql   for panels of log lines: the same question to Loki and to VictoriaLogs
  needs    who exports these metrics, if it is not one of ours: a component of the chart, or postgres-exporter
  empty    until when the panel has nothing to show
"""

import argparse
import json
import pathlib
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SOURCES = ROOT / "helm/dashboards"
CHART = ROOT / "helm/telltale/dashboards"
COMMAND = "helm/dashboards/generate.py"
PROMETHEUS = {"type": "prometheus", "uid": "${datasource}"}
LOKI = {"type": "loki", "uid": "${logs}"}
VICTORIALOGS = {"type": "victoriametrics-logs-datasource", "uid": "${logs}"}
# Grafana's type, width of 24, height.
KINDS = {
    "stat": ("stat", 4, 4), "lines": ("timeseries", 8, 8), "stacked": ("timeseries", 8, 8), "bars": ("timeseries", 24, 6),
    "heat": ("heatmap", 8, 8), "table": ("table", 24, 8), "logs": ("logs", 24, 10),
}  # fmt: skip
NEEDS = {
    "kubelet": "kubelet.enabled", "kube-state-metrics": "kubeStateMetrics.enabled",
    "node-exporter": "nodeExporter.enabled", "postgres-exporter": "postgres_exporter, as in examples/postgres",
}  # fmt: skip


def variable(name: str, given) -> dict:
    """One variable that a query fills. `single` has no All; `test` is for the tests of the dashboards."""
    one = {"query": given} if isinstance(given, str) else given
    single = one.get("single", False)
    current = {} if single else {"current": {"selected": True, "text": ["All"], "value": ["$__all"]}, "allValue": ".+"}
    return {
        "name": name, "label": one.get("label", name.capitalize()), "type": "query", "datasource": PROMETHEUS,
        "query": {"query": one["query"], "refId": "variables"}, "definition": one["query"], "refresh": 2, "sort": 1,
        "multi": not single, "includeAll": not single, **current, "options": [], "regex": "", "hide": 0,
        "skipUrlSync": False,
    }  # fmt: skip


def source(name: str, label: str, kind: str, uid: str) -> dict:
    return {
        "name": name, "label": label, "type": "datasource", "query": kind,
        "current": {"selected": True, "text": label, "value": uid}, "options": [], "refresh": 1, "regex": "",
        "multi": False, "includeAll": False, "hide": 0, "skipUrlSync": False,
    }  # fmt: skip


def look(kind: str, panel: dict) -> tuple[dict, dict]:
    """The panel's field defaults and its options."""
    defaults = {key: panel[key] for key in ("unit", "min", "max") if key in panel}
    if kind == "stat":
        reduce = {"calcs": ["lastNotNull"], "fields": "", "values": False}
        return defaults, {"colorMode": "none", "graphMode": "area", "justifyMode": "auto", "orientation": "auto",
                          "textMode": "auto", "reduceOptions": reduce}  # fmt: skip
    if kind == "table":
        return defaults, {"showHeader": True, "cellHeight": "sm"}
    if kind == "logs":
        return {}, {"showTime": True, "showLabels": False, "showCommonLabels": False, "wrapLogMessage": True,
                    "prettifyLogMessage": False, "enableLogDetails": True, "dedupStrategy": "none",
                    "sortOrder": "Descending"}  # fmt: skip
    if kind == "heat":
        color = {"mode": "scheme", "scheme": "Oranges", "steps": 64, "exponent": 0.5, "fill": "dark-orange", "reverse": False}
        return {}, {"calculate": False, "cellGap": 1, "color": color,
                    "yAxis": {"axisPlacement": "left", "unit": panel["unit"], "reverse": False},
                    "rowsFrame": {"layout": "auto"}, "tooltip": {"mode": "single", "showColorScale": False, "yHistogram": False},
                    "legend": {"show": True}, "showValue": "never", "filterValues": {"le": 1e-9},
                    "exemplars": {"color": "rgba(255,0,255,0.7)"}}  # fmt: skip
    custom = {"drawStyle": "bars" if kind == "bars" else "line", "fillOpacity": 10 if kind == "lines" else 25,
              "lineWidth": 1, "showPoints": "never", "spanNulls": False}  # fmt: skip
    if kind != "lines":
        custom["stacking"] = {"group": "A", "mode": "normal"}
    legend = {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []}
    return {**defaults, "custom": custom}, {"legend": legend, "tooltip": {"mode": "multi", "sort": "desc"}}


def queries(kind: str, panel: dict, victorialogs: bool) -> tuple[dict, list[dict]]:
    """The data source of the panel and its targets."""
    if "logql" in panel:
        where = VICTORIALOGS if victorialogs else LOKI
        target = {"datasource": where, "refId": "A", "expr": panel["logsql" if victorialogs else "logql"]}
        if kind != "logs":
            target["legendFormat"] = panel.get("legend", "{{pod}}")
        loki = "range"
        target["queryType"] = ("instant" if kind == "logs" else "statsRange") if victorialogs else loki
        return where, [target]
    given = panel.get("queries") or {panel.get("legend", panel[kind].lower()): panel["query"]}
    targets = []
    for letter, (legend, text) in zip("ABCDEFGH", given.items(), strict=False):
        target = {"datasource": PROMETHEUS, "refId": letter, "expr": " ".join(text.split()), "editorMode": "code"}
        if kind == "table":
            target |= {"instant": True, "range": False, "format": "table"}
        else:
            target |= {"range": True, "legendFormat": legend}
        if kind == "heat":
            target["format"] = "heatmap"
        targets.append(target)
    return PROMETHEUS, targets


def about(panel: dict) -> str:
    """The panel's sentence, and why it may be empty."""
    text = panel["about"]
    if "needs" in panel:
        text += f" Needs {NEEDS[panel['needs']]}."
    if "empty" in panel:
        text += f" Empty until {panel['empty']}."
    return text


def kind_of(panel: dict) -> str:
    [kind] = [name for name in KINDS if name in panel]
    return kind


def panels(described: list[dict], victorialogs: bool) -> list[dict]:
    """All panels, set from left to right and from top to bottom."""
    made, x, y, tallest = [], 0, 0, 0
    for number, panel in enumerate(described, 1):
        if "row" in panel:
            place = {"h": 1, "w": 24, "x": 0, "y": y + tallest}
            made.append({"id": number, "type": "row", "title": panel["row"], "collapsed": False, "gridPos": place, "panels": []})
            x, y, tallest = 0, y + tallest + 1, 0
            continue
        kind = kind_of(panel)
        grafana, width, height = KINDS[kind]
        width, height = panel.get("width", width), panel.get("height", height)
        if x + width > 24:
            x, y, tallest = 0, y + tallest, 0
        defaults, options = look(kind, panel)
        where, targets = queries(kind, panel, victorialogs)
        one = {"id": number, "type": grafana, "title": panel[kind], "description": about(panel), "datasource": where,
               "gridPos": {"h": height, "w": width, "x": x, "y": y}, "fieldConfig": {"defaults": defaults, "overrides": []},
               "options": options, "targets": targets}  # fmt: skip
        if kind == "table":
            hidden = {"excludeByName": {"Time": True, "Value": not panel.get("value", False), "__name__": True}}
            one["transformations"] = [{"id": "organize", "options": hidden}]
        made.append(one)
        x, tallest = x + width, max(tallest, height)
    return made


def dashboard(described: dict, victorialogs: bool = False) -> dict:
    sources = [source("datasource", "Prometheus", "prometheus", "prometheus")]
    if any("logql" in panel for panel in described["panels"]):
        sources.append(source("logs", "VictoriaLogs", VICTORIALOGS["type"], "victorialogs") if victorialogs
                       else source("logs", "Loki", "loki", "loki"))  # fmt: skip
    variables = [variable(name, given) for name, given in described.get("variables", {}).items()]
    return {
        "id": None, "uid": described["uid"], "title": described["title"], "description": described["about"],
        "tags": ["telltale", *described.get("tags", [])], "schemaVersion": 39, "version": 1, "editable": True, "graphTooltip": 1,
        "fiscalYearStartMonth": 0, "weekStart": "", "timezone": "browser",
        "time": {"from": described.get("from", "now-1h"), "to": "now"}, "refresh": described.get("refresh", "30s"),
        "timepicker": {}, "links": [], "annotations": {"list": []}, "templating": {"list": sources + variables},
        "panels": panels(described["panels"], victorialogs),
    }  # fmt: skip


def written(board: dict) -> str:
    """One panel and one variable a line, so that a change is seen in a diff."""
    rest = dict(board, templating=0, panels=0)
    lines = ",\n ".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in rest.items() if key not in ("templating", "panels"))
    variables = ",\n  ".join(json.dumps(one) for one in board["templating"]["list"])
    parts = ",\n  ".join(json.dumps(one) for one in board["panels"])
    return f'{{\n {lines},\n "templating": {{"list": [\n  {variables}\n ]}},\n "panels": [\n  {parts}\n ]\n}}\n'


def log_queries(described: dict) -> dict:
    """What the chart puts into panels of log lines when VictoriaLogs is the store."""
    found = {}
    for panel in described["panels"]:
        if "logql" in panel:
            kind = kind_of(panel)
            found[panel[kind]] = {"queryType": "instant" if kind == "logs" else "statsRange", "expr": panel["logsql"]}
    return found


def made() -> dict[pathlib.Path, str]:
    """Every file that the descriptions give."""
    result, logs = {}, {}
    for path in sorted(SOURCES.glob("*.yaml")):
        described = yaml.safe_load(path.read_text())
        result[CHART / f"{path.stem}.json"] = written(dashboard(described))
        if found := log_queries(described):
            logs[f"{path.stem}.json"] = found
    head = (f"# SPDX-License-Identifier: Apache-2.0\n# Made from {SOURCES.relative_to(ROOT)} by {COMMAND}: change those.\n"
            "# What panels of log lines ask for when VictoriaLogs is the store in use, by dashboard and title.\n")  # fmt: skip
    result[CHART / "victorialogs.yaml"] = head + yaml.safe_dump(logs, sort_keys=False, width=200)
    for path in sorted((ROOT / "examples").glob("*/grafana/dashboard.yaml")):
        described = yaml.safe_load(path.read_text())
        result[path.with_suffix(".json")] = written(dashboard(described))
        result[path.with_name("dashboard-victorialogs.json")] = written(dashboard(described, victorialogs=True))
    return result


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--check", action="store_true", help="write nothing, fail on a difference")
    check, wrong = parser.parse_args().check, 0
    files = made()
    for path in sorted(set(CHART.glob("*")) - set(files)):
        print(f"{path.relative_to(ROOT)} has no description in {SOURCES.relative_to(ROOT)}: remove it", file=sys.stderr)
        wrong += 1
    for path, text in files.items():
        if not path.exists() or path.read_text() != text:
            wrong += 1
            if check:
                print(f"{path.relative_to(ROOT)} is not what its description gives: run {COMMAND} and commit it", file=sys.stderr)
            else:
                path.write_text(text)
                print(f"{path.relative_to(ROOT)} written")
    return 1 if wrong and check else 0


if __name__ == "__main__":
    sys.exit(main())
