# SPDX-License-Identifier: Apache-2.0
"""Where the programs come from: ours, and the peers. Prometheus, Promtail, VictoriaLogs and vlagent are those
that the tests use (tests/cluster/tools); the target allocator and the converter of pods are built from peers/ with
Go, once, into the same cache.
"""

import hashlib
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests/cluster/tools")]
import catalog  # noqa: E402  (the folder is no package)

BUILD = ROOT / "build/bench"
MODULE = ROOT / "tests/bench/peers"
SYMBOLS = "-DCMAKE_EXE_LINKER_FLAGS_RELEASE=-Wl,-z,relro,-z,now -Wl,--gc-sections -Wl,--as-needed"
PROGRAMS = {
    "otel-allocator": "github.com/open-telemetry/opentelemetry-operator/cmd/otel-allocator",
    "podproto": "./podproto",
    "exposition": "./exposition",
}


def _folder() -> pathlib.Path:
    digest = hashlib.sha256()
    for path in sorted([MODULE / "go.mod", MODULE / "go.sum", *MODULE.rglob("*.go")]):
        digest.update(f"{path.relative_to(MODULE)}\n".encode() + path.read_bytes())
    return catalog.cache() / "tools" / f"bench-{digest.hexdigest()[:16]}"


def ours(names: tuple[str, ...], ready: str) -> dict[str, pathlib.Path]:
    """Our programs: of the build folder that is ready, or built in the release preset's flags with the
    tests' and, for profiles, with their symbols, which nothing loads."""
    made = BUILD / "cmake"
    if not ready:
        configure = ["cmake", "--preset", "release", "-B", str(made), "-DTELLTALE_TESTS=ON", SYMBOLS]
        subprocess.run(configure, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        wanted = [word for name in names for word in ("--target", name)]
        subprocess.run(["cmake", "--build", str(made), *wanted], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return {name: pathlib.Path(ready or made) / "bin" / name for name in names}


def locate(name: str) -> pathlib.Path:
    """The program's path; builds it when it is not there."""
    if name in catalog.PROGRAMS:
        if not catalog.built(name).exists():
            subprocess.run([sys.executable, ROOT / "tests/cluster/tools/build.py", name], check=True)
        return catalog.locate(name)
    target = _folder() / name
    if not target.exists():
        print(f"building {name} ...", flush=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(f".{name}.{os.getpid()}")
        subprocess.run(
            ["nice", "-n", "19", "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", temporary, PROGRAMS[name]],
            cwd=MODULE, check=True, env=dict(os.environ, CGO_ENABLED="0", GOWORK="off"),
        )  # fmt: skip
        temporary.rename(target)
    return target


if __name__ == "__main__":
    for program in ("prometheus", *PROGRAMS):
        print(locate(program))
