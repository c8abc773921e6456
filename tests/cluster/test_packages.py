# SPDX-License-Identifier: Apache-2.0
"""What an image says about the packages in it, and what a release is made of."""

import hashlib
import json
import pathlib
import re
import subprocess
import sys
import tarfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "images"), str(ROOT / "tests/cluster")]
import oci  # noqa: E402
import packages  # noqa: E402
import assemble  # noqa: E402
import table  # noqa: E402

PROGRAMS = ("telltale-operator", "telltale-sidecar")


def layer(path: pathlib.Path) -> dict[str, bytes]:
    """The files of an image with one layer."""
    found = assemble.blobs_of(path)
    [top] = json.loads(found["index.json"])["manifests"]
    manifest = json.loads(found["blobs/" + top["digest"].replace(":", "/")])
    (path.parent / "layer").write_bytes(found["blobs/" + manifest["layers"][0]["digest"].replace(":", "/")])
    with tarfile.open(path.parent / "layer") as entries:
        return {one.name: entries.extractfile(one).read() for one in entries.getmembers() if one.isfile()}


@pytest.fixture(scope="module", params=PROGRAMS)
def image(request, tmp_path_factory):
    """The name, the image's files and the SBOM's document."""
    made = table.IMAGES[request.param]()
    path = tmp_path_factory.mktemp("image") / "image.tar"
    made.write(path)
    return request.param, layer(path), json.loads(made.sbom)


def test_scanners_find_each_package_with_its_version_and_licence(image):
    name, files, _ = image
    listed = {path.rpartition("/")[2] for path in files if path.startswith("var/lib/dpkg/status.d/")}
    assert set(packages.STATIC[name]) | {"ca-certificates"} <= listed
    for package in listed:
        text = files[f"var/lib/dpkg/status.d/{package}"].decode()
        version = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True).stdout
        assert f"Package: {package}\n" in text and f"\nVersion: {version}\n" in text
        assert len(files[f"usr/share/doc/{package}/copyright"]) > 500
    assert b"Apache License" in files["usr/share/doc/telltale/copyright"]
    assert b"Boost Software License" in files["usr/share/doc/libboost1.74-dev/copyright"]


def test_each_shared_library_belongs_to_a_listed_package(image):
    _, files, _ = image
    for path in files:
        if re.search(r"\.so(\.|$)", path):
            assert f"var/lib/dpkg/status.d/{packages.owner(pathlib.Path('/' + path))}" in files, path


def test_the_sbom_has_the_same_packages(image):
    _, files, document = image
    assert document["spdxVersion"] == "SPDX-2.3"
    [top, *found] = document["packages"]
    listed = {path.rpartition("/")[2] for path in files if path.startswith("var/lib/dpkg/status.d/")}
    assert {one["name"] for one in found} == listed and top["licenseDeclared"] == "Apache-2.0"
    identifiers = {one["SPDXID"] for one in document["packages"]}
    assert len(identifiers) == len(document["packages"])
    assert {one["relatedSpdxElement"] for one in document["relationships"]} == identifiers
    assert all(one["externalRefs"][0]["referenceLocator"].startswith("pkg:deb/debian/") for one in found)


def test_what_is_linked_in_is_what_the_table_says():
    """The archives in the link's command belong to packages of the table."""
    build = ROOT / "build/release/build.ninja"
    if not build.exists():
        pytest.skip("build/release is not configured")
    text = build.read_text()
    for name in PROGRAMS:
        [part] = re.findall(rf"^build bin/{name}: .*?(?=^build )", text, re.MULTILINE | re.DOTALL)
        [libraries] = re.findall(r"^  LINK_LIBRARIES = (.*)$", part, re.MULTILINE)
        linked = {packages.owner(pathlib.Path(one)) for one in libraries.split() if one.startswith("/usr") and one.endswith(".a")}
        assert linked and linked <= set(packages.STATIC[name]), name


def test_a_package_of_another_architecture_has_the_version_of_its_own_changelog(tmp_path):
    import gzip

    folder = tmp_path / "usr/share/doc/libthing-dev"
    folder.mkdir(parents=True)
    (folder / "copyright").write_text("free")
    with gzip.open(folder / "changelog.Debian.gz", "wt") as out:
        out.write("thing (1.0-2) stable; urgency=low\n")
    one = packages.unpacked("libthing-dev", "arm64", tmp_path)
    assert (one.source, one.version, one.architecture, one.licence) == ("thing", "1.0-2", "arm64", "free")
    with gzip.open(folder / "changelog.Debian.arm64.gz", "wt") as out:
        out.write("thing (1.0-2+b1) stable; binary-only=yes\n")
    one = packages.unpacked("libthing-dev", "arm64", tmp_path)
    assert (one.version, one.source_version) == ("1.0-2+b1", "1.0-2")
    assert "Source: thing (1.0-2)\nVersion: 1.0-2+b1\n" in one.paragraph()
    (tmp_path / "usr/share/doc/other").mkdir()
    with pytest.raises(FileNotFoundError, match="the version of other is not known"):
        packages.unpacked("other", "arm64", tmp_path)


def part(folder: pathlib.Path, machine: int) -> pathlib.Path:
    image = oci.Image("registry.example/thing:1", 65532)
    image.file("/usr/bin/thing", b"\x7fELF\x02\x01\x01" + bytes(9) + bytes([3, 0, machine, 0]) + bytes(44), 0o755)
    path = folder / f"{machine}.tar"
    image.write(path)
    return path


def test_a_release_s_image_is_an_index_of_both_architectures(tmp_path):
    parts = [part(tmp_path, 183), part(tmp_path, 62)]
    assert assemble.merge(parts, "registry.example/thing:1", tmp_path / "both.tar") == ["amd64", "arm64"]
    found = assemble.blobs_of(tmp_path / "both.tar")
    for name, data in found.items():
        if name.startswith("blobs/"):
            assert hashlib.sha256(data).hexdigest() == name.rpartition("/")[2]
    [top] = json.loads(found["index.json"])["manifests"]
    assert top["annotations"]["org.opencontainers.image.ref.name"] == "1"
    index = json.loads(found["blobs/" + top["digest"].replace(":", "/")])
    assert [one["platform"]["architecture"] for one in index["manifests"]] == ["amd64", "arm64"]
    for one in index["manifests"]:
        manifest = json.loads(found["blobs/" + one["digest"].replace(":", "/")])
        config = json.loads(found["blobs/" + manifest["config"]["digest"].replace(":", "/")])
        assert config["architecture"] == one["platform"]["architecture"]
        assert "blobs/" + manifest["layers"][0]["digest"].replace(":", "/") in found
    with pytest.raises(table.Missing, match="second image for amd64"):
        assemble.merge([parts[1], parts[1]], "registry.example/thing:1", tmp_path / "twice.tar")


def test_checksums_are_in_the_form_that_sha256sum_reads(tmp_path):
    (tmp_path / "a.tgz").write_text("a")
    (tmp_path / "b.tar").write_text("b")
    assemble.checksums(tmp_path)
    check = ["sha256sum", "--check", "--strict", "SHA256SUMS"]
    assert subprocess.run(check, cwd=tmp_path, capture_output=True).returncode == 0
    (tmp_path / "b.tar").write_text("c")
    assert subprocess.run(check, cwd=tmp_path, capture_output=True).returncode != 0
