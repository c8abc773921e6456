# SPDX-License-Identifier: Apache-2.0
"""The last samples of a sidecar as a process, in a real Prometheus that scrapes the same pages, and in VictoriaMetrics."""

import json
import signal
import time
import urllib.parse
import urllib.request

import ours
import peers
import pytest
from ours import wait_for

SHORT_JOBS = 50


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prometheus")
    config = (
        "global: {scrape_interval: 1s}\nscrape_configs:\n"
        f"- {{job_name: telltale, file_sd_configs: [{{files: ['{folder}/targets.json'], refresh_interval: 1s}}]}}\n"
    )
    with peers.Prometheus(folder, config, "--web.enable-remote-write-receiver") as started:
        yield started, folder / "targets.json"


class Applications(ours.Quiet):
    """Pages by path; a page that is not there has no application any more."""

    pages: dict[str, str] = {}

    def do_GET(self):
        page = self.pages.get(self.path, "").encode()
        self.send_response(200 if page else 503)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)


@pytest.fixture(scope="module")
def applications():
    with ours.served(Applications) as server:
        yield f"http://127.0.0.1:{server.server_port}"


def sidecar(folder, urls: list[str], pages: list[dict], own: dict, **more) -> ours.Program:
    folder.mkdir(parents=True, exist_ok=True)
    config = {
        "version": 1, "listen": "127.0.0.1:0", "state": str(folder / "state"), "push": {"pushgateway": {}},
        "lastSample": {"urls": urls, "interval": "200ms", "pages": pages, "labels": own, **more},
    }  # fmt: skip
    (folder / "config.yaml").write_text(json.dumps(config))
    program = ours.Program(folder, "telltale-sidecar", f"--config={folder}/config.yaml")
    program.start()
    return program


def query(url: str, expression: str, password: str = "") -> list[dict]:
    request = urllib.request.Request(f"{url}/api/v1/query?query={urllib.parse.quote(expression)}")
    if password:
        request.add_header("Authorization", "Basic " + password)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)["data"]["result"]


def kept(program: ours.Program) -> float:
    return program.metric("telltale_last_sample_scrapes_total", result="success")


def keeps_the_page_of_now(program: ours.Program) -> None:
    """A scrape began and ended since."""
    before = kept(program)
    wait_for("two scrapes", lambda: kept(program) >= before + 2)


def test_fifty_jobs_that_were_never_scraped_have_fifty_final_counters(prometheus, applications, tmp_path):
    store, _ = prometheus
    programs = []
    try:
        for i in range(SHORT_JOBS):
            Applications.pages[f"/short-{i}"] = "# TYPE rows_total counter\nrows_total 1\n"
            page = {"url": f"{applications}/short-{i}", "labels": {"job": "shop/nightly", "pod": f"short-{i}", "instance": f"10.0.0.{i}:80"}}
            programs.append(sidecar(tmp_path / str(i), [store.url + "/api/v1/write"], [page], {"job": "telltale-sidecar", "pod": f"short-{i}"}))
        for i, program in enumerate(programs):
            wait_for("the page is kept", lambda program=program: kept(program) >= 1, 60)
            # What a job pushes is there too.
            push = urllib.request.Request(f"{program.url}/metrics/job/pushed", b"pushed_rows %d\n" % i, method="POST")
            urllib.request.urlopen(push, timeout=10).close()
            Applications.pages[f"/short-{i}"] = f"# TYPE rows_total counter\nrows_total {1000 + i}\n"
        for program in programs:
            keeps_the_page_of_now(program)
        for i, program in enumerate(programs):
            del Applications.pages[f"/short-{i}"]
            program.process.send_signal(signal.SIGTERM)
        for program in programs:
            assert program.process.wait(60) == 0, program.text()
            assert 'msg="the last samples are sent"' in program.text(), program.text()
    finally:
        for program in programs:
            program.kill()
    rows = query(store.url, 'last_over_time(rows_total{job="shop/nightly"}[10m])')
    assert {row["metric"]["pod"]: row["value"][1] for row in rows} == {f"short-{i}": str(1000 + i) for i in range(SHORT_JOBS)}
    assert len(rows) == SHORT_JOBS and not any(name.startswith("exported_") for row in rows for name in row["metric"])
    pushed = query(store.url, 'last_over_time(pushed_rows{job="pushed"}[10m])')
    assert {row["metric"]["pod"]: row["value"][1] for row in pushed} == {f"short-{i}": str(i) for i in range(SHORT_JOBS)}
    # The series have ended: no query of now shows them.
    wait_for("their end", lambda: not query(store.url, "rows_total") and not query(store.url, "pushed_rows"))


