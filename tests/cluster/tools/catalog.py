# SPDX-License-Identifier: Apache-2.0
"""The real programs that the demo and the tests run: where each comes from and how it is built.

build.py is the only caller that builds; others ask `locate()` for a program's path. One entry is one
main package of one of the Go modules beside this file. The version that a program reports comes
from its module's own go.mod, so a new version is one `go get` and nothing here.
"""

import functools
import hashlib
import os
import pathlib
import re
import subprocess

HERE = pathlib.Path(__file__).resolve().parent

KUBERNETES = (
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubelet",
    "kube-proxy",
    "kubectl",
)

# name -> (module folder, main package). The order is the order of building: what the cluster's
# start waits for comes first.
PROGRAMS = {
    "kube-apiserver": ("kubernetes", "k8s.io/kubernetes/cmd/kube-apiserver"),
    "etcd": ("kubernetes", "go.etcd.io/etcd/server/v3"),
    "kubectl": ("kubernetes", "k8s.io/kubernetes/cmd/kubectl"),
    "kube-controller-manager": ("kubernetes", "k8s.io/kubernetes/cmd/kube-controller-manager"),
    "kube-scheduler": ("kubernetes", "k8s.io/kubernetes/cmd/kube-scheduler"),
    "kubelet": ("kubernetes", "k8s.io/kubernetes/cmd/kubelet"),
    "kube-proxy": ("kubernetes", "k8s.io/kubernetes/cmd/kube-proxy"),
    "coredns": ("kubernetes", "./coredns"),
    "helm": ("kubernetes", "helm.sh/helm/v3/cmd/helm"),
    "prometheus": ("kubernetes", "github.com/prometheus/prometheus/cmd/prometheus"),
    "promtool": ("kubernetes", "github.com/prometheus/prometheus/cmd/promtool"),
    "loki": ("loki", "github.com/grafana/loki/cmd/loki"),
    "promtail": ("loki", "github.com/grafana/loki/cmd/promtail"),
    "victoria-logs": ("victorialogs", "github.com/VictoriaMetrics/VictoriaLogs/app/victoria-logs"),
    # The newest version whose module has the built page that its main package embeds.
    "alertmanager": ("alertmanager", "github.com/prometheus/alertmanager/cmd/alertmanager"),
    "victoria-metrics": ("victoriametrics", "github.com/VictoriaMetrics/VictoriaMetrics/app/victoria-metrics"),
    "vlagent": ("victorialogs", "github.com/VictoriaMetrics/VictoriaLogs/app/vlagent"),
    # The newest API server, beside the one of the cluster.
    "kube-apiserver-next": ("kubernetesnext", "k8s.io/kubernetes/cmd/kube-apiserver"),
    # Its module asks for old versions of what the others have, so it has one of its own.
    "postgres_exporter": ("postgresexporter", "github.com/prometheus-community/postgres_exporter/cmd/postgres_exporter"),
    "prometheus-operator": ("prometheusoperator", "github.com/prometheus-operator/prometheus-operator/cmd/operator"),
}

# Tests alone need these. The demo needs a log store, and no other shipper than ours.
_FOR_TESTS = ("promtail", "vlagent", "victoria-metrics", "kube-apiserver-next", "prometheus-operator", "postgres_exporter")
GROUPS = {
    "demo": tuple(name for name in PROGRAMS if name not in _FOR_TESTS),
    "test": tuple(PROGRAMS),
}

# Files of a program's module that tests need beside it: a folder of the module.
FILES = {"prometheus-operator": ("github.com/prometheus-operator/prometheus-operator", "example/prometheus-operator-crd")}

# The newest Loki and Promtail that may be fetched are 2.2.1. Who has newer ones names them here, and
# the tests run with those.
OWN = {"loki": "TELLTALE_LOKI", "promtail": "TELLTALE_PROMTAIL"}

# Loki's main packages have no release of their own in the module's version.
LOKI_RELEASES = {"v1.6.2-0.20210406003638-babea82ef558": "2.2.1"}

# Prometheus links two dozen clouds' SDKs unless it is told which discoveries to keep; file, HTTP and
# static discovery are always in.
TAGS = {"kubernetes": "remove_all_sd,enable_kubernetes_sd,enable_dns_sd"}


def cache() -> pathlib.Path:
    """The folder outside the tree that keeps what was built."""
    chosen = os.environ.get("TELLTALE_CACHE")
    return pathlib.Path(chosen) if chosen else pathlib.Path.home() / ".cache" / "telltale"


def bin_dir() -> pathlib.Path:
    """The folder of links to the current programs, which people know as TELLTALE_TOOLS."""
    return cache() / "tools" / "bin"


def required(module: str, dependency: str) -> str:
    """The version that a module's go.mod requires of a dependency, such as v1.34.4."""
    text = (HERE / module / "go.mod").read_text()
    found = re.search(rf"^\s*(?:require )?{re.escape(dependency)} (v\S+)", text, re.MULTILINE)
    if not found:
        raise LookupError(f"{module}/go.mod does not require {dependency}")
    return found.group(1)


