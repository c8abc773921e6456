#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Puts together what a release consists of; `make release` builds the programs first.

Usage: images/assemble.py --out DIR [--bin ARCHITECTURE=FOLDER]...

  NAME-VERSION.tar             one OCI archive for each image, an index of all architectures that were built
  NAME-VERSION-ARCH.spdx.json  what each image holds (SPDX 2.3)
  telltale-VERSION.tgz         the chart
  install.yaml, crds.yaml      for people without Helm
  SHA256SUMS                   of all of these

An archive goes to a registry with `skopeo copy --all oci-archive:NAME-VERSION.tar docker://REGISTRY/NAME:VERSION`.
"""

import argparse
import hashlib
import io
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path[:0] = [str(HERE), str(ROOT / "tests/cluster")]
import archives  # noqa: E402
import oci  # noqa: E402
import table  # noqa: E402  (beside this file, which is no package)

INDEX = "application/vnd.oci.image.index.v1+json"
NAMES = ("telltale-operator", "telltale-sidecar")


def blobs_of(path: pathlib.Path) -> dict[str, bytes]:
    with tarfile.open(path) as archive:
        return {one.name: archive.extractfile(one).read() for one in archive.getmembers()}


def merge(parts: list[pathlib.Path], reference: str, out: pathlib.Path) -> list[str]:
    """One archive whose index has the image of each part, by its architecture. The parts are of one image."""
    blobs: dict[str, bytes] = {}
    manifests: dict[str, dict] = {}
    for part in parts:
        found = blobs_of(part)
        [descriptor] = json.loads(found["index.json"])["manifests"]
        manifest = json.loads(found["blobs/" + descriptor["digest"].replace(":", "/")])
        config = json.loads(found["blobs/" + manifest["config"]["digest"].replace(":", "/")])
        platform = {"architecture": config["architecture"], "os": config["os"]}
        if platform["architecture"] in manifests:
            raise table.Missing(f"{part} is the second image for {platform['architecture']}: each --bin needs another machine's programs")
        manifests[platform["architecture"]] = {key: descriptor[key] for key in ("mediaType", "digest", "size")} | {"platform": platform}
        blobs |= {name: data for name, data in found.items() if name.startswith("blobs/")}
    index = oci.encode({"schemaVersion": 2, "mediaType": INDEX, "manifests": [manifests[one] for one in sorted(manifests)]})
    digest = hashlib.sha256(index).hexdigest()
    blobs[f"blobs/sha256/{digest}"] = index
    names = {"io.containerd.image.name": reference, "org.opencontainers.image.ref.name": reference.rpartition(":")[2]}
    top = {"mediaType": INDEX, "digest": f"sha256:{digest}", "size": len(index), "annotations": names}
    blobs["index.json"] = oci.encode({"schemaVersion": 2, "manifests": [top]})
    blobs["oci-layout"] = oci.encode({"imageLayoutVersion": "1.0.0"})
    with tarfile.open(out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in sorted(blobs):
            info = tarfile.TarInfo(name)
            info.size = len(blobs[name])
            archive.addfile(info, io.BytesIO(blobs[name]))
    return sorted(manifests)


def images(folders: dict[str, pathlib.Path], version: str, out: pathlib.Path) -> None:
    """Each image of the architectures whose program is there. The release says which these are."""
    for name in NAMES:
        with tempfile.TemporaryDirectory() as scratch:
            parts, reference = [], ""
            for architecture, folder in folders.items():
                if not (folder / name).exists():
                    print(f"{name}: {folder} has no program for {architecture}, so the image is not for it")
                    continue
                os.environ["TELLTALE_BIN"] = str(folder)
                image, path, _ = archives.write(name, pathlib.Path(scratch, architecture))
                if image.architecture != architecture:
                    raise table.Missing(f"{folder / name} is for {image.architecture}, and --bin says {architecture}")
                (out / f"{name}-{version}-{architecture}.spdx.json").write_text(image.sbom)
                parts.append(path)
                reference = image.reference
            if not parts:
                raise table.Missing(f"{name} is built for no architecture: run `make release`")
            made = merge(parts, reference, out / f"{name}-{version}.tar")
        print(f"{name}-{version}.tar: {', '.join(made)}")


def checksums(folder: pathlib.Path) -> None:
    """In the form that `sha256sum --check SHA256SUMS` reads."""
    files = sorted(path for path in folder.iterdir() if path.name != "SHA256SUMS")
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files]
    (folder / "SHA256SUMS").write_text("".join(lines))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--out", type=pathlib.Path, required=True, help="the release's folder, which must be empty or new")
    parser.add_argument("--bin", action="append", default=[], metavar="ARCHITECTURE=FOLDER", help="where programs were built")
    options = parser.parse_args()
    folders = dict(one.split("=", 1) for one in options.bin if "=" in one)
    if len(folders) != len(options.bin) or not folders:
        parser.error("--bin is ARCHITECTURE=FOLDER, once for each architecture, such as --bin amd64=build/release/bin")
    if options.out.exists() and any(options.out.iterdir()):
        parser.error(f"{options.out} is not empty: a release has no files of an older one")
    options.out.mkdir(parents=True, exist_ok=True)
    version = table.chart_reference("operator").rpartition(":")[2]
    try:
        images({one: pathlib.Path(folder) for one, folder in folders.items()}, version, options.out)
        helm = [table.real_binary("helm"), "package", ROOT / "helm/telltale", "--destination", options.out]
        subprocess.run(helm, check=True, stdout=subprocess.DEVNULL)
        shutil.copy(ROOT / "manifests/install.yaml", options.out / "install.yaml")
        shutil.copy(ROOT / "crds/monitoringtargets.yaml", options.out / "crds.yaml")
        checksums(options.out)
    except (table.Missing, OSError, subprocess.CalledProcessError) as error:
        print(f"images/assemble.py: {error}", file=sys.stderr)
        return 1
    print(f"{options.out}: {len(list(options.out.iterdir()))} files; SHA256SUMS has their checksums")
    return 0


if __name__ == "__main__":
    sys.exit(main())
