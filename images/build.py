#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes images as OCI archives, and imports them into the test cluster when asked.

Usage: images/build.py --out DIR [--import] NAME...   NAME is one of table.py's images, or `all`.

Each archive is DIR/NAME.tar. An import is skipped when the cluster has that very image already.
"""

import argparse
import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests" / "cluster")]
import archives  # noqa: E402
import table  # noqa: E402  (beside this file, which is no package)


def make(name: str, folder: pathlib.Path, ctr=None) -> str:
    """Writes one image, imports it when `ctr` is given, and says in a line what it did."""
    started = time.monotonic()
    image, path, digest = archives.write(name, folder)
    note = ""
    if ctr:
        if archives.present(ctr).get(image.reference) == digest:
            note = ", in the cluster already"
        else:
            archives.load(ctr, path)
            note = ", imported"
    seconds = time.monotonic() - started
    size = path.stat().st_size / 1e6
    return f"{name:<18} {size:6.1f} MB  {seconds:4.1f} s  {image.reference}{note}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--out", type=pathlib.Path, required=True, help="the archives' folder")
    parser.add_argument(
        "--import", dest="load", action="store_true", help="also import them into the test cluster"
    )
    parser.add_argument("names", nargs="+", metavar="NAME", help=", ".join(["all", *table.IMAGES]))
    options = parser.parse_args()
    names = list(table.IMAGES) if "all" in options.names else options.names
    unknown = [name for name in names if name not in table.IMAGES]
    if unknown:
        parser.error(f"no image is called {unknown[0]!r}; choose from: {', '.join(table.IMAGES)}")
    ctr = None
    if options.load:
        import layout

        ctr = layout.Layout().ctr
    try:
        for name in names:
            print(make(name, options.out, ctr), flush=True)
    except (table.Missing, OSError, subprocess.CalledProcessError) as error:
        print(f"images/build.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
