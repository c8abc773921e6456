# SPDX-License-Identifier: Apache-2.0
"""Each fuzz program for some seconds from its seeds, in preset `fuzz`.

TELLTALE_FUZZ_SECONDS  how long each one runs, instead of 60 for those that read what the API server
                       or a user's kubeconfig says and 8 for the others; a longer run finds more
TELLTALE_FUZZ_BIN      where the programs are, default build/fuzz/bin

An input that breaks a program is kept in build/fuzz/found/NAME; with the fix it goes into
tests/fuzz/corpus/NAME.
"""

import concurrent.futures
import os
import pathlib
import shutil
import subprocess

import pytest

FOLDER = pathlib.Path(__file__).resolve().parent
ROOT = FOLDER.parent.parent
BIN = pathlib.Path(os.environ.get("TELLTALE_FUZZ_BIN", ROOT / "build/fuzz/bin"))
NAMES = sorted(path.stem.removesuffix("_fuzz") for path in FOLDER.glob("*_fuzz.cc"))
# The operator's borders, which one bad object must not cross to all that others share.
LONG = {"json_cutter", "kube_config", "monitoring_target", "pod", "watch_event"}


def seconds(name: str) -> int:
    return int(os.environ.get("TELLTALE_FUZZ_SECONDS", "60" if name in LONG else "8"))


def end_of(output: str) -> str:
    return "\n".join(output.splitlines()[-60:])


def fuzz(name: str, folder: pathlib.Path) -> subprocess.CompletedProcess:
    corpus = shutil.copytree(FOLDER / "corpus" / name, folder / name)  # the program adds what it finds
    found = BIN.parent / "found" / name
    found.mkdir(parents=True, exist_ok=True)
    return subprocess.run(
        [BIN / f"{name}_fuzz", f"-max_total_time={seconds(name)}", "-rss_limit_mb=1024", "-timeout=10",
         f"-artifact_prefix={found}/", "-print_final_stats=1", corpus],
        cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, errors="replace", timeout=seconds(name) + 120, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def runs(tmp_path_factory, request):
    """The programs that are asked for, as many at once as there are processors."""
    wanted = {item.callspec.params["name"] for item in request.session.items if "runs" in item.fixturenames}
    folder = tmp_path_factory.mktemp("fuzz")
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        yield {name: pool.submit(fuzz, name, folder) for name in sorted(wanted)}


@pytest.mark.parametrize("name", NAMES)
def test_survives_somebody_elses_bytes(name, runs):
    assert (BIN / f"{name}_fuzz").exists(), "not built: cmake --build build/fuzz --target fuzz"
    assert any((FOLDER / "corpus" / name).iterdir()), f"tests/fuzz/corpus/{name} has no seeds"
    run = runs[name].result()
    reproducers = [line for line in run.stdout.splitlines() if "Test unit written to" in line]
    assert run.returncode == 0, (
        f"{name}_fuzz ended with {run.returncode}; {' '.join(reproducers) or 'no reproducer'}\n"
        f"{end_of(run.stdout)}"
    )
    executed = [line for line in run.stdout.splitlines() if "number_of_executed_units" in line]
    assert executed and int(executed[0].split()[-1]) > 0, end_of(run.stdout)
