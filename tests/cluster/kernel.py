# SPDX-License-Identifier: Apache-2.0
"""What the cluster needs of the kernel: loads the modules that hold it and says what is lacking.

start.py calls `load` before anything else and `missing` right after. Debian's kernel has nearly all
of this in modules, and nobody else loads them; other kernels have it built in, or are a container's
and cannot load any. Hence nothing here cares whether a module was loaded, only what the kernel does.
"""

import pathlib
import subprocess

# Each with what it is for.
MODULES = {
    "overlay": "overlayfs, on which containers are built",
    "br_netfilter": "bridge netfilter, which undoes a service's address in replies between pods",
    "nf_conntrack": "connection tracking, which services need",
    "nf_tables": "nftables, which services need",
    "veth": "pairs of virtual links, which join pods to the node",
    "bridge": "network bridges, which join pods to each other",
}


def load() -> None:
    """Tries each module alone: one that is built in or absent must not keep the others away."""
    for module in MODULES:
        try:
            subprocess.run(["modprobe", "-q", module], capture_output=True, check=False)
        except OSError:
            return  # no modprobe: the kernel has to do with what it has


def sentence(module: str, detail: object = "") -> str:
    """What to tell a person whose kernel lacks what this module holds."""
    text = f"this kernel has no {MODULES[module]}: load the module {module} and try again"
    return f"{text} ({detail})" if detail else text


def missing(proc: pathlib.Path = pathlib.Path("/proc")) -> list[str]:
    """The modules whose work this kernel does not do, as far as /proc tells; start.py tries the rest."""
    found = []
    if "overlay" not in (proc / "filesystems").read_text().split():
        found.append("overlay")
    if not (proc / "sys/net/netfilter/nf_conntrack_max").exists():
        found.append("nf_conntrack")
    return found
