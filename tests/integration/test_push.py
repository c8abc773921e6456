# SPDX-License-Identifier: Apache-2.0
"""Pushes: the same requests to Debian's prometheus-pushgateway and to the sidecar, and hostile ones to the sidecar alone."""

import base64
import gzip
import http.client
import json
import pathlib
import random
import re
import socket
import subprocess
import textwrap
import time
import urllib.parse

import ours
import peers
import prometheus_client.openmetrics.parser
import pytest
import yaml
from ours import wait_for

JOB = "/metrics/job/"
PROTO = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
SERIES = re.compile(r"^([a-zA-Z_:][\w:]*)(\{.*\})? (\S+)$")


def sidecar(folder: pathlib.Path, **push) -> ours.Program:
    folder.mkdir(exist_ok=True)
    (folder / "files.prom").write_text('# HELP of_file F.\n# TYPE of_file counter\nof_file{x="y"} 3\n')
    (folder / "config.yaml").write_text(json.dumps({
        "version": 1, "listen": "127.0.0.1:0", "state": str(folder / "state"), "push": {"pushgateway": push},
        "collectors": {"process": {}, "network": {}, "filesystem": {}, "textfile": {"directory": str(folder)}},
    }))  # fmt: skip
    return ours.Program(folder, "telltale-sidecar", f"--config={folder}/config.yaml")


class Gateway(ours.Program):
    """prometheus-pushgateway on a port that was free a moment ago."""

    def __init__(self, folder: pathlib.Path):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        super().__init__(folder, "pushgateway")
        # Debian's would read and write a file in /var/lib.
        self.command = ["/usr/bin/prometheus-pushgateway", f"--web.listen-address=127.0.0.1:{self.port}", "--persistence.file="]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """(Pushgateway, sidecar)."""
    folder = tmp_path_factory.mktemp("push")
    with Gateway(folder) as gateway, sidecar(folder / "ours") as program:
        wait_for("Pushgateway", lambda: "Listening on" in gateway.text())
        program.wait_ready()
        yield gateway, program


def ask(program: ours.Program, method: str, path: str, body: bytes = b"", headers: dict | None = None):
    """(status, body)."""
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(program.url).netloc, timeout=20)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def scraped(program: ours.Program) -> dict[str, float | bool]:
    """What was pushed, by series; of the times of pushes only whether there was one."""
    found = {}
    for line in program.get("/metrics")[1].splitlines():
        match = SERIES.match(line)
        if match and 'job="' in (match[2] or ""):
            value = float(match[3])
            series = match[1] + match[2]
            assert series not in found, f"{series} is on the page twice"
            found[series] = value > 0 if match[1].startswith("push_") else repr(value)
    return found


def sentence(text: str) -> str:
    """An answer without what depends on the order in which Pushgateway goes through its groups."""
    if " is not a " in text or "error(s) occurred" in text or " collides " in text:
        return "inconsistent"
    # Of two equal series of two groups it shows the value of the one that it meets second.
    return re.sub(r"\b(counter|gauge|untyped|summary|histogram):<.*> \} was collected", r"\1 } was collected", text.strip())


def both(pair, method: str, path: str, body=b"", headers: dict | None = None, status_only: bool = False) -> int:
    body = body.encode() if isinstance(body, str) else body
    answers = [ask(program, method, path, body, headers) for program in pair]
    what = f"{method} {path} {body[:300]!r}"
    assert answers[0][0] == answers[1][0], f"{what}: {answers}"
    if not status_only:
        assert sentence(answers[0][1]) == sentence(answers[1][1]), f"{what}: {answers}"
    return answers[1][0]


