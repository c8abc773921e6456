# SPDX-License-Identifier: Apache-2.0
"""The sample application's dashboard: every panel shows something, and Grafana's schema takes it."""

import json
import os
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DASHBOARD = ROOT / "helm/telltale/dashboards/shop.json"


def panels():
    def walk(items):
        for panel in items:
            yield from walk(panel.get("panels", []))
            if panel.get("targets"):
                yield panel

    return list(walk(json.loads(DASHBOARD.read_text())["panels"]))


def filled(expression: str) -> str:
    """The query as Grafana sends it, with the variables' defaults."""
    values = {"__rate_interval": "1m", "__interval": "15s", "__range": "15m", "__auto": "1m", "namespace": "shop", "pod": ".+"}
    return re.sub(r"\$\{?(\w+)(?::\w+)?\}?", lambda found: values[found.group(1)], expression)


@pytest.mark.parametrize("panel", panels(), ids=lambda panel: panel["title"])
def test_every_query_of_the_panel_returns_data(cluster, wait_for, panel):
    for target in panel["targets"]:
        query = filled(target["expr"])
        if "loki" in json.dumps(target.get("datasource", panel.get("datasource"))).lower() or "logs" in json.dumps(
            target.get("datasource", panel.get("datasource"))
        ):
            answer = cluster.service(
                "telltale-loki:3100", "/loki/api/v1/query_range", {"query": query, "since": "1h"}
            )
            assert answer["data"]["result"], query
        else:
            wait_for(f"data for {query}", 60, lambda query=query: cluster.query(query))


def test_it_loads_in_the_typed_schema_of_grafana():
    # The schema's Python package lives in an environment of its own, outside the tree.
    cache = pathlib.Path(os.environ.get("TELLTALE_CACHE") or pathlib.Path.home() / ".cache/telltale")
    environment = cache / "grafana-schema"
    python = environment / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "grafana-foundation-sdk"], check=True)
    script = (
        "import json, sys\n"
        "from grafana_foundation_sdk.cog.encoder import JSONEncoder\n"
        "from grafana_foundation_sdk.cog.plugins import register_default_plugins\n"
        "from grafana_foundation_sdk.models.dashboard import Dashboard\n"
        "register_default_plugins()\n"
        "source = json.load(open(sys.argv[1]))\n"
        "board = Dashboard.from_json(source)\n"
        "again = json.loads(JSONEncoder().encode(board))\n"
        "assert again['uid'] == source['uid'] and len(again['panels']) == len(source['panels'])\n"
        "titles = lambda d: [p.get('title') for p in d['panels']]\n"
        "assert titles(again) == titles(source)\n"
        "targets = lambda d: [t['expr'] for p in d['panels'] for t in p.get('targets', [])]\n"
        "assert targets(again) == targets(source), (targets(again), targets(source))\n"
    )
    done = subprocess.run([python, "-c", script, DASHBOARD], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
