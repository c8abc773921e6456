# SPDX-License-Identifier: Apache-2.0
"""The dashboards as tests see them: the descriptions, the JSON made of them, and queries as Grafana sends them."""

import json
import pathlib
import re
import subprocess

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Name -> (description, JSON).
FILES = {path.stem: (path, ROOT / "helm/telltale/dashboards" / f"{path.stem}.json") for path in (ROOT / "helm/dashboards").glob("*.yaml")}
FILES |= {path.parent.parent.name: (path, path.with_suffix(".json")) for path in (ROOT / "examples").glob("*/grafana/dashboard.yaml")}
# What Grafana puts in by itself.
BUILT_IN = {"__rate_interval": "1m", "__range": "15m", "__auto": "1m"}


def described(name: str) -> dict:
    return yaml.safe_load(FILES[name][0].read_text())


def loaded(name: str) -> dict:
    return json.loads(FILES[name][1].read_text())


def panels(dashboard: dict) -> list[dict]:
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def of_prometheus(panel: dict) -> bool:
    return panel["datasource"]["type"] == "prometheus"


def filled(name: str, expression: str) -> str:
    """The query as Grafana sends it, with the values that the description has for tests."""
    values = {key: one["test"] for key, one in described(name)["variables"].items()} | BUILT_IN
    return re.sub(r"\$\{?(\w+)\}?", lambda found: values[found.group(1)], expression)


def metrics(expression: str) -> set[str]:
    """The names of metrics in PromQL: what is left without strings, matchers, ranges, lists of labels and words."""
    chosen = re.findall(r'__name__="([\w:]+)"', expression)
    text = re.sub(r'"[^"]*"', "", expression)
    text = re.sub(r"\{[^}]*\}|\[[^]]*\]", "", text)
    text = re.sub(r"\b(by|on|without|ignoring|group_left|group_right)\s*\([^)]*\)", " ", text)
    names = re.findall(r"(?<![\w:$])[a-zA-Z_:][\w:]*(?!\w*\s*\()", text)
    return {*names, *chosen} - {"and", "or", "unless", "offset", "bool"}


def targets(dashboard: dict):
    for panel in panels(dashboard):
        for target in panel["targets"]:
            yield panel, target


def rendered(kind: str, helm) -> dict[str, dict]:
    """The dashboards as the chart gives them to Grafana with this log store, and the example's."""
    other = {"loki": "victorialogs", "victorialogs": "loki"}[kind]
    done = subprocess.run(
        [helm, "template", "telltale", ROOT / "helm/telltale", "--show-only", "templates/grafana/dashboards.yaml",
         "--set", f"{kind}.enabled=true,{other}.enabled=false"], capture_output=True, text=True, check=True,
    )  # fmt: skip
    boards = {file.removesuffix(".json"): json.loads(text) for file, text in yaml.safe_load(done.stdout)["data"].items()}
    for path in (ROOT / "examples").glob("*/grafana"):
        file = "dashboard-victorialogs.json" if kind == "victorialogs" else "dashboard.json"
        boards[path.parent.name] = json.loads((path / file).read_text())
    return boards
