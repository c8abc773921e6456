# SPDX-License-Identifier: Apache-2.0
"""What the project leaves on a newcomer's machine is noted and said."""

import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests/e2e"), str(ROOT / "tests")]
import coverage_by_folder  # noqa: E402  (the folders above are no packages)
import demo  # noqa: E402


def install(folder: pathlib.Path, *packages: str) -> subprocess.CompletedProcess:
    """install.sh on a machine that has the package `here`, where apt-get only says that it was called."""
    tools = folder / "bin"
    tools.mkdir(exist_ok=True)
    fakes = {
        "dpkg-query": '#!/bin/sh\nfor last; do :; done\n[ "$last" = here ] && echo installed\n',
        "apt-get": f'#!/bin/sh\necho "$@" >>{folder}/apt\n',
        "id": "#!/bin/sh\necho 0\n",
    }
    for name, text in fakes.items():
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
    (folder / "list").write_text("".join(f"{one}\n" for one in ("# a list", "here", *packages)))
    environment = dict(os.environ, PATH=f"{tools}:/usr/bin:/bin", TELLTALE_CACHE=str(folder / "cache"))
    return subprocess.run([ROOT / "tests/install.sh", folder / "list"], env=environment, capture_output=True, text=True)


def test_packages_that_were_missing_are_noted_and_the_demo_says_how_to_remove_them(tmp_path):
    assert install(tmp_path).returncode == 0
    assert not (tmp_path / "cache").exists() and "apt-get" not in demo.leftovers(tmp_path / "cache")
    assert install(tmp_path, "one", "two").returncode == 0
    assert install(tmp_path, "two", "three").returncode == 0
    assert "install -y -q --no-install-recommends one two" in (tmp_path / "apt").read_text()
    said = demo.leftovers(tmp_path / "cache")
    assert "apt-get remove --autoremove one three two" in said
    assert f"rm -rf {tmp_path / 'cache'}" in said and "make clean" in said and "modprobe -r overlay" in said


def test_coverage_is_counted_by_folder():
    files = {"common/text/a.cc": {1: 1, 2: 0}, "common/text/b.h": {7: 3}, "sidecar/tail/c.cc": {1: 0}}
    assert coverage_by_folder.by_folder(files) == [("common/text", 2, 3), ("sidecar/tail", 0, 1)]


def test_the_container_gets_every_list_of_packages_and_the_go_that_the_tools_ask_for():
    """No test builds it: there is no container engine here."""
    text = (ROOT / "Containerfile").read_text()
    copied = re.findall(r"^COPY (?!--from)(\S+) (\S+)$", text, re.MULTILINE)
    assert {source for source, _ in copied} >= {str(path.relative_to(ROOT)) for path in ROOT.glob("**/packages.txt") if "build" not in path.parts}
    [command] = re.findall(r"/lists/install\.sh (.+?) &&", text)
    assert set(command.split()) == {target for source, target in copied if source.endswith("packages.txt")}
    wanted = max(tuple(map(int, re.search(r"^go (\d+)\.(\d+)", path.read_text(), re.MULTILINE).groups()))
                 for path in (ROOT / "tests").glob("**/go.mod"))  # fmt: skip
    [found] = re.findall(r"golang:(\d+)\.(\d+)-bookworm", text)
    assert tuple(map(int, found)) >= wanted
