# SPDX-License-Identifier: Apache-2.0
"""The same stages and the same lines through Promtail and through ours: the same entries.

What Promtail 3.6.4 made of them is in tests/golden/promtail3/stages.json. What Promtail 2.2.1 (or the one
that TELLTALE_PROMTAIL names) can do, too, is also compared with a live one.
"""

import json
import subprocess
import time

import catalog
import log_query
import objects
import ours
import peers
import pytest
import yaml

GOLDEN = objects.ROOT / "tests/golden/promtail3/stages.json"
# Not in Promtail 2.2.1: the stage logfmt, drop_malformed, and a list of sources to drop by.
NEEDS_3 = {"json_drop_malformed", "logfmt", "drop", "drop_value_and_presence"}

# Lines that make a difference to one stage or another.
JSON_LINES = [
    '{"level":"info","num":12,"f":1.50,"deep":{"a":[1,{"b":"x"}]},"t":"2026-11-21T01:02:03.004Z"}',
    '{"level":"warn","num":1e3,"f":-0.00001,"b":true,"s":"tab\\there \\u00e9 \\ud83d\\ude00"}',
    '{"level":null,"num":"text","o":{"a":["<&>",{}]},"l":[1,2.50,null,true]}',
    '{"level":"info","level":"twice"}',
    '{"level":"cut off"',
    "no json at all",
    "[1,2]",
    '{"level": "spaces" , "num" : 7 }',
    '{"num":12345678901234567890,"f":0.1}',
    '{"esc\\u0061ped":"key","level":"\\/slash"}',
]
TEXT_LINES = [
    'ts=1795222923.5 level=debug msg="hello \\"you\\"" took=12ms user=eve',
    "level=info password=secret password=other ip=10.1.2.3 tail",
    '10.1.2.3 - frank [21/Nov/2026:01:02:03 +0200] "GET /x HTTP/1.1" 200',
    "2026-11-21 01:02:03,250 ERROR boom",
    "plain",
    'level=warn msg=un"quoted level=late',
    "level=a=b",
    "novalue= level=x flag",
]
SOURCES = {"level": "", "num": "", "f": "", "b": "", "s": "", "o": "", "l": "", "deep": "deep.a[1].b"}
NAMES = {name: "" for name in SOURCES}

TEMPLATE = '{{ if eq .Value "WARN" }}{{ Replace .Value "WARN" "warn" -1 }}{{ else }}{{ .Value | ToUpper }}-{{ Hash "salt" .Value }}{{ end }}'
LEVEL = r"level=(?P<level>\w*)"
SELECTOR = '{app="shop", level=~"warn|error"} != "skip"'

