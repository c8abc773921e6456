# SPDX-License-Identifier: Apache-2.0
"""Random pipelines as people and fuzzers write them: most are right, many are nearly right. The API server
decides which of them the resource's definition allows."""

import random
import zoneinfo

ODD = [
    "a", "é", "日本語", "😀", "x" * 500, "a b", '"', "'", "\\", "{{", "}}", "$1", "${HOME}", "$$", "# c", ": ", "- ",
    "\n", "a\nb", "\t", "\u0085", "\u2028", "\x7f", "null", "true", "1.10", "0x1F", "~", "*x", "&y", "!!binary", "%41",
    "yes", "|", ">", "[", "]", "{", "}", "@", "`", "\ufeff", "2026-11-30",
]  # fmt: skip
NAMES = ["a", "b", "level", "ts", "msg", "took", "_", "_1", "A9", "le", "stream", "telltale_target", "json", "by", "x" * 60]
REGEX = [
    "(?P<a>", "(?<b>", "(?P<level>", "(", "(?:", "(?i)", "(?i:", "(?s", ")", ")", ")", ")", "|", "^", "$", r"\b", r"\d+", r"\w",
    r"\S*?", r"\pL", r"\p{Greek}", r"\P{Lu}", r"\p{Any}", r"\p{Kawi}", "[[:alpha:]]", "[^]]", "[a-", "]", "[é-ü]", ".", "x{2,3}", "x{1001}",
    "a**", "a*+", "{,2}", r"\x{1F600}", r"\x41", r"\Q(\E", r"\C", r"\_", r"\07", r"\1", r"\z", r"\Z", "é", "日", '"', " ", r"\\", r"\n", "(?=x)", "x{500}{3}",
]  # fmt: skip
WORDS = [
    ".Value", ".Entry", ".a", ".level", '"q"', '"a b"', r'"\""', r'"\'"', r'"\x41"', r'"é\t"', "`r`", "`a}}b`", '"}}"', "3", "-1", "1.5", "1.2.3",
    "-", "08", "0x1F", "99999999999999999999", "true", "false", "nil", "(", ")", "|", "ToUpper", "ToLower", "Replace", "Trim", "TrimPrefix",
    "eq", "ne", "and", "or", "not", "trunc", "lower", "default", "b64enc", "Hash", "len", "printf", "$x", ":=", "'c'", "\n", ",", "if", "end", "else",
]  # fmt: skip
TEMPLATES = [
    "{{ .Value }}", "{{ ToUpper .Value }}", '{{ if eq .level "warn" }}W{{ else }}{{ .Value }}{{ end }}', "{{/* c */}}x", "{{ /* c */ }}", "{{- /* c */ -}}",
    '{{ .Value | Trim "x" | ToLower }}', '{{ Replace .Value "a" "b" -1 }}', "{{ b64enc .Value }}", '{{ regexReplaceAll "(a)" .Value "$1" }}', "plain", "}} {{", "{{",
    '{{ Hash "s" .Value }}', "{{ (ToUpper .a) }}", "{{ ToUpper(.a) }}", '{{ToUpper"a"}}', "{{if .a}}b", "{{ end }}", "{{ if .a }}{{ if .b }}x{{ end }}{{ end }}", "",
]  # fmt: skip
SELECTORS = [
    '{app="x"}', '{app=~"a|x"}', '{app="x"} |= "secret"', '{pod!=""} !~ "^a"', '{level="warn"}',
    '{app="x"}', '{app=~"a|b"} |= "t"', '{app!="x",level=~".*"} != "a" !~ "b"', "{}", '{} |= "x"', '{app="x",}', "{json=\"x\"}", '{rate="x"}', '{app="x"} | json',
    "{app=`x`}", r'{app="\'"}', r'{app="\""} |~ "(?<n>a)"', '{ app = "x" }|="a"', '{app="x"} # c', '{app="x"} |= "a" or "b"', '{é="x"}', '{app="é日"}', '{app=""}', '{app=~"["}',
    '{by="x"}', '{sum="x",count="y"}', '{app="x"} == "a"', '{a="b"}{c="d"}', '{app="x"} |= `a\nb`', '{duration="1s"}', '{ip="x"}', '{unwrap="x"}', '{offset="x"}', '{bool="x"}',
]  # fmt: skip
FORMATS = [
    "RFC3339", "RFC3339Nano", "Unix", "UnixMs", "UnixNs", "2006-01-02 15:04:05", "02/Jan/2006:15:04:05 -0700", "Mon Jan _2 15:04:05 2006", "RFC850", "ANSIC",
    "Jan 2 15:04", "20060102T150405Z0700", "15:04:05.000", "hello", "2024-01-01", "ISO8601x", "2006 é 日",
]  # fmt: skip
ZONES = ["Europe/Berlin"] * 300 + [*sorted(zoneinfo.available_timezones()), "Mars/Olympus", "europe/berlin", "Local", "UTC", "utc", "Europe/Berlin ", "../etc/passwd", "localtime", "posixrules"]
DURATIONS = ["1s", "500ms", "999ms", "1m30s", "24h", "5m", "1h0m0s", "99999h", "1ms", "8784h"]
NUMBERS = [0, 1, -1, 0.1, 0.005, 1e-7, 5, 2.5, 10, 100, 1e3, 1e6, 1e15, 1e21, 1e308, 123456789]


