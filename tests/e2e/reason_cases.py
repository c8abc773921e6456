# SPDX-License-Identifier: Apache-2.0
"""How each reason of docs/reference/reasons.md is provoked on a real cluster, and how it is mended.

All cases are provoked together. The seconds are what a person may have to wait at worst: Prometheus
scrapes within an interval and is asked every 5 s, the kubelet brings a configuration within 90 s, and
lines may wait for 120 s before that counts as a failure.
"""

import dataclasses
import json

import manifests
import reason_pods as pods

NAMESPACE = "reasons"
REFUSED, UNWRITTEN, LARGE, MISSED = "reasons-refused", "reasons-unwritten", "reasons-large", "reasons-missed"
NAMESPACES = (NAMESPACE, REFUSED, UNWRITTEN, LARGE, MISSED)
SCRAPE, KUBELET, STALLED = 90.0, 150.0, 240.0
FILES = {"source": "Files", "files": {"directory": "/var/log/app"}}
SIDECAR = {"sidecar": {}}


def page(path: str = "/metrics", port: int | str = 8080, **more) -> dict:
    return {"metrics": {"endpoints": [{"port": port, "path": path, "interval": "5s", "timeout": "4s", **more}]}}


@dataclasses.dataclass(frozen=True)
class Case:
    reason: str
    name: str  # of the MonitoringTarget
    spec: dict  # of it; it selects app=`app`
    app: str = ""  # "": the name
    namespace: str = NAMESPACE
    before: tuple[dict, ...] = ()  # made before the MonitoringTarget
    after: tuple[dict, ...] = ()  # made when the operator knows it
    then: dict | None = None  # a change of spec once it is Ready, which provokes the reason
    mend: tuple = ()  # of `patch`, `apply`, `delete`, `run`, `restart`; none: it passes by itself
    together: str = ""  # cases of one such name are mended by one act, when all of them have shown
    shows: float = SCRAPE  # seconds
    clears: float = SCRAPE
    ready: bool = True  # it is Ready when it is mended

    def target(self) -> dict:
        spec = {"selector": {"matchLabels": {"app": self.app or self.name}}, **self.spec}
        return {"apiVersion": "telltale.dev/v1alpha1", "kind": "MonitoringTarget",
                "metadata": {"name": self.name, "namespace": self.namespace}, "spec": spec}  # fmt: skip

    @property
    def key(self) -> tuple[str, str]:
        return self.namespace, self.name


# How things are mended -----------------------------------------------------------------------------


def patch(spec: dict, kind: str = "mt"):
    return lambda cluster, case: cluster.kubectl(
        "-n", case.namespace, "patch", kind, case.name, "--type=merge", "-p", json.dumps({"spec": spec}))  # fmt: skip


def pod_patch(spec: dict):
    return patch({"template": {"spec": spec}}, "deployment")


