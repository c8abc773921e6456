#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the pages of docs/reference that repeat what the sources say.

Usage: docs/generate.py [--check] [--build FOLDER]

  metrics.md   every metric that the sources name: type, labels, help
  flags.md     --help of both programs, which must be built in FOLDER (build/dev)

--check writes nothing and exits 1 if a page is not up to date.
"""

import argparse
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs" / "reference"
PREFIXES = "telltale|node|process|workqueue|controller_runtime|leader_election|rest_client"
NAME = re.compile(rf"(?:{PREFIXES})_[A-Za-z0-9_]*[A-Za-z0-9]")
CALL = re.compile(r"\bAdd(Counter|FloatCounter|Gauge|Untyped|Histogram)\s*\(")
TYPES = {"Counter": "counter", "FloatCounter": "counter", "Gauge": "gauge", "Untyped": "untyped", "Histogram": "histogram"}
COLUMN = {"kCounter": "counter", "kSeconds": "counter", "kGauge": "gauge"}
PROGRAMS = {"common": "both programs", "operator": "telltale-operator", "sidecar": "telltale-sidecar"}


def without_comments(text: str) -> str:
    """Line comments go, and string literals that stand beside each other become one."""
    text = re.sub(r"^\s*//.*$|(?<=[;{},(])\s+//[^\n]*$", "", text, flags=re.MULTILINE)
    return re.sub(r'"\s*\n\s*"', "", text)


def arguments(text: str, start: int) -> list[str]:
    """The arguments of the call whose '(' or '{' is before `start`."""
    parts, depth, begin, quoted, at = [], 0, start, False, start
    while at < len(text):
        c = text[at]
        if quoted:
            at += c == "\\"
            quoted = c != '"'
        elif c == '"':
            quoted = True
        elif c in "([{":
            depth += 1
        elif c in ")]}" and depth == 0:
            return [*parts, text[begin:at].strip()]
        elif c in ")]}":
            depth -= 1
        elif c == "," and depth == 0:
            parts.append(text[begin:at].strip())
            begin = at + 1
        at += 1
    return parts


class Source:
    """One file, and its header, which may hold the constants."""

    def __init__(self, path: pathlib.Path):
        header = path.with_suffix(".h")
        self.text = without_comments(path.read_text())
        self.known = self.text + (without_comments(header.read_text()) if header.exists() else "")

    def literal(self, text: str) -> str:
        """The text of an expression of literals and constants; '' for what is known at run time only."""
        text = text.strip()
        found = re.fullmatch(r'(?:std::string(?:_view)?\()?"((?:[^"\\]|\\.)*)"\)?', text)
        if found:
            return re.sub(r"\\(.)", r"\1", found.group(1))
        if re.fullmatch(r"k[A-Za-z]+", text):
            constant = re.search(rf'\b{text}\b(?:\[\])?\s*(?:=|\()\s*("(?:[^"\\]|\\.)*")', self.known)
            return self.literal(constant.group(1)) if constant else ""
        return ""

    def labels(self, text: str, position: int) -> list[str]:
        """Label names of an expression of labels: {{"code", code}}, or a variable or function of this file."""
        pairs = re.findall(r'\{\s*\{?\s*"([a-z_]+)"\s*,', text)
        if pairs or not text:
            return pairs
        if text.startswith("{{"):
            return [name for k in re.findall(r"\{+(k[A-Za-z]+)\s*,", text) if (name := self.literal(k))]
        word = re.match(r"\w+", text.replace("series.", ""))
        if not word:
            return []
        copied = re.findall(rf"Labels {word.group(0)} = (k?\w+);", self.known[:position])
        added = re.findall(rf'SetLabel\({word.group(0)}, "([a-z_]+)"', self.known[:position])
        if copied and added:
            return [*self.labels(copied[-1], position), added[-1]]
        made = [m for m in re.finditer(rf"\b{word.group(0)}\b\s*(?:=\s*)?(?:Labels)?\{{", self.known[:position])]
        if made:
            return self.labels(self.known[made[-1].end() - 1 :].split(";")[0], position)
        function = re.search(rf"Labels {word.group(0)}\([^)]*\)[^{{]*\{{(.*?)\n\}}", self.known, re.DOTALL)
        return re.findall(r'\{\s*"([a-z_]+)"\s*,', function.group(1)) if function else []

    def row_labels(self, position: int) -> list[str]:
        """Of the table of series whose columns stand there: the labels that its rows are set with."""
        tables = re.findall(r"\b(\w+_)\(\s*\w+,\s*\{\{", self.text[: position + 1])
        row = re.search(rf"\b{tables[-1]}\.Set\(\s*(\w+)\(", self.text) if tables else None
        if row:  # With(owner, {{"reason", reason}}): labels of the function, and more
            call = arguments(self.text, row.end())
            return [*self.labels(row.group(1), position), *(self.labels(call[1], position) if len(call) > 1 else [])]
        row = re.search(rf"\b{tables[-1]}\.Set\(\s*", self.text) if tables else None
        if row and (names := self.labels(arguments(self.text, row.end())[0], len(self.text))):
            return names
        rows = re.search(r'\.Set\(\s*\{\{"([a-z_]+)"', self.text)
        made = re.search(r'Labels labels\{\{"([a-z_]+)"', self.text)
        return [found.group(1)] if (found := rows or made) else []


def calls(source: Source):
    """(name, type, labels, help) of each AddCounter, AddGauge and so on with a name that stands there."""
    for call in CALL.finditer(source.text):
        given = arguments(source.text, call.end())
        if len(given) < 2:
            continue
        kind = TYPES[call.group(1)]
        labels = given[3:] if kind == "histogram" else given[2:]
        names = source.labels(labels[0], call.start()) if labels else []
        parts = re.fullmatch(r'prefix \+ ("\w+")', given[0])
        if parts:
            yield from composed(source, source.literal(parts.group(1)), kind, names, given[1])
        elif given[0] == "name":
            yield from wrapped(source, call.start(), kind, names)
        elif name := source.literal(given[0]):
            yield name, kind, names, source.literal(given[1])


def composed(source: Source, suffix: str, kind: str, labels: list[str], text: str):
    """Names that accounting makes of a word: PublishReasons(..., "lost", "that ...", ...)."""
    begin = re.match(r'"([^"]*)"', text)
    for call in re.finditer(r"\bPublishReasons\(", source.text):
        given = arguments(source.text, call.end())
        words = [w for w in map(source.literal, given) if w]
        if len(words) >= 2:
            yield f"telltale_logs_{words[0]}{suffix}", kind, labels, (begin.group(1) if begin else "") + words[1]


def wrapped(source: Source, position: int, kind: str, labels: list[str]):
    """Names that are given to a function of the same file that passes them on as `name` and `help`."""
    heads = list(re.finditer(r"\b(\w+)\([^()]*(?:std::string_view|const char\*) name[^()]*\)[^;{]*\{", source.text[:position]))
    if not heads:
        return
    for call in re.finditer(rf"\b{heads[-1].group(1)}\(", source.text):
        texts = [t for t in map(source.literal, arguments(source.text, call.end())) if t]
        if len(texts) >= 2 and NAME.fullmatch(texts[0]):
            yield texts[0], kind, labels, texts[1]


def columns(source: Source):
    """(name, type, labels, help) of each column of a table of series."""
    for row in re.finditer(rf'\{{\s*"({NAME.pattern})"\s*,', source.text):
        given = arguments(source.text, row.start() + 1)
        kind = re.search(r"::(k\w+)$", given[-1])
        if kind and kind.group(1) in COLUMN:
            yield row.group(1), COLUMN[kind.group(1)], source.row_labels(row.start()), source.literal(given[1])


def metrics(folder: str) -> dict[str, tuple[str, list[str], str]]:
    found: dict[str, tuple[str, list[str], str]] = {}
    for path in sorted((ROOT / folder).rglob("*.cc")):
        source = Source(path)
        for name, kind, labels, text in [*calls(source), *columns(source)]:
            if not NAME.fullmatch(name):
                continue
            if not text:
                raise SystemExit(f"{path}: no help was found for {name}")
            known = found.get(name, (kind, [], text))
            found[name] = (kind, [*known[1], *(one for one in labels if one not in known[1])], text)
    return found


def metrics_page() -> str:
    """The page; a name in the sources of which no call was understood is an error."""
    parts = [
        "# Metrics\n\nEvery metric that the programs export on `/metrics`, as the sources name them. Made by"
        " `docs/generate.py`; do not edit.\nMetrics of `metrics` stages are not here: their names begin with"
        " `telltale_custom_` unless `prefix` changes that.\n"
    ]  # fmt: skip
    made = {folder: metrics(folder) for folder in PROGRAMS}
    for folder, program in PROGRAMS.items():
        found = made[folder]
        # The operator's sources name metrics of the sidecar: it asks Prometheus for them.
        asked = set(made["sidecar"]) if folder == "operator" else set()
        written = set(re.findall(rf'"({NAME.pattern})"', "".join(p.read_text() for p in (ROOT / folder).rglob("*.cc"))))
        if missed := sorted(written - set(found) - asked):
            raise SystemExit(f"no call was understood that makes {', '.join(missed)}: write it as others are written")
        parts.append(f"\n## {'Both programs' if folder == 'common' else program}\n\n| metric | type | labels | meaning |\n|---|---|---|---|\n")
        for name, (kind, labels, text) in sorted(found.items()):
            shown = ", ".join(f"`{label}`" for label in labels)
            parts.append(f"| `{name}` | {kind} | {shown} | {text.replace('|', chr(92) + '|')} |\n")
    return "".join(parts)


def flags_page(build: pathlib.Path) -> str:
    parts = [
        "# Flags\n\n`--help` of the two programs. Made by `docs/generate.py`; do not edit. `--name=value` and"
        " `--name value` are the same, as are\n`-name` and `--name`.\n"
    ]  # fmt: skip
    for program in ("telltale-operator", "telltale-sidecar"):
        text = subprocess.run([build / "bin" / program, "--help"], capture_output=True, text=True, check=True).stdout
        lines = text.splitlines()
        summary = lines[0].split(": ", 1)[1]
        parts.append(f"\n## {program}\n\n{summary}\n\n| flag | meaning | default |\n|---|---|---|\n")
        for line in lines:
            flag = re.match(r"  (--\S+(?: \S+)?)\s{2,}(.*)$", line)
            if not flag:
                continue
            default = re.search(r" \(default (.*?)\)(; --no-\S+ turns it off)?$", flag.group(2))
            meaning = flag.group(2)[: default.start()] + (default.group(2) or "") if default else flag.group(2)
            shown = f"`{default.group(1)}`" if default else ""
            parts.append(f"| `{flag.group(1)}` | {meaning[0].upper() + meaning[1:].replace('|', chr(92) + '|')} | {shown} |\n")
    return "".join(parts)


def main() -> int:
    parser = argparse.ArgumentParser(description="Writes the generated pages of docs/reference.")
    parser.add_argument("--check", action="store_true", help="exit 1 if a page is not up to date")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "dev", help="where the programs are")
    parser.add_argument("pages", nargs="*", default=["metrics.md", "flags.md"], help="metrics.md, flags.md or both")
    given = parser.parse_args()
    if unknown := set(given.pages) - {"metrics.md", "flags.md"}:
        parser.error(f"{', '.join(sorted(unknown))} is not made here; its own page says how it is")
    stale = []
    for name in given.pages:
        text = metrics_page() if name == "metrics.md" else flags_page(given.build)
        path = PAGES / name
        if path.exists() and path.read_text() == text:
            continue
        stale.append(name)
        if not given.check:
            path.write_text(text)
    if given.check and stale:
        print(f"not up to date: {', '.join(stale)}; run docs/generate.py")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
