# SPDX-License-Identifier: Apache-2.0
"""What a running Telltale shows, asked from the APIs and from nothing else.

Everything goes through kubectl and the API server's service proxy, so that it works the same on the
demo's own cluster and on anybody's.
"""

import datetime
import json
import subprocess
import urllib.parse


class Cluster:
    def __init__(self, kubectl: str, kubeconfig: str, namespace: str = "telltale"):
        self.command = [kubectl, "--kubeconfig", kubeconfig]
        self.namespace = namespace

    def kubectl(self, *words, check: bool = True, stdin: str | None = None) -> str:
        done = subprocess.run(
            [*self.command, *map(str, words)], capture_output=True, text=True, input=stdin
        )
        if check and done.returncode != 0:
            raise RuntimeError(f"kubectl {' '.join(map(str, words))}: {done.stderr.strip()}")
        return done.stdout if done.returncode == 0 else done.stderr

    def json(self, *words) -> dict:
        return json.loads(self.kubectl(*words, "-o", "json"))

    def service(self, name: str, path: str, query: dict | None = None) -> dict:
        """GET of a service's HTTP API through the API server's proxy."""
        target = f"/api/v1/namespaces/{self.namespace}/services/{name}/proxy{path}"
        if query:
            target += "?" + urllib.parse.urlencode(query)
        return json.loads(self.kubectl("get", "--raw", target))

    # Prometheus -------------------------------------------------------------------------------

    def targets(self, job: str) -> list[dict]:
        """Prometheus's active targets of a job, by pod."""
        answer = self.service(
            "telltale-prometheus:9090", "/api/v1/targets", {"state": "active"}
        )
        found = [t for t in answer["data"]["activeTargets"] if t["labels"].get("job") == job]
        return sorted(found, key=lambda target: target["labels"].get("pod", ""))

    def query(self, promql: str) -> list[dict]:
        answer = self.service("telltale-prometheus:9090", "/api/v1/query", {"query": promql})
        return answer["data"]["result"]

    def first_samples(self, series: str) -> dict[str, float]:
        """Pod -> unix seconds of its first sample of these series in the last hour.

        Asked of a metric of the application: `up` has a sample for a failed scrape, too.
        """
        first: dict[str, float] = {}
        for found in self.query(f"{series}[1h]"):
            pod, at = found["metric"]["pod"], float(found["values"][0][0])
            first[pod] = min(at, first.get(pod, at))
        return first

    # Loki -------------------------------------------------------------------------------------

    def lines(self, selector: str, limit: int = 500) -> dict[str, list[tuple[int, str]]]:
        """Pod -> its newest log lines with their time in nanoseconds."""
        answer = self.service(
            "telltale-loki:3100",
            "/loki/api/v1/query_range",
            {"query": selector, "limit": str(limit), "since": "1h"},
        )
        pods: dict[str, list[tuple[int, str]]] = {}
        for stream in answer["data"]["result"]:
            found = [(int(at), text) for at, text, *_ in stream["values"]]
            pods.setdefault(stream["stream"].get("pod", ""), []).extend(found)
        return {pod: sorted(found) for pod, found in pods.items()}

    def line_counts(self, selector: str) -> dict[str, int]:
        """Pod -> how many lines Loki has of it in the last hour."""
        answer = self.service(
            "telltale-loki:3100",
            "/loki/api/v1/query",
            {"query": f"sum by (pod) (count_over_time({selector}[1h]))"},
        )
        return {found["metric"]["pod"]: int(found["value"][1]) for found in answer["data"]["result"]}

    # Pods -------------------------------------------------------------------------------------

    def pods(self, namespace: str, selector: str) -> list[dict]:
        """Pods that are not on their way out."""
        items = self.json("-n", namespace, "get", "pods", "-l", selector)["items"]
        return [pod for pod in items if "deletionTimestamp" not in pod["metadata"]]


def ready_since(pod: dict) -> float | None:
    """Unix seconds since which a pod is Ready; None while it is not."""
    for condition in pod.get("status", {}).get("conditions", []):
        if condition["type"] == "Ready" and condition["status"] == "True":
            moment = datetime.datetime.fromisoformat(condition["lastTransitionTime"])
            return moment.timestamp()
    return None


def table(rows: list[list], head: list[str]) -> str:
    """Rows in columns as wide as they need."""
    text = [[str(cell) for cell in row] for row in [head, *rows]]
    widths = [max(len(row[i]) for row in text) for i in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)) for row in text]
    return "\n".join("  " + line.rstrip() for line in lines)