HISTOGRAM = '# TYPE h histogram\nh_bucket{le="0.5"} 1\nh_bucket{le="1"} 3\n'
# Of findings/metrics.md, "exact answers", by its numbers: (method, path, body, headers).
REQUESTS = {
    "1": ("POST", "some_job", "m_x 3.14\n"),
    "2": ("POST", "some_job", "m_x 3.15\n", {"Content-Type": "application/x-www-form-urlencoded"}),
    "3": ("POST", "j3", "m_x 1"),
    "4 CRLF": ("POST", "j4", "m_x 1\r\n"),
    "4 BOM": ("POST", "j4", "\ufeffm_x 1\n"),
    "5": ("POST", "j5", ""),
    "6 a": ("PUT", "j6", "m_a 1\nm_b 2\n"),
    "6 b": ("PUT", "j6", "m_b 3\n"),
    "6 c": ("PUT", "j6/empty/x", ""),
    "7 a": ("POST", "j7", 'm_a{x="1"} 1\nm_b 2\n'),
    "7 b": ("POST", "j7", 'm_a{x="2"} 3\n'),
    "8 a": ("POST", "j8", "m_a 1\n"),
    "8 b": ("POST", "j8/instance/a", "m_a 2\n"),
    "8 c": ("DELETE", "j8", ""),
    "8 d": ("DELETE", "unknown", ""),
    "9 a": ("POST", "j9", "m_a 1\n"),
    "9 b": ("POST", "j9", "m_a 2 1234567890123\n"),
    "10": ("POST", "j10", "m_x 1\nm_x 2\n"),
    "11 a": ("POST", "j11", "# TYPE m_t counter\nm_t 1\n"),
    "11 b": ("POST", "other11", "# TYPE m_t gauge\nm_t 1\n"),
    "11 c": ("POST", "j11", "# TYPE m_t gauge\nm_t 1\n"),
    "12 a": ("POST", "j12", "# HELP m_h one\nm_h 1\n"),
    "12 b": ("POST", "other12", "# HELP m_h two\nm_h 2\n"),
    "13 a": ("POST", "j13/tag/v", "m_s 1\n"),
    "13 b": ("POST", "j13", 'm_s{tag="v"} 1\n'),
    "14": ("POST", "j14", 'm_l{job="x",instance="y"} 1\n'),
    "14 b": ("POST", "j14/instance/i", 'm_l{job="x",instance="y"} 1\n'),
    "15 a": ("POST", "j15/path@base64/L3Zhci90bXA", "m_a 1\n"),
    "15 b": ("POST", "j15/path@base64/L3Zhci90bXA=", "m_a 2\n"),
    "15 c": ("POST", "j15/first@base64/=", "m_a 3\n"),
    "16 a": ("POST", "j16/path@base64/!!!!", "m_a 1\n"),
    "16 b": ("POST", "j16/path@base64/w7vDv8O+", "m_a 1\n"),
    "19": ("POST", "a%2Fb", "m_a 1\n"),
    "20 a": ("POST", "caf%C3%A9", "m_a 1\n"),
    "20 b": ("POST", "a%20b+c", "m_a 1\n"),
    "21 a": ("POST", "j21/instance", "m_a 1\n"),
    "21 b": ("POST", "j21/", "m_a 1\n"),
    "21 c": ("POST", "j21/a//b/c", "m_a 1\n"),
    "22 a": ("POST", "j22/bad-name/1", "m_a 1\n"),
    "22 b": ("POST", "j22/__name__/1", "m_a 1\n"),
    "22 c": ("POST", "j22/__x/1", "m_a 1\n"),
    "23 a": ("POST", "j23/job/k", "m_a 1\n"),
    "23 b": ("POST", "j23/a/1/a/2", "m_a 1\n"),
    "24 a": ("PUT", "j24/a/1/b/2", "m_a 1\n"),
    "24 b": ("PUT", "j24/b/2/a/1", "m_a 2\n"),
    "25 b": ("POST", "j25", "m_a 1\n", {"Content-Type": PROTO}),
    "27 zstd": ("POST", "j27", "m_a 1\n", {"Content-Encoding": "zstd"}),
    "28": ("POST", "j28", "m_a 1\nm_b x\n"),
    "29 a": ("POST", "j29", "m_a 0x1p3\n"),
    "29 b": ("POST", "j29", b'm_a{l="\xff"} 1\n'),
    "29 c": ("POST", "j29", "m_n NaN\nm_i +Inf\nm_j -inf\nm_e 1e21\nm_f 1.5e-7\n"),
    "30 a": ("POST", "j30", HISTOGRAM + "h_sum 2.5\nh_count 4\n"),
    "30 b": ("POST", "j30/x/y", '# TYPE h histogram\nh_bucket{le="1"} 5\nh_bucket{le="2"} 3\nh_count 1\n'),
    "31 a": ("POST", "j31", "m_x 1\n# TYPE m_x counter\n"),
    "31 b": ("POST", "j31", "# TYPE m_x counter\n# TYPE m_x counter\nm_x 1\n"),
    "31 c": ("POST", "j31", 'm_c 1\nm_d 2\nm_c{x="y"} 3\n'),
    "32 a": ("POST", "j32", "push_time_seconds 5\nm_a 1\n"),
    "32 b": ("POST", "j32", "process_cpu_seconds_total 5\n"),
    "32 c": ("POST", "j32", "# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total 5\n"),
    "33 a": ("GET", "j33", ""),
    "33 b": ("PATCH", "j33", ""),
}  # fmt: skip
# And those whose path is not below a job.
OTHER_PATHS = {
    "17 a": ("POST", "/metrics/job@base64/YS9i", "m_a 1\n"),
    "17 b": ("POST", "/metrics/job@base64/=", "m_a 1\n"),
    "18 a": ("POST", "/metrics/job/", ""),
    "18 b": ("POST", "/metrics", ""),
    "18 c": ("POST", "/metrics/job", ""),
    "18 d": ("POST", "/metrics/foo/bar", ""),
    "34 a": ("GET", "/-/healthy", ""),
    "34 b": ("GET", "/-/ready", ""),
}
# The sentence is Go's, or that of our own page.
STATUS_ONLY = {"18 b", "25 b"}


