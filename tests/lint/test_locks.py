# SPDX-License-Identifier: Apache-2.0
"""Product code locks with common/base/mutex.h alone, and each mutex says what it guards.

Then clang, in the preset `fuzz`, can refuse a member that is used without its mutex.
"""

import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
WRAPPER = "common/base/mutex.h"
STANDARD = re.compile(
    r"std::((recursive_|timed_|recursive_timed_|shared_|shared_timed_)?mutex|condition_variable(_any)?"
    r"|lock_guard|unique_lock|scoped_lock|shared_lock|once_flag|call_once)\b"
)
DECLARED = re.compile(r"^\s*(?:mutable |static )*(?:telltale::)?Mutex (\w+(?:, \w+)*);(.*)$", re.MULTILINE)
CODE = re.compile(r"//.*")


def sources() -> list[str]:
    found = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "common", "operator", "sidecar", "cli", "examples"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    return [name for name in found if name.endswith((".h", ".cc")) and name != WRAPPER and (ROOT / name).exists()]


def standard_locks(text: str) -> list[str]:
    return [found.group() for found in STANDARD.finditer(CODE.sub("", text))]


def unexplained(text: str) -> list[str]:
    """The mutexes that guard no member of this file and have no comment that says why."""
    names = [
        name
        for names, rest in DECLARED.findall(text)
        if "guards no member:" not in rest
        for name in names.split(", ")
    ]
    return [name for name in names if not re.search(rf"GUARDED_BY\({name}\)", text)]


def test_product_code_locks_with_the_annotated_mutex_alone():
    bad = {name: found for name in sources() if (found := standard_locks((ROOT / name).read_text()))}
    assert not bad, f"use Mutex, MutexLock and CondVar of {WRAPPER}, which clang can check: {bad}"


def test_each_mutex_guards_a_member_or_says_why_it_does_not():
    bad = {name: found for name in sources() if (found := unexplained((ROOT / name).read_text()))}
    assert not bad, f"declare what it guards with GUARDED_BY, or say `guards no member: ...` behind it: {bad}"


@pytest.mark.parametrize("code", ["std::mutex mutex_;", "std::shared_mutex m;", "const std::scoped_lock lock(m);", "std::once_flag once;"])
def test_locks_of_the_standard_library_are_found(code):
    assert standard_locks(code)
    assert not standard_locks(f"// {code}")


@pytest.mark.parametrize(
    "code,expected",
    [
        ("  Mutex mutex_;\n  int sum_ = 0;\n", ["mutex_"]),
        ("  mutable Mutex mutex_;  // for the sum\n", ["mutex_"]),
        ("  Mutex one_, two_;\n  int sum_ GUARDED_BY(one_) = 0;\n", ["two_"]),
        ("  Mutex mutex_;\n  int sum_ GUARDED_BY(mutex_) = 0;\n", []),
        ("  Mutex asking_;  // guards no member: one question at a time\n", []),
    ],
)
def test_a_mutex_that_guards_nothing_is_found(code, expected):
    assert unexplained(code) == expected
