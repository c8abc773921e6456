# SPDX-License-Identifier: Apache-2.0
"""What the demo does with examples/shop: apply, scale 2 -> 5 -> 3, and show what is known of it."""

import pathlib
import time

import dashboards  # of tests, and
import log_query  # of tests/cluster, which the caller puts into the path
import observe
import stores
from steps import Failed, Steps, say, wait_for

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
EXAMPLE = ROOT / "examples" / "shop"
NAMESPACE = "shop"
SELECTOR = "app=shop"
APP_JOB = "shop/shop"
SIDECAR_JOB = "telltale-sidecar"
ORDERS = 'shop_orders_total{namespace="shop"}'
ALERT = "ShopSells"  # of values-demo.yaml
KNOWN_WITHIN = 15.0  # seconds from Ready until Prometheus knows a pod
# A sidecar is scraped every 15 s, and Prometheus spreads the first scrapes over the interval.
FIRST_SAMPLE_WITHIN = 30.0
GONE_WITHIN = 30.0  # seconds from a pod's end until Prometheus forgot it


def restart(cluster: observe.Cluster) -> None:
    cluster.kubectl("-n", "telltale", "rollout", "restart", "deployment/telltale-operator")
    cluster.kubectl("-n", "telltale", "rollout", "status", "deployment/telltale-operator")
    if "NotFound" not in cluster.kubectl("-n", NAMESPACE, "get", "deploy", "shop", check=False):
        cluster.kubectl("-n", NAMESPACE, "rollout", "restart", "deployment/shop")


def scale(cluster: observe.Cluster, replicas: int) -> list[dict]:
    """Scales, and returns the pods once exactly that many exist and are Ready."""
    cluster.kubectl("-n", NAMESPACE, "scale", "deployment/shop", f"--replicas={replicas}")

    def settled():
        pods = cluster.pods(NAMESPACE, SELECTOR)
        ready = [pod for pod in pods if observe.ready_since(pod)]
        return pods if len(pods) == len(ready) == replicas else None

    try:
        return wait_for(f"{replicas} Ready pods of the shop", 180, settled)
    except Failed as failure:
        raise Failed(f"{failure}\n{cluster.kubectl('-n', NAMESPACE, 'get', 'pods', '-o', 'wide')}"
                     "A pod without its image: `make images` writes the archives, README says how "
                     "to load them.") from None  # fmt: skip


def names(pods: list[dict]) -> set[str]:
    return {pod["metadata"]["name"] for pod in pods}


def known(cluster: observe.Cluster, job: str) -> set[str]:
    return {target["labels"]["pod"] for target in cluster.targets(job)}


def targets_are(cluster: observe.Cluster, pods: list[dict], seconds: float) -> float:
    """Waits until Prometheus has just these pods, app and sidecar; returns the seconds it took."""
    started = time.monotonic()
    wanted = names(pods)

    def just_these():
        return all({p for p in known(cluster, job) if p.startswith("shop-")} == wanted
                   for job in (APP_JOB, SIDECAR_JOB))  # fmt: skip

    wait_for(f"Prometheus having just the targets of {sorted(wanted)}", seconds, just_these)
    return time.monotonic() - started


def show_targets(cluster: observe.Cluster) -> None:
    for job, title in ((APP_JOB, "the app"), (SIDECAR_JOB, "the sidecars")):

        def scraped(job=job):
            found = cluster.targets(job)
            return found if all(target["health"] == "up" for target in found) else None

        found = wait_for(f"every target of {title} being up", FIRST_SAMPLE_WITHIN, scraped)
        rows = [
            [t["labels"]["namespace"], t["labels"]["pod"], t["scrapeUrl"], t["health"],
             t["lastError"] or "-"] for t in found
        ]  # fmt: skip
        say(f"\nPrometheus scrapes {len(found)} targets of {title} (job {job}):")
        say(observe.table(rows, ["NAMESPACE", "POD", "URL", "HEALTH", "ERROR"]))


def show_rates(cluster: observe.Cluster, pods: list[dict]) -> None:
    query = f"sum by (pod) (rate({ORDERS}[30s]))"

    def rates():
        found = {r["metric"]["pod"]: float(r["value"][1]) for r in cluster.query(query)}
        return found if all(found.get(pod, 0) > 0 for pod in names(pods)) else None

    found = wait_for("a rate of shop_orders_total for every pod", 60, rates)
    say(f"\n{query}:")
    say(observe.table([[p, f"{found[p]:.2f}"] for p in sorted(names(pods))], ["POD", "ORDERS/S"]))


def show_logs(store: stores.Store, pods: list[dict]) -> None:
    selector = log_query.selector({"namespace": "shop", "app": "shop"})

    def lines():
        found = stores.by_pod(store.entries(selector))
        return found if names(pods) <= set(found) else None

    found = wait_for(f"log lines of every pod in {store.title}", 60, lines)
    counts = store.counts(selector)
    rows = [[pod, counts[pod], found[pod][-1].line] for pod in sorted(names(pods))]
    say(f"\n{store.title} has for {selector}:")
    say(observe.table(rows, ["POD", "LINES", "NEWEST"]))


