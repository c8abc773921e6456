# SPDX-License-Identifier: Apache-2.0
"""What a result must say of where it was measured, and where results are kept."""

import datetime
import json
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
RESULTS = ROOT / "tests/bench/results"


def load() -> float:
    """Of the last minute: how many tasks ran or wanted to."""
    return round(os.getloadavg()[0], 2)


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def describe() -> dict:
    info = pathlib.Path("/proc/cpuinfo").read_text()
    model = next((line.split(":")[1].strip() for line in info.splitlines() if line.startswith("model name")), "unknown")
    return {
        "date": datetime.date.today().isoformat(), "commit": _git("rev-parse", "--short=10", "HEAD"),
        "changed_since": bool(_git("status", "--porcelain", "--untracked-files=no")), "cpu": model,
        "cores": os.cpu_count(), "kernel": os.uname().release, "load_at_start": load(),
    }  # fmt: skip


def save(results: dict, path: pathlib.Path, name: str) -> None:
    """Writes the numbers; with a name also into results/, with date and commit."""
    text = json.dumps(results, indent=1) + "\n"
    path.write_text(text)
    if name:
        RESULTS.mkdir(exist_ok=True)
        made = results["machine"]
        (RESULTS / f"{made['date']}-{made['commit']}-{name}.json").write_text(text)
