#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A real single-node Kubernetes in a network namespace of its own.

Usage: cluster.py up | down | status | env     (as root)

  up      starts it, or reuses it when it is healthy; cleans what a killed run left behind
  down    removes all of it from the machine and checks that nothing is left
  status  says for each part whether it works; exit code 0 when all do
  env     prints exports for a shell

TELLTALE_CLUSTER (telltale) names the namespace and the node, TELLTALE_STATE (/var/lib/telltale-cluster) is
the folder with everything that it keeps, logs/NAME.log among it. The API server listens on
10.200.0.2:6443, which host and namespace both reach; services and pods only under TELLTALE_EXEC.
"""

import os
import shlex
import socket
import sys
import time

import layout
import addons
import catalog
import cleanup
import kube
import process
import start
import table


def lock(cluster: layout.Layout) -> socket.socket:
    """Keeps two runs apart. The kernel gives the name back when this process ends, however."""
    handle = socket.socket(socket.AF_UNIX)
    said = False
    while True:
        try:
            handle.bind(f"\0telltale-cluster-{cluster.name}")
            return handle
        except OSError:
            if not said:
                print("another cluster.py is at work; waiting for it", flush=True)
                said = True
            time.sleep(0.2)


def health(cluster: layout.Layout) -> dict[str, bool]:
    """Each part and whether it works; later parts are not asked when the API server is silent."""
    parts = {name: process.Daemon(name, cluster.state).alive() for name in layout.DAEMONS}
    client = kube.Client(cluster.server, cluster.pki)
    parts["API server ready"] = parts["kube-apiserver"] and client.ready()
    parts["node Ready"] = parts["DNS Available"] = parts["DNS answers"] = False
    if parts["API server ready"]:
        try:
            node = client.get(f"/api/v1/nodes/{cluster.name}")
            parts["node Ready"] = kube.condition(node, "Ready")
            parts["DNS Available"] = addons.dns_available(client)
        except OSError:
            pass
        parts["DNS answers"] = start.dns_answers(cluster)
    return parts


def up(cluster: layout.Layout) -> None:
    began = time.monotonic()
    if cluster.marker.exists():
        broken = [name for name, works in health(cluster).items() if not works]
        if not broken:
            print(f"reusing the cluster {cluster.name}, which is healthy, "
                  f"checked in {time.monotonic() - began:.1f} s")  # fmt: skip
            return
        print(f"found a cluster that does not work (not: {', '.join(broken)}); removing it first")
        with start.Step("remains removed"):
            cleanup.tear_down(cluster)
    start.start(cluster)
    print(f"the cluster {cluster.name} is up after {time.monotonic() - began:.1f} s")


def down(cluster: layout.Layout) -> None:
    began = time.monotonic()
    if not cluster.marker.exists():
        print(f"there is no cluster {cluster.name}: nothing to remove")
        return
    cleanup.tear_down(cluster)
    print(f"removed the cluster {cluster.name} in {time.monotonic() - began:.1f} s; checked: no "
          "process, mount, cgroup, namespace, link, socket, kernel setting or file of it is left")  # fmt: skip


def status(cluster: layout.Layout) -> None:
    if not cluster.marker.exists():
        raise process.Failure(f"there is no cluster {cluster.name}: start it with `cluster.py up`")
    parts = health(cluster)
    for name, works in parts.items():
        print(f"  {name:<28}{'works' if works else 'DOES NOT WORK'}")
    broken = [name for name, works in parts.items() if not works]
    if broken:
        logs = cluster.state / "logs"
        raise process.Failure(f"{len(broken)} parts do not work; look into {logs}, or run `up`")


def env(cluster: layout.Layout) -> None:
    values = {
        "KUBECONFIG": str(cluster.kubeconfig),
        "TELLTALE_NETNS": cluster.name,
        "TELLTALE_EXEC": f"nsenter --net={cluster.netns}",
        "TELLTALE_CTR": shlex.join(cluster.ctr()),
        "TELLTALE_TOOLS": str(catalog.bin_dir()),
    }
    for name, value in values.items():
        print(f"export {name}={shlex.quote(value)}")


COMMANDS = {"up": up, "down": down, "status": status, "env": env}


def main(words: list[str]) -> int:
    if len(words) != 1 or words[0] not in COMMANDS:
        print(__doc__.strip(), file=sys.stderr)
        return 0 if words in (["-h"], ["--help"]) else 2
    cluster = layout.Layout()
    try:
        if words[0] in ("up", "down", "status"):
            if os.geteuid() != 0:
                raise process.Failure("a cluster needs root: run this with sudo")
        held = lock(cluster) if words[0] in ("up", "down") else None
        COMMANDS[words[0]](cluster)
        if held:
            held.close()
    except (process.Failure, table.Missing, OSError) as failure:
        print(f"cluster.py {words[0]}: {failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