def _kube_version(module: str) -> dict[str, str]:
    kube = required(module, "k8s.io/kubernetes")
    major, minor = kube.lstrip("v").split(".")[:2]
    base = "k8s.io/component-base/version."
    return {
        base + "gitVersion": kube,
        base + "gitMajor": major,
        base + "gitMinor": minor,
        "k8s.io/client-go/pkg/version.gitVersion": kube,
    }


def _versions(module: str) -> dict[str, str]:
    if module == "kubernetesnext":
        return _kube_version(module)
    if module == "prometheusoperator":
        version = required(module, "github.com/prometheus-operator/prometheus-operator").lstrip("v")
        return {"github.com/prometheus/common/version.Version": version}
    if module == "kubernetes":
        stamps = _kube_version(module)
        major, minor = list(stamps.values())[1:3]
        # v0.315.0 is how Go modules write Prometheus 3.15.0.
        encoded = required(module, "github.com/prometheus/prometheus").lstrip("v").split(".")
        number = int(encoded[1])
        prometheus = f"{number // 100}.{number % 100}.{encoded[2]}"
        helm = "helm.sh/helm/v3/"
        common = "github.com/prometheus/common/version."
        return stamps | {
            helm + "internal/version.version": required(module, "helm.sh/helm/v3"),
            helm + "pkg/chartutil.k8sVersionMajor": major,
            helm + "pkg/chartutil.k8sVersionMinor": minor,
            helm + "pkg/lint/rules.k8sVersionMajor": major,
            helm + "pkg/lint/rules.k8sVersionMinor": minor,
            common + "Version": prometheus,
            common + "Revision": "module",
            common + "Branch": "v" + prometheus,
        }
    if module == "victoriametrics":
        version = required(module, "github.com/VictoriaMetrics/VictoriaMetrics")
        return {"github.com/VictoriaMetrics/VictoriaMetrics/lib/buildinfo.Version": f"victoria-metrics-{version}"}
    if module == "victorialogs":
        version = required(module, "github.com/VictoriaMetrics/VictoriaLogs")
        return {"github.com/VictoriaMetrics/VictoriaMetrics/lib/buildinfo.Version": f"{module}-{version}"}
    if module == "alertmanager":
        version = required(module, "github.com/prometheus/alertmanager").lstrip("v")
        return {"github.com/prometheus/common/version.Version": version}
    if module == "postgresexporter":
        version = required(module, "github.com/prometheus-community/postgres_exporter").lstrip("v")
        return {"github.com/prometheus/common/version.Version": version}
    build = "github.com/grafana/loki/pkg/build."
    version = LOKI_RELEASES[required(module, "github.com/grafana/loki")]
    return {build + "Version": version, build + "Revision": "module", build + "Branch": "v" + version}


def flags(module: str) -> list[str]:
    """The flags of `go build`, the same for every program of a module."""
    stamps = " ".join(f"-X {name}={value}" for name, value in _versions(module).items())
    chosen = ["-trimpath", "-ldflags", f"-s -w {stamps}"]
    return chosen + (["-tags", TAGS[module]] if module in TAGS else [])


def key(module: str) -> str:
    """Names a module's binaries: its go.mod, go.sum, own sources and flags."""
    digest = hashlib.sha256()
    folder = HERE / module
    for path in sorted([folder / "go.mod", folder / "go.sum", *folder.rglob("*.go")]):
        digest.update(f"{path.relative_to(folder)}\n".encode() + path.read_bytes())
    digest.update("\n".join(flags(module)).encode())
    return f"{module}-{digest.hexdigest()[:16]}"


def built(name: str) -> pathlib.Path:
    """Where a program is, or will be when it has been built."""
    return cache() / "tools" / key(PROGRAMS[name][0]) / name


def locate(name: str) -> pathlib.Path:
    """The path of a program that must exist already."""
    path = built(name)
    if not path.exists():
        raise FileNotFoundError(
            f"{name} is not built: run tests/cluster/tools/build.py {name} and try again"
        )
    return path


def files(name: str) -> pathlib.Path:
    """The folder with a program's FILES, which was copied when the program was built."""
    return locate(name).with_name(f"{name}.files")


def chosen(name: str) -> pathlib.Path:
    """The program that tests run: the one that a variable of OWN names, else the one that is built here."""
    own = os.environ.get(OWN.get(name, ""))
    if not own:
        return locate(name)
    if not os.access(own, os.X_OK):
        raise FileNotFoundError(f"{OWN[name]} names {own}, which is no program")
    return pathlib.Path(own)


@functools.cache
def version(name: str) -> tuple[int, ...]:
    """The version that the chosen program says of itself, such as (2, 2, 1)."""
    done = subprocess.run([chosen(name), "-version"], capture_output=True, text=True, timeout=60)
    found = re.search(r"\bv?(\d+)\.(\d+)\.(\d+)", done.stdout + done.stderr)
    if not found:
        raise LookupError(f"{chosen(name)} -version does not say a version: {done.stdout + done.stderr}")
    return tuple(map(int, found.groups()))
