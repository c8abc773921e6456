# SPDX-License-Identifier: Apache-2.0
"""Writes container images as OCI archives, with no container engine and no registry.

An Image is a list of files that become one uncompressed layer. The same files give the same bytes:
entries are sorted, times are 0, owners are numbers. The archive also carries the manifest.json that
older `docker load` looks for. build.py is the caller; the table of images is there.
"""

import hashlib
import io
import json
import os
import pathlib
import re
import subprocess
import tarfile

import elf

CA_BUNDLE = "etc/ssl/certs/ca-certificates.crt"
LAYER = "application/vnd.oci.image.layer.v1.tar"
CONFIG = "application/vnd.oci.image.config.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


class Image:
    """One image being put together. `user` is the numeric uid that its process runs as."""

    def __init__(self, reference: str, user: int, labels: dict | None = None):
        self.reference = reference
        self.user = user
        self.config = {"User": str(user), "WorkingDir": "/", "Labels": dict(labels or {})}
        self.sbom = ""  # an SPDX document of what it holds
        self._machines: dict[str, str] = {}  # of each program
        self._entries: dict[str, tuple[tarfile.TarInfo, bytes | pathlib.Path | None]] = {}
        self.directory("/tmp", mode=0o1777)
        self._accounts(user)

    def _accounts(self, user: int) -> None:
        users = ["root:x:0:0:root:/:/sbin/nologin"]
        groups = ["root:x:0:"]
        if user:
            users.append(f"nonroot:x:{user}:{user}:nonroot:/:/sbin/nologin")
            groups.append(f"nonroot:x:{user}:")
        self.file("/etc/passwd", ("\n".join(users) + "\n").encode())
        self.file("/etc/group", ("\n".join(groups) + "\n").encode())
        # Without it, programs differ in whether /etc/hosts or DNS is asked first.
        self.file("/etc/nsswitch.conf", b"hosts: files dns\n")

    def _put(self, path: str, kind: bytes, mode: int, owner: int, content=None, link="") -> None:
        name = path.strip("/")
        parent = os.path.dirname(name)
        if parent and parent not in self._entries:
            self.directory(parent)
        info = tarfile.TarInfo(name)
        info.type, info.mode, info.uid, info.gid, info.linkname = kind, mode, owner, owner, link
        if isinstance(content, pathlib.Path):
            info.size = content.stat().st_size
        elif content is not None:
            info.size = len(content)
        self._entries[name] = (info, content)

    def directory(self, path: str, mode: int = 0o755, owner: int = 0) -> None:
        self._put(path, tarfile.DIRTYPE, mode, owner)

    def file(self, path: str, content: bytes | pathlib.Path, mode: int = 0o644) -> None:
        if isinstance(content, pathlib.Path):
            content = content.resolve(strict=True)
        self._note_machine(path, content)
        self._put(path, tarfile.REGTYPE, mode, 0, content)

    def _note_machine(self, path: str, content: bytes | pathlib.Path) -> None:
        """An image holds programs for one architecture, which is then that of the image."""
        number = elf.machine(content)
        if number is None:
            return
        found = elf.ARCHITECTURES.get(number)
        if found is None:
            raise ValueError(f"{path} is for ELF machine {number}; images are made for {', '.join(elf.ARCHITECTURES.values())}")
        first = next(iter(self._machines.items()), None)
        if first and first[1] != found:
            raise ValueError(f"{path} is for {found}, but {first[0]} in the same image is for {first[1]}")
        self._machines[path] = found

    @property
    def architecture(self) -> str:
        """That of the image's programs; of one without programs, the builder's."""
        return next(iter(self._machines.values()), native_architecture())

    def link(self, path: str, target: str) -> None:
        self._put(path, tarfile.SYMTYPE, 0o777, 0, link=target)

    def program(self, path: str, binary: pathlib.Path) -> None:
        """A program with all the shared libraries that it loads, at the paths it looks for."""
        self.file(path, binary, 0o755)
        for library in shared_libraries(binary):
            self.file(str(library), library, 0o755)

    def certificates(self) -> None:
        """The public CA certificates of this machine, where Go and OpenSSL look for them."""
        bundle = pathlib.Path("/" + CA_BUNDLE)
        if not bundle.exists():
            raise FileNotFoundError(f"{bundle} is missing: install the package ca-certificates")
        self.file("/" + CA_BUNDLE, bundle)
        self.link("/usr/lib/ssl/certs", "/etc/ssl/certs")
        self.link("/usr/lib/ssl/cert.pem", "/" + CA_BUNDLE)

    def start(self, entrypoint: list[str], arguments: list[str] | None = None, folder="/") -> None:
        """What runs in the container when its pod does not say otherwise, and where."""
        self.config["Entrypoint"] = entrypoint
        self.config["WorkingDir"] = folder
        if arguments:
            self.config["Cmd"] = arguments

    def _layer(self, path: pathlib.Path) -> str:
        with path.open("w+b") as out:
            with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as layer:
                for name in sorted(self._entries):
                    info, content = self._entries[name]
                    if isinstance(content, pathlib.Path):
                        with content.open("rb") as source:
                            layer.addfile(info, source)
                    else:
                        layer.addfile(info, io.BytesIO(content) if content else None)
            out.seek(0)
            return hashlib.file_digest(out, "sha256").hexdigest()

    def write(self, path: pathlib.Path) -> str:
        """Writes the archive in one step and returns the digest of its manifest."""
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = path.with_suffix(f".layer.{os.getpid()}")
        temporary = path.with_suffix(f".new.{os.getpid()}")
        try:
            layer = self._layer(scratch)
            documents, manifest = self._documents(layer, scratch.stat().st_size)
            with tarfile.open(temporary, mode="w", format=tarfile.PAX_FORMAT) as archive:
                for name in sorted([*documents, f"blobs/sha256/{layer}"]):
                    info = tarfile.TarInfo(name)
                    if name in documents:
                        info.size = len(documents[name])
                        archive.addfile(info, io.BytesIO(documents[name]))
                    else:
                        info.size = scratch.stat().st_size
                        with scratch.open("rb") as source:
                            archive.addfile(info, source)
            temporary.rename(path)
            return manifest
        finally:
            scratch.unlink(missing_ok=True)
            temporary.unlink(missing_ok=True)

    def _documents(self, layer: str, size: int) -> tuple[dict[str, bytes], str]:
        """Everything in the archive but the layer, and the digest of the manifest."""
        documents: dict[str, bytes] = {}

        def blob(kind: str, value: dict) -> dict:
            data = encode(value)
            digest = hashlib.sha256(data).hexdigest()
            documents[f"blobs/sha256/{digest}"] = data
            return {"mediaType": kind, "digest": f"sha256:{digest}", "size": len(data)}

        config = blob(
            CONFIG,
            {
                "architecture": self.architecture,
                "config": self.config,
                "created": "1970-01-01T00:00:00Z",
                "os": "linux",
                "rootfs": {"diff_ids": [f"sha256:{layer}"], "type": "layers"},
            },
        )
        layers = [{"mediaType": LAYER, "digest": f"sha256:{layer}", "size": size}]
        manifest = blob(
            MANIFEST,
            {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers},
        )
        tag = self.reference.rpartition(":")[2]
        names = {"io.containerd.image.name": self.reference, "org.opencontainers.image.ref.name": tag}
        index = dict(manifest, annotations=names)
        documents["index.json"] = encode({"schemaVersion": 2, "manifests": [index]})
        documents["oci-layout"] = encode({"imageLayoutVersion": "1.0.0"})
        documents["manifest.json"] = encode(
            [
                {
                    "Config": "blobs/sha256/" + config["digest"].partition(":")[2],
                    "Layers": [f"blobs/sha256/{layer}"],
                    "RepoTags": [self.reference],
                }
            ]
        )
        return documents, manifest["digest"]


def native_architecture() -> str:
    return "arm64" if os.uname().machine == "aarch64" else "amd64"


def encode(value) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def shared_libraries(binary: pathlib.Path) -> list[pathlib.Path]:
    """What the dynamic linker loads for a program, itself included; nothing for a static one."""
    program = elf.read(binary)
    if not program.interpreter:
        return []
    done = subprocess.run(["ldd", str(binary)], capture_output=True, text=True, check=False)
    output = done.stdout + done.stderr
    if "not a dynamic executable" in output:
        raise FileNotFoundError(
            f"{binary} cannot be packed: it is for {program.architecture} and has shared libraries, "
            "which only a machine of that kind can list"
        )
    missing = re.findall(r"^\s*(\S+) => not found", output, re.MULTILINE)
    if done.returncode != 0 or missing:
        detail = f"lacks {', '.join(missing)}" if missing else output.strip()
        raise FileNotFoundError(f"{binary} cannot be packed: {detail}")
    found = re.findall(r"(?:=> )?(/\S+) \(0x[0-9a-f]+\)", output)
    return sorted({pathlib.Path(path) for path in found})
