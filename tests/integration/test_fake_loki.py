# SPDX-License-Identifier: Apache-2.0
"""FakeLoki beside the real one: the same pushes, the same statuses, the same lines stored."""

import gzip
import json
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
import zlib

import ours
import peers
import pytest

LIMITS = {
    "max_line_size": "1KB", "per_stream_rate_limit": "1KB", "per_stream_rate_limit_burst": "20KB",
    "max_global_streams_per_user": "40", "ingestion_rate_mb": "1", "ingestion_burst_size_mb": "1",
    "discover_service_name": "[]", "discover_log_levels": "false", "allow_structured_metadata": "true",
}  # fmt: skip
SAME = ["--limits", "--max-line=1024", "--stream-rate=1024", "--stream-burst=20480", "--max-streams=40", "--rate=1048576",
        "--burst=1048576"]  # fmt: skip
SECOND = 10**9


def tool() -> str:
    return ours.tool("fake_loki")


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    folder = tmp_path_factory.mktemp("limited")
    limits = ", ".join(f"{name}: {value}" for name, value in LIMITS.items())
    config = peers.LOKI.format(folder=folder).replace("allow_structured_metadata: true", limits)
    with peers.Loki(folder, config) as server:
        yield server.url


@pytest.fixture(scope="module")
def fake():
    with subprocess.Popen([tool(), *SAME], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process.stdout.readline().split()[0].removeprefix("url=")
        process.stdin.close()


def push(url: str, body: bytes, kind: str = "application/json", encoding: str = "") -> tuple[int, str]:
    headers = {"Content-Type": kind} | ({"Content-Encoding": encoding} if encoding else {})
    request = urllib.request.Request(f"{url}/loki/api/v1/push", body, headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def streams(*parts: tuple[dict, list]) -> bytes:
    return json.dumps({"streams": [{"stream": labels, "values": values} for labels, values in parts]}).encode()


def stored(url: str, case: str) -> list:
    query = urllib.parse.urlencode({
        "query": f'{{case="{case}"}}', "limit": 5000, "since": "24h", "direction": "forward",
        "end": time.time_ns() + 600 * SECOND,
    })  # fmt: skip
    with urllib.request.urlopen(f"{url}/loki/api/v1/query_range?{query}", timeout=10) as answer:
        result = json.load(answer)["data"]["result"]
    return sorted(([sorted(one["stream"].items()), [v[:2] for v in one["values"]]] for one in result), key=str)


def lines(now: int, *lines: tuple) -> list:
    """(age in seconds, text, metadata) each; all at the same nanosecond of their second."""
    return [[str(now - int(age * SECOND)), text, *rest] for age, text, *rest in lines]


# A name, and what is pushed one after the other: (labels, lines) each, or a list of such.
CASES = {
    "plain": [[(0, "one"), (0, "one"), (0, "two")], [(0, "one")], [(0, "one", {"k": "v"})]],
    "within-an-hour": [[(0, "new")], [(3000, "older")], [(3595, "oldest")]],
    "too-far-behind": [[(0, "new")], [(7200, "behind"), (10, "fine"), (7201, "behind 2")]],
    "too-far-behind-in-one-push": [[(0, "new"), (7200, "behind")]],
    "too-old-one": [[(8 * 86400, "old"), (1, "fine")]],
    "too-old-many": [[(8 * 86400, "old"), (8 * 86400, "old 2"), (9 * 86400, "old 3"), (-3600, "new"), (1, "fine")]],
    "old-and-behind": [[(1, "fine")], [(7200, "behind"), (-3600, "new"), (2, "fine")]],
    "long-line": [[(3, "x" * 1025), (2, "y" * 1024)]],
    "stream-burst": [[(i, "z" * 1000) for i in range(30)], [(i, "z" * 1000) for i in range(15)], [(1, "z" * 900)] * 9,
                     [(1, f"{i}" + "z" * 899) for i in range(9)]],
    "tenant-burst": [[(i, "z" * 1000) for i in range(1100)]],
    "unicode": [[(0, "h\u00e4 \U0001f600 \x01 \"q\" \\")]],
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_same_pushes_give_the_same_statuses_and_the_same_lines(real, fake, case):
    now = time.time_ns()
    answers = {}
    for url in (real, fake):
        answers[url] = [push(url, streams(({"case": case}, lines(now, *one)))) for one in CASES[case]]
    assert [status for status, _ in answers[fake]] == [status for status, _ in answers[real]], answers
    assert stored(fake, case) == stored(real, case)


@pytest.mark.parametrize("case", CASES)
def test_the_sentences_that_the_sidecar_reads_are_the_same(real, fake, case):
    """What a client may look at: how many of how many, and the phrase of the reason."""
    phrases = ("too far behind", "timestamp too old", "timestamp too new", "max entry size", "errors like: ",
               "Per stream rate limit exceeded", "ingestion rate limit exceeded", "total ignored: ")  # fmt: skip
    now = time.time_ns()
    for one in CASES[case]:
        body = streams(({"case": case + "-sentences"}, lines(now, *one)))
        texts = [push(url, body)[1] for url in (real, fake)]
        for phrase in phrases:
            assert texts[0].count(phrase) == texts[1].count(phrase), texts
        if "total ignored" in texts[0]:
            counts = [text.split("total ignored: ")[1].split(" for stream")[0] for text in texts]
            assert counts[0] == counts[1]


def test_what_is_no_push_gets_the_same_status(real, fake):
    now = str(time.time_ns())
    good = streams(({"case": "encodings"}, [[now, "zipped"]]))
    deflate = zlib.compressobj(wbits=-15)
    for body, kind, encoding in [
        (streams(), "application/json", ""),
        (streams(({"case": "x"}, [])), "application/json", ""),
        (streams(({}, [[now, "no labels"]])), "application/json", ""),
        (streams(({"a-b": "c"}, [[now, "bad name"]])), "application/json", ""),
        (streams(({f"l{i}": "c" for i in range(16)}, [[now, "many"]])), "application/json", ""),
        (streams(({"case": "v" * 2049}, [[now, "long value"]])), "application/json", ""),
        (b"{nope", "application/json", ""),
        (b'{"streams":[{"stream":{"a":"b"},"values":[["x","y"]]}]}', "application/json", ""),
        (gzip.compress(good), "application/json", "gzip"),
        (deflate.compress(good) + deflate.flush(), "application/json", "deflate"),
        (good, "application/json; charset=utf-8", ""),
        (good, "text/plain", ""),
        (good, "application/json", "zstd"),
        (good, "application/json", "gzip"),
        (b"\xff\xff\xff\xff", "application/x-protobuf", ""),
        (b"\x04\x0c\xff\xff\xff\xff", "application/x-protobuf", "snappy"),
        (b"\x00", "application/x-protobuf", "snappy"),
    ]:
        statuses = [push(url, body, kind, encoding)[0] for url in (real, fake)]
        assert statuses[0] == statuses[1], (body[:80], kind, encoding)
    assert stored(fake, "encodings") == stored(real, "encodings") != []


def test_one_stream_more_than_allowed_is_answered_429_and_the_others_stay(real, fake):
    now = str(time.time_ns())
    statuses = {}
    for url in (real, fake):
        statuses[url] = [push(url, streams(({"many": str(i)}, [[now, "x"]])))[0] for i in range(45)]
    assert statuses[real][-1] == statuses[fake][-1] == 429
    assert statuses[real][0] == statuses[fake][0] == 204
