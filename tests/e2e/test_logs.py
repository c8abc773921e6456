# SPDX-License-Identifier: Apache-2.0
"""Log lines on a real cluster: rotated, truncated, written at the last moment, and once each."""

import re

import manifests
import observe
import pytest
import stores


# Numbers its lines; rotates by renaming at 100 and 200, truncates at 300 after a pause, and writes
# the last ones when it is told to end.
WRITER = """
log=/var/log/app/app.log
n=0
say() { n=$((n + 1)); echo "line $n" >> $log; }
trap 'i=0; while [ $i -lt 20 ]; do say; i=$((i + 1)); done; exit 0' TERM
while [ $n -lt 400 ]; do
  say
  case $n in
    100|200) mv $log $log.$n.old ;;
    300) sleep 4; : > $log ;;
  esac
done
echo done
while true; do sleep 0.1; done
"""


@pytest.fixture(autouse=True)
def pushed_to_the_store(release, store):
    release.follow_store()


def numbers(entries: list) -> list[int]:
    return [int(re.fullmatch(r"line (\d+)", entry.line).group(1)) for entry in entries]


def test_every_line_arrives_once_across_rotation_truncation_and_the_end_of_the_pod(
    cluster, images, namespace, store, wait_for
):
    images("busybox")
    cluster.kubectl("apply", "-f", "-", stdin=manifests.target(
        namespace, "writer", selector={"matchLabels": {"app": "writer"}},
        logs={"source": "Files", "files": {"directory": "/var/log/app"}, "labels": {"team": "e2e"}}))  # fmt: skip
    cluster.kubectl("apply", "-f", "-", stdin=manifests.deployment(
        namespace, "writer", {}, manifests.container(WRITER)))  # fmt: skip

    def ready():
        pods = cluster.pods(namespace, "app=writer")
        return pods[0] if pods and observe.ready_since(pods[0]) else None

    pod = wait_for("the writer", 60, ready)["metadata"]["name"]
    selector = f'{{namespace="{namespace}", pod="{pod}", team="e2e", container="app"}}'

    def arrived(count):
        return lambda: len(store.entries(selector)) >= count

    wait_for(f"400 lines in {store.title}", 60, arrived(400))
    cluster.kubectl("-n", namespace, "scale", "deployment/writer", "--replicas=0")
    wait_for("the last 20 lines, flushed at the end", 60, arrived(420))
    assert numbers(store.entries(selector)) == list(range(1, 421))


def test_lines_and_samples_carry_the_same_labels(cluster, store, wait_for):
    # Sidecars that run already follow the release to another store when the kubelet brings them the
    # changed ConfigMap.
    found = wait_for(f"lines of the shop in {store.title}", 150, lambda: store.entries('{app="shop"}'))
    stream = found[-1].labels
    series = cluster.query(f'shop_orders_total{{pod="{stream["pod"]}"}}')
    if not series:  # a pod of an earlier step
        series = cluster.query(f'last_over_time(shop_orders_total{{pod="{stream["pod"]}"}}[1h])')
    for label in ("namespace", "pod", "container", "node", "app"):
        assert stream[label] == series[0]["metric"][label]


def test_both_stores_count_the_lines_of_each_pod_as_they_list_them(store):
    selector = '{app="writer"}'
    listed = {pod: len(found) for pod, found in stores.by_pod(store.entries(selector)).items()}
    assert listed and store.counts(selector) == listed


def test_what_was_read_is_acknowledged_pending_lost_or_dropped(cluster):
    fates = '{__name__=~"telltale_logs_(acked_lines_total|pending_lines|lost_lines_total|dropped_lines_total)"}'
    # What ships the cluster's events is found by its address and has no label of a pod.
    found = cluster.query(f'telltale_logs_read_lines_total{{pod!=""}} - on(pod) sum by (pod) ({fates})')
    differences = {series["metric"]["pod"]: float(series["value"][1]) for series in found}
    assert len(differences) >= 3
    assert set(differences.values()) == {0}, differences
