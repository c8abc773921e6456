# SPDX-License-Identifier: Apache-2.0
"""Pages of docs/reference that are made from the sources are up to date, and name metrics as promlint wants."""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
ROW = re.compile(r"^\| `(\w+)` \| (\w+) \| (.*?) \| (.+) \|$", re.MULTILINE)
UNITS = re.compile(r"_(milliseconds|ms|minutes|hours|kilobytes|megabytes|percent)(_total)?$")


def generate(*pages: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "docs/generate.py", "--check", *pages], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_the_page_of_metrics_is_up_to_date():
    done = generate("metrics.md")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_page_of_flags_is_up_to_date():
    targets = ["telltale-operator", "telltale-sidecar"]
    subprocess.run(["cmake", "--build", "build/dev", "--target", *targets], cwd=ROOT, capture_output=True, check=True)
    done = generate("flags.md")
    assert done.returncode == 0, done.stdout + done.stderr


def test_metrics_are_named_as_promlint_wants():
    rows = ROW.findall((ROOT / "docs/reference/metrics.md").read_text())
    assert len(rows) > 100
    wrong = []
    for name, kind, labels, text in rows:
        if (kind == "counter") != name.endswith("_total"):
            wrong.append(f"{name}: a counter, and nothing else, ends with _total")
        if UNITS.search(name):
            wrong.append(f"{name}: its unit is not a base unit")
        if not text.endswith((".", "?")):
            wrong.append(f"{name}: its help is not a sentence")
        if re.search(r"`(job|instance|le|quantile)`", labels):
            wrong.append(f"{name}: a label that Prometheus sets itself")
    assert not wrong, "\n".join(wrong)
