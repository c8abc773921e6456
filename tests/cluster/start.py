# SPDX-License-Identifier: Apache-2.0
"""Starts the cluster: what can run side by side does, and every step says its seconds.

cluster.py decides whether a start is needed; this file assumes a machine without remains.
"""

import concurrent.futures
import pathlib
import shutil
import sys
import threading
import time

import layout
import addons
import archives
import catalog
import cleanup
import control
import kernel
import kube
import node
import pki
import process

ETCD_PORT, ETCD_PEER_PORT = 2379, 2380
IMAGES = ("pause", "coredns", "busybox")
PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet",
            "kube-proxy", "coredns", "kubectl")  # fmt: skip
TOOLS = {
    "containerd": "containerd",
    "containerd-shim-runc-v2": "containerd",
    "ctr": "containerd",
    "runc": "runc",
    "ip": "iproute2",
    "nft": "nftables",
    "conntrack": "conntrack",
    "nsenter": "util-linux",
    "sysctl": "procps",
    "openssl": "openssl",
    "gcc": "gcc",
}
_lock = threading.Lock()


def say(text: str) -> None:
    with _lock:
        print(text, flush=True)


class Step:
    """Times what happens inside `with` and says so; a failure passes through unsaid."""

    def __init__(self, name: str):
        self.name = name

    def __enter__(self):
        self.started = time.monotonic()

    def __exit__(self, kind, _value, _trace):
        if kind is None:
            say(f"  {self.name:<28}{time.monotonic() - self.started:6.1f} s")


def check_machine(cluster: layout.Layout) -> None:
    """Says in a sentence what this machine lacks, or who is in the way, before anything starts."""
    lacking = sorted({package for tool, package in TOOLS.items() if not shutil.which(tool)})
    if not pathlib.Path("/usr/lib/cni/bridge").exists():
        lacking.append("containernetworking-plugins")
    if lacking:
        raise process.Failure(f"install these packages and try again: apt-get install {' '.join(lacking)}")
    for name in PROGRAMS:
        try:
            catalog.locate(name)
        except FileNotFoundError as error:
            raise process.Failure(str(error)) from None
    kernel.load()
    for module in kernel.missing():
        raise process.Failure(kernel.sentence(module))
    pods = [pid for group in cleanup.kubepods() for pid in cleanup.members(group)]
    if pods:
        raise process.Failure(
            f"another kubelet seems to run pods here (pid {pods[0]} is in the cgroup kubepods): "
            "stop it first, two cannot share a machine"
        )
    if cluster.netns.exists():
        raise process.Failure(
            f"{cluster.netns} exists and was not made by this cluster: remove it with `ip netns del "
            f"{cluster.name}`, or choose another name with TELLTALE_CLUSTER"
        )
    if cluster.state.is_dir() and any(cluster.state.iterdir()):
        raise process.Failure(
            f"{cluster.state} holds files that are not this cluster's: empty it, or choose another "
            "folder with TELLTALE_STATE"
        )


def _network(cluster: layout.Layout) -> None:
    with Step("network namespace"):
        for module in node.network(cluster):
            say(f"  warning: {kernel.sentence(module)}; until then pods may not reach services")
    tried = {
        "nf_tables": ("nft add table ip telltale-probe", "nft delete table ip telltale-probe"),
        "bridge": ("ip link add probe0 type bridge", "ip link del probe0"),
    }
    for module, commands in tried.items():
        try:
            for command in commands:
                node.run(*cluster.inside(*command.split()))
        except process.Failure as failure:
            raise process.Failure(kernel.sentence(module, failure)) from None


def _images(cluster: layout.Layout, ready: threading.Event) -> None:
    """Writes the archives while containerd starts, then imports them."""
    ctr = cluster.ctr
    with Step("images"):
        for name in IMAGES:
            archives.write(name, cluster.state / "images")
        ready.wait(120)
        for name in IMAGES:
            archives.load(ctr, cluster.state / "images" / f"{name}.tar")


def _containerd(cluster: layout.Layout, ready: threading.Event) -> None:
    with Step("containerd"):
        daemon = process.Daemon("containerd", cluster.state)
        daemon.start(cluster.inside(*node.containerd(cluster)))
        daemon.wait(lambda: cluster.socket.exists() and _answers(cluster), 60)
    ready.set()


