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
import programs  # noqa: E402
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
    command = [ours.tool("bench_write"), tmp_path / "logs", "1", str(LINES), "257"]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


def ship(folder, steps: list, delay_ms: int = 0) -> dict:
    """What the sink says it got from our sidecar with these stages."""
    sidecar = ours.BIN / "telltale-sidecar"
    with shippers.Sink(ours.tool("bench_sink"), delay_ms) as sink:
        with shippers.shipper("ours", sidecar, folder / "ours", sink.url, folder / "logs", steps) as running:
            sink.wait_for(LINES // 2, 60, running.pid)
        return sink.stats()  # it has sent all before it ended


@pytest.mark.parametrize("delay_ms", [0, 20])
def test_the_sink_gets_the_lines_that_were_written_in_one_stream_or_one_for_each_level(tmp_path, written, delay_ms):
    shippers.same_lines(written, ship(tmp_path, [], delay_ms), 1)
    shippers.same_lines(written, ship(tmp_path, shippers.LEVELS, delay_ms), 3)


@pytest.mark.parametrize("kind", ["ours", "vlagent"])
def test_a_real_store_holds_as_many_lines_as_were_written_by_either_shipper(tmp_path, written, kind):
    program = ours.BIN / "telltale-sidecar" if kind == "ours" else programs.locate(kind)
    with shippers.Store(tmp_path / "store") as store:
        with shippers.shipper(kind, program, tmp_path / kind, store.url, tmp_path / "logs") as running:
            store.wait_for(written["lines"], 60, running.pid)
        assert store.stored() == store.lines() == written["lines"]


BYTES = {"json": {"expressions": {"bytes": ""}}}


@pytest.mark.parametrize("steps, streams, why", [
    ([{"drop": {"expression": '"bytes":5,'}}], 1, "other lines"),
    ([{"replace": {"expression": '"trace":"(0)', "replace": "1"}}], 1, "other lines"),
    ([BYTES, {"timestamp": {"source": "bytes", "format": "Unix"}}], 1, "other lines"),
    (shippers.LEVELS, 1, "3 streams instead of 1"),
    ([{"json": {"expressions": {"level": "method"}}}, {"labels": {"values": {"level": "level"}}}], 3, "in wrong ones"),
], ids=["a line less", "another text", "another time", "more streams", "wrong streams"])  # fmt: skip
def test_a_run_that_delivers_something_else_fails(tmp_path, written, steps, streams, why):
    with pytest.raises(RuntimeError, match=why):
        shippers.same_lines(written, ship(tmp_path, steps), streams)


def test_the_encoder_is_measured_with_all_lines_of_the_file(tmp_path, written):
    command = [ours.tool("bench_encode"), tmp_path / "logs/0.log", "0.1"]
    shippers.same_lines(written, json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout), 1)
