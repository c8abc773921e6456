# SPDX-License-Identifier: Apache-2.0
"""Where the peers come from. Prometheus is the one that the tests use (tests/cluster/tools); the
target allocator and the converter of pods are built from peers/ with Go, once, into the same cache.
"""

import hashlib
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests/cluster/tools")]
import catalog  # noqa: E402  (the folder is no package)

MODULE = ROOT / "tests/bench/peers"
PROGRAMS = {
    "otel-allocator": "github.com/open-telemetry/opentelemetry-operator/cmd/otel-allocator",
    "podproto": "./podproto",
}


def _folder() -> pathlib.Path:
    digest = hashlib.sha256()
    for path in sorted([MODULE / "go.mod", MODULE / "go.sum", *MODULE.rglob("*.go")]):
        digest.update(f"{path.relative_to(MODULE)}\n".encode() + path.read_bytes())
    return catalog.cache() / "tools" / f"bench-{digest.hexdigest()[:16]}"


def locate(name: str) -> pathlib.Path:
    """The program's path; builds it when it is not there."""
    if name == "prometheus":
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
