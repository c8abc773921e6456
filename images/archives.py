# SPDX-License-Identifier: Apache-2.0
"""Writes the archives of images and imports them into the test cluster's containerd.

Used by build.py and by the cluster's own start. `ctr` is a function that prefixes the arguments of
containerd's client with its address: layout.Layout().ctr.
"""

import pathlib
import subprocess

import oci
import table


def present(ctr) -> dict[str, str]:
    """The images that the cluster has: reference -> digest."""
    done = subprocess.run(ctr("images", "ls"), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise table.Missing(
            f"the cluster's containerd does not answer ({done.stderr.strip()}): "
            "run tests/cluster/cluster.py up and try again"
        )
    rows = [line.split() for line in done.stdout.splitlines()[1:]]
    return {row[0]: row[2] for row in rows if len(row) > 2}


def load(ctr, path: pathlib.Path) -> None:
    done = subprocess.run(ctr("images", "import", path), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise table.Missing(f"importing {path} failed: {done.stderr.strip()}")


def write(name: str, folder: pathlib.Path) -> tuple[oci.Image, pathlib.Path, str]:
    """Writes folder/NAME.tar, and its SBOM beside it; the image, the path and the digest of its manifest."""
    image = table.IMAGES[name]()
    path = folder / f"{name}.tar"
    digest = image.write(path)
    if image.sbom:
        path.with_suffix(".spdx.json").write_text(image.sbom)
    return image, path, digest
