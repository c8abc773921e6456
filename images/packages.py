# SPDX-License-Identifier: Apache-2.0
"""Which Debian packages an image holds, so that scanners and lawyers see them.

A program brings packages in two ways: shared libraries, which dpkg knows by their files, and archives and headers
that are linked into it (STATIC). Of each the image gets
  /var/lib/dpkg/status.d/NAME     the paragraph that vulnerability scanners read in images without dpkg
  /usr/share/doc/NAME/copyright   its licence
and `spdx` writes the same as an SPDX 2.3 document, which stands beside the archive. What is linked for another
architecture than this machine's comes from the packages that cmake/arm64_sysroot.sh unpacks.
"""

import dataclasses
import gzip
import json
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
COMMON = ("libboost1.74-dev", "libyaml-cpp-dev", "libre2-dev", "zlib1g-dev", "libssl-dev")
# What is linked into each program; tests/cluster/test_packages.py compares it with the link's command.
STATIC = {
    "telltale-operator": COMMON,
    "telltale-sidecar": (*COMMON, "libsnappy-dev", "libc6-dev", "libstdc++-12-dev", "libgcc-12-dev"),
    "telltale-shop": ("libboost1.74-dev", "zlib1g-dev", "prometheus-cpp-dev"),
}
FIELDS = ("Package", "Version", "Architecture", "source:Package", "source:Version", "Maintainer", "binary:Summary")


@dataclasses.dataclass(frozen=True, order=True)
class Package:
    name: str
    version: str
    architecture: str
    source: str
    source_version: str
    maintainer: str
    summary: str
    licence: str = dataclasses.field(repr=False)

    def paragraph(self) -> str:
        """As /var/lib/dpkg/status has it."""
        source = self.source if self.source_version == self.version else f"{self.source} ({self.source_version})"
        return (f"Package: {self.name}\nStatus: install ok installed\nMaintainer: {self.maintainer}\n"
                f"Architecture: {self.architecture}\nSource: {source}\nVersion: {self.version}\n"
                f"Description: {self.summary}\n")  # fmt: skip


def licence(name: str, root: pathlib.Path) -> str:
    """The package's copyright file. Of Boost's two megabytes only the licence that all parts used here have."""
    text = (root / "usr/share/doc" / name / "copyright").read_text(errors="replace")
    if name.startswith("libboost"):
        own = [part for part in re.split(r"\n\s*\n", text) if part.startswith("License: BSL-1.0\n")]
        text = f"The parts of Boost that are used here (Beast, Asio and what they include):\n\n{own[0]}\n"
    return text


def installed(name: str) -> Package:
    """A package of this machine."""
    form = "\\n".join(f"${{{field}}}" for field in FIELDS)
    done = subprocess.run(["dpkg-query", "-W", "-f", form, name], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise FileNotFoundError(f"{name} is linked in and not installed: {done.stderr.strip()}")
    return Package(*done.stdout.split("\n"), licence=licence(name, pathlib.Path("/")))


def unpacked(name: str, architecture: str, root: pathlib.Path) -> Package:
    """A package of another architecture, which was only unpacked: its changelog has its version."""
    folder = root / "usr/share/doc" / name
    # A rebuild for one architecture has its own entry; a package without either is of Debian alone.
    own, shared = folder / f"changelog.Debian.{architecture}.gz", folder / "changelog.Debian.gz"
    found = [log for log in (own, shared) if log.exists()] or [log for log in [folder / "changelog.gz"] if log.exists()]
    if not found:
        raise FileNotFoundError(f"{folder} has no changelog, so the version of {name} is not known")

    def head(log: pathlib.Path) -> tuple[str, str]:
        with gzip.open(log, "rt", errors="replace") as lines:
            return re.match(r"(\S+) \(([^)]+)\)", lines.readline()).groups()

    source, version = head(found[0])
    source_version = head(found[-1])[1]
    maintainer, summary = "Debian <debian-devel@lists.debian.org>", f"part of {source}"
    return Package(name, version, architecture, source, source_version, maintainer, summary, licence(name, root))


def sysroot() -> pathlib.Path:
    done = subprocess.run([ROOT / "cmake/arm64_sysroot.sh"], capture_output=True, text=True, check=True)
    return pathlib.Path(done.stdout.strip())


def owner(library: pathlib.Path) -> str:
    """The package of a file. Debian knows it by its name before or after /usr was merged."""
    for path in dict.fromkeys((library, library.resolve(), pathlib.Path(str(library).removeprefix("/usr")))):
        done = subprocess.run(["dpkg-query", "-S", path], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return done.stdout.partition(":")[0]
    raise FileNotFoundError(f"{library} is of no Debian package, so nobody can say which version the image holds")


def of_program(name: str, libraries: list[pathlib.Path], architecture: str, native: str) -> list[Package]:
    """All that a program of ours brings."""
    if architecture != native:
        root = sysroot()
        return [unpacked(one, architecture, root) for one in sorted(STATIC[name])]
    return [installed(one) for one in sorted({*STATIC[name], *map(owner, libraries)})]


def spdx(reference: str, architecture: str, packages: list[Package], version: str) -> str:
    """The document of an image. The same packages give the same bytes."""
    name, tag = reference.rpartition(":")[::2]
    top = "SPDXRef-image"

    def entry(one: Package) -> dict:
        locator = f"pkg:deb/debian/{one.name}@{one.version}?arch={one.architecture}&distro=debian-12".replace("+", "%2B")
        return {
            "SPDXID": identifier(one.name), "name": one.name, "versionInfo": one.version,
            "supplier": f"Person: {one.maintainer}", "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
            "sourceInfo": f"Debian's source package {one.source} {one.source_version}",
            "licenseConcluded": "NOASSERTION", "licenseDeclared": "NOASSERTION", "copyrightText": "NOASSERTION",
            "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": locator}],
        }  # fmt: skip

    image = {
        "SPDXID": top, "name": name, "versionInfo": tag, "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
        "licenseConcluded": "Apache-2.0", "licenseDeclared": "Apache-2.0", "copyrightText": "NOASSERTION",
        "primaryPackagePurpose": "CONTAINER",
    }  # fmt: skip
    contains = [
        {"spdxElementId": top, "relationshipType": "CONTAINS", "relatedSpdxElement": identifier(one.name)} for one in packages
    ]
    described = {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": top}
    document = {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": f"{reference} {architecture}",
        "documentNamespace": f"https://telltale.dev/spdx/{name.rpartition('/')[2]}-{tag}-{architecture}-{version}",
        "creationInfo": {"created": "1970-01-01T00:00:00Z", "creators": ["Tool: telltale-images"]},
        "packages": [image, *map(entry, packages)], "relationships": [described, *contains],
    }  # fmt: skip
    return json.dumps(document, indent=1) + "\n"


def identifier(name: str) -> str:
    return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", name)
