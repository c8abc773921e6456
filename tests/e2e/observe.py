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

    def service(self, name: str, path: str, query: dict, namespace: str = "") -> str:
        """GET of a service's HTTP API through the API server's proxy; the service is NAME:PORT."""
        target = f"/api/v1/namespaces/{namespace or self.namespace}/services/{name}/proxy{path}"
        return self.kubectl("get", "--raw", f"{target}?{urllib.parse.urlencode(query)}")

    def prometheus(self, path: str, query: dict) -> dict:
        """The data of an answer of Prometheus's API."""
        return json.loads(self.service("telltale-prometheus:9090", path, query))["data"]

    # Prometheus -------------------------------------------------------------------------------

    def targets(self, job: str) -> list[dict]:
        """Prometheus's active targets of a job, by pod."""
        answer = self.prometheus("/api/v1/targets", {"state": "active"})
        found = [t for t in answer["activeTargets"] if t["labels"].get("job") == job]
        return sorted(found, key=lambda target: target["labels"].get("pod", ""))

    def query(self, promql: str) -> list[dict]:
        return self.prometheus("/api/v1/query", {"query": promql})["result"]

    def first_samples(self, series: str) -> dict[str, float]:
        """Pod -> unix seconds of its first sample of these series in the last hour.

        Asked of a metric of the application: `up` has a sample for a failed scrape, too.
        """
        first: dict[str, float] = {}
        for found in self.query(f"{series}[1h]"):
            pod, at = found["metric"]["pod"], float(found["values"][0][0])
            first[pod] = min(at, first.get(pod, at))
        return first

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
