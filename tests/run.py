#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs every test and counts them. `make test` calls it; the last line is the result.

Usage: run.py [SUITE...]      default: all of them, in the order of the table at the end

Each suite writes a JUnit report under build/test; a suite that breaks before it can write one counts
as one failure. The real programs are built beside the C++ builds, because both take long, and the
fuzz programs run beside the suites that follow them, with what those leave of the processors.
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


def shell(name: str, *command) -> bool:
    """Runs a command with its output in a log; shows the log's end when it fails."""
    log = REPORTS / f"{name}.log"
    with log.open("w") as out:
        status = subprocess.run(
            [str(word) for word in command], cwd=ROOT, stdout=out, stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        ).returncode  # fmt: skip
    if status != 0:
        tail = "".join(f"    {line}\n" for line in log.read_text(errors="replace").splitlines()[-60:])
        print(f"{name} ended with {status}, the end of {log}:\n{tail}", flush=True)
    return status == 0


def build(preset: str, *targets: str) -> bool:
    if not shell(f"configure-{preset}", "cmake", "--preset", preset):
        return False
    wanted = [word for target in targets for word in ("--target", target)]
    return shell(f"build-{preset}", "cmake", "--build", "--preset", preset, *wanted)


def unit(preset: str, without: str = "") -> None:
    if build(preset):
        report = REPORTS / f"unit-{preset}.xml"
        left_out = ["-E", without] if without else []
        shell(f"unit-{preset}", "ctest", "--test-dir", f"build/{preset}", "-j2", "--output-on-failure",
              *left_out, "--output-junit", report)  # fmt: skip


def python(name: str, *arguments, beside: bool = False) -> None:
    shell(name, *(["nice", "-n", "19"] if beside else []), sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider",
          f"--junitxml={REPORTS / name}.xml", *arguments)  # fmt: skip


def lint() -> None:
    if build("dev"):
        python("lint", "tests/lint")


def model() -> None:
    python("model", "tests/model")


def fuzz() -> threading.Thread:
    built = build("fuzz")
    run = threading.Thread(target=lambda: built and python("fuzz", "tests/fuzz", beside=True))
    run.start()
    return run


def integration() -> None:
    if build("release"):
        python("integration", "tests/integration", "tests/chart", "tests/cluster", "tests/bench")


def e2e() -> None:
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


def faults() -> None:
    if build("release") and build("dev", "fault_process_test", "fault_log_process_test"):
        python("faults", "tests/faults")


def result(name: str, started: float) -> tuple[int, int, int]:
    passed, failed, skipped = count(REPORTS / f"{name}.xml")
    seconds = time.monotonic() - started
    print(f"<== {name}: {passed} passed, {failed} failed, {skipped} skipped, {seconds:.0f} s", flush=True)
    return passed, failed, skipped


# Tests that the race detector does not run, by a pattern of their names, and why. All others run.
NOT_RACED = {
    r"^Seeds/(CoreFaults|ReflectorFaults)\.": "a simulated plan is one thread",
    r"^Seeds/LogPathFaults\.": (
        "364 plans would take seven minutes; the threads of the log path run in sidecar_pipeline_test"
    ),
}

SUITES = {
    "unit-dev": lambda: unit("dev"),
    "lint": lint,
    "model": model,
    "unit-asan": lambda: unit("asan"),
    "unit-tsan": lambda: unit("tsan", "|".join(NOT_RACED)),
    "fuzz": fuzz,
    "integration": integration,
    "faults": faults,
    "e2e": e2e,
}
NEED_TOOLS = {"integration", "faults", "e2e", "lint"}


def main() -> int:
    names = sys.argv[1:] or list(SUITES)
    unknown = [name for name in names if name not in SUITES]
    if unknown:
        sys.exit(f"run.py: no suite is called {unknown[0]!r}; choose from: {', '.join(SUITES)}")
    REPORTS.mkdir(parents=True, exist_ok=True)
    os.environ.pop("KUBECONFIG", None)  # a test must never touch the cluster that a shell points at
    os.environ["TELLTALE_BIN"] = str(ROOT / "build/release/bin")
    tools = threading.Thread(target=shell, args=("tools", *TOOLS))
    tools.start()
    results, beside = [], []
    for name in names:
        (REPORTS / f"{name}.xml").unlink(missing_ok=True)
        started = time.monotonic()
        if name in NEED_TOOLS:
            tools.join()
        print(f"==> {name}", flush=True)
        running = SUITES[name]()
        if running:
            beside.append((name, running, started))
        else:
            results.append(result(name, started))
    for name, running, started in beside:
        running.join()
        results.append(result(name, started))
    total = [sum(counts) for counts in zip(*results)]
    tools.join()
    print(f"{total[0]} passed, {total[1]} failed, {total[2]} skipped", flush=True)
    return 1 if total[1] else 0


if __name__ == "__main__":
    sys.exit(main())
