#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Which lines the C++ tests run, by folder: `make coverage`, or `make coverage T=common_text_test`.

Usage: coverage_by_folder.py [TEST...]      default: all tests of the preset coverage

Without names every test is built and run. A folder's number is of its .cc and .h files that were compiled; a file that no
test's program holds is not there.
"""

import collections
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build/coverage"
OURS = ("common", "operator", "sidecar")


def run(*command) -> None:
    subprocess.run([str(word) for word in command], cwd=ROOT, check=True)


def build_and_test(names: list[str]) -> None:
    run("cmake", "--preset", "coverage")
    for old in BUILD.rglob("*.gcda"):  # counts add up over runs
        old.unlink()
    if not names:
        run("cmake", "--build", BUILD)
        run("ctest", "--test-dir", BUILD, "-j", os.cpu_count() or 2, "--output-on-failure")
    for name in names:
        run("cmake", "--build", BUILD, "--target", name)
        run(BUILD / "bin" / name, "--gtest_brief=1")


def lines_of(counts: pathlib.Path) -> dict[str, dict[int, int]]:
    """File -> line -> how often it ran, of one object file."""
    done = subprocess.run(["gcov", "--json-format", "--stdout", counts], cwd=BUILD, capture_output=True, text=True, check=True)
    found: dict[str, dict[int, int]] = {}
    for document in done.stdout.splitlines():
        for file in json.loads(document)["files"]:
            path = pathlib.Path(os.path.normpath(BUILD / file["file"]))
            if path.is_relative_to(ROOT) and path.relative_to(ROOT).parts[0] in OURS:
                lines = found.setdefault(str(path.relative_to(ROOT)), {})
                for line in file["lines"]:
                    lines[line["line_number"]] = max(line["count"], lines.get(line["line_number"], 0))
    return found


def by_folder(files: dict[str, dict[int, int]]) -> list[tuple[str, int, int]]:
    """(folder, lines that ran, lines) of each folder, in order."""
    sums: dict[str, list[int]] = collections.defaultdict(lambda: [0, 0])
    for name, lines in files.items():
        folder = sums[str(pathlib.PurePosixPath(name).parent)]
        folder[0] += sum(count > 0 for count in lines.values())
        folder[1] += len(lines)
    return [(folder, ran, known) for folder, (ran, known) in sorted(sums.items())]


def main(names: list[str]) -> int:
    build_and_test(names)
    files: dict[str, dict[int, int]] = {}
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for found in pool.map(lines_of, sorted(BUILD.rglob("*.gcda"))):
            for name, lines in found.items():
                merged = files.setdefault(name, {})
                for number, count in lines.items():
                    merged[number] = max(count, merged.get(number, 0))
    rows = by_folder(files)
    for folder, ran, known in [*rows, ("all", sum(row[1] for row in rows), sum(row[2] for row in rows))]:
        print(f"{folder:<40} {100 * ran / max(known, 1):5.1f} %  {ran:6} of {known:6} lines")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