def apply(*objects: dict):
    return lambda cluster, case: cluster.kubectl(
        "apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))  # fmt: skip


def delete(kind: str, *names: str):
    return lambda cluster, case: cluster.kubectl("-n", case.namespace, "delete", kind, *names)


def restart(kind: str = "deployment"):
    return lambda cluster, case: cluster.kubectl("-n", case.namespace, "rollout", "restart", f"{kind}/{case.name}")


def run(script: str):
    def in_each_pod(cluster, case) -> None:
        for pod in cluster.pods(case.namespace, f"app={case.app or case.name}"):
            cluster.kubectl("-n", case.namespace, "exec", pod["metadata"]["name"], "-c", "app", "--", "sh", "-c", script)

    return in_each_pod


# The cases -----------------------------------------------------------------------------------------


def of_pages() -> list[Case]:
    """One application whose pages are wrong in every way, until it is told to mend itself."""
    wrong = [("Auth", "unauthorized"), ("Auth", "forbidden"), ("NotFound", "gone"), ("BadContent", "html"),
             ("BadContent", "json"), ("EmptyPage", "empty"), ("Timeout", "slow"), ("ScrapeFailed", "error"),
             ("Redirect", "redirect"), ("LimitExceeded", "long")]  # fmt: skip
    cases = [Case(reason, f"page-{path}", page(f"/cgi-bin/{path}")) for reason, path in wrong]
    cases += [Case("ConnectionRefused", "page-closed", page(port=9999)), Case("TLS", "page-tls", page(port=9443))]
    mend = (run("touch /tmp/mended"),)
    cases = [dataclasses.replace(case, app="pages", together="pages", mend=mend) for case in cases]
    return [*cases, Case("TLS", "https", page(scheme="https"), app="pages", mend=(patch(page()),))]


def of_resources() -> list[Case]:
    """What is wrong is the resource alone: the pods are those of the healthy one."""

    def case(reason, name, spec, mended, **more) -> Case:
        return Case(reason, name, spec, app="healthy", mend=(patch(mended),), **more)

    no_zone = {"pipeline": [{"timestamp": {"source": "t", "format": "RFC3339", "location": "Mars/Olympus"}}]}
    return [
        case("Invalid", "invalid", {"logs": FILES | no_zone}, {"logs": {"pipeline": None}}),
        case("NotTrusted", "not-trusted", {**page(), "namespaceSelector": {"any": True}}, {"namespaceSelector": None}),
        case("TenantNotAllowed", "tenant", {"logs": FILES | {"tenant": "acme"}}, {"logs": {"tenant": None}}),
        case("UnknownClass", "class", page(**{"class": "nowhere"}), page()),
        case("PortNotFound", "port", page(port="htpp"), page(port="http")),
        case("Suspended", "suspended", {**page(), "suspend": True}, {"suspend": False}),
        case("NoNodeAgent", "no-agent", {**page(), "logs": {"source": "Stdout", "collector": "Node"}}, {"logs": None}),
        case("NoPodsMatched", "no-pods", {**page(), "selector": {"matchLabels": {"app": "healhty"}}},
             {"selector": {"matchLabels": {"app": "healthy"}}}),
        Case("NotYetScraped", "new", page(), app="pages"),
        Case("ConfigPending", "pending", SIDECAR, app="healthy", then={"sidecar": {"interval": "5s"}}, clears=KUBELET),
    ]  # fmt: skip


def of_pods() -> list[Case]:
    two = [pods.container("metrics"), pods.container("metrics", name="other", listen=8081)]
    outside = [{"name": "logs", "configMap": {"name": "settings"}}]
    settings = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings", "namespace": NAMESPACE},
                "data": {"app.log": "no log"}}  # fmt: skip
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "missing", "namespace": NAMESPACE}}
    good = {name: pods.deployment(NAMESPACE, name) for name in ("pull", "crash", "cannot-start", "unseen")}
    nowhere = {"nodeSelector": {"telltale.dev/e2e": "nowhere"}}
    return [
        Case("PortAmbiguous", "ambiguous", page(port="metrics"), before=(pods.deployment(NAMESPACE, "ambiguous", *two),),
             mend=(patch(page(port="metrics", container="app")),)),
        Case("ImagePull", "pull", page(), mend=(apply(good["pull"]),),
             after=(pods.deployment(NAMESPACE, "pull", pods.container(image="localhost/telltale/none:1")),)),
        Case("CrashLoop", "crash", page(), mend=(apply(good["crash"]),),
             after=(pods.deployment(NAMESPACE, "crash", pods.container(script="exit 1")),)),
        Case("CannotStart", "cannot-start", page(), mend=(apply(secret),),
             after=(pods.deployment(NAMESPACE, "cannot-start", pods.container(envFrom=[{"secretRef": {"name": "missing"}}])),)),
        Case("NotRunning", "not-running", page(), after=(pods.deployment(NAMESPACE, "not-running", **nowhere),),
             mend=(pod_patch({"nodeSelector": None}),)),
        Case("SidecarMissing", "missing", SIDECAR, before=(pods.deployment(NAMESPACE, "missing"),), mend=(restart(),)),
        Case("WebhookMissed", "missed", SIDECAR, namespace=MISSED, mend=(restart(),),
             after=(pods.deployment(MISSED, "missed"),)),
        Case("SidecarOutdated", "outdated", SIDECAR, after=(pods.deployment(NAMESPACE, "outdated", pods.container(begin=pods.LATE)),),
             then={"logs": {"source": "Files", "files": {"directory": "/var/log/late"}}}, mend=(restart(),)),
        Case("SidecarImpossible", "impossible", SIDECAR, mend=(apply(pods.deployment(NAMESPACE, "impossible")),),
             after=(pods.deployment(NAMESPACE, "impossible", pods.container("taken", listen=9847)),)),
        Case("HostNetwork", "host", SIDECAR, after=(pods.deployment(NAMESPACE, "host", pods.idle(), hostNetwork=True),),
             mend=(pod_patch({"hostNetwork": None}),)),
        Case("LogsUnseen", "unseen", {"logs": FILES}, before=(settings,), mend=(apply(good["unseen"]),),
             after=(pods.deployment(NAMESPACE, "unseen", pods.container(volumeMounts=[
                 {"name": "logs", "mountPath": "/var/log/app"}]), volumes=outside),), clears=KUBELET),
        Case("LogsForbidden", "forbidden", {"logs": {"source": "Stdout", "collector": "Sidecar"}},
             after=(pods.deployment(NAMESPACE, "forbidden", serviceAccountName="default"),),
             mend=(apply(*pods.may_read_output(NAMESPACE)),), shows=KUBELET, clears=KUBELET),
        Case("LogsUnreadable", "unreadable", {"logs": FILES}, shows=KUBELET,
             after=(pods.deployment(NAMESPACE, "unreadable", pods.container(begin="umask 077", root=True)),),
             mend=(run("chmod 644 /var/log/app/*"),)),
        Case("NoLogFiles", "no-files", {"logs": FILES}, after=(pods.deployment(NAMESPACE, "no-files", pods.silent()),),
             mend=(run("echo hello > /var/log/app/app.log"),), shows=STALLED),
        Case("NoLinesYet", "no-lines", {"logs": FILES}, mend=(run("echo hello >> /var/log/app/app.log"),),
             after=(pods.deployment(NAMESPACE, "no-lines", pods.silent("touch /var/log/app/app.log")),)),
        Case("LogsStalled", "stalled", {"logs": FILES}, shows=STALLED, clears=KUBELET,
             after=(pods.deployment(NAMESPACE, "stalled", pods.container(root=True), hostAliases=[pods.NO_STORE]),),
             mend=(run("sed /victorialogs/d /etc/hosts > /tmp/hosts; cat /tmp/hosts > /etc/hosts"),)),
    ]  # fmt: skip


