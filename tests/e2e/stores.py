# SPDX-License-Identifier: Apache-2.0
"""The log stores that the tests push to, and what they hold, asked through the API server's proxy.

Both take the same selector of labels, such as {namespace="shop",app="shop"}. VictoriaLogs is the
demo's; Loki is one that was there before the chart (external_loki.py).
"""

import json

import log_query  # of tests/cluster, which the caller puts into the path
import observe

HOUR = 3600.0


class Store:
    """`settings` makes the demo's release push to it; `push_url` is what our programs are then told."""

    kind = title = push_url = ""
    settings: tuple[str, ...] = ()

    def __init__(self, cluster: observe.Cluster):
        self.cluster = cluster

    def entries(self, selector: str, limit: int = 2000) -> list[log_query.Entry]:
        """The newest lines of the last hour, in the order of time."""
        raise NotImplementedError

    def counts(self, selector: str) -> dict[str, int]:
        """Pod -> how many lines the store has of it in the last hour."""
        raise NotImplementedError

    def panel(self, target: dict, query: str) -> list:
        """What a panel of a dashboard shows for one of its targets."""
        raise NotImplementedError


class VictoriaLogs(Store):
    kind, title = "victorialogs", "VictoriaLogs"
    push_url = "http://telltale-victorialogs.telltale.svc.cluster.local:9428/insert"

    def ask(self, path: str, **parameters) -> list[dict]:
        """The JSON documents of an answer, one a line."""
        text = self.cluster.service("telltale-victorialogs:9428", path, parameters)
        return [json.loads(line) for line in text.splitlines()]

    def entries(self, selector, limit=2000):
        found = self.ask("/select/logsql/query", query=f"_time:1h {selector}", limit=limit)
        return sorted(log_query.Entry(log_query.nanoseconds(one["_time"]), one["_msg"], one) for one in found)

    def counts(self, selector):
        query = f"_time:1h {selector} | stats by (pod) count() as lines"
        return {one["pod"]: int(one["lines"]) for one in self.ask("/select/logsql/query", query=query)}

    def panel(self, target, query):
        if target["queryType"] == "statsRange":
            [answer] = self.ask("/select/logsql/stats_query_range", query=query, start="1h", step="1m")
            return answer["data"]["result"]
        return self.ask("/select/logsql/query", query=query, start="1h", limit=100)


class Loki(Store):
    kind, title = "loki", "Loki"
    namespace = "logstore"
    push_url = f"http://loki.{namespace}.svc:3100"
    settings = ("victorialogs.enabled=false", f"loki.external.url={push_url}")

    def ask(self, path: str, **parameters) -> list[dict]:
        text = self.cluster.service("loki:3100", "/loki/api/v1/" + path, parameters, self.namespace)
        return json.loads(text)["data"]["result"]

    def entries(self, selector, limit=2000):
        start, end = log_query.window(HOUR)
        found = self.ask("query_range", query=selector, limit=limit, start=start, end=end)
        return sorted(log_query.Entry(int(at), line, stream["stream"])
                      for stream in found for at, line, *_ in stream["values"])  # fmt: skip

    def counts(self, selector):
        found = self.ask("query", query=f"sum by (pod) (count_over_time({selector}[1h]))")
        return {one["metric"]["pod"]: int(one["value"][1]) for one in found}

    def panel(self, target, query):
        start, end = log_query.window(HOUR)
        return self.ask("query_range", query=query, start=start, end=end)


STORES = {store.kind: store for store in (VictoriaLogs, Loki)}


def by_pod(entries: list[log_query.Entry]) -> dict[str, list[log_query.Entry]]:
    pods: dict[str, list[log_query.Entry]] = {}
    for entry in entries:
        pods.setdefault(entry.labels.get("pod", ""), []).append(entry)
    return pods
