#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Builds the real programs (kube-apiserver, etcd, Prometheus, Loki, ...) that are missing.

Usage: build.py [--jobs N] NAME...   where NAME is a program of catalog.py or a group: demo, test.

Binaries go to ${TELLTALE_CACHE:-~/.cache/telltale}/tools/<module>-<key>/NAME and are linked from
tools/bin/NAME, which is TELLTALE_TOOLS. What is there is never built again, and needs no network
and no Go. Programs of one module are built one after another, because they share what they
compile; modules are independent, and two of them side by side fill the seconds in which one is
linking. Two runs at once are safe: each writes a file of its own and renames it.
"""

import argparse
import fcntl
import os
import pathlib
import shutil
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import catalog  # noqa: E402  (the folder of this file is no package)

LOG_LINES = 25
_print_lock = threading.Lock()


def say(text: str) -> None:
    with _print_lock:
        print(text, flush=True)


def expand(names: list[str]) -> list[str]:
    """The programs that names and groups stand for, in the catalog's order."""
    wanted = set()
    for name in names:
        if name in catalog.GROUPS:
            wanted.update(catalog.GROUPS[name])
        elif name in catalog.PROGRAMS:
            wanted.add(name)
        else:
            known = ", ".join([*catalog.GROUPS, *catalog.PROGRAMS])
            raise SystemExit(f"build.py: no program is called {name!r}; choose from: {known}")
    return [name for name in catalog.PROGRAMS if name in wanted]


def link(name: str) -> None:
    """Points tools/bin/NAME at the current binary, without a moment in which it is not there."""
    folder = catalog.bin_dir()
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{name}.{os.getpid()}"
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(os.path.relpath(catalog.built(name), folder))
    temporary.rename(folder / name)


def copy_files(name: str) -> None:
    """Puts a program's FILES beside it. The program comes last, so that where it is they are."""
    module, folder = catalog.FILES[name]
    source = subprocess.run(
        ["go", "list", "-m", "-f", "{{.Dir}}", module], cwd=catalog.HERE / catalog.PROGRAMS[name][0],
        env=dict(os.environ, GOWORK="off"), capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    place = catalog.built(name).with_name(f"{name}.files")
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    for file in sorted(pathlib.Path(source, folder).iterdir()):
        (place / file.name).write_bytes(file.read_bytes())


def compile_program(name: str) -> bool:
    """Runs `go build` for one program; says how it went. True when the binary is in its place."""
    module, package = catalog.PROGRAMS[name]
    target = catalog.built(name)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{name}.{os.getpid()}")
    log = target.with_name(f"{name}.log")
    environment = dict(os.environ, CGO_ENABLED="0", GOWORK="off")
    command = ["go", "build", *catalog.flags(module), "-o", str(temporary), package]
    started = time.monotonic()
    try:
        with log.open("wb") as out:
            status = subprocess.run(
                command, cwd=catalog.HERE / module, env=environment, stdout=out, stderr=out
            ).returncode
    except FileNotFoundError:
        say(f"{name:<24} FAILED: there is no `go` in PATH; install Go 1.26 or newer and try again")
        return False
    seconds = time.monotonic() - started
    if status != 0:
        temporary.unlink(missing_ok=True)
        tail = log.read_text(errors="replace").splitlines()[-LOG_LINES:]
        lines = "\n".join(f"    {line}" for line in tail)
        say(f"{name:<24} FAILED after {seconds:.0f} s, the end of {log}:\n{lines}")
        return False
    if name in catalog.FILES:
        copy_files(name)
    temporary.rename(target)
    link(name)
    say(f"{name:<24} {seconds:6.1f} s  {target.stat().st_size / 1e6:5.0f} MB")
    return True


def build_module(names: list[str], slots: threading.Semaphore, failed: list[str]) -> None:
    """Builds what one module lacks. A lock file keeps a second run from doing the same work."""
    with slots:
        folder = catalog.built(names[0]).parent
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            for name in names:
                if catalog.built(name).exists():
                    link(name)
                    say(f"{name:<24} cached")
                elif not compile_program(name):
                    failed.append(name)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("names", nargs="+", metavar="NAME", help="a program, `demo` or `test`")
    parser.add_argument("--jobs", type=int, default=2, help="modules built side by side (default 2)")
    options = parser.parse_args()
    started = time.monotonic()
    missing: dict[str, list[str]] = {}
    for name in expand(options.names):
        if catalog.built(name).exists():
            link(name)
            say(f"{name:<24} cached")
        else:
            missing.setdefault(catalog.PROGRAMS[name][0], []).append(name)
    failed: list[str] = []
    slots = threading.Semaphore(max(1, options.jobs))
    threads = [
        threading.Thread(target=build_module, args=(names, slots, failed))
        for names in missing.values()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        say(f"build.py: {len(failed)} not built: {', '.join(sorted(failed))}")
        return 1
    say(f"programs ready in {time.monotonic() - started:.1f} s: {catalog.bin_dir()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
