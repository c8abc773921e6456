# SPDX-License-Identifier: Apache-2.0
"""FakeLoki beside the real one: the same pushes, the same statuses, the same lines stored.

The fake has the rules of Loki 3 and, in a mode of its own, those of Loki 2.2.1. It is compared with the
Loki that tests run (2.2.1, or the one that TELLTALE_LOKI names), and with what Loki 3.7.8 did, which
tests/golden/loki3/pushes.json keeps.
"""

import contextlib
import gzip
import json
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
import zlib

import catalog
import objects
import ours
import peers
import pytest

GOLDEN = objects.ROOT / "tests/golden/loki3/pushes.json"
LIMITS = {"max_line_size": "1KB", "ingestion_rate_mb": 1, "ingestion_burst_size_mb": 1}
LIMITS_2 = LIMITS | {"max_streams_per_user": 40}
LIMITS_3 = LIMITS | {
    "per_stream_rate_limit": "1KB", "per_stream_rate_limit_burst": "20KB", "max_global_streams_per_user": 40,
    "discover_service_name": [], "discover_log_levels": False,
}  # fmt: skip
SAME = ["--limits", "--max-line=1024", "--stream-rate=1024", "--stream-burst=20480", "--max-streams=40", "--rate=1048576",
        "--burst=1048576"]  # fmt: skip
# What a client may look at, beside how many lines of how many.
PHRASES = ("out of order", "too far behind", "timestamp too old", "timestamp too new", "ax entry size", "errors like: ",
           "er stream rate limit exceeded", "ngestion rate limit exceeded", "total ignored: ")  # fmt: skip
SECOND = 10**9


