# SPDX-License-Identifier: Apache-2.0
"""Form: formatting, headers that compile alone, shell scripts, file sizes, words that must not be."""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests/cluster/tools")]
import catalog  # noqa: E402  (the folder is no package)


def files(*patterns: str) -> list[str]:
    return subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip


def run(*command) -> tuple[int, str]:
    done = subprocess.run(
        [str(word) for word in command], cwd=ROOT, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    return done.returncode, done.stdout


def test_code_is_formatted():
    status, output = run("clang-format-19", "--dry-run", "-Werror", *files("*.cc", "*.h"))
    assert status == 0, "run `make format`:\n" + output[-4000:]


def test_every_header_compiles_alone():
    status, output = run("cmake", "--build", "build/dev", "--target", "all_verify_interface_header_sets")
    assert status == 0, output[-4000:]


def test_shell_scripts_pass_shellcheck():
    scripts = [*files("*.sh"), ".ci/run"]
    status, output = run("shellcheck", *scripts)
    assert status == 0, output


def test_make_tells_of_every_target():
    status, output = run("make", "--no-print-directory")
    told = {line.split()[0]: line.split(maxsplit=1)[1:] for line in output.splitlines()}
    [targets] = re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert status == 0 and list(told) == targets.split()
    assert all(told.values())


def test_python_scripts_compile():
    status, output = run(sys.executable, "-W", "error", "-m", "py_compile", *files("*.py"))
    assert status == 0, output


def test_the_chart_passes_helm_lint_with_its_schema():
    status, output = run(catalog.locate("helm"), "lint", "--strict", "helm/telltale")
    assert status == 0, output


def test_every_source_file_names_the_licence():
    missing = [
        name for name in files("*.cc", "*.h", "*.py", "*.sh")
        if "SPDX-License-Identifier: Apache-2.0" not in (ROOT / name).read_text()[:200]
    ]  # fmt: skip
    assert not missing


# A library is wrapped in one file, however much of it there is to wrap.
FENCES = {
    "common/net/http/beast_session.h",
}


def test_no_source_file_is_longer_than_its_idea():
    long = [
        f"{name}: {count}"
        for name in files("common", "operator", "sidecar", "examples")
        if name.endswith((".cc", ".h"))
        and (count := len((ROOT / name).read_text().splitlines())) > (350 if name in FENCES else 300)
    ]
    assert not long, "ask what the file is really about"


def test_nothing_is_left_to_do_in_the_code():
    words = re.compile(r"\b(TODO|FIXME|XXX)\b")
    found = [
        name
        for name in files("*.cc", "*.h", "*.sh", "*.yaml", "*.py", "*.tpl")
        if name != "tests/lint/test_style.py" and words.search((ROOT / name).read_text())
    ]
    assert not found