def field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2, len(content)]) + content


def family(name: bytes, value: bytes) -> bytes:
    """A delimited MetricFamily of a gauge with a label."""
    label = field(1, field(1, b"a") + field(2, value))
    message = field(1, name) + b"\x18\x01" + field(4, label + field(2, b"\x09" + b"\0" * 6 + b"\xf0\x3f"))
    return bytes([len(message)]) + message


def native_histograms() -> bytes:
    """Two of one family, with a classic bucket beside two native ones, in a delimited message."""
    metrics = b""
    for value in (b"1", b"2"):
        spans, deltas = field(12, b"\x08\x00\x10\x02"), field(13, b"\x02\x02")  # 2 buckets with 1 and 2
        classic = field(3, b"\x08\x01\x11" + b"\0" * 6 + b"\xf0\x3f")
        histogram = b"\x08\x03\x11" + b"\0" * 6 + b"\x10\x40" + b"\x28\x06" + spans + deltas + classic
        metrics += field(4, field(1, field(1, b"a") + field(2, value)) + field(7, histogram))
    message = field(1, b"nh") + b"\x18\x04" + metrics
    return bytes([len(message) & 0x7F | 0x80, len(message) >> 7]) + message


def test_every_known_request_gets_the_same_answer_and_leaves_the_same_series(pair):
    for number, (method, path, body, *headers) in {**REQUESTS, **OTHER_PATHS}.items():
        path = path if path.startswith("/") else JOB + path
        both(pair, method, path, body, *headers, status_only=number in STATUS_ONLY)
    body = family(b"m_p", b"1") + family(b"m_q", b"2")
    assert both(pair, "POST", JOB + "proto", body, {"Content-Type": PROTO}) == 200
    assert both(pair, "POST", JOB + "proto", body[:-3], {"Content-Type": PROTO}) == 400
    assert both(pair, "POST", JOB + "proto", body, status_only=True) == 400
    packed = gzip.compress(b"m_z 1\n")
    assert both(pair, "POST", JOB + "gzip", packed, {"Content-Encoding": "gzip"}) == 200
    assert both(pair, "POST", JOB + "gzip", packed, status_only=True) == 400
    assert both(pair, "POST", JOB + "gzip", "m_z 1\n", {"Content-Encoding": "gzip"}, status_only=True) == 400
    theirs, own = (scraped(program) for program in pair)
    assert own == theirs
    assert len(own) > 80


ODD = ["plain", "Grüße", "a b", 'q"uote', "back\\slash", "new\nline", "semi;colon", "日本", ""]


