# SPDX-License-Identifier: Apache-2.0
"""examples/stdout on the test cluster: a pod whose stdout an agent on its node reads."""

import json
import pathlib

import manifests
import observe
import yaml

EXAMPLE = pathlib.Path(__file__).resolve().parent.parent.parent / "examples" / "stdout"
SELECTOR = '{namespace="stdout", pod="ticker", container="ticker", app="ticker", team="examples"}'


def apply_example(cluster: observe.Cluster) -> None:
    """Makes its namespace anew, with the image that can be had here."""
    cluster.kubectl("delete", "namespace", "stdout", "--ignore-not-found", "--wait=true")
    for path in sorted(EXAMPLE.glob("[0-9]*.yaml")):
        for document in yaml.safe_load_all(path.read_text()):
            for container in document.get("spec", {}).get("containers", []):
                container["image"] = manifests.BUSYBOX
            cluster.kubectl("apply", "-f", "-", stdin=json.dumps(document))