# name -> (stages with Promtail's names, the same with ours, lines)
CASES = {
    "json": (
        [{"json": {"expressions": SOURCES}}, {"labels": NAMES}],
        [{"json": {"expressions": SOURCES}}, {"labels": {"values": NAMES}}],
        JSON_LINES,
    ),
    "json_drop_malformed": (
        [{"json": {"expressions": {"level": ""}, "drop_malformed": True}}, {"labels": {"level": ""}}],
        [{"json": {"expressions": {"level": ""}, "dropMalformed": True}}, {"labels": {"values": {"level": ""}}}],
        JSON_LINES,
    ),
    "logfmt": (
        [{"logfmt": {"mapping": {"level": "", "message": "msg"}}}, {"labels": {"level": "", "message": ""}}],
        [{"logfmt": {"mapping": {"level": "", "message": "msg"}}}, {"labels": {"values": {"level": "", "message": ""}}}],
        TEXT_LINES,
    ),
    "regex": (
        [{"regex": {"expression": r"^(?P<ip>\d+\.\S+)?.*?(?P<word>[A-Z]{3,})?"}}, {"labels": {"ip": "", "word": ""}}],
        [{"regex": {"expression": r"^(?P<ip>\d+\.\S+)?.*?(?P<word>[A-Z]{3,})?"}}, {"labels": {"values": {"ip": "", "word": ""}}}],
        TEXT_LINES,
    ),
    "timestamp": (
        [
            {"json": {"expressions": {"t": ""}}},
            {"timestamp": {"source": "t", "format": "RFC3339", "action_on_failure": "fudge"}},
        ],
        [{"json": {"expressions": {"t": ""}}}, {"timestamp": {"source": "t", "format": "RFC3339"}}],
        JSON_LINES,
    ),
    "timestamp_layouts": (
        [
            {"regex": {"expression": r"^(?P<t>.*)$"}},
            {
                "timestamp": {
                    "source": "t",
                    "format": "2006-01-02 15:04:05",
                    "fallback_formats": ["02/Jan/2006:15:04:05 -0700", "Mon Jan _2 3:04:05PM 2006", "Unix", "RFC850", "20060102T150405Z0700"],
                    "location": "Europe/Berlin",
                }
            },
        ],
        [
            {"regex": {"expression": r"^(?P<t>.*)$"}},
            {
                "timestamp": {
                    "source": "t",
                    "format": "2006-01-02 15:04:05",
                    "fallbackFormats": ["02/Jan/2006:15:04:05 -0700", "Mon Jan _2 3:04:05PM 2006", "Unix", "RFC850", "20060102T150405Z0700"],
                    "location": "Europe/Berlin",
                }
            },
        ],
        [
            "2026-11-21 01:02:03", "2026-07-01 01:02:03.25", "21/Nov/2026:01:02:04 +0200", "Sat Nov 21 1:02:03AM 2026",
            "1795222923.125", "Saturday, 21-Nov-26 01:02:05 CET", "20261121T010203Z", "20261121T010203+0130", "2026-10-25 02:30:00",
        ],
    ),
    "drop": (
        [{"logfmt": {"mapping": {"level": "", "ip": ""}}}, {"drop": {"source": "level", "expression": "info|x"}}, {"drop": {"longer_than": "70"}}],
        [{"logfmt": {"mapping": {"level": "", "ip": ""}}}, {"drop": {"source": "level", "expression": "info|x"}}, {"drop": {"longerThan": "70"}}],
        TEXT_LINES,
    ),
    "drop_value_and_presence": (
        [{"json": {"expressions": {"level": "", "num": "", "b": ""}}}, {"drop": {"source": ["level", "num"], "value": "info;12"}}, {"drop": {"source": "b"}}],
        [{"json": {"expressions": {"level": "", "num": "", "b": ""}}}, {"drop": {"sources": ["level", "num"], "value": "info;12"}}, {"drop": {"source": "b"}}],
        JSON_LINES,
    ),
    "replace": (
        [{"replace": {"expression": r"password=(\S+)", "replace": "****"}}, {"replace": {"expression": r"(?P<ip>\d+\.\d+)\.(\d+)", "replace": "{{ .Value | ToUpper }}-x"}}, {"labels": {"ip": ""}}],
        [{"replace": {"expression": r"password=(\S+)", "replace": "****"}}, {"replace": {"expression": r"(?P<ip>\d+\.\d+)\.(\d+)", "replace": "{{ .Value | ToUpper }}-x"}}, {"labels": {"values": {"ip": ""}}}],
        TEXT_LINES,
    ),
    "output": (
        [{"json": {"expressions": {"level": "", "num": ""}}}, {"output": {"source": "level"}}],
        [{"json": {"expressions": {"level": "", "num": ""}}}, {"output": {"source": "level"}}],
        JSON_LINES,
    ),
    "template": (
        [{"regex": {"expression": LEVEL}}, {"template": {"source": "level", "template": TEMPLATE}}, {"labels": {"level": ""}}],
        [{"regex": {"expression": LEVEL}}, {"template": {"source": "level", "template": TEMPLATE}}, {"labels": {"values": {"level": ""}}}],
        ["level=WARN user=eve", "level=info", "user=bob level=x", "level="],
    ),
    "match": (
        [{"regex": {"expression": LEVEL}}, {"labels": {"level": ""}}, {"match": {"selector": SELECTOR, "stages": [{"regex": {"expression": r"(?P<word>[a-z]+)$"}}, {"labels": {"word": ""}}]}}, {"match": {"selector": '{level="debug"}', "action": "drop"}}],
        [{"regex": {"expression": LEVEL}}, {"labels": {"values": {"level": ""}}}, {"match": {"selector": SELECTOR, "stages": [{"regex": {"expression": r"(?P<word>[a-z]+)$"}}, {"labels": {"values": {"word": ""}}}]}}, {"match": {"selector": '{level="debug"}', "action": "drop"}}],
        ["level=warn one", "level=info two", "level=debug three", "none four", "level=error skip five"],
    ),
    "labeldrop": (
        [{"regex": {"expression": LEVEL}}, {"labels": {"level": "", "copy": "level"}}, {"labeldrop": ["level"]}],
        [{"regex": {"expression": LEVEL}}, {"labels": {"values": {"level": "", "copy": "level"}}}, {"labelDrop": {"names": ["level"]}}],
        TEXT_LINES,
    ),
    "multiline": (
        [{"multiline": {"firstline": r"^\S", "max_lines": 3}}, {"regex": {"expression": r"^(?P<first>\w+)"}}, {"labels": {"first": ""}}],
        [{"multiline": {"firstline": r"^\S", "maxLines": 3}}, {"regex": {"expression": r"^(?P<first>\w+)"}}, {"labels": {"values": {"first": ""}}}],
        ["  before", "one", "  two", "three", "four", "  a", "  b", "  c", "  d", "five"],
    ),
}  # fmt: skip