def some_text(choose: random.Random) -> str:
    """A body of a few families, now and then a wrong one."""
    lines = []
    for name in choose.sample(["m_a", "m_b", "m_c_total", "h", "s"], choose.randint(0, 3)):
        kind = choose.choice({"h": ["histogram"], "s": ["summary", "gauge"]}.get(name, ["", "gauge", "counter", "untyped"]))
        labels = ""
        if choose.random() < 0.5:
            value = choose.choice(ODD).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
            labels = f'l="{value}",job="other"' if choose.random() < 0.2 else f'l="{value}"'
        if kind:
            lines.append(f"# TYPE {name} {kind}")
        number = choose.choice(["1", "2.5", "1e6", "NaN", "+Inf", "-3"]) if kind != "histogram" else "2"
        if kind == "histogram":
            comma = "," if labels else ""
            lines += [f'h_bucket{{{labels}{comma}le="1"}} 1', f"h_sum{{{labels}}} {number}", f"h_count{{{labels}}} {number}"]
        elif kind == "summary":
            lines += [f"s_sum{{{labels}}} 3", f"s_count{{{labels}}} 2"]
        else:
            lines.append(f"{name}{{{labels}}} {number}")
    wrong = choose.random()
    if wrong < 0.05:
        lines.append("m_a 1 1234567890123")
    elif wrong < 0.1:
        lines.append(choose.choice(["9bad 1", 'm{a="b} 1', "m 1 2 3", "m{a=b} 1", "m one"]))
    elif wrong < 0.15:
        lines += ["m_a 1", "m_a 2"]
    return "".join(line + "\n" for line in lines)


def test_a_random_plan_leaves_the_same_series_as_in_pushgateway(pair):
    seed = time.time_ns() % 1_000_000
    print(f"seed {seed}")
    choose = random.Random(seed)
    paths = []
    for job in choose.sample([name for name in ODD if name], 2):
        encoded = base64.urlsafe_b64encode(job.encode()).decode().rstrip("=")
        base = f"/metrics/job@base64/{encoded}"
        value = base64.urlsafe_b64encode(choose.choice(ODD).encode()).decode() or "="
        paths += [base, f"{base}/l@base64/{value}", f"{base}/instance/i{seed % 3}"]
    for step in range(150):
        method = choose.choices(["POST", "PUT", "DELETE"], [5, 3, 1])[0]
        both(pair, method, choose.choice(paths), some_text(choose))
        if step % 30 == 29:
            theirs, own = (scraped(program) for program in pair)
            assert own == theirs, f"seed {seed}, step {step}"


def test_openmetrics_and_names_in_quotes_go_beyond_pushgateway(pair):
    _, program = pair
    body = b'# TYPE om counter\nom_total 1 # {trace="x"} 0.5\n# TYPE b gauge\n{"b.c"} 2\n# EOF\n'
    assert ask(program, "PUT", JOB + "om", body, {"Content-Type": OPENMETRICS}) == (200, "")
    page = program.get("/metrics")[1]
    assert '# TYPE om_total counter\nom_total{instance="",job="om"} 1\n' in page
    assert 'b_c{instance="",job="om"} 2\n' in page
    ask(program, "DELETE", JOB + "om")


def test_each_format_of_the_page_passes_promtool_and_says_the_same(pair, promtool):
    _, program = pair
    ask(program, "DELETE", JOB + "j30/x/y")  # its histogram falls, which Pushgateway takes
    ask(program, "PUT", JOB + "pages", HISTOGRAM.encode() + b"h_sum 2\nh_count 3\n# HELP jobs Jobs.\n# TYPE jobs gauge\njobs 1\n"
        b"# HELP jobs_total All jobs.\n# TYPE jobs_total counter\njobs_total 7\n")  # fmt: skip
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(program.url).netloc, timeout=20)

    def page(accept: str, encoding: str = "identity") -> tuple[str, bytes]:
        connection.request("GET", "/metrics", headers={"Accept": accept, "Accept-Encoding": encoding})
        answer = connection.getresponse()
        body = answer.read()
        return answer.getheader("Content-Type"), gzip.decompress(body) if encoding == "gzip" else body

    kind, text = page("*/*")
    assert kind == "text/plain; version=0.0.4; charset=utf-8"
    # Pushed names and missing help are the job's own affair, which promlint would complain about.
    own_lines = [line for line in text.decode().splitlines() if re.search(r"\b(telltale|process)_", line) and "job=" not in line]
    promtool("".join(line + "\n" for line in own_lines))
    kind, openmetrics = page(OPENMETRICS, "gzip")
    assert kind.startswith("application/openmetrics-text; version=1.0.0")
    assert openmetrics.endswith(b"\n# EOF\n") and openmetrics.count(b"# EOF") == 1
    families = prometheus_client.openmetrics.parser.text_string_to_metric_families(openmetrics.decode())
    assert ("jobs", 1) in {(sample.name, sample.value) for family in families for sample in family.samples}
    assert b"# TYPE jobs_total unknown\n" in openmetrics and b'h_bucket{instance="",job="pages",le="1.0"} 3\n' in openmetrics
    for escaping in ("allow-utf-8", "underscores", "values", "dots"):
        kind, _ = page(f"text/plain;version=1.0.0;escaping={escaping}")
        assert kind == f"text/plain; version=1.0.0; charset=utf-8; escaping={escaping}"
    kind, proto = page(PROTO)
    assert kind.startswith("application/vnd.google.protobuf") and b"jobs_total" in proto
    connection.close()


