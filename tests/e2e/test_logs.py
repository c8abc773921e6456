# SPDX-License-Identifier: Apache-2.0
"""Log lines on a real cluster: rotated, truncated, written at the last moment, and once each."""

import re

import manifests
import observe

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


def numbers(lines: list[tuple[int, str]]) -> list[int]:
    return [int(re.fullmatch(r"line (\d+)", text).group(1)) for _, text in lines]


def test_every_line_arrives_once_across_rotation_truncation_and_the_end_of_the_pod(
    cluster, images, namespace, wait_for
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
        return lambda: len(cluster.lines(selector, 2000).get(pod, [])) >= count

    wait_for("400 lines in Loki", 60, arrived(400))
    cluster.kubectl("-n", namespace, "scale", "deployment/writer", "--replicas=0")
    wait_for("the last 20 lines, flushed at the end", 60, arrived(420))
    assert numbers(cluster.lines(selector, 2000)[pod]) == list(range(1, 421))


def test_lines_and_samples_carry_the_same_labels(cluster):
    stream = cluster.service(
        "telltale-loki:3100", "/loki/api/v1/query_range", {"query": '{app="shop"}', "since": "1h"}
    )["data"]["result"][0]["stream"]
    series = cluster.query(f'shop_orders_total{{pod="{stream["pod"]}"}}')
    if not series:  # a pod of an earlier step
        series = cluster.query(f'last_over_time(shop_orders_total{{pod="{stream["pod"]}"}}[1h])')
    for label in ("namespace", "pod", "container", "node", "app"):
        assert stream[label] == series[0]["metric"][label]


def test_what_was_read_is_acknowledged_pending_or_lost(cluster):
    read, acked, pending = (
        f"telltale_logs_{name}" for name in ("read_lines_total", "acked_lines_total", "pending_lines")
    )
    lost = "sum by (pod) (telltale_logs_lost_lines_total)"
    differences = cluster.query(f"{read} - on(pod) {acked} - on(pod) {pending} - on(pod) {lost}")
    assert len(differences) >= 3
    assert all(float(series["value"][1]) == 0 for series in differences)
