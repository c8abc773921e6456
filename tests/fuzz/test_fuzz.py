# SPDX-License-Identifier: Apache-2.0
"""The fuzz programs of preset `fuzz`, on what is known and, the most exposed ones, on new inputs.

Each program first reads all inputs that are kept: the seeds in tests/fuzz/corpus/NAME and what
earlier runs found, in $TELLTALE_CACHE/corpus/NAME (~/.cache/telltale). Those of EXPOSED then make
new inputs for 60 seconds. What covers new code is kept in the cache. `make fuzz` runs all of them
for longer.

TELLTALE_FUZZ_SECONDS  how long each program makes new inputs, instead of the above
TELLTALE_FUZZ_BIN      where the programs are, default build/fuzz/bin

An input that breaks a program is kept in build/fuzz/found/NAME; with the fix it goes into
tests/fuzz/corpus/NAME.
"""

import concurrent.futures
import os
import pathlib
import subprocess

import pytest

FOLDER = pathlib.Path(__file__).resolve().parent
ROOT = FOLDER.parent.parent
BIN = pathlib.Path(os.environ.get("TELLTALE_FUZZ_BIN", ROOT / "build/fuzz/bin"))
CACHE = pathlib.Path(os.environ.get("TELLTALE_CACHE") or pathlib.Path.home() / ".cache/telltale")
NAMES = sorted(path.stem.removesuffix("_fuzz") for path in FOLDER.glob("*_fuzz.cc"))
EXPOSED = {
    "entry_decoder": "reads every line that a pod writes, in a node agent that runs as root",
    "http_exchange": "any client that reaches a port can send bytes to our servers",
    "json_cutter": "reads every byte that the API server sends; an error stops all resources",
    "monitoring_target": "anyone who may write a resource chooses its content",
    "pod": "anyone who may make a pod chooses its labels, annotations and names",
}


def seconds(name: str) -> int:
    return int(os.environ.get("TELLTALE_FUZZ_SECONDS", "60" if name in EXPOSED else "0"))


def end_of(output: str) -> str:
    return "\n".join(output.splitlines()[-60:])


def program(name: str, folder: pathlib.Path, allowed: int, *arguments) -> subprocess.CompletedProcess:
    found = BIN.parent / "found" / name
    found.mkdir(parents=True, exist_ok=True)
    return subprocess.run(
        [BIN / f"{name}_fuzz", "-rss_limit_mb=1024", "-timeout=10", f"-artifact_prefix={found}/",
         "-print_final_stats=1", *arguments],
        cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, errors="replace", timeout=allowed + 600, check=False,
    )  # fmt: skip


def fuzz(name: str, folder: pathlib.Path) -> subprocess.CompletedProcess:
    seeds, kept, new = FOLDER / "corpus" / name, CACHE / "corpus" / name, folder / name
    kept.mkdir(parents=True, exist_ok=True)
    new.mkdir()
    allowed = seconds(name)
    if allowed == 0:
        return program(name, folder, 0, "-runs=0", seeds, kept)
    run = program(name, folder, allowed, f"-max_total_time={allowed}", new, seeds, kept)
    if run.returncode == 0 and any(new.iterdir()):
        merged = program(name, folder, allowed, "-merge=1", kept, new)
        assert merged.returncode == 0, end_of(merged.stdout)
    return run


@pytest.fixture(scope="module")
def runs(tmp_path_factory, request):
    """The programs that are asked for, as many at once as there are processors."""
    wanted = {item.callspec.params["name"] for item in request.session.items if "runs" in item.fixturenames}
    folder = tmp_path_factory.mktemp("fuzz")
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        yield {name: pool.submit(fuzz, name, folder) for name in sorted(wanted)}


def test_the_exposed_programs_exist():
    assert set(EXPOSED) <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_survives_untrusted_bytes(name, runs):
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
