#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The demo: from nothing to auto-scaled pods that are scraped and whose logs flow.

Usage: demo.py up | env | down      (`make demo`, `make demo-env`, `make demo-down`)

`up` builds what lacks, starts a cluster of its own (or uses the one of KUBECONFIG), installs the
chart, applies examples/shop, scales it 2 -> 5 -> 3 and prints what Kubernetes, Prometheus and
VictoriaLogs then hold. It ends with 1 and a sentence when any of it is missing.
"""

import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(ROOT / "tests"), str(ROOT / "tests" / "cluster"), str(ROOT / "tests" / "cluster" / "tools")]
import catalog  # noqa: E402  (the folders above are no packages)
import kernel  # noqa: E402
import layout  # noqa: E402
import observe  # noqa: E402
import shop  # noqa: E402
import steps  # noqa: E402
import stores  # noqa: E402

RELEASE = "telltale"
NAMESPACE = "telltale"
IMAGES = ("telltale-operator", "telltale-sidecar", "shop", "prometheus", "alertmanager", "victorialogs")
PROGRAMS = ("helm", "prometheus", "promtool", "alertmanager", "victoria-logs")  # beside those of Kubernetes
CLUSTER = [sys.executable, ROOT / "tests/cluster/cluster.py"]
VALUES = ROOT / "examples/shop/values-demo.yaml"
BIN = ROOT / "build/release/bin"


def own_cluster() -> bool:
    """False when KUBECONFIG names somebody's cluster; `demo.py env` makes it name ours."""
    return os.environ.get("KUBECONFIG") in (None, "", str(layout.Layout().kubeconfig))


def kubeconfig() -> str:
    return os.environ.get("KUBECONFIG") or str(layout.Layout().kubeconfig)


def build_programs(run: steps.Steps) -> None:
    run.run("configure the C++ build", ["cmake", "--preset", "release"])
    run.run("build the C++ programs", ["cmake", "--build", "--preset", "release"], steps.tenths())


def start_cluster(run: steps.Steps) -> None:
    run.run("cluster", [*CLUSTER, "up"], steps.every_line)


def prepare(run: steps.Steps) -> bool:
    """Everything before Helm; independent work side by side. True when our images are new."""
    tools = [sys.executable, ROOT / "tests/cluster/tools/build.py"]
    if not own_cluster():  # its nodes have our images already: see `make images` in the README
        run.run("kubectl and helm", [*tools, "kubectl", "helm"], steps.every_line)
        return False
    programs = run.beside(build_programs, run)
    kubernetes = [*catalog.KUBERNETES, "etcd", "coredns"]
    run.run("Kubernetes programs", [*tools, *kubernetes], steps.every_line)
    cluster = run.beside(start_cluster, run)
    run.run("Helm, Prometheus, Alertmanager, VictoriaLogs", [*tools, *PROGRAMS], steps.every_line)
    programs.result()
    cluster.result()
    output = run.run(
        "images",
        [sys.executable, ROOT / "images/build.py", "--out", ROOT / "build/images", "--import", *IMAGES],
        steps.every_line,
    )
    ours = [line for line in output.splitlines() if line.startswith(("telltale-", "shop"))]
    return any(line.endswith(", imported") for line in ours)


def mend_release(run: steps.Steps, helm: list) -> None:
    """A Helm that was killed leaves its release pending, which every later Helm refuses."""
    asked = subprocess.run(
        [*helm, "status", RELEASE, "--namespace", NAMESPACE, "-o", "json"], capture_output=True, text=True
    )
    status = json.loads(asked.stdout)["info"]["status"] if asked.returncode == 0 else ""
    if status.startswith("pending-") or status == "uninstalling":
        word = "rollback" if status in ("pending-upgrade", "pending-rollback") else "uninstall"
        run.run(f"helm {word} of what a killed run left {status}",
                [*helm, word, RELEASE, "--namespace", NAMESPACE, "--wait", "--timeout", "5m"])  # fmt: skip


