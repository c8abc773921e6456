# SPDX-License-Identifier: Apache-2.0
"""The sidecar as a process, pushing to real log stores."""

import json
import os
import re
import subprocess
import time

import log_query
import ours
import peers
import pytest
from ours import BIN, wait_for

POD = {"POD_NAME": "web-1", "POD_NAMESPACE": "shop", "POD_UID": "u1", "NODE_NAME": "n1", "TELLTALE_CONTAINER": "web"}


def config(folder, loki_url: str, test: str) -> str:
    return json.dumps({
        "version": 1, "listen": "127.0.0.1:0", "interval": "1s", "state": str(folder / "state"),
        "labels": {"test": test}, "loki": {"url": loki_url, "batchWait": "200ms"},
        "logs": [{"files": {"include": [str(folder / "logs" / "*.log")]}}],
        "collectors": {"process": {}, "network": {}, "filesystem": {}},
    })  # fmt: skip


@pytest.fixture
def setup(tmp_path, request):
    """(folder, test name, function that makes a sidecar for a Loki)."""
    (tmp_path / "logs").mkdir()
    (tmp_path / "state").mkdir()
    test = request.node.name
    made = []

    def sidecar(loki_url: str) -> ours.Program:
        (tmp_path / "config.yaml").write_text(config(tmp_path, loki_url, test))
        program = ours.Program(tmp_path, "telltale-sidecar", f"--config={tmp_path}/config.yaml", environment=POD)
        made.append(program)
        program.start()
        return program

    yield tmp_path, test, sidecar
    for program in made:
        program.kill()


