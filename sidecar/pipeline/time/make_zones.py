#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the time zones of Debian's tzdata as a C++ table, because the image has no database.

Usage: make_zones.py TZDATA_ZI OUTPUT.cc

zic compiles the rules from 1970 on in their shortest form: transitions that the POSIX rule at the
end of a zone repeats are left out. A zone and its links share one entry. Layout of an entry, with
big-endian numbers:
    u8 types; for each: i32 offset from UTC in seconds, abbreviation, NUL
    u8 type before the first transition
    u16 transitions; for each: u32 seconds since 1970, u8 type
    the POSIX rule, to the end
"""

import pathlib
import struct
import subprocess
import sys
import tempfile

HEADER = """// SPDX-License-Identifier: Apache-2.0
//
// Made by make_zones.py from tzdata {version}; the data are in the public domain.
#include "sidecar/pipeline/time/zone_table.h"

namespace telltale {{

const std::string_view kZoneVersion = "{version}";

"""


def counts(data: bytes, at: int) -> tuple[int, ...]:
    return struct.unpack(">6l", data[at + 20 : at + 44])


def entry(data: bytes) -> bytes:
    isut, isstd, leap, times, types, chars = counts(data, 0)
    at = 44 + times * 5 + types * 6 + chars + leap * 8 + isstd + isut
    isut, isstd, leap, times, types, chars = counts(data, at)
    at += 44
    moments = struct.unpack(f">{times}q", data[at : at + 8 * times])
    kinds = data[at + 8 * times : at + 9 * times]
    info = at + 9 * times
    names = data[info + 6 * types : info + 6 * types + chars]
    end = info + 6 * types + chars + leap * 12 + isstd + isut
    rule = data[end + 1 :].split(b"\n")[0]
    out = struct.pack(">B", types)
    for i in range(types):
        offset, _, name = struct.unpack(">lBB", data[info + 6 * i : info + 6 * i + 6])
        out += struct.pack(">l", offset) + names[name:].split(b"\0")[0] + b"\0"
    kept = [(max(moment, 0), kind) for moment, kind in zip(moments, kinds)]
    first = 0
    while kept and (len(kept) > 1 and kept[1][0] == 0):
        kept.pop(0)
    if kept and kept[0][0] == 0:
        first = kept.pop(0)[1]
    out += struct.pack(">BH", first, len(kept))
    for moment, kind in kept:
        out += struct.pack(">LB", moment, kind)
    return out + rule


def literal(data: bytes) -> str:
    """Octal escapes, three digits each: what follows one cannot become part of it."""
    text = "".join(chr(c) if 32 < c < 127 and c not in b'"\\?' else f"\\{c:03o}" for c in data)
    return f'std::string_view("{text}", {len(data)})'


def main() -> int:
    source, output = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    version = source.read_text().split("\n", 1)[0].removeprefix("# version ")
    zones: dict[str, bytes] = {}
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["zic", "-b", "slim", "-r", "@0", "-d", folder, source], check=True)
        for path in sorted(pathlib.Path(folder).rglob("*")):
            if path.is_file():
                zones[str(path.relative_to(folder))] = entry(path.read_bytes())
    distinct = sorted(set(zones.values()))
    lines = [f"const std::array<std::string_view, {len(distinct)}> kZoneData = {{{{"]
    lines += [f"    {literal(data)}," for data in distinct]
    lines += ["}};", "", f"const std::array<ZoneName, {len(zones)}> kZoneNames = {{{{"]
    lines += [f'    {{"{name}", {distinct.index(data)}}},' for name, data in sorted(zones.items())]
    lines += ["}};", ""]
    spans = [
        "std::span<const std::string_view> ZoneData() { return kZoneData; }",
        "std::span<const ZoneName> ZoneNames() { return kZoneNames; }",
    ]
    body = "\n".join(["namespace {", "", *lines, "}  // namespace", "", *spans])
    output.write_text(HEADER.format(version=version) + body + "\n\n}  // namespace telltale\n")
    print(f"tzdata {version}: {len(zones)} names, {len(distinct)} zones, {sum(map(len, distinct))} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