def install(run: steps.Steps, cluster: observe.Cluster, new_images: bool) -> None:
    installed = cluster.kubectl("-n", NAMESPACE, "get", "deploy", "telltale-operator", check=False)
    helm = [catalog.bin_dir() / "helm", "--kubeconfig", kubeconfig()]
    mend_release(run, helm)
    run.run(
        "helm install",
        [*helm, "upgrade", "--install", RELEASE, ROOT / "helm/telltale", "--namespace", NAMESPACE,
         "--create-namespace", "--values", VALUES, "--wait", "--timeout", "5m"],
    )  # fmt: skip
    if new_images and "NotFound" not in installed:
        # The references are the same, so that Kubernetes sees no change by itself.
        run.call("new images start", lambda: shop.restart(cluster))


def up() -> int:
    run = steps.Steps(ROOT / "build/demo")
    try:
        new_images = prepare(run)
        cluster = observe.Cluster(str(catalog.bin_dir() / "kubectl"), kubeconfig(), NAMESPACE)
        install(run, cluster, new_images)
        shop.run(run, cluster, stores.VictoriaLogs(cluster))
    except (steps.Failed, RuntimeError) as error:
        steps.say(f"\nThe demo failed after {run.seconds():.0f} s.\n{error}")
        return 1
    steps.say(f"\nThe demo works; it took {run.seconds():.0f} s. `make demo-env` prints the exports "
              "for a shell, `make demo-down` removes all of it.")  # fmt: skip
    return 0


def env() -> int:
    tools = catalog.bin_dir()
    if own_cluster():
        done = subprocess.run([*CLUSTER, "env"], capture_output=True, text=True)
        if done.returncode != 0:
            sys.stderr.write(done.stderr or "there is no cluster; run `make demo` first\n")
            return 1
        print(done.stdout, end="")
    else:
        print("# A cluster of yours: there is no network to enter and no containerd of ours, and the URLs\n"
              "# below answer inside the cluster only (or through kubectl port-forward).")  # fmt: skip
        print(f"export KUBECONFIG={kubeconfig()}\nexport TELLTALE_TOOLS={tools}")
        print("export TELLTALE_NETNS=\nexport TELLTALE_EXEC=\nexport TELLTALE_CTR=")
    print(f"export TELLTALE_BIN={BIN}")
    for name, service, port in (("PROMETHEUS", "prometheus", 9090), ("VICTORIALOGS", "victorialogs", 9428)):
        found = subprocess.run(
            [tools / "kubectl", "--kubeconfig", kubeconfig(), "-n", NAMESPACE, "get", "service",
             f"{RELEASE}-{service}", "-o", "json"], capture_output=True, text=True,
        )  # fmt: skip
        if found.returncode != 0:
            sys.stderr.write(f"the chart is not installed; run `make demo`: {found.stderr}")
            return 1
        address = json.loads(found.stdout)["spec"]["clusterIP"]
        print(f"export {name}_URL=http://{address}:{port}")
    return 0


def down() -> int:
    if not own_cluster():
        print("KUBECONFIG is set: the demo started no cluster, so there is none to remove.\n"
              "`helm uninstall telltale -n telltale` and `kubectl delete ns shop` remove the rest.")  # fmt: skip
        return 0
    status = subprocess.run([*CLUSTER, "down"]).returncode
    print(leftovers(catalog.cache()))
    return status


def leftovers(cache: pathlib.Path) -> str:
    """What the demo put on the machine beside its cluster, and the commands that take it off."""
    lines = ["What stays, and what removes it:"]
    noted = cache / "packages-installed"
    if noted.exists():
        lines.append(f"  Debian packages that were missing: apt-get remove --autoremove {' '.join(sorted(set(noted.read_text().split())))}")
    lines.append(f"  what was built outside the tree:   rm -rf {cache}")
    lines.append("  what was built in it:              make clean")
    lines.append(f"  kernel modules, until a restart:   modprobe -r {' '.join(kernel.MODULES)}")
    return "\n".join(lines)


if __name__ == "__main__":
    commands = {"up": up, "env": env, "down": down}
    if len(sys.argv) != 2 or sys.argv[1] not in commands:
        sys.exit(__doc__)
    sys.exit(commands[sys.argv[1]]())
