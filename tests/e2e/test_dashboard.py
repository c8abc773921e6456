# SPDX-License-Identifier: Apache-2.0
"""The sample application's dashboard: every panel shows something, and Grafana's schema takes it."""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import catalog
import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DASHBOARD = ROOT / "helm/telltale/dashboards/shop.json"
SCHEMA = "1769699998!10.1.0"  # of grafana-foundation-sdk; the last part is Grafana's version
# What later versions of Grafana read and this schema does not hold yet, by the panel's type.
UNKNOWN_TO_SCHEMA = {
    ("heatmap", ".options.tooltip.mode"),
    ("heatmap", ".options.tooltip.showColorScale"),
}


def panels(dashboard: dict) -> list[dict]:
    def walk(items):
        for panel in items:
            yield from walk(panel.get("panels", []))
            if panel.get("targets"):
                yield panel

    return list(walk(dashboard["panels"]))


def rendered(kind: str) -> dict:
    """The dashboard as the chart gives it to Grafana with this log store."""
    other = {"loki": "victorialogs", "victorialogs": "loki"}[kind]
    done = subprocess.run(
        [catalog.locate("helm"), "template", "telltale", DASHBOARD.parent.parent, "--show-only",
         "templates/grafana/dashboards.yaml", "--set", f"{kind}.enabled=true,{other}.enabled=false"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(yaml.safe_load(done.stdout)["data"]["shop.json"])


def of_prometheus(panel: dict) -> bool:
    return panel["datasource"]["type"] == "prometheus"


ALL = panels(json.loads(DASHBOARD.read_text()))
METRICS = [panel for panel in ALL if of_prometheus(panel)]


def filled(expression: str) -> str:
    """The query as Grafana sends it, with the variables' defaults."""
    values = {"__rate_interval": "1m", "__interval": "15s", "__range": "15m", "__auto": "1m", "namespace": "shop", "pod": ".+"}
    return re.sub(r"\$\{?(\w+)(?::\w+)?\}?", lambda found: values[found.group(1)], expression)


@pytest.mark.parametrize("panel", METRICS, ids=lambda panel: panel["title"])
def test_every_query_of_the_panel_returns_data(cluster, wait_for, panel):
    for target in panel["targets"]:
        query = filled(target["expr"])
        wait_for(f"data for {query}", 60, lambda query=query: cluster.query(query))


def test_every_panel_of_log_lines_shows_some(release, store, wait_for):
    release.follow_store()
    found = [panel for panel in panels(rendered(store.kind)) if not of_prometheus(panel)]
    assert len(found) == len(ALL) - len(METRICS) > 0
    for panel in found:
        for target in panel["targets"]:
            query = filled(target["expr"])
            wait_for(f"data for {query}", 150, lambda target=target, query=query: store.panel(target, query))


def schema_python() -> pathlib.Path:
    """Grafana's schema as a Python package, in an environment of its own outside the tree.

    It gets its name only when it is complete: one that was cut short is never taken for it. Two
    runs at once each build one, and the first to finish keeps the name.
    """
    cache = pathlib.Path(os.environ.get("TELLTALE_CACHE") or pathlib.Path.home() / ".cache/telltale")
    environment = cache / f"grafana-schema-{SCHEMA.replace('!', '-')}"
    if not environment.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f"{environment.name}.new-", dir=cache) as unfinished:
            made = pathlib.Path(unfinished, "environment")
            subprocess.run([sys.executable, "-m", "venv", made], check=True)
            package = f"grafana-foundation-sdk=={SCHEMA}"
            subprocess.run([made / "bin/python", "-m", "pip", "install", "-q", package], check=True)
            try:
                made.rename(environment)
            except OSError:
                if not environment.exists():
                    raise
    return environment / "bin" / "python"


def lost(source, again, path: str = "") -> list[str]:
    """The paths of all keys and elements of `source` that are not in `again` with the same value."""
    if isinstance(source, dict) and isinstance(again, dict):
        found = []
        for key, value in source.items():
            where = f"{path}.{key}"
            found += lost(value, again[key], where) if key in again else [where]
        return found
    if isinstance(source, list) and isinstance(again, list) and len(source) == len(again):
        pairs = enumerate(zip(source, again))
        return [one for i, (old, new) in pairs for one in lost(old, new, f"{path}[{i}]")]
    return [] if source == again else [path]


def test_a_key_that_is_lost_is_seen_however_deep():
    source = {"a": [{"b": 1, "c": {"d": None}}], "e": [1, 2], "f": 3}
    assert lost(source, json.loads(json.dumps(source))) == []
    assert lost(source, {"a": [{"b": 2, "c": {}}], "e": [1], "f": 3, "g": 4}) == [
        ".a[0].b",
        ".a[0].c.d",
        ".e",
    ]


def test_an_environment_that_was_cut_short_is_not_taken(tmp_path, monkeypatch):
    monkeypatch.setenv("TELLTALE_CACHE", str(tmp_path))
    calls = []

    def run(command, check):
        calls.append([str(word) for word in command])
        if command[2] == "venv":
            (command[3] / "bin").mkdir(parents=True)
        elif len(calls) == 2:
            raise subprocess.CalledProcessError(1, "pip")

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(subprocess.CalledProcessError):
        schema_python()
    assert list(tmp_path.iterdir()) == []
    assert schema_python().parent.is_dir()
    assert len(calls) == 4 and calls[3][-1] == f"grafana-foundation-sdk=={SCHEMA}"
    schema_python()
    assert len(calls) == 4


@pytest.mark.parametrize("kind", ["loki", "victorialogs"])
def test_it_loads_in_the_typed_schema_of_grafana(kind, tmp_path):
    script = (
        "import json, sys\n"
        "from grafana_foundation_sdk.cog.encoder import JSONEncoder\n"
        "from grafana_foundation_sdk.cog.plugins import register_default_plugins\n"
        "from grafana_foundation_sdk.models.dashboard import Dashboard\n"
        "register_default_plugins()\n"
        "board = Dashboard.from_json(json.load(open(sys.argv[1])))\n"
        "print(JSONEncoder().encode(board))\n"
    )
    file = tmp_path / "dashboard.json"
    file.write_text(json.dumps(rendered(kind)))
    command = [schema_python(), "-c", script, file]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    source, again = rendered(kind), json.loads(done.stdout)
    assert again["uid"] == source["uid"] and len(again["panels"]) == len(source["panels"]) > 0
    pairs = zip(source["panels"], again["panels"])
    gone = {(old["type"], path) for old, new in pairs for path in lost(old, new)}
    assert gone == UNKNOWN_TO_SCHEMA