def show_memory(cluster: observe.Cluster, pods: list[dict]) -> None:
    query = 'container_memory_working_set_bytes{namespace="shop", container!=""}'

    def memory():
        found = {(r["metric"]["pod"], r["metric"]["container"]): float(r["value"][1]) for r in cluster.query(query)}
        return found if names(pods) <= {pod for pod, _ in found} else None

    found = wait_for("the memory of every container of the shop, by cAdvisor", 90, memory)
    rows = [[*one, f"{found[one] / 2**20:.1f}"] for one in sorted(found) if one[0] in names(pods)]
    say(f"\n{query}:")
    say(observe.table(rows, ["POD", "CONTAINER", "MIB"]))


def show_alert(store: stores.Store) -> None:
    """Prometheus's alert went to Alertmanager, from there to the shop, and from its log into the store."""
    selector = log_query.selector({"namespace": "shop", "app": "shop"})

    def told():
        return [one for one in store.entries(selector) if f"{ALERT} is firing" in one.line]

    found = wait_for(f"the alert {ALERT} at its receiver", 120, told)
    say(f"\nThe alert {ALERT} fired, and its receiver, which is the shop, wrote:")
    say(observe.table([[found[0].labels["pod"], found[0].line]], ["POD", "LINE"]))


def show_dashboard(cluster: observe.Cluster) -> None:
    """Grafana itself may not be built here: the queries of its dashboard are asked as it would ask them."""
    board = dashboards.loaded("shop")
    panels = [panel for panel in board["panels"] if panel["type"] != "row" and dashboards.of_prometheus(panel)]

    def answers():
        found = [[panel["title"], sum(len(cluster.query(dashboards.filled("shop", target["expr"]))) for target in panel["targets"])]
                 for panel in panels]  # fmt: skip
        return found if all(series for _, series in found) else None

    found = wait_for("data for every panel of the shop's dashboard", 60, answers)
    say("\nThe panels of examples/shop/grafana/dashboard.json that ask Prometheus:")
    say(observe.table(found, ["PANEL", "SERIES"]))


def show_first_samples(cluster: observe.Cluster, pods: list[dict]) -> None:
    def samples():
        found = cluster.first_samples(ORDERS)
        return found if names(pods) <= set(found) else None

    first = wait_for("a first sample of every pod", 60, samples)
    rows = []
    for pod in sorted(pods, key=lambda pod: pod["metadata"]["name"]):
        name = pod["metadata"]["name"]
        rows.append([name, f"{first[name] - observe.ready_since(pod):.1f}"])
    say("\nSeconds from Ready to the first sample (Ready has whole seconds):")
    say(observe.table(rows, ["POD", "SECONDS"]))


def run(steps: Steps, cluster: observe.Cluster, store: stores.Store) -> None:
    steps.call("kubectl apply -f examples/shop", lambda: apply(cluster))
    steps.call("scale to 2", lambda: targets_are(cluster, scale(cluster, 2), 60))
    five = steps.call("scale to 5", lambda: scale(cluster, 5))
    took = targets_are(cluster, five, KNOWN_WITHIN)
    say(f"    Prometheus knew all 5 within {took:.1f} s of the last one's Ready")
    show_targets(cluster)
    show_first_samples(cluster, five)
    three = steps.call("scale to 3", lambda: scale(cluster, 3))
    took = targets_are(cluster, three, GONE_WITHIN)
    say(f"    Prometheus had just the 3 left within {took:.1f} s")
    show_targets(cluster)
    show_rates(cluster, three)
    show_memory(cluster, three)
    show_logs(store, three)
    show_alert(store)
    show_dashboard(cluster)
    show_resource(cluster)


def apply(cluster: observe.Cluster) -> None:
    for path in sorted(EXAMPLE.glob("[0-9]*.yaml")):
        cluster.kubectl("apply", "-f", path)


def show_resource(cluster: observe.Cluster) -> None:
    def settled():
        target = cluster.json("-n", NAMESPACE, "get", "mt", "shop")
        status = target.get("status", {})
        ready = [c for c in status.get("conditions", []) if c["type"] == "Ready"]
        counts = status.get("pods", {})
        return (ready and ready[0]["status"] == "True" and counts.get("matched") == 3
                and counts.get("up") == 3 and counts.get("logging") == 3)  # fmt: skip

    wait_for("MonitoringTarget shop/shop being Ready with 3 pods up and logging", 60, settled)
    say("\nkubectl get mt -A -o wide:")
    say(cluster.kubectl("get", "mt", "-A", "-o", "wide").rstrip())