def of_quotas() -> list[Case]:
    """The API server refuses what is made, each kind in its own words."""
    refused = [Case("PodsRefused", f"refused-{kind.lower()}", page(), namespace=REFUSED, together="quota",
                    before=(pods.workload(kind, REFUSED, f"refused-{kind.lower()}"),))
               for kind in ("Deployment", "StatefulSet", "DaemonSet", "Job")]  # fmt: skip
    again = [restart(kind) for kind in ("deployment", "statefulset", "daemonset")]
    again.append(lambda cluster, case: cluster.kubectl(
        "replace", "--force", "-f", "-", stdin=json.dumps(pods.workload("Job", REFUSED, case.name))))  # fmt: skip
    refused = [dataclasses.replace(case, mend=(pods.without_quota, act)) for case, act in zip(refused, again)]
    unwritten = Case("ConfigNotWritten", "unwritten", SIDECAR, namespace=UNWRITTEN, ready=False,
                     mend=(pods.without_quota,))  # fmt: skip
    large = [Case("ConfigTooLarge", f"team-{i:02}", {"logs": FILES | {"pipeline": pods.LONG}}, namespace=LARGE)
             for i in range(25)]  # fmt: skip
    first = [case.name for case in large[:5]]
    largest = dataclasses.replace(large[-1], before=tuple(case.target() for case in large[:-1]), ready=False,
                                  mend=(delete("mt", *first),))  # fmt: skip
    return [*refused, unwritten, largest]


def of_what_is_well() -> list[Case]:
    """Reasons that say that all is well. These MonitoringTargets stay Ready as long as others are not."""
    well = {**page(), **SIDECAR, "logs": FILES}
    healthy = pods.deployment(NAMESPACE, "healthy", replicas=2)
    out = pods.deployment(NAMESPACE, "opted-out", annotations={"telltale.dev/inject": "false"})
    return [Case(reason, "healthy", well, after=(healthy,), shows=KUBELET)
            for reason in ("Accepted", "Discovered", "Injected", "Up", "Flowing", "Ready")] + [
        Case("NotRequested", "beside", page(), app="pages", before=(pods.deployment(NAMESPACE, "pages", pods.pages(), replicas=2),)),
        Case("OptedOut", "opted-out", SIDECAR, after=(out,)),
        Case("Finished", "finished", SIDECAR, after=(pods.workload("Job", NAMESPACE, "finished", manifests.container("true")),)),
    ]  # fmt: skip


QUOTAS = [pods.quota(REFUSED, {"pods": "0"}), pods.quota(UNWRITTEN, {"configmaps": "0"})]
BROKEN = [*of_pages(), *of_resources(), *of_pods(), *of_quotas()]
WELL = of_what_is_well()
# What a resource of a cluster cannot show beside others that are well, with the test that has it.
ELSEWHERE = {
    "ConfigRefused": "tests/unit/operator/plan/status/status_truth_test.cc",  # a sidecar older than the operator
    "InjectionOff": "tests/unit/operator/plan/status/status_truth_test.cc",  # of the whole release, as are these
    "FilterUnsupported": "tests/unit/operator/plan/status/status_administrator_test.cc",
    "NoLogStore": "tests/unit/operator/plan/status/status_truth_test.cc",
    "NoScrapeJob": "tests/integration/test_any_prometheus.py",
    "PrometheusUnknown": "tests/integration/test_any_prometheus.py",
    "NodeAgent": "tests/integration/test_promtail_pods.py",
    "NoIP": "tests/golden/sd/mixed.problems.txt",  # a network that gives no address
}