def test_a_real_prometheus_scrapes_each_format(pair, tmp_path):
    _, program = pair
    ask(program, "PUT", JOB + "scraped", HISTOGRAM.encode() + b'h_sum 2\nh_count 3\n{"a.b"} 5\nplain{namespace="other"} 6\n')
    assert ask(program, "PUT", JOB + "native", native_histograms(), {"Content-Type": PROTO})[0] == 200
    protocols = ["PrometheusProto", "OpenMetricsText1.0.0", "PrometheusText1.0.0", "PrometheusText0.0.4"]
    target = urllib.parse.urlsplit(program.url).netloc
    chart = (ours.ROOT / "manifests/install.yaml").read_text()
    [rules] = re.findall(r"^( +)metric_relabel_configs:\n((?:\1 .*\n)+)", chart, re.MULTILINE)
    # As in the chart: the labels of the target win, and pushed series get their job back.
    config = {"scrape_configs": [
        {"job_name": protocol, "scrape_interval": "1s", "scrape_protocols": [protocol],
         "scrape_native_histograms": protocol == "PrometheusProto", "metric_relabel_configs": yaml.safe_load(textwrap.dedent(rules[1])),
         "static_configs": [{"targets": [target], "labels": {"container": "telltale-sidecar", "protocol": protocol,
                                                             "namespace": "shop"}}]}
        for protocol in protocols]}  # fmt: skip
    with peers.Prometheus(tmp_path, json.dumps(config)) as prometheus:

        def series(query: str) -> set[str]:
            connection = http.client.HTTPConnection(urllib.parse.urlsplit(prometheus.url).netloc, timeout=20)
            connection.request("GET", "/api/v1/query?" + urllib.parse.urlencode({"query": query}))
            found = json.loads(connection.getresponse().read())["data"]["result"]
            connection.close()
            return {sample["metric"]["protocol"] for sample in found}

        wait_for("each is up", lambda: series("up == 1") == set(protocols), 15)
        for query in ('plain{job="scraped",exported_job="",namespace="shop",exported_namespace="other"} == 6',
                      'h_bucket{job="scraped",le="1.0"} == 3', 'h_bucket{job="scraped",le="+Inf"} == 3',
                      'process_cpu_seconds_total{job!="scraped"}', 'of_file{x="y"} == 3',
                      'node_network_receive_bytes_total{device="lo"}'):  # fmt: skip
            wait_for(query, lambda query=query: series(query) == set(protocols), 15)
        # This Prometheus asks for all names where a format has the parameter, which it leaves out for protobuf.
        wait_for("names of any characters", lambda: series('{"a.b"} == 5') == {*protocols[1:3]}, 15)
        assert series("a_b") == {protocols[0], protocols[3]}
        wait_for("native histograms", lambda: series("histogram_count(nh) == 3") == {protocols[0]}, 15)
        assert series('nh_bucket{le="1.0",exported_job="",job="native"} == 1') == {*protocols[1:]}
        assert series("count by (protocol) (nh) == 2") == {protocols[0]}


