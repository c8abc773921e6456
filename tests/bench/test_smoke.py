# SPDX-License-Identifier: Apache-2.0
"""The load that measures is itself right: with few pods, the operator serves exactly what the load's
pods ask for after a burst of their lives, by HTTP and by TLS, in seconds.
"""

import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests/bench"), str(ROOT / "tests/integration")]
import load  # noqa: E402  (the folders are no packages)
import measure  # noqa: E402
import ours  # noqa: E402
import subjects  # noqa: E402

PODS, APPS = 500, 25


@pytest.fixture(scope="module")
def bench_load() -> str:
    return ours.tool("bench_load")


@pytest.mark.parametrize("kind", ["plain", "tls"])
def test_the_served_list_is_what_the_pods_ask_for_after_a_burst_of_lives(bench_load, tmp_path, kind):
    out = {}
    with load.Load(bench_load, tmp_path, pods=PODS, apps=APPS, targets=APPS) as server:
        with subjects.Telltale(ours.BIN / "telltale-operator", server.kubeconfig(kind), tmp_path) as subject:
            subject.wait_for(PODS, 60)
            assert server("digest", subject.port, "/sd/v1/targets")["equal"]
            measure.churn(server, subject, 1000, 3, 2, out)
            measure.digest(server, subject, 5000, out)
    assert out["nothing_lost"], out
    assert out["events"] >= 2900, out
    assert out["markers_timed"] > 0 and out["markers_missed"] == 0, out
    assert out["relists"] == 0 and out["expired_watches"] == 0, out


def test_the_digest_notices_a_list_that_lacks_pods(bench_load, tmp_path):
    with load.Load(bench_load, tmp_path, pods=PODS, apps=APPS, targets=APPS) as server:
        with subjects.Telltale(ours.BIN / "telltale-operator", server.kubeconfig("plain"), tmp_path) as subject:
            subject.wait_for(PODS, 60)
            answer = server("digest", subject.port, "/readyz")
    assert answer == {"expected": PODS, "served": 0, "bytes": answer["bytes"], "equal": False}
