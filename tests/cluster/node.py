# SPDX-License-Identifier: Apache-2.0
"""The node: its network namespace, containerd, the kubelet and kube-proxy.

Functions that write one configuration file each and return the command; cluster.py runs them.
"""

import json
import pathlib
import subprocess

import catalog
import kernel
import layout
import process
import table

Layout = layout.Layout


# A reply between two pods of the bridge has to pass the rules that undo a service's address. The
# setting is there only when br_netfilter is; what is not there is printed.
SETTINGS = """
    sysctl -q -w net.ipv4.ip_forward=1
    sysctl -q -w net.bridge.bridge-nf-call-iptables=1 || echo br_netfilter
"""


def run(*command) -> str:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        words = " ".join(map(str, command))
        raise process.Failure(f"`{words}` failed: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def network(cluster: Layout) -> list[str]:
    """A namespace of its own, joined to the host by one veth pair that carries the node's address.

    The pair lets kubectl and tests reach the API server without entering the namespace. Deleting the
    namespace deletes the pair and every rule in it. Returns the modules that it has to do without.
    """
    inside = cluster.host_link.replace("telltale-", "node-")
    run("ip", "netns", "add", cluster.name)
    try:
        run("ip", "link", "add", cluster.host_link, "type", "veth", "peer", "name", inside,
            "netns", cluster.name)  # fmt: skip
    except process.Failure as failure:
        raise process.Failure(kernel.sentence("veth", failure)) from None
    run("ip", "addr", "add", f"{layout.HOST_ADDRESS}/24", "dev", cluster.host_link)
    run("ip", "link", "set", cluster.host_link, "up")
    script = f"""
        ip link set lo up
        ip link set {inside} name node0
        ip addr add {layout.NODE_ADDRESS}/24 dev node0
        ip link set node0 up
        ip route add default via {layout.HOST_ADDRESS}
    """
    return run(*cluster.inside("sh", "-ec", script + SETTINGS)).split()


def containerd(cluster: Layout) -> list:
    folder = cluster.containerd
    cni = folder / "cni"
    cni.mkdir(parents=True, exist_ok=True)
    plugin = {
        "type": "bridge",
        "bridge": "cni0",
        "isGateway": True,
        "hairpinMode": True,
        "ipam": {
            "type": "host-local",
            "ranges": [[{"subnet": layout.POD_RANGE}]],
            "routes": [{"dst": "0.0.0.0/0"}],
            "dataDir": str(folder / "ipam"),
        },
    }
    conflist = {"cniVersion": "1.0.0", "name": "telltale", "plugins": [plugin]}
    (cni / "10-telltale.conflist").write_text(json.dumps(conflist, indent=1))
    config = folder / "config.toml"
    config.write_text(
        f"""version = 2
root = "{folder}/root"
state = "{folder}/state"
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs",
  "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing",
]
[grpc]
  address = "{cluster.socket}"
[plugins."io.containerd.internal.v1.opt"]
  path = "{folder}/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{table.PAUSE}"
  # Without CAP_SYS_RESOURCE runc may not lower a score, and ends when it tries.
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  stream_server_address = "127.0.0.1"
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "/usr/lib/cni"
  conf_dir = "{cni}"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
  Root = "{folder}/runc"
  SystemdCgroup = false
"""
    )
    return ["containerd", "--config", config]


def kubelet(cluster: Layout, kubeconfig: pathlib.Path) -> list:
    cluster.kubelet.mkdir(parents=True, exist_ok=True)
    config = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": f"{cluster.pki}/ca.crt"},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": f"{cluster.pki}/kubelet.crt",
        "tlsPrivateKeyFile": f"{cluster.pki}/kubelet.key",
        "containerRuntimeEndpoint": f"unix://{cluster.socket}",
        "cgroupDriver": "cgroupfs",
        "failCgroupV1": False,
        "failSwapOn": False,
        "clusterDNS": [layout.DNS_SERVICE],
        "clusterDomain": layout.DNS_DOMAIN,
        "resolvConf": "/dev/null",
        "oomScoreAdj": 0,
        "makeIPTablesUtilChains": False,
        "maxPods": 250,
        "serializeImagePulls": False,
        "volumePluginDir": f"{cluster.kubelet}/volume-plugins",
        # No registry holds our images, so none may be thrown away, however full the disk is.
        "imageGCHighThresholdPercent": 100,
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%"},
    }
    path = cluster.kubelet / "config.json"
    path.write_text(json.dumps(config, indent=1))
    return [
        catalog.locate("kubelet"),
        *(f"--config={path}", f"--kubeconfig={kubeconfig}", f"--root-dir={cluster.kubelet}"),
        *(f"--hostname-override={cluster.name}", f"--node-ip={layout.NODE_ADDRESS}"),
        f"--cert-dir={cluster.pki}",
        # For cAdvisor, which names the containers of its metrics by what the runtime says.
        f"--containerd={cluster.socket}",
    ]


def kube_proxy(cluster: Layout, kubeconfig: pathlib.Path) -> list:
    config = {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "nftables",
        "clientConnection": {"kubeconfig": str(kubeconfig)},
        "clusterCIDR": layout.POD_RANGE,
        "hostnameOverride": cluster.name,
        # The table's size belongs to the machine, not to the namespace.
        "conntrack": {"maxPerCore": 0, "min": 0},
    }
    path = cluster.state / "kube-proxy.json"
    path.write_text(json.dumps(config, indent=1))
    return [catalog.locate("kube-proxy"), f"--config={path}"]