@contextlib.contextmanager
def fake_loki(*flags: str):
    with subprocess.Popen([ours.tool("fake_loki"), *SAME, *flags], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as process:  # fmt: skip
        yield process.stdout.readline().split()[0].removeprefix("url=")
        process.stdin.close()


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    limits = LIMITS_3 if catalog.version("loki") >= (3,) else LIMITS_2
    with peers.Loki(tmp_path_factory.mktemp("limited"), limits=limits) as server:
        yield server.url


@pytest.fixture(scope="module")
def fake():
    """With the rules of the real one's version."""
    with fake_loki(*([] if catalog.version("loki") >= (3,) else ["--loki22"])) as url:
        yield url


@pytest.fixture(scope="module")
def fake_3():
    with fake_loki() as url:
        yield url


def push(url: str, body: bytes, kind: str = "application/json", encoding: str = "") -> tuple[int, str]:
    headers = {"Content-Type": kind} | ({"Content-Encoding": encoding} if encoding else {})
    request = urllib.request.Request(f"{url}/loki/api/v1/push", body, headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def streams(*parts: tuple[dict, list]) -> bytes:
    return json.dumps({"streams": [{"stream": labels, "values": values} for labels, values in parts]}).encode()


def stored(url: str, case: str, now: int = 0) -> list:
    """Streams with this label, and their lines with their time after `now`."""
    query = urllib.parse.urlencode({
        "query": f'{{case="{case}"}}', "limit": 5000, "start": time.time_ns() - 86400 * SECOND, "direction": "forward",
        "end": time.time_ns() + 600 * SECOND,
    })  # fmt: skip
    with urllib.request.urlopen(f"{url}/loki/api/v1/query_range?{query}", timeout=30) as answer:
        result = json.load(answer)["data"]["result"]
    return sorted(([[list(pair) for pair in sorted(one["stream"].items())],
                    [[int(v[0]) - now, v[1]] for v in one["values"]]] for one in result), key=str)  # fmt: skip


def lines(now: int, *lines: tuple) -> list:
    """(age in seconds, text, metadata) each; all at the same nanosecond of their second."""
    return [[str(now - int(age * SECOND)), text, *rest] for age, text, *rest in lines]


# A name, and what is pushed one after the other: (age, line) each.
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

# What became cases when Loki 3 was not run any more, so that there is nothing golden about them.
MORE = {
    "again": [[(3, "one"), (2, "two"), (1, "three")]] * 3,
    "again-in-part": [[(3, "one"), (2, "two")], [(2, "two"), (1, "three")], [(3, "one"), (2, "two"), (1, "three"), (0, "four")]],
    "again-in-another-cut": [[(4, "a"), (3, "b")], [(4, "a"), (3, "b"), (2, "c")], [(3, "b"), (2, "c")]],
    "equal-times": [[(1, "a"), (1, "b"), (1, "a")], [(1, "a"), (1, "b")]],
}  # fmt: skip


def outcome(url: str, pushes: list, case: str) -> dict:
    """What a Loki makes of pushes to one stream, in a form without times."""
    now = time.time_ns()
    out = {"statuses": [], "phrases": [], "ignored": []}
    for one in pushes:
        status, text = push(url, streams(({"case": case}, lines(now, *one))))
        out["statuses"].append(status)
        out["phrases"].append({phrase: text.count(phrase) for phrase in PHRASES if phrase in text})
        counts = text.partition("total ignored: ")[2].partition(" for stream")[0].strip()
        out["ignored"].append(counts)
    return out | {"stored": stored(url, case, now)}


@pytest.mark.parametrize("case", [*CASES, *MORE])
def test_the_same_pushes_give_the_same_answers_and_the_same_lines(real, fake, case):
    pushes = (CASES | MORE)[case]
    assert outcome(fake, pushes, case) == outcome(real, pushes, case)


@pytest.mark.parametrize("case", CASES)
def test_the_fake_does_what_loki_3_did(fake_3, case):
    assert outcome(fake_3, CASES[case], case) == json.loads(GOLDEN.read_text())["cases"][case]


def no_pushes(case: str) -> list[tuple[bytes, str, str]]:
    """Bodies, content types and encodings: few of them are a good push."""
    now = str(time.time_ns())
    good = streams(({"case": case}, [[now, "zipped"]]))
    deflate = zlib.compressobj(wbits=-15)
    return [
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
    ]


def test_what_is_no_push_gets_the_same_status(real, fake):
    for body, kind, encoding in no_pushes("encodings"):
        answers = [push(url, body, kind, encoding) for url in (real, fake)]
        assert answers[0][0] == answers[1][0], (body[:80], kind, encoding, answers)
    assert stored(fake, "encodings") == stored(real, "encodings") != []


def test_what_is_no_push_gets_the_status_of_loki_3(fake_3):
    statuses = [push(fake_3, *one)[0] for one in no_pushes("encodings")]
    assert statuses == json.loads(GOLDEN.read_text())["no_pushes"]


def test_of_many_streams_the_good_ones_are_stored_and_the_last_bad_one_is_told(real, fake):
    """In one push: refused lines, refused labels, refused streams, and good ones before and behind them."""
    now = time.time_ns()
    texts = {}
    for url in (real, fake):
        for name in ("a", "b"):
            assert push(url, streams(({"case": "multi", "s": name}, lines(now, (1, "new")))))[0] == 204
        texts[url] = push(url, streams(
            ({"case": "multi", "s": "first"}, lines(now, (3, "fine"))),
            ({"case": "multi", "s": "a"}, lines(now, (7200, "late"), (0, "fine"))),
            ({"case": "multi", "bad-name": "x"}, lines(now, (1, "lost"))),
            ({"case": "multi", "s": "b"}, lines(now, (7200, "late"), (7201, "late 2"), (0, "fine"))),
            ({"case": "multi", "s": "old"}, lines(now, (8 * 86400, "old"), (1, "fine"))),
            ({"case": "multi", "s": "last"}, lines(now, (2, "fine"))),
        ))  # fmt: skip
    assert texts[real][0] == texts[fake][0] == 400
    for url in (real, fake):
        assert "total ignored: 2 out of 3" in texts[url][1], texts
    assert stored(fake, "multi") == stored(real, "multi")
    assert len(stored(fake, "multi")) == 5


@pytest.mark.skipif(catalog.version("loki") >= (3,), reason="about Loki 2.2.1, where a full chunk forgets its order")
def test_a_repeat_behind_a_full_chunk_is_stored_again(real, fake):
    """Ten blocks of 256 KiB are a chunk. The first repeat behind it is taken, all others are not."""
    now = time.time_ns()
    big = [(600 - i / 10, f"{i:04}" + "x" * 1000) for i in range(2700)]  # more than ten blocks by a little
    answers = {}
    for url in (real, fake):
        answers[url] = []
        for start in range(0, len(big), 300):
            answers[url].append(push(url, streams(({"case": "chunk"}, lines(now, *big[start : start + 300]))))[0])
            time.sleep(0.4)  # the tenant may push a megabyte a second
        answers[url] += [push(url, streams(({"case": "chunk"}, lines(now, line))))[0] for line in (big[0], big[1], big[0])]
    assert answers[fake] == answers[real]
    assert stored(fake, "chunk") == stored(real, "chunk")


def test_one_stream_more_than_allowed_is_answered_429_and_the_others_stay(real, fake):
    now = str(time.time_ns())
    answers = {}
    for url in (real, fake):
        answers[url] = [push(url, streams(({"many": str(i)}, [[now, "x"]]))) for i in range(45)]
        assert answers[url][0][0] == 204 and answers[url][-1][0] == 429
        assert "aximum active stream limit exceeded" in answers[url][-1][1]
