# SPDX-License-Identifier: Apache-2.0
"""What the headers of a 64-bit little-endian ELF file say. oci.py names an image's architecture by it."""

import dataclasses
import pathlib
import struct

ARCHITECTURES = {62: "amd64", 183: "arm64"}  # e_machine -> the name that OCI uses

_DYN = 3
_PT_DYNAMIC, _PT_INTERP = 2, 3
_PT_GNU_STACK, _PT_GNU_RELRO = 0x6474E551, 0x6474E552
_DT_NEEDED, _DT_FLAGS, _DT_FLAGS_1 = 1, 30, 0x6FFFFFFB
_DF_BIND_NOW, _DF_1_NOW = 8, 1


@dataclasses.dataclass(frozen=True)
class Elf:
    machine: int
    position_independent: bool
    interpreter: bool  # it is started by the dynamic linker
    needed: int  # number of shared libraries
    relro: bool  # pages that only relocation writes are read-only afterwards
    bind_now: bool
    executable_stack: bool

    @property
    def architecture(self) -> str:
        return ARCHITECTURES.get(self.machine, f"machine {self.machine}")


def is_elf(data: bytes) -> bool:
    return data[:4] == b"\x7fELF"


def machine(content: bytes | pathlib.Path) -> int | None:
    """e_machine; nothing for what is no ELF file."""
    if isinstance(content, pathlib.Path):
        with content.open("rb") as file:
            head = file.read(20)
    else:
        head = content[:20]
    return struct.unpack_from("<H", head, 18)[0] if is_elf(head) and len(head) == 20 else None


def read(path: pathlib.Path) -> Elf:
    data = path.read_bytes()
    if not is_elf(data) or data[4:6] != b"\x02\x01":
        raise ValueError(f"{path} is no 64-bit little-endian ELF file")
    kind, number = struct.unpack_from("<HH", data, 16)
    (offset,) = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    segments = [struct.unpack_from("<IIQQQQ", data, offset + i * size) for i in range(count)]
    kinds = [segment[0] for segment in segments]
    entries: list[tuple[int, int]] = []
    for segment in segments:
        if segment[0] == _PT_DYNAMIC:
            entries = list(struct.iter_unpack("<QQ", data[segment[2] : segment[2] + segment[5] // 16 * 16]))
    if (0, 0) in entries:
        entries = entries[: entries.index((0, 0))]
    flags = dict(entries)
    stack = [segment[1] for segment in segments if segment[0] == _PT_GNU_STACK]
    return Elf(
        machine=number,
        position_independent=kind == _DYN,
        interpreter=_PT_INTERP in kinds,
        needed=sum(tag == _DT_NEEDED for tag, _ in entries),
        relro=_PT_GNU_RELRO in kinds,
        bind_now=bool(flags.get(_DT_FLAGS, 0) & _DF_BIND_NOW or flags.get(_DT_FLAGS_1, 0) & _DF_1_NOW),
        executable_stack=not stack or bool(stack[0] & 1),
    )