def peak_memory(program: ours.Program) -> int:
    status = pathlib.Path(f"/proc/{program.process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024


def test_hostile_pushes_are_refused_with_a_sentence_and_take_no_memory(tmp_path):
    with sidecar(tmp_path, maxGroups=50, maxSeries=2_000) as program:
        program.wait_ready()
        address = urllib.parse.urlsplit(program.url).netloc.split(":")
        half_open = [socket.create_connection((address[0], int(address[1]))) for _ in range(64)]
        for number, client in enumerate(half_open):
            client.sendall(b"POST /metrics/job/j HTTP/1.1\r\nHost: h\r\n"
                           + (b"Content-Length: 2000000\r\n\r\nm" if number % 2 else b""))  # fmt: skip
        million = "".join(f'm{{i="{i}"}} 1\n' for i in range(1_000_000)).encode()
        status, text = ask(program, "POST", JOB + "j", million)
        assert (status, text) == (413, "the body is larger than 2097152 bytes\n")
        status, text = ask(program, "POST", JOB + "j", b"\n".join(million.split(b"\n")[:5_000]) + b"\n")
        assert status == 429 and "of 2000 that all groups may have 0 are taken" in text
        status, text = ask(program, "POST", JOB + "j", gzip.compress(million, 1), {"Content-Encoding": "gzip"})
        assert status == 413, text
        with socket.create_connection((address[0], int(address[1]))) as client:
            client.sendall(b"PUT /metrics/job/j HTTP/1.1\r\nHost: h\r\nContent-Length: 104857600\r\n\r\n")
            assert b"413 Content Too Large" in client.recv(4096)
        connection = http.client.HTTPConnection(":".join(address), timeout=20)
        answers = []
        for number in range(10_000):
            connection.request("PUT", f"{JOB}j/instance/{number}", body="m 1\n")
            answer = connection.getresponse()
            answers.append((answer.status, answer.read()))
        assert [status for status, _ in answers].count(200) == 49  # the one above failed, and is a group
        assert answers[-1][0] == 429 and b"there are 50 groups already" in answers[-1][1]
        connection.request("PUT", JOB + "j/instance/0", body="m 2\n")
        assert connection.getresponse().read() == b"" and program.get("/healthz")[0] == 200
        assert program.metric("telltale_push_refused_total", reason="groups") == 9_951
        assert program.metric("telltale_push_refused_total", reason="body") >= 3
        assert program.text().count("pushes are refused") <= 4
        assert peak_memory(program) < 48 << 20
        for client in half_open:
            client.close()
        connection.close()


def test_sixteen_scrapers_that_read_nothing_leave_room_for_others(tmp_path):
    with sidecar(tmp_path) as program:
        program.wait_ready()
        body = "".join(f'metric_with_a_name{{number="{i:06}",text="{"x" * 100}"}} 1\n' for i in range(9_000)).encode()
        assert ask(program, "PUT", JOB + "j", body)[0] == 200
        address = urllib.parse.urlsplit(program.url).netloc.split(":")
        slow = [socket.create_connection((address[0], int(address[1]))) for _ in range(16)]
        for client in slow:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.sendall(b"GET /metrics HTTP/1.1\r\nHost: h\r\nX-Prometheus-Scrape-Timeout-Seconds: 20\r\n\r\n")
        for _ in range(3):
            status, page, _ = program.get("/metrics")
            assert status == 200 and page.count("metric_with_a_name{") == 9_000
            assert program.get("/healthz")[0] == 200
        assert peak_memory(program) < 48 << 20
        for client in slow:
            client.close()


def test_the_commands_of_the_how_to_work(pair):
    _, program = pair
    page = (ours.ROOT / "docs/how-to/short-job.md").read_text()
    commands = re.findall(r"^```sh\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert len(commands) == 4
    printed = ""
    for command in commands:
        command = command.replace("http://127.0.0.1:9847", program.url)
        done = subprocess.run(["bash", "-eo", "pipefail", "-c", command], capture_output=True, text=True)
        assert done.returncode == 0, command + done.stdout + done.stderr
        printed += done.stdout
    assert 'nightly_rows{instance="",job="nightly",stage="import",table="orders"} 1200' in printed
    assert "nightly_rows" not in program.get("/metrics")[1]
    assert 'some_metric{instance="",job="some_job"} 3.14' in program.get("/metrics")[1]