def _answers(cluster: layout.Layout) -> bool:
    try:
        node.run(*cluster.ctr("--timeout", "2s", "version"))
        return True
    except process.Failure:
        return False


def _control_plane(cluster: layout.Layout, client: kube.Client) -> None:
    with Step("etcd and kube-apiserver"):
        etcd = process.Daemon("etcd", cluster.state)
        data = cluster.state / "etcd"
        etcd.start(cluster.inside(*control.etcd(data, ETCD_PORT, ETCD_PEER_PORT)))
        server = process.Daemon("kube-apiserver", cluster.state)
        server.start(
            cluster.inside(
                *control.apiserver(
                    cluster.pki, ETCD_PORT, layout.NODE_ADDRESS, "0.0.0.0", layout.API_PORT
                )
            )
        )
        server.wait(lambda: etcd.alive() and client.ready(), 180)


def _certificates(cluster: layout.Layout) -> dict[str, pathlib.Path]:
    """All certificates, and a kubeconfig for each client: name -> path."""
    with Step("certificates"):
        hosts = (layout.API_SERVICE, layout.NODE_ADDRESS, layout.HOST_ADDRESS)
        authority = control.certificates(cluster.pki, hosts, cluster.name)
        files = {"admin": cluster.kubeconfig}
        for name in ("kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy"):
            files[name] = cluster.pki / f"{name}.kubeconfig"
        for name, path in files.items():
            pki.kubeconfig(path, cluster.server, authority, name)
        return files


def _node(cluster: layout.Layout, client: kube.Client) -> None:
    with Step("node Ready"):
        path = f"/api/v1/nodes/{cluster.name}"
        daemon = process.Daemon("kubelet", cluster.state)
        daemon.wait(lambda: kube.condition(client.get(path), "Ready"), 180)


def _dns(cluster: layout.Layout, client: kube.Client) -> None:
    with Step("DNS"):
        process.wait_until("the CoreDNS deployment", lambda: addons.dns_available(client), 180)
        process.wait_until("DNS behind its service", lambda: dns_answers(cluster), 60)
        account = "/api/v1/namespaces/default/serviceaccounts/default"
        process.wait_until("the default service account", lambda: client.get(account), 60)


def dns_answers(cluster: layout.Layout) -> bool:
    """Asks the DNS service by its address, as a pod does, for the API server's."""
    name = f"kubernetes.default.svc.{layout.DNS_DOMAIN}"
    command = (sys.executable, layout.HERE / "addons.py", name, layout.DNS_SERVICE)
    try:
        return node.run(*cluster.inside(*command)).strip() == layout.API_SERVICE
    except process.Failure:
        return False


def start(cluster: layout.Layout) -> None:
    """From nothing to a Ready node and DNS that answers."""
    check_machine(cluster)
    cluster.remember(name=cluster.name, before=cleanup.baseline())
    client = kube.Client(cluster.server, cluster.pki)
    up = threading.Event()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        files = pool.submit(_certificates, cluster)
        _network(cluster)
        container = pool.submit(_containerd, cluster, up)
        images = pool.submit(_images, cluster, up)
        kubeconfigs = files.result()
        _control_plane(cluster, client)
        container.result()
        commands = {
            "kubelet": node.kubelet(cluster, kubeconfigs["kubelet"]),
            "kube-proxy": node.kube_proxy(cluster, kubeconfigs["kube-proxy"]),
            "kube-controller-manager": control.controller_manager(
                kubeconfigs["kube-controller-manager"], cluster.pki
            ),
            "volumes": [sys.executable, "-E", "-S", layout.HERE / "volumes.py"],
            "kube-scheduler": control.scheduler(kubeconfigs["kube-scheduler"]),
        }
        for name, command in commands.items():
            process.Daemon(name, cluster.state).start(cluster.inside(*command))
        with Step("DNS and storage class applied"):
            addons.install(client)
        images.result()
        for job in [pool.submit(_node, cluster, client), pool.submit(_dns, cluster, client)]:
            job.result()