@pytest.fixture
def fake_loki():
    with subprocess.Popen([ours.tool("fake_loki")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process.stdout.readline().split()[0].removeprefix("url=")
        process.stdin.close()


def of_promtail(folder, loki: str, stages, lines, count: int) -> list:
    """What Promtail pushes of a file with these lines, as [labels, line, time]; waits for `count` of them."""
    (folder / "app.log").write_text("".join(line + "\n" for line in lines))
    config = {
        "clients": [{"url": f"{loki}/loki/api/v1/push", "batchwait": "100ms"}],
        "scrape_configs": [{
            "job_name": "t", "pipeline_stages": stages,
            "static_configs": [{"targets": ["localhost"], "labels": {"app": "shop", "__path__": str(folder / "app.log")}}],
        }],
    }  # fmt: skip

    def entries():
        # Promtail 2 also pushes labels that are empty, which are none.
        found = log_query.from_loki(loki, {"app": "shop"}, 3600)
        return [[{k: v for k, v in e.labels.items() if v and k != "filename"}, e.line, e.time] for e in found]

    with peers.Promtail(folder / "promtail", yaml.safe_dump(config)):
        deadline = time.monotonic() + 30
        while len(entries()) < count and time.monotonic() < deadline:
            time.sleep(0.1)
        time.sleep(0.5)  # more than that would come now
    return entries()


def stages_of_ours(folder, stages, lines):
    config = {
        "version": 1,
        "logs": [{"files": {"include": ["/x"]}, "labels": {"app": "shop"}, "pipeline": stages}],
    }
    path = folder / "sidecar.yaml"
    path.write_text(yaml.safe_dump(config))
    done = subprocess.run(
        [ours.tool("pipeline_tool"), path], input="".join(line + "\n" for line in lines), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


# Where we mean to do better than Promtail: the line, and the labels that we give it.
BETTER = {
    # Promtail makes a float of every number, and 12345678901234567000 of this one.
    '{"num":12345678901234567890,"f":0.1}': {"app": "shop", "f": "0.1", "num": "12345678901234567890"},
    # Promtail's logfmt stops at these, and keeps what came before.
    "level=a=b": {"app": "shop", "level": "a=b"},
    'level=warn msg=un"quoted level=late': {"app": "shop", "level": "late", "message": 'un"quoted'},
}


def without_better(case: str, entries: list) -> list:
    """Without the lines in which we mean to differ."""
    if case not in ("json", "logfmt"):
        return entries
    return [entry for entry in entries if entry[1] not in BETTER]


def assert_better(case: str, entries: list) -> None:
    if case in ("json", "logfmt"):
        assert all(labels == BETTER[line] for labels, line, _ in entries if line in BETTER)


def comparable(entries: list, times: set[str]) -> list:
    """Sorted, because lines of equal times have no order; with the time where the stage sets it."""
    return sorted(([labels, line, moment if line in times else 0] for labels, line, moment in entries), key=str)


def timed(case: str, lines: list[str]) -> set[str]:
    """The lines whose time comes from themselves. Others keep that of their reading."""
    if case == "timestamp":
        return {line for line in lines if '"t":' in line}
    return set(lines) if case == "timestamp_layouts" else set()


def of_ours(case: str, folder) -> list:
    _, own, lines = CASES[case]
    entries = [[e["labels"], e["line"], e["time"]] for e in stages_of_ours(folder, own, lines)]
    assert_better(case, entries)
    return entries


# The others are newer than the golden values; the live Promtail does them.
@pytest.mark.parametrize("case", [case for case in CASES if case in json.loads(GOLDEN.read_text())])
def test_a_stage_does_what_promtail_3_did(case, tmp_path):
    golden = json.loads(GOLDEN.read_text())[case]
    got = comparable(of_ours(case, tmp_path), timed(case, CASES[case][2]))
    assert without_better(case, got) == without_better(case, golden)


@pytest.mark.parametrize("case", [case for case in CASES if catalog.version("promtail") >= (3,) or case not in NEEDS_3])
def test_a_stage_does_what_the_live_promtail_does(case, tmp_path, fake_loki):
    theirs, _, lines = CASES[case]
    got, times = of_ours(case, tmp_path), timed(case, lines)
    expected = of_promtail(tmp_path, fake_loki, theirs, lines, len(got))
    assert without_better(case, comparable(got, times)) == without_better(case, comparable(expected, times))
