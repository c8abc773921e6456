# SPDX-License-Identifier: Apache-2.0
"""Names, addresses and folders of the test cluster: what every other file here has to agree on."""

import hashlib
import json
import os
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE / "tools"), str(ROOT / "images")]

NODE_ADDRESS = "10.200.0.2"
HOST_ADDRESS = "10.200.0.1"
POD_RANGE = "10.244.0.0/16"
SERVICE_RANGE = "10.96.0.0/16"
API_SERVICE = "10.96.0.1"
DNS_SERVICE = "10.96.0.10"
DNS_DOMAIN = "cluster.local"
API_PORT = 6443

# The daemons in the order in which they have to end: the kubelet first, because it would start
# again what is being stopped; etcd last, because the API server waits for it.
DAEMONS = (
    "kubelet",
    "kube-proxy",
    "kube-scheduler",
    "kube-controller-manager",
    "volumes",
    "containerd",
    "kube-apiserver",
    "etcd",
)

# Folders outside our own that the kubelet, containerd and the volume provisioner write to at fixed
# paths. What was in them before the cluster's start is not ours and stays.
SHARED = (
    "/var/log/pods",
    "/var/log/containers",
    "/var/lib/cni/results",
    "/var/lib/cni",
    "/var/lib/kubelet",
    "/var/run/kubernetes",
    "/tmp/hostpath_pv",
    "/run/promtail",
    "/run/containerd/s",
    "/run/containerd",
)

# What the kubelet sets for the whole machine, and `down` sets back.
SYSCTLS = (
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxbytes",
    "kernel/keys/root_maxkeys",
    "vm/overcommit_memory",
    "vm/panic_on_oom",
)


class Layout:
    """Where one cluster keeps its things. Cheap to make; touches nothing."""

    def __init__(self):
        self.name = os.environ.get("TELLTALE_CLUSTER") or "telltale"
        self.state = pathlib.Path(os.environ.get("TELLTALE_STATE") or "/var/lib/telltale-cluster")
        self.pki = self.state / "pki"
        self.kubeconfig = self.state / "kubeconfig"
        self.marker = self.state / "cluster.json"
        self.containerd = self.state / "containerd"
        self.socket = self.state / "run" / "containerd.sock"
        self.kubelet = self.state / "kubelet"
        self.netns = pathlib.Path("/run/netns") / self.name
        digest = hashlib.sha256(self.name.encode()).hexdigest()[:6]
        self.host_link = f"telltale-{digest}"
        self.server = f"https://{NODE_ADDRESS}:{API_PORT}"

    def inside(self, *command) -> list[str]:
        """A command as it runs inside the cluster's network.

        Not `ip netns exec`, which mounts a fresh /sys and so hides the cgroups from the kubelet.
        """
        return ["nsenter", f"--net={self.netns}", "--", *map(str, command)]

    def ctr(self, *arguments) -> list[str]:
        return ["ctr", "--address", str(self.socket), "-n", "k8s.io", *map(str, arguments)]

    def remember(self, **facts) -> None:
        """Adds to what the cluster's start wrote down for its end."""
        known = self.recall()
        known.update(facts)
        self.state.mkdir(parents=True, exist_ok=True)
        temporary = self.marker.with_suffix(".new")
        temporary.write_text(json.dumps(known, indent=1) + "\n")
        temporary.rename(self.marker)

    def recall(self) -> dict:
        try:
            return json.loads(self.marker.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return {}
