# SPDX-License-Identifier: Apache-2.0
"""Image archives: the same files give the same bytes, and programs bring what they load."""

import hashlib
import io
import json
import pathlib
import struct
import subprocess
import sys
import tarfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "images"))
import oci  # noqa: E402

REFERENCE = "localhost/test/thing:1"


def example() -> oci.Image:
    image = oci.Image(REFERENCE, 65532, {"org.opencontainers.image.title": "thing"})
    image.file("/etc/thing/b", b"two")
    image.file("/etc/thing/a", b"one", 0o600)
    image.directory("/data", owner=65532)
    image.link("/etc/link", "thing/a")
    image.start(["/usr/bin/thing"], ["--flag"])
    return image


def opened(path: pathlib.Path):
    """The index, the manifest, the configuration and the layer's entries by name."""
    with tarfile.open(path) as archive:
        blobs = {one.name: archive.extractfile(one).read() for one in archive.getmembers()}

    def blob(descriptor):
        kind, _, digest = descriptor["digest"].partition(":")
        data = blobs[f"blobs/{kind}/{digest}"]
        assert len(data) == descriptor["size"]
        assert hashlib.new(kind, data).hexdigest() == digest
        return data

    index = json.loads(blobs["index.json"])
    manifest = json.loads(blob(index["manifests"][0]))
    config = json.loads(blob(manifest["config"]))
    layer = blob(manifest["layers"][0])
    assert config["rootfs"]["diff_ids"] == [manifest["layers"][0]["digest"]]
    with tarfile.open(fileobj=io.BytesIO(layer)) as entries:
        return index, manifest, config, {one.name: one for one in entries.getmembers()}


def test_the_same_files_give_the_same_bytes(tmp_path):
    first = example().write(tmp_path / "first.tar")
    second = example().write(tmp_path / "second.tar")
    assert first == second
    assert (tmp_path / "first.tar").read_bytes() == (tmp_path / "second.tar").read_bytes()


def test_another_file_gives_another_digest(tmp_path):
    other = example()
    other.file("/etc/thing/a", b"three", 0o600)
    assert example().write(tmp_path / "a.tar") != other.write(tmp_path / "b.tar")


def test_an_archive_names_its_image_and_what_it_runs(tmp_path):
    digest = example().write(tmp_path / "thing.tar")
    index, _, config, _ = opened(tmp_path / "thing.tar")
    assert index["manifests"][0]["digest"] == digest
    assert index["manifests"][0]["annotations"]["io.containerd.image.name"] == REFERENCE
    assert config["config"]["User"] == "65532"
    assert config["config"]["Entrypoint"] == ["/usr/bin/thing"]
    assert config["config"]["Cmd"] == ["--flag"]


def test_entries_have_their_modes_and_owners_and_no_times(tmp_path):
    example().write(tmp_path / "thing.tar")
    entries = opened(tmp_path / "thing.tar")[3]
    assert entries["etc/thing/a"].mode == 0o600
    assert entries["tmp"].mode == 0o1777
    assert entries["data"].uid == entries["data"].gid == 65532
    assert entries["etc/link"].linkname == "thing/a"
    assert {one.mtime for one in entries.values()} == {0}
    assert list(entries) == sorted(entries)


def test_a_dynamic_program_brings_its_libraries_and_their_loader(tmp_path):
    image = example()
    image.program("/usr/bin/thing", pathlib.Path("/usr/bin/openssl"))
    image.write(tmp_path / "thing.tar")
    names = list(opened(tmp_path / "thing.tar")[3])
    for wanted in ("libssl.so.3", "libc.so.6", "ld-linux-x86-64.so.2"):
        assert any(name.endswith("/" + wanted) for name in names), wanted


def program_for(machine: int) -> bytes:
    """The head of an ELF file, as far as an image looks at it."""
    return b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HH", 3, machine) + bytes(44)


@pytest.mark.parametrize(("machine", "architecture"), [(62, "amd64"), (183, "arm64")])
def test_an_image_is_of_the_architecture_of_its_programs(tmp_path, machine, architecture):
    image = example()
    image.file("/usr/bin/thing", program_for(machine), 0o755)
    image.write(tmp_path / "thing.tar")
    assert opened(tmp_path / "thing.tar")[2]["architecture"] == architecture


def test_the_architecture_is_read_from_files_as_well(tmp_path):
    (tmp_path / "thing").write_bytes(program_for(183))
    image = example()
    image.file("/usr/bin/thing", tmp_path / "thing", 0o755)
    assert image.architecture == "arm64"


def test_programs_for_two_architectures_are_refused_by_their_names():
    image = example()
    image.file("/usr/bin/one", program_for(62), 0o755)
    with pytest.raises(ValueError, match="/usr/bin/two is for arm64, but /usr/bin/one .* is for amd64"):
        image.file("/usr/bin/two", program_for(183), 0o755)


def test_a_program_for_an_unknown_machine_is_refused():
    with pytest.raises(ValueError, match="/usr/bin/thing is for ELF machine 243"):
        example().file("/usr/bin/thing", program_for(243), 0o755)


def test_a_text_file_that_only_begins_like_a_program_has_no_architecture():
    image = example()
    image.file("/etc/short", b"\x7fELF")
    assert image.architecture in ("amd64", "arm64")


def test_a_static_program_brings_nothing():
    assert oci.shared_libraries(pathlib.Path("/bin/busybox")) == []


def test_a_program_whose_library_is_missing_is_refused_by_the_library_s_name(tmp_path):
    source = "int there(void); int main(void) { return there(); }"
    library = tmp_path / "libthere.so"
    program = tmp_path / "program"
    for text, flags in (("int there(void){return 0;}", ["-shared", "-fPIC", "-o", library]),
                        (source, ["-L", tmp_path, "-o", program])):  # fmt: skip
        command = ["gcc", "-x", "c", "-", *flags]
        if flags[-1] == program:
            command += ["-lthere"]
        subprocess.run(list(map(str, command)), input=text, text=True, check=True)
    library.unlink()
    with pytest.raises(FileNotFoundError, match="libthere.so"):
        oci.shared_libraries(program)