class Pipelines:
    def __init__(self, seed: int):
        self.random = random.Random(seed)

    def one(self, choices):
        return self.random.choice(choices)

    def maybe(self, share: float) -> bool:
        return self.random.random() < share

    def odd(self) -> str:
        return "".join(self.one(ODD) for _ in range(self.random.randint(1, 3)))

    def given(self, **options) -> dict:
        """Those that are given: the ones whose value is a function, now and then."""
        return {k: v() if callable(v) else v for k, v in options.items() if not callable(v) or self.maybe(0.3)}

    def name(self) -> str:
        return self.one(NAMES)

    def names(self) -> dict:
        """name -> source, which is mostly empty."""
        return {self.name(): self.one(["", "", self.name(), self.odd()[:100]]) for _ in range(self.random.randint(1, 3))}

    def regex(self) -> str:
        if self.maybe(0.6):
            return self.one([r"(?P<a>\d+)", r"^(?P<level>\w+) (?P<msg>.*)$", "(?<b>x|y)", "(secret)", r"took=(?P<took>-?[\d.]+)"])
        text = "".join(self.one(REGEX) for _ in range(self.random.randint(1, 7)))
        return text + ")" * max(0, text.count("(") - text.count(")"))

    def template(self) -> str:
        if self.maybe(0.7):
            return "".join(self.one(TEMPLATES) for _ in range(self.random.randint(1, 2)))
        return "{{" + self.one([" ", " ", "", "- "]) + self.one([" ", " ", " ", ""]).join(
            self.one(WORDS) for _ in range(self.random.randint(1, 4))) + self.one([" ", " ", " -"]) + "}}"  # fmt: skip

    def metric(self) -> dict:
        kind = self.one(["counter", "gauge", "histogram"])
        actions = ["inc", "add"] if kind == "counter" else ["inc", "dec", "add", "sub", "set"]
        return {"name": self.one(["n", "m", "n_sum", "n_count", "lines_total", "took", "goroutines", "info"]), "type": kind} | self.given(
            **({"action": self.one(actions)} if kind != "histogram" else {}),
            description=self.odd, source=self.name, value=lambda: self.odd()[:100],
            prefix=lambda: self.one(["p_", "p_", "p_", "a1_", "go_", "promtail_", "loki_build_", "process_", "telltale_", "log_"]),
            maxIdle=lambda: self.one(["1s", "5m", *DURATIONS]), matchAll=lambda: self.one([True, True, False]),
            countEntryBytes=lambda: self.one([True, False]),
            **({"buckets": lambda: [self.one(NUMBERS) for _ in range(self.random.randint(0, 4))]} if self.maybe(0.5) else
               {"buckets": lambda: sorted({self.one(NUMBERS) for _ in range(4)})}),
        )  # fmt: skip

    def stage(self, nested: bool = False) -> dict:
        paths = ["", "", "a", "a.b[0]", 'a."b c"', "a", "a.b", '"x"."é日"', "a[12345678]", "a..b", "a[*]", '"a\\"', '"\t"', "a.1", "a" * 100, ".".join(["a"] * 20)]
        made = {
            "json": lambda: self.given(expressions={self.name(): self.one(paths) for _ in range(2)}, source=self.name, dropMalformed=lambda: self.maybe(0.2)),
            "logfmt": lambda: self.given(mapping=self.names(), source=self.name),
            "regex": lambda: self.given(expression=self.regex(), source=self.name),
            "timestamp": lambda: self.given(
                source=self.name(), format=self.one(FORMATS), fallbackFormats=lambda: [self.one(FORMATS), self.one(FORMATS)],
                location=lambda: self.one(ZONES), actionOnFailure=lambda: "skip"),
            "labels": lambda: {"values": self.names()},
            "structuredMetadata": lambda: {"values": self.names()},
            "labelDrop": lambda: {"names": [self.one([*NAMES, "pod", "filename"]) for _ in range(2)]},
            "drop": lambda: self.given(
                source=self.name, **({"sources": lambda: [self.name(), self.odd() or "a"]} if self.maybe(0.1) else {}), separator=lambda: self.odd()[:16], value=self.odd,
                expression=self.regex, olderThan=lambda: self.one(DURATIONS), longerThan=lambda: self.one(["8KiB", "1MB", "0", "999999999"]),
                dropCounterReason=lambda: self.odd()[:60] or "r"),
            "sample": lambda: self.given(rate=self.one([0, 1, 0.5, 1e-7]), dropCounterReason=lambda: "r"),
            "limit": lambda: self.given(rate=self.one([0.001, 1, 1000000]), burst=self.one([1, 1000000, 20]), drop=lambda: True),
            "replace": lambda: self.given(expression=self.regex(), source=self.name, replace=self.template),
            "template": lambda: {"source": self.name(), "template": self.template()},
            "output": lambda: {"source": self.one([self.name(), self.odd() or "a"])},
            "decolorize": lambda: {},
            "metrics": lambda: [self.metric() for _ in range(self.random.randint(1, 3))],
            "multiline": lambda: self.given(firstline=self.regex(), maxWait=lambda: self.one(DURATIONS), maxLines=lambda: self.one([1, 128, 10000])),
        }  # fmt: skip
        if nested:
            del made["multiline"]  # the definition has no such field there
        else:
            made["match"] = lambda: {"selector": self.one(SELECTORS)} | (
                {"action": "drop"} | self.given(dropCounterReason=lambda: "r") if self.maybe(0.5) else
                {"stages": [self.stage(True) if self.maybe(0.5) else {"output": {"source": "msg"}}]})  # fmt: skip
        # Promtail 2 has not all of them, and one is enough to be refused.
        old = [kind for kind in made if kind not in ("logfmt", "structuredMetadata", "sample", "limit", "decolorize")]
        kind = self.one([*old, "metrics", "template", "regex", *(["match"] if "match" in made else [])])
        kind = self.one([*made]) if self.maybe(0.1) else kind
        return {kind: made[kind]()}

    def logs(self) -> dict:
        """spec.logs without the source."""
        return self.given(
            pipeline=[self.stage() for _ in range(self.one([1, 1, 1, 1, 2, 3]))],
            labels=lambda: {self.one(["a", "b", "version", self.name()]): self.odd()[:250] for _ in range(2)},
            tenant=lambda: self.one(["team-a", "a'b(c)!*", "1.10", "true", "null", "~é"]),
        )

    def selector(self) -> dict:
        return self.one([
            {"matchAll": True},
            {"matchLabels": {"app.kubernetes.io/name": self.one(["a.b", "x_y", ""])}},
            {"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["a", "b.c"]}, {"key": "x/y", "operator": "Exists"}]},
        ])  # fmt: skip
