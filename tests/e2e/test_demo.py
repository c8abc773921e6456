# SPDX-License-Identifier: Apache-2.0
"""`make demo` as a person sees it."""

import base64
import gzip
import json
import os
import re
import subprocess
import sys
import time

import layout
import shop
from conftest import DEMO, HERE


def test_it_shows_five_targets_then_three_of_the_app_and_of_the_sidecars(demo):
    counts = re.findall(r"Prometheus scrapes (\d+) targets of the (app|sidecars)", demo.output)
    assert counts == [("5", "app"), ("5", "sidecars"), ("3", "app"), ("3", "sidecars")]


def test_it_shows_a_rate_and_log_lines_of_each_pod(demo):
    rates = demo.output.split("rate(shop_orders_total")[1].split("VictoriaLogs has")[0]
    lines = demo.output.split("VictoriaLogs has for")[1]
    assert len(re.findall(r"^  shop-\S+\s+[0-9.]+$", rates, re.MULTILINE)) == 3
    found = re.findall(r"^  shop-\S+\s+\d+\s+(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d .+)$", lines, re.MULTILINE)
    assert len(found) == 3


def test_it_shows_the_memory_of_each_container_an_alert_that_arrived_and_a_dashboard(demo):
    memory = demo.output.split("container_memory_working_set_bytes")[1].split("VictoriaLogs has")[0]
    assert len(re.findall(r"^  shop-\S+\s+(?:shop|telltale-sidecar)\s+[0-9.]+$", memory, re.MULTILINE)) == 6
    assert re.search(r"^  shop-\S+\s+[0-9 :-]+ Alertmanager says: ShopSells is firing$", demo.output, re.MULTILINE)
    panels = demo.output.split("The panels of examples/shop")[1].split("kubectl get mt")[0]
    series = re.findall(r"^  .+?\s{2,}(\d+)$", panels, re.MULTILINE)
    assert len(series) >= 6 and all(int(count) > 0 for count in series)


def test_it_shows_the_seconds_from_ready_to_the_first_sample(demo):
    part = demo.output.split("Seconds from Ready to the first sample")[1].split("==>")[0]
    seconds = [float(s) for s in re.findall(r"^  shop-\S+\s+(-?[0-9.]+)$", part, re.MULTILINE)]
    assert len(seconds) == 5
    assert max(seconds) <= shop.FIRST_SAMPLE_WITHIN


def test_it_shows_the_resource_as_ready(demo):
    row = re.search(r"^shop\s+shop\s+True\s+3\s+3\s+0\s+\S+\s+3\s+3\s+\S+$", demo.output, re.MULTILINE)
    assert row, demo.output[-1500:]


def test_a_second_run_reuses_the_cluster_and_takes_at_most_three_minutes(demo):
    started = time.monotonic()
    done = subprocess.run([*DEMO, "up"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:]
    assert "reusing the cluster" in done.stdout
    assert time.monotonic() - started <= 180


def test_its_exports_are_complete_and_name_things_that_answer(demo):
    done = subprocess.run([*DEMO, "env"], capture_output=True, text=True, check=True)
    for name in ("KUBECONFIG", "TELLTALE_NETNS", "TELLTALE_EXEC", "TELLTALE_CTR", "TELLTALE_BIN",
                 "TELLTALE_TOOLS", "PROMETHEUS_URL", "VICTORIALOGS_URL"):  # fmt: skip
        assert f"export {name}=" in done.stdout
    script = (
        'eval "$1"; $TELLTALE_EXEC curl -fsS $PROMETHEUS_URL/-/ready && '
        "$TELLTALE_EXEC curl -fsS $VICTORIALOGS_URL/health && $TELLTALE_CTR images ls -q >/dev/null && "
        "$TELLTALE_TOOLS/kubectl get nodes && $TELLTALE_BIN/telltale-operator --version"
    )
    subprocess.run(["bash", "-ec", script, "bash", done.stdout], check=True, capture_output=True)


def test_with_kubeconfig_set_it_uses_that_cluster_and_starts_none(demo, tmp_path):
    somebodys = tmp_path / "kubeconfig"
    somebodys.write_text(layout.Layout().kubeconfig.read_text())
    environment = {**os.environ, "KUBECONFIG": str(somebodys), "TELLTALE_CLUSTER": "must-not-start"}
    done = subprocess.run([*DEMO, "up"], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stdout[-4000:]
    assert "cluster" not in [line[4:] for line in done.stdout.splitlines() if line.startswith("==> ")]
    down = subprocess.run([*DEMO, "down"], capture_output=True, text=True, env=environment, check=True)
    assert "started no cluster" in down.stdout


def test_in_a_shell_with_its_exports_the_cluster_is_still_its_own(demo):
    environment = {**os.environ, "KUBECONFIG": str(layout.Layout().kubeconfig)}
    done = subprocess.run([*DEMO, "env"], capture_output=True, text=True, check=True, env=environment)
    assert "export TELLTALE_NETNS=telltale" in done.stdout


def test_a_release_that_a_killed_helm_left_pending_is_mended(demo, cluster):
    newest = cluster.kubectl("-n", "telltale", "get", "secret", "-l", "owner=helm,name=telltale",
                             "--sort-by=.metadata.creationTimestamp", "-o", "name").split()[-1]  # fmt: skip
    held = cluster.json("-n", "telltale", "get", newest)
    release = json.loads(gzip.decompress(base64.b64decode(base64.b64decode(held["data"]["release"]))))
    release["info"]["status"] = "pending-upgrade"
    spoiled = base64.b64encode(base64.b64encode(gzip.compress(json.dumps(release).encode()))).decode()
    patch = {"metadata": {"labels": {"status": "pending-upgrade"}}, "data": {"release": spoiled}}
    cluster.kubectl("-n", "telltale", "patch", newest, "--type=merge", "--patch-file=/dev/stdin",
                    stdin=json.dumps(patch))  # fmt: skip
    done = subprocess.run([*DEMO, "up"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:]
    assert "helm rollback" in done.stdout


def test_unknown_words_are_answered_with_the_usage():
    done = subprocess.run([sys.executable, HERE / "demo.py", "upp"], capture_output=True, text=True)
    assert done.returncode != 0
    assert "Usage: demo.py up | env | down" in done.stderr
