# SPDX-License-Identifier: Apache-2.0
"""Accounts of VictoriaLogs: each target's lines go to the account that the release or the target names."""

import json
import subprocess
import urllib.parse

import layout
import manifests
import stores

FILES = {"source": "Files", "files": {"directory": "/var/log/app"}}
WRITES = "while true; do echo a line | tee -a /var/log/app/app.log; sleep 1; done"
PRINTS = "while true; do echo a line; sleep 1; done"


def test_each_targets_lines_go_to_the_account_of_the_release_or_to_its_own(
    cluster, images, namespace, release, wait_for
):
    images("busybox")
    release.use("victorialogs.tenant=7", "tenants.*={12}", collector="telltale", store=stores.VictoriaLogs(cluster))
    for name, script, logs in (
        ("files", WRITES, FILES),
        ("files-a", WRITES, FILES | {"tenant": "12"}),
        ("stdout", PRINTS, {"source": "Stdout"}),
        ("stdout-a", PRINTS, {"source": "Stdout", "tenant": "12"}),
    ):
        cluster.kubectl("apply", "-f", "-", stdin=manifests.target(
            namespace, name, selector={"matchLabels": {"app": name}}, logs=logs))  # fmt: skip
        cluster.kubectl("apply", "-f", "-", stdin=manifests.deployment(namespace, name, {}, manifests.container(script)))
    address = cluster.json("-n", "telltale", "get", "service", "telltale-victorialogs")["spec"]["clusterIP"]

    def apps(account: str) -> set[str]:
        query = urllib.parse.urlencode({"query": f'_time:1h {{namespace="{namespace}"}} | uniq by (app)'})
        command = ["curl", "--silent", "--fail", "--max-time", "10", "--header", f"AccountID: {account}",
                   f"http://{address}:9428/select/logsql/query?{query}"]  # fmt: skip
        done = subprocess.run(layout.Layout().inside(*command), capture_output=True, text=True, check=True)
        return {json.loads(line)["app"] for line in done.stdout.splitlines()}

    wait_for("lines of all four", 60, lambda: len(apps("7") | apps("12")) == 4)
    assert apps("7") == {"files", "stdout"}
    assert apps("12") == {"files-a", "stdout-a"}
    assert apps("0") == set()
