#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs every test and counts them. `make test` calls it; the last line is the result.

Usage: run.py [SUITE...]      default: all of them

Each suite writes a JUnit report under build/test; a suite that breaks before it can write one counts
as one failure. Suites that mostly compute and suites that mostly wait run side by side, in two
queues; what computes gets only what the others leave of the processors.
"""

import os
import pathlib
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent
REPORTS = ROOT / "build" / "test"
TOOLS = [sys.executable, ROOT / "tests/cluster/tools/build.py", "test"]
PYTEST = [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider"]
JOBS = str(os.cpu_count() or 2)
LINES = threading.Lock()


def say(text: str) -> None:
    with LINES:
        print(text, flush=True)


def shell(name: str, *command, nice: int = 0) -> bool:
    """Runs a command with its output in a log; shows the log's end when it fails."""
    log = REPORTS / f"{name}.log"
    with log.open("w") as out:
        status = subprocess.run(
            ["nice", "-n", str(nice), *map(str, command)], cwd=ROOT, stdout=out, stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        ).returncode  # fmt: skip
    if status != 0:
        tail = "".join(f"    {line}\n" for line in log.read_text(errors="replace").splitlines()[-60:])
        say(f"{name} ended with {status}, the end of {log}:\n{tail}")
    return status == 0


def build(preset: str, *targets: str, nice: int = 0) -> bool:
    if not shell(f"configure-{preset}", "cmake", "--preset", preset):
        return False
    wanted = [word for target in targets for word in ("--target", target)]
    return shell(f"build-{preset}", "cmake", "--build", "--preset", preset, "-j", JOBS, *wanted, nice=nice)


def ctest(preset: str, *which: str, nice: int = 0) -> None:
    name = f"unit-{preset}"
    shell(name, "ctest", "--test-dir", f"build/{preset}", "-j", JOBS, "--output-on-failure", *which,
          "--output-junit", REPORTS / f"{name}.xml", nice=nice)  # fmt: skip


def python(name: str, *folders: str, nice: int = 0) -> None:
    shell(name, *PYTEST, f"--junitxml={REPORTS / name}.xml", *folders, nice=nice)


def unit_dev() -> None:
    if build("dev", *NOT_SANITIZED):
        ctest("dev", "-R", "|".join(NOT_SANITIZED.values()))


def unit(preset: str, *which: str) -> None:
    if build(preset, nice=10):
        ctest(preset, *which, nice=5)


def lint() -> None:
    if shell("configure-dev", "cmake", "--preset", "dev"):
        python("lint", "tests/lint")


def model() -> None:
    python("model", "tests/model", nice=10)


def arm64() -> None:
    if build("arm64", nice=10):
        python("arm64", "tests/arm64", nice=5)


def fuzz() -> None:
    if build("fuzz", nice=10):
        python("fuzz", "tests/fuzz", nice=19)


def integration() -> None:
    if build("release"):
        python("integration", "tests/integration", "tests/chart", "tests/cluster", "tests/bench")


def faults() -> None:
    if build("release") and build("dev", "fault_process_test", "fault_log_process_test"):
        python("faults", "tests/faults")


def e2e() -> None:
    if build("release"):
        python("e2e", "tests/e2e")


def count(report: pathlib.Path) -> tuple[int, int, int]:
    """(passed, failed, skipped) of a JUnit report; a missing or empty one is a failure."""
    try:
        root = xml.etree.ElementTree.parse(report).getroot()
    except (FileNotFoundError, xml.etree.ElementTree.ParseError):
        return 0, 1, 0
    passed = failed = skipped = 0
    for case in root.iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif case.find("skipped") is not None or case.get("status") in ("disabled", "notrun"):
            skipped += 1
        else:
            passed += 1
    return (passed, failed, skipped) if passed + failed + skipped else (0, 1, 0)


# Tests that the race detector does not run, by a pattern of their names, and why. All others run.
NOT_RACED = {
    r"^Seeds/((Fresh)?CoreFaults|ReflectorFaults)\.": "a simulated plan is one thread",
    r"LogPathFaults\.": (
        "a simulated plan is one thread; those of the log path run in sidecar_pipeline_test"
    ),
}

# Tests of memory, which no sanitizer's build can tell, by their program. unit-asan runs all others.
NOT_SANITIZED = {
    "common_base_test": r"^GiveBackMemoryTest\.",
    "common_net_http_server_limits_test": r"^HttpServerCrowdTest\.",
    "sidecar_pipeline_test": r"^PipelineFilesTest\.",
}

WAITING = {
    "e2e": e2e,
    "faults": faults,
    "integration": integration,
    "lint": lint,
    "unit-dev": unit_dev,
}
COMPUTING = {
    "model": model,
    "arm64": arm64,
    "unit-asan": lambda: unit("asan"),
    "unit-tsan": lambda: unit("tsan", "-E", "|".join(NOT_RACED)),
    "fuzz": fuzz,
}


def run(suites: dict, names: list[str], results: list[tuple[int, int, int]]) -> None:
    for name in [name for name in suites if name in names]:
        report = REPORTS / f"{name}.xml"
        report.unlink(missing_ok=True)
        started = time.monotonic()
        say(f"==> {name}")
        suites[name]()
        results.append(count(report))
        passed, failed, skipped = results[-1]
        seconds = time.monotonic() - started
        say(f"<== {name}: {passed} passed, {failed} failed, {skipped} skipped, {seconds:.0f} s")


def run_waiting(names: list[str], results: list[tuple[int, int, int]]) -> None:
    if not any(name in WAITING for name in names):
        return
    if shell("tools", *TOOLS):
        run(WAITING, names, results)
    else:
        results.append((0, 1, 0))


def main() -> int:
    suites = [*WAITING, *COMPUTING]
    names = sys.argv[1:] or suites
    unknown = [name for name in names if name not in suites]
    if unknown:
        sys.exit(f"run.py: no suite is called {unknown[0]!r}; choose from: {', '.join(suites)}")
    REPORTS.mkdir(parents=True, exist_ok=True)
    os.environ.pop("KUBECONFIG", None)  # a test must never touch the cluster that a shell points at
    os.environ["TELLTALE_BIN"] = str(ROOT / "build/release/bin")
    results: list[tuple[int, int, int]] = []
    waiting = threading.Thread(target=run_waiting, args=(names, results))
    waiting.start()
    run(COMPUTING, names, results)
    waiting.join()
    total = [sum(counts) for counts in zip(*results)]
    say(f"{total[0]} passed, {total[1]} failed, {total[2]} skipped")
    return 1 if total[1] else 0


if __name__ == "__main__":
    sys.exit(main())
