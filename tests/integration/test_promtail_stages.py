# SPDX-License-Identifier: Apache-2.0
"""The same stages and the same lines through the real Promtail and through ours: the same entries."""

import json
import re
import subprocess

import catalog
import ours
import pytest
import yaml

ENTRY = re.compile(r"^(?P<time>\d{4}-\d\d-\d\dT[^\s{]+)\t?(?P<labels>\{.*?\})\t(?P<line>.*)$", re.DOTALL)
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')

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
    "level=warn msg=un\"quoted level=late",
    "level=a=b",
    "novalue= level=x flag",
]
SOURCES = {"level": "", "num": "", "f": "", "b": "", "s": "", "o": "", "l": "", "deep": "deep.a[1].b"}
NAMES = {name: "" for name in SOURCES}

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
    "multiline": (
        [{"multiline": {"firstline": r"^\S", "max_lines": 3}}, {"regex": {"expression": r"^(?P<first>\w+)"}}, {"labels": {"first": ""}}],
        [{"multiline": {"firstline": r"^\S", "maxLines": 3}}, {"regex": {"expression": r"^(?P<first>\w+)"}}, {"labels": {"values": {"first": ""}}}],
        ["  before", "one", "  two", "three", "four", "  a", "  b", "  c", "  d", "five"],
    ),
}  # fmt: skip


def promtail(folder, stages, lines, wanted):
    """What `promtail -dry-run -stdin` prints: [(labels, time, line)]."""
    config = {
        "server": {"disable": True},
        "positions": {"filename": str(folder / "positions")},
        "clients": [{"url": "http://127.0.0.1:1/loki/api/v1/push"}],
        "scrape_configs": [
            {"job_name": "t", "pipeline_stages": stages, "static_configs": [{"labels": {"app": "shop"}}]}
        ],
    }
    path = folder / "promtail.yaml"
    path.write_text(yaml.safe_dump(config))
    # Its goroutines print into one another at times, or not at all before it ends: a run that
    # is the same as ours is what it does, and the last one says what is different.
    entries = []
    for _ in range(12):
        entries = parsed(folder, path, lines)
        if [(labels, line) for labels, _, line in entries] == wanted:
            break
    return entries


def parsed(folder, path, lines):
    done = subprocess.run(
        [catalog.chosen("promtail"), "-config.file", path, "-dry-run", "-stdin"],
        input="".join(line + "\n" for line in lines), capture_output=True, text=True, timeout=60, env={"TZ": "UTC"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    entries = []
    for text in done.stdout.splitlines():
        match = ENTRY.match(text)
        if match is None:
            if entries:
                entries[-1][2] += "\n" + text
            continue
        labels = {name: json.loads(f'"{value}"') for name, value in LABEL.findall(match["labels"])}
        entries.append([{name: value for name, value in labels.items() if value}, match["time"], match["line"]])
    return entries


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


def nanoseconds(text: str) -> int:
    import datetime

    whole, _, rest = text.partition(".")
    digits = re.match(r"\d*", rest)[0]
    zone = rest[len(digits) :] if rest else text[19:]
    zone = "+00:00" if zone == "Z" else zone[:3] + ":" + zone[-2:]
    moment = datetime.datetime.fromisoformat(whole[:19] + zone)
    return int(moment.timestamp()) * 10**9 + int((digits + "0" * 9)[:9])


@pytest.mark.parametrize("case", CASES)
def test_a_stage_does_what_promtails_does(case, tmp_path):
    theirs, own, lines = CASES[case]
    got = stages_of_ours(tmp_path, own, lines)
    entries = [(e["labels"], e["line"]) for e in got]
    expected = promtail(tmp_path, theirs, lines, entries)
    assert entries == [(labels, line) for labels, _, line in expected]
    if "timestamp" in case:
        for mine, (_, time, line) in zip(got, expected):
            theirs_at = nanoseconds(time)
            # Those that keep the time they came with have another one in each run.
            if abs(theirs_at - mine["time"]) > 1000 and "t" not in line:
                continue
            assert abs(mine["time"] - theirs_at) <= 1000, (line, time, mine["time"])