@pytest.mark.parametrize("leaves_first", [False, True], ids=["scraped to the end", "gone from discovery first"])
def test_the_last_sample_continues_the_series_of_the_scrapes(prometheus, applications, tmp_path, leaves_first):
    store, targets = prometheus
    name = f"long-{leaves_first}"
    address = applications.removeprefix("http://")
    labels = {"job": "shop/web", "instance": name, "pod": name, "team": "web"}
    page = (
        "# TYPE orders_total counter\norders_total{{job=\"own\"}} {0}\n# TYPE seconds histogram\n"
        'seconds_bucket{{le="1"}} {0}\nseconds_bucket{{le="+Inf"}} {0}\nseconds_sum {0}\nseconds_count {0}\n'
    )
    Applications.pages[f"/{name}"] = page.format(5)
    targets.write_text(json.dumps([{"targets": [address], "labels": {**labels, "__metrics_path__": f"/{name}"}}]))
    program = sidecar(tmp_path, [store.url + "/api/v1/write"], [{"url": f"{applications}/{name}", "labels": labels}], {"job": "own-of-" + name})
    try:
        series = f'orders_total{{pod="{name}"}}'
        wait_for("scrapes", lambda: any(int(row["value"][1]) >= 3 for row in query(store.url, f"count_over_time({series}[1m])")), 60)
        Applications.pages[f"/{name}"] = page.format(9)
        keeps_the_page_of_now(program)
        if leaves_first:
            targets.write_text("[]")
            wait_for("Prometheus ends the series", lambda: not query(store.url, series), 60)
        del Applications.pages[f"/{name}"]
        assert program.terminate(60) == 0
        assert 'msg="the last samples are sent"' in program.text(), program.text()
    finally:
        program.kill()
        targets.write_text("[]")
    for metric, count in (("orders_total", 1), ("seconds_bucket", 2), ("seconds_sum", 1), ("seconds_count", 1)):
        rows = query(store.url, f'last_over_time({metric}{{pod="{name}"}}[10m])')
        assert len(rows) == count and {row["value"][1] for row in rows} == {"9"}, rows
    (row,) = query(store.url, f"last_over_time({series}[10m])")
    assert row["metric"] == {"__name__": "orders_total", **labels, "exported_job": "own"}
    # Each time once, in order, and the value never falls.
    (matrix,) = query(store.url, f"{series}[10m]")
    times, values = zip(*((at, float(value)) for at, value in matrix["values"]), strict=True)
    assert list(times) == sorted(set(times)) and list(values) == sorted(values)
    assert times[-1] <= time.time() + 2
    wait_for("the end", lambda: not query(store.url, series))


def test_victoriametrics_and_prometheus_get_the_same(prometheus, applications, tmp_path):
    store, _ = prometheus
    (tmp_path / "password").write_text("secret")
    with peers.VictoriaMetrics(tmp_path / "victoria", "", "user", "secret") as victoria:
        Applications.pages["/both"] = "# TYPE rows_total counter\nrows_total 77\n"
        labels = {"job": "both", "instance": "a:1"}
        program = sidecar(
            tmp_path, [victoria.url + "/api/v1/write", store.url + "/api/v1/write"], [{"url": f"{applications}/both", "labels": labels}],
            {"job": "own-of-both"}, basicAuth={"username": "user", "passwordFile": str(tmp_path / "password")},
        )  # fmt: skip
        try:
            keeps_the_page_of_now(program)
            del Applications.pages["/both"]
            assert program.terminate(60) == 0
            assert program.text().count('msg="the last samples are sent"') == 2, program.text()
        finally:
            program.kill()

        def found(url: str, password: str = "") -> list[dict]:
            return query(url, 'last_over_time(rows_total{job="both"}[10m])', password)

        in_victoria = wait_for("VictoriaMetrics shows it", lambda: found(victoria.url, "dXNlcjpzZWNyZXQ="), 60)
        for rows in (in_victoria, found(store.url)):
            assert [row["value"][1] for row in rows] == ["77"]
            assert {k: v for k, v in rows[0]["metric"].items() if k != "__name__"} == labels
