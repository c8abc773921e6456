# SPDX-License-Identifier: Apache-2.0
"""What measures is itself right, in seconds. With few pods, the operator serves exactly what the load's
pods ask for after a burst of their lives, by HTTP and by TLS; and the sink of the log path notices
every way in which a shipper could deliver something else than was written.
"""

import json
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests/bench"), str(ROOT / "tests/integration")]
import load  # noqa: E402  (the folders are no packages)
import measure  # noqa: E402
import ours  # noqa: E402
import shippers  # noqa: E402
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


LINES = 20_000


@pytest.fixture
def written(tmp_path) -> dict:
    """A file of lines in `logs`: how many and which."""
    (tmp_path / "logs").mkdir()
    command = [ours.tool("bench_write"), tmp_path / "logs/0.log", str(LINES), "257"]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


def ship(folder, steps: list | None, monkeypatch) -> dict:
    """What the sink says it got from our sidecar with these stages."""
    if steps:
        monkeypatch.setattr(shippers, "SIDECAR_STAGES", steps)
    sidecar = ours.BIN / "telltale-sidecar"
    with shippers.Sink(ours.tool("bench_sink")) as sink:
        with shippers.shipper("ours", sidecar, folder / "ours", sink.url, folder / "logs", bool(steps)) as running:
            sink.wait_for(LINES // 2, 60, running.pid)
        return sink.stats()  # it has sent all before it ended


def test_the_sink_gets_the_lines_that_were_written_in_one_stream_or_one_for_each_level(tmp_path, written, monkeypatch):
    shippers.same_lines(written, ship(tmp_path, None, monkeypatch), 1)
    shippers.same_lines(written, ship(tmp_path, shippers.SIDECAR_STAGES, monkeypatch), 3)


BYTES = {"json": {"expressions": {"bytes": ""}}}


@pytest.mark.parametrize("steps, streams, why", [
    ([{"drop": {"expression": '"bytes":5,'}}], 1, "other lines"),
    ([{"replace": {"expression": '"trace":"(0)', "replace": "1"}}], 1, "other lines"),
    ([BYTES, {"timestamp": {"source": "bytes", "format": "Unix"}}], 1, "other lines"),
    (shippers.SIDECAR_STAGES, 1, "3 streams instead of 1"),
    ([{"json": {"expressions": {"level": "method"}}}, {"labels": {"values": {"level": "level"}}}], 3, "in wrong ones"),
], ids=["a line less", "another text", "another time", "more streams", "wrong streams"])  # fmt: skip
def test_a_run_that_delivers_something_else_fails(tmp_path, written, steps, streams, why, monkeypatch):
    with pytest.raises(RuntimeError, match=why):
        shippers.same_lines(written, ship(tmp_path, steps, monkeypatch), streams)


def test_the_encoder_is_measured_with_all_lines_of_the_file(tmp_path, written):
    command = [ours.tool("bench_encode"), tmp_path / "logs/0.log", "0.1"]
    shippers.same_lines(written, json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout), 1)
