#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes what is derived from crds/ and the chart, so that each fact is written once.

Usage: manifests/generate.py [--check]

  crds/monitoringtargets.yaml -> helm/telltale/templates/crds.yaml   the definition, with switches
  helm/telltale               -> manifests/install.yaml              for people without Helm

--check writes nothing and exits 1 when a file is not what it would be. Needs helm: in the folder
TELLTALE_TOOLS, in the cache of tests/cluster/tools/build.py, or in PATH.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CHART = ROOT / "helm" / "telltale"
SOURCE = ROOT / "crds" / "monitoringtargets.yaml"
TEMPLATE = CHART / "templates" / "crds.yaml"
INSTALL = ROOT / "manifests" / "install.yaml"
COMMAND = "manifests/generate.py"
NAMESPACE = "telltale"

HELM_LABELS = r"^ +(helm\.sh/chart|app\.kubernetes\.io/managed-by): .*\n"

# The chart's labels, and what keeps the definition when the release goes.
TEMPLATE_METADATA = """metadata:
  labels:
    {{- include "telltale.labels" (dict "root" $ "component" "operator") | nindent 4 }}
  {{- if .Values.crds.keep }}
  annotations:
    helm.sh/resource-policy: keep
  {{- end }}
"""

# Promtail reads the nodes' log folders, which Pod Security's other profiles forbid.
NAMESPACE_MANIFEST = f"""---
apiVersion: v1
kind: Namespace
metadata:
  name: {NAMESPACE}
  labels:
    app.kubernetes.io/part-of: telltale
    pod-security.kubernetes.io/enforce: privileged
"""


class Failure(Exception):
    """What a person has to know, in one sentence."""


def tool(name: str) -> str:
    """The path of a program that the project builds for itself."""
    cache = os.environ.get("TELLTALE_CACHE") or pathlib.Path.home() / ".cache" / "telltale"
    folders = [os.environ.get("TELLTALE_TOOLS"), pathlib.Path(cache) / "tools" / "bin"]
    for folder in filter(None, folders):
        path = pathlib.Path(folder) / name
        if path.exists():
            return str(path)
    found = shutil.which(name)
    if not found:
        raise Failure(f"{name} is missing: run tests/cluster/tools/build.py {name} and try again")
    return found


def crd_template() -> str:
    """The chart's template of the definition: the source between an if and its end."""
    text = SOURCE.read_text()
    if "{{" in text:
        raise Failure(f"{SOURCE} has {{{{ in it, which Helm would take for a template: reword it")
    body = text[text.index("apiVersion:") :]
    if body.count("\nmetadata:\n") != 1:
        raise Failure(f"{SOURCE} needs exactly one line that is `metadata:`")
    body = body.replace("metadata:\n", TEMPLATE_METADATA, 1)
    header = (
        "{{- /* Made from crds/monitoringtargets.yaml by "
        + COMMAND
        + ": change that one. */ -}}\n{{- if .Values.crds.enabled }}\n"
    )
    return header + body.rstrip("\n") + "\n{{- end }}\n"


def install_manifest() -> str:
    """All of the chart with its defaults, for `kubectl apply --server-side -f`."""
    command = [tool("helm"), "template", "telltale", str(CHART), "--namespace", NAMESPACE, "--skip-tests"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failure(f"helm template failed: {done.stderr.strip()}")
    # Nothing of it is Helm's once kubectl has applied it.
    text = re.sub(HELM_LABELS, "", done.stdout, flags=re.MULTILINE)
    header = (
        "# SPDX-License-Identifier: Apache-2.0\n"
        f"# Made from helm/telltale by {COMMAND}: change that one.\n"
        "# kubectl apply --server-side -f manifests/install.yaml\n"
    )
    return header + NAMESPACE_MANIFEST + text


def update(path: pathlib.Path, text: str, check: bool) -> bool:
    """Writes a file that differs, or says that it does; True when it was as it should be."""
    if path.exists() and path.read_text() == text:
        return True
    name = path.relative_to(ROOT)
    if check:
        print(f"{name} is not what its source gives: run {COMMAND} and commit it", file=sys.stderr)
        return False
    path.write_text(text)
    print(f"{name} written")
    return False


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--check", action="store_true", help="write nothing, fail on a difference")
    check = parser.parse_args().check
    try:
        # In this order: the manifest holds the rendered definition.
        current = update(TEMPLATE, crd_template(), check)
        current = update(INSTALL, install_manifest(), check) and current
    except (Failure, OSError) as failure:
        print(f"{COMMAND}: {failure}", file=sys.stderr)
        return 1
    return 0 if current or not check else 1


if __name__ == "__main__":
    sys.exit(main())
