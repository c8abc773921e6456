#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Opens the folders of new volumes to pods that are not root.

The volume provisioner of kube-controller-manager makes them with mode 0750 for root, and the kubelet
applies fsGroup to no hostPath. Runs as a daemon of the cluster, asleep but for the moment in which
a folder appears, which is long before the claim is bound and its pod is started.
"""

import ctypes
import os
import pathlib
import struct
import sys

FOLDER = pathlib.Path("/tmp/hostpath_pv")
IN_CREATE = 0x100
EVENT = struct.Struct("iIII")


def watch(folder: pathlib.Path):
    """Yields the names of what is in the folder, then of what is made in it, forever."""
    library = ctypes.CDLL(None, use_errno=True)
    handle = library.inotify_init1(os.O_CLOEXEC)
    if handle < 0 or library.inotify_add_watch(handle, bytes(folder), IN_CREATE) < 0:
        raise OSError(ctypes.get_errno(), f"{folder} cannot be watched")
    yield from os.listdir(folder)
    while True:
        data = os.read(handle, 65536)
        while data:
            length = EVENT.unpack_from(data)[3]
            name = data[EVENT.size : EVENT.size + length].rstrip(b"\0")
            data = data[EVENT.size + length :]
            if name:  # an overflow of the queue has none
                yield name.decode()


def main() -> None:
    FOLDER.mkdir(mode=0o755, exist_ok=True)
    for name in watch(FOLDER):
        path = FOLDER / name
        try:
            path.chmod(0o777)
            print(f"opened {path}", flush=True)
        except FileNotFoundError:
            continue  # deleted again already


if __name__ == "__main__":
    sys.exit(main())
