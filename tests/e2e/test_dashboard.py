# SPDX-License-Identifier: Apache-2.0
"""Dashboards on the demo's cluster: every panel that can have data there shows some, and Grafana's schema takes them all.

Left out are panels that have nothing to show while all is well (`empty` in their description), and those of exporters
(`needs`) other than the kubelet, which the demo does not run; tests/chart checks their queries.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

import catalog
import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests")]
import dashboards  # noqa: E402  (the folder is no package)

SCHEMA = "1769699998!10.1.0"  # of grafana-foundation-sdk; the last part is Grafana's version
# What later versions of Grafana read and this schema does not hold yet, by the panel's type.
UNKNOWN_TO_SCHEMA = {
    ("heatmap", ".options.tooltip.mode"),
    ("heatmap", ".options.tooltip.showColorScale"),
}
# Dashboards of what the demo runs; all panels of the others need an exporter.
SHOWN = ("application", "containers", "fleet", "operator", "shop", "sidecar")


def can_have_data(described: dict) -> bool:
    return "row" not in described and "empty" not in described and described.get("needs", "kubelet") == "kubelet"


def shown(name: str, board: dict) -> list[dict]:
    """The panels that have data on the demo's cluster."""
    pairs = zip(dashboards.described(name)["panels"], board["panels"], strict=True)
    return [panel for described, panel in pairs if can_have_data(described)]


def test_every_dashboard_is_shown_or_needs_exporters():
    for name in set(dashboards.FILES) - set(SHOWN):
        assert all("needs" in panel for panel in dashboards.described(name)["panels"] if "row" not in panel), name


@pytest.mark.parametrize("name", SHOWN)
def test_every_query_of_the_panels_returns_data(name, cluster, wait_for):
    panels = [panel for panel in shown(name, dashboards.loaded(name)) if dashboards.of_prometheus(panel)]
    assert len(panels) >= 5
    for panel in panels:
        for target in panel["targets"]:
            query = dashboards.filled(name, target["expr"])
            wait_for(f"{panel['title']}: data for {query}", 60, lambda query=query: cluster.query(query))


def test_every_panel_of_log_lines_shows_some(release, store, wait_for):
    release.follow_store()
    asked = 0
    for name, board in dashboards.rendered(store.kind, catalog.locate("helm")).items():
        for panel in shown(name, board):
            if not dashboards.of_prometheus(panel):
                for target in panel["targets"]:
                    query = dashboards.filled(name, target["expr"])
                    wait_for(f"data for {query}", 150, lambda target=target, query=query: store.panel(target, query))
                    asked += 1
    assert asked >= 4


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
def test_they_load_in_the_typed_schema_of_grafana(kind, tmp_path):
    script = (
        "import json, sys\n"
        "from grafana_foundation_sdk.cog.encoder import JSONEncoder\n"
        "from grafana_foundation_sdk.cog.plugins import register_default_plugins\n"
        "from grafana_foundation_sdk.models.dashboard import Dashboard\n"
        "register_default_plugins()\n"
        "boards = json.load(open(sys.argv[1]))\n"
        "print(JSONEncoder().encode({name: Dashboard.from_json(board) for name, board in boards.items()}))\n"
    )
    boards = dashboards.rendered(kind, catalog.locate("helm"))
    file = tmp_path / "dashboards.json"
    file.write_text(json.dumps(boards))
    done = subprocess.run([schema_python(), "-c", script, file], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    loaded, gone = json.loads(done.stdout), set()
    for name, source in boards.items():
        again = loaded[name]
        assert again["uid"] == source["uid"] and len(again["panels"]) == len(source["panels"]) > 0
        pairs = zip(source["panels"], again["panels"])
        gone |= {(old["type"], path) for old, new in pairs for path in lost(old, new)}
    assert gone == UNKNOWN_TO_SCHEMA