@pytest.fixture
def narrow_loki():
    """A Loki that takes a kilobyte a second of a stream, twenty at once. Loki 2.2.1 has no such limit, so it is
    the fake one, which tests/golden/loki3 holds to Loki 3."""
    command = [ours.tool("fake_loki"), "--limits", "--stream-rate=1024", "--stream-burst=20480"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process.stdout.readline().split()[0].removeprefix("url=")
        process.stdin.close()


@pytest.fixture
def slow_tenant(tmp_path):
    """A real Loki that takes ten kilobytes a second of a tenant, a hundred at once."""
    limits = {"ingestion_rate_mb": 0.01, "ingestion_burst_size_mb": 0.1}
    with peers.Loki(tmp_path / "slow", limits=limits) as server:
        yield server


def change(folder, **loki) -> None:
    """Other keys of `loki` in the configuration that is there."""
    now = json.loads((folder / "config.yaml").read_text())
    now["loki"].update(loki)
    (folder / "config.yaml").write_text(json.dumps(now))


def stored(store, test: str) -> list[str]:
    """The lines of this test in the order of time."""
    return [entry.line for entry in store.entries({"test": test}, age=10 * 86400)]


def stored_once(store, test: str) -> list[str]:
    """The same where a push may have been repeated: VictoriaLogs keeps a repeated entry twice, both with one time."""
    entries = store.entries({"test": test})
    if store.drops_repeats:
        return [entry.line for entry in entries]
    return [line for _, line in sorted({(entry.time, entry.line) for entry in entries})]


def write(path, *lines: str) -> None:
    with path.open("a") as out:
        out.write("".join(line + "\n" for line in lines))


def test_lines_arrive_in_order_across_rename_and_truncate(store, setup):
    folder, test, sidecar = setup
    log = folder / "logs" / "app.log"
    write(log, *(f"line {i}" for i in range(100)))
    program = sidecar(store.push_base)
    wait_for("the first 100", lambda: len(stored(store, test)) == 100)
    log.rename(folder / "logs" / "app.log.1")
    write(folder / "logs" / "app.log.1", "line 100")
    write(log, "line 101")
    wait_for("both generations", lambda: len(stored(store, test)) == 102)
    os.truncate(log, 0)
    write(log, "line 102")
    wait_for("what came after the truncation", lambda: len(stored(store, test)) == 103)
    assert sorted(stored(store, test), key=lambda l: int(l.split()[1])) == [f"line {i}" for i in range(103)]
    assert program.metric("telltale_logs_read_lines_total") == 103
    wait_for("all acknowledged", lambda: program.metric("telltale_logs_acked_lines_total") == 103)


def test_sigterm_flushes_before_the_end(store, setup):
    folder, test, sidecar = setup
    log = folder / "logs" / "app.log"
    write(log, "first")
    program = sidecar(store.push_base)
    wait_for("the first line", lambda: stored(store, test) == ["first"])
    write(log, *(f"late {i}" for i in range(50)))
    assert program.terminate() == 0
    assert stored(store, test) == ["first", *(f"late {i}" for i in range(50))]


def test_a_killed_sidecar_goes_on_where_loki_acknowledged(store, setup):
    folder, test, sidecar = setup
    log = folder / "logs" / "app.log"
    wanted: list[str] = []
    for round_ in range(5):
        program = sidecar(store.push_base)
        lines = [f"round {round_} line {i}" for i in range(200)]
        write(log, *lines)
        wanted += lines
        wait_for("some of the round", lambda: len(stored_once(store, test)) > len(wanted) - 200)
        program.kill()
    sidecar(store.push_base)
    wait_for("every line", lambda: len(stored_once(store, test)) >= len(wanted))
    assert stored_once(store, test) == wanted


def test_it_waits_for_a_store_that_is_not_there_yet(store, setup):
    folder, test, sidecar = setup
    write(folder / "logs" / "app.log", "early")
    program = sidecar("http://127.0.0.1:1")
    wait_for("a refused push", lambda: program.metric("telltale_logs_requests_total") >= 1
             or program.metric("telltale_logs_pending_lines") >= 1)  # fmt: skip
    (folder / "config.yaml").write_text(config(folder, store.push_base, test))
    wait_for("the line after the configuration changed", lambda: stored(store, test) == ["early"], 30)


def test_json_says_the_same(store, setup):
    folder, test, sidecar = setup
    log = folder / "logs" / "app.log"
    program = sidecar(store.push_base)
    program.wait_ready()
    change(folder, encoding="json")
    wait_for("the change", lambda: program.metric("telltale_config_reloads_total") >= 1)
    lines = [f'{i} "quoted" \\ \t\u00e4\U0001f600\x01' for i in range(500)]
    write(log, *lines)
    wait_for("every line", lambda: len(stored(store, test)) == 500)
    assert stored(store, test) == lines
    assert program.metric("telltale_logs_lost_lines_total") == 0


def test_a_stream_above_its_limit_holds_up_no_other_and_arrives_whole(narrow_loki, setup):
    folder, test, sidecar = setup
    slow, fast = folder / "logs" / "slow.log", folder / "logs" / "fast.log"

    def arrived() -> list[str]:
        return [entry.line for entry in log_query.from_loki(narrow_loki, {"test": test}, 3600)]

    lines = [f"slow {i} " + "x" * 990 for i in range(22)]
    write(slow, *lines)
    program = sidecar(narrow_loki)
    wait_for("a refusal", lambda: program.metric("telltale_logs_requests_total", code="429") >= 1)
    for i in range(10):
        write(fast, f"fast {i}")
        wait_for("the other stream", lambda: f"fast {i}" in arrived(), 5)
    wait_for("the slow one", lambda: len(arrived()) == 32, 60)
    assert [line for line in arrived() if line.startswith("slow")] == lines
    assert program.metric("telltale_logs_lost_lines_total") == 0


def test_what_a_tenant_sends_above_its_limit_arrives_whole_and_in_order(slow_tenant, setup):
    folder, test, sidecar = setup
    lines = [f"line {i} " + "x" * 990 for i in range(150)]
    write(folder / "logs" / "app.log", *lines)
    program = sidecar(slow_tenant.push_base)
    wait_for("a refusal", lambda: program.metric("telltale_logs_requests_total", code="429") >= 1)
    wait_for("every line", lambda: len(stored(slow_tenant, test)) == 150, 60)
    assert stored(slow_tenant, test) == lines
    assert program.metric("telltale_logs_lost_lines_total") == 0


def test_lines_that_are_too_old_for_the_store_are_the_lines_counted_as_lost(store, setup):
    folder, test, sidecar = setup
    log = folder / "logs" / "app.log"
    stamp = "%Y-%m-%dT%H:%M:%S.000000000Z"
    old, now = (time.strftime(stamp, time.gmtime(time.time() - age)) for age in (8 * 86400, 0))
    write(log, f"{old} stdout F old", f"{now} stdout F one", f"{now} stdout F two")
    program = sidecar(store.push_base)
    # Our Loki takes seven days, our VictoriaLogs thirty.
    refused = 1 if store.kind == "loki" else 0
    wait_for("the good ones", lambda: program.metric("telltale_logs_acked_lines_total") == 3 - refused)
    assert program.metric("telltale_logs_lost_lines_total", reason="too_old") == refused
    lines = stored(store, test)
    assert sorted(lines) == ["old", "one", "two"][refused:]
    # Equal times: VictoriaLogs keeps no order among them.
    assert store.kind != "loki" or lines == ["one", "two"]


@pytest.mark.parametrize("wrong", ["tenant", "url"])
def test_lines_wait_while_victoria_logs_refuses_the_path_or_the_tenant(stores, setup, wrong):
    store = stores["victorialogs"]
    folder, test, sidecar = setup
    write(folder / "logs" / "app.log", "one", "two")
    program = sidecar(store.push_base)
    wait_for("the first lines", lambda: len(stored(store, test)) == 2)
    change(folder, **({"tenant": "team-a"} if wrong == "tenant" else {"url": store.url}))
    program.logged("configuration in effect.*\n(.*\n)*.*configuration in effect")
    write(folder / "logs" / "app.log", "three", "four")
    said = program.logged("does not accept our pushes: check loki.url, tenant and credentials.*")
    assert ("accountID" if wrong == "tenant" else "unsupported path") in said[0]
    change(folder, tenant="", url=store.push_base)
    wait_for("the others", lambda: len(stored(store, test)) == 4, 60)
    assert program.metric("telltale_logs_acked_lines_total") == 4
    assert program.metric("telltale_logs_lost_lines_total") == 0


def test_its_metrics_page_passes_promtool_and_names_its_collectors(store, setup, promtool):
    _, _, sidecar = setup
    program = sidecar(store.push_base)
    wait_for("a cycle", lambda: program.metric("telltale_collect_cycles_total") >= 1)
    status, page, headers = program.get("/metrics")
    assert status == 200
    assert headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    promtool(page)
    for collector in ("process", "network", "filesystem"):
        assert program.metric("telltale_collector_success", collector=collector) == 1


def test_a_wrong_configuration_is_refused_with_the_line(tmp_path):
    wrong = tmp_path / "config.yaml"
    wrong.write_text("version: 1\nlokki: {}\n")
    done = subprocess.run([BIN / "telltale-sidecar", f"--config={wrong}", "--check-config"],
                          capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 1
    assert "lokki" in done.stdout + done.stderr and "2" in done.stdout + done.stderr


def test_it_is_one_static_file_of_at_most_ten_megabytes():
    binary = BIN / "telltale-sidecar"
    assert binary.stat().st_size <= 10_000_000
    ldd = subprocess.run(["ldd", binary], capture_output=True, text=True)
    # Of a file that is loaded at a random address ldd says the second.
    assert re.search("not a dynamic executable|statically linked", ldd.stdout + ldd.stderr)


def test_the_sample_apps_page_passes_promtool(tmp_path, promtool):
    with ours.Program(tmp_path, "telltale-shop", "--listen=127.0.0.1:0", f"--log-file={tmp_path}/shop.log") as shop:
        status, page, headers = shop.get("/api/shop-metrics")
        assert status == 200
        assert headers["Content-Type"].startswith("text/plain; version=0.0.4")
        promtool(page)
        for kind in ("counter", "gauge", "histogram", "summary"):
            assert f" {kind}\n" in page
        assert 'le="100"' in page
