# SPDX-License-Identifier: Apache-2.0
"""Reads log lines back from Loki (LogQL) and from VictoriaLogs (LogsQL): one question, one form of answer."""

import calendar
import dataclasses
import json
import time
import urllib.parse
import urllib.request

LIMIT = 5000  # Loki's own for one query
SECOND = 10**9


@dataclasses.dataclass(frozen=True, order=True)
class Entry:
    """One line as a store holds it. `labels` has the stream's labels and the line's structured metadata:
    Loki 3 and VictoriaLogs show both in one place."""

    time: int  # nanoseconds since 1970
    line: str
    labels: dict = dataclasses.field(compare=False)


def selector(labels: dict[str, str]) -> str:
    """{name="value",...}: the same text selects streams in LogQL and in LogsQL."""
    return "{" + ",".join(f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in labels.items()) + "}"


def ask(url: str, parameters: dict, headers: dict | None = None) -> bytes:
    request = urllib.request.Request(f"{url}?{urllib.parse.urlencode(parameters)}", headers=headers or {})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read()


def window(age: float) -> tuple[int, int]:
    """From `age` seconds ago until ten minutes ahead, in nanoseconds: a log may be ahead of our clock."""
    now = time.time_ns()
    return now - int(age * SECOND), now + 600 * SECOND


def from_loki(url: str, labels: dict[str, str], age: float, tenant: str = "") -> list[Entry]:
    start, end = window(age)
    parameters = {"query": selector(labels), "limit": LIMIT, "direction": "forward", "start": start, "end": end}
    headers = {"X-Scope-OrgID": tenant} if tenant else {}
    result = json.loads(ask(f"{url}/loki/api/v1/query_range", parameters, headers))["data"]["result"]
    found = [Entry(int(value[0]), value[1], stream["stream"]) for stream in result for value in stream["values"]]
    return sorted(found)


def from_victoria_logs(url: str, labels: dict[str, str], age: float, tenant: str = "") -> list[Entry]:
    # What was pushed a moment ago is not searched yet: this makes it so.
    ask(f"{url}/internal/force_flush", {})
    start, end = window(age)
    parameters = {"query": selector(labels), "limit": LIMIT, "start": start, "end": end}
    account, _, project = tenant.partition(":")
    headers = {"AccountID": account, "ProjectID": project or "0"} if tenant else {}
    found = []
    for text in ask(f"{url}/select/logsql/query", parameters, headers).splitlines():
        fields = json.loads(text)
        own = {name: value for name, value in fields.items() if name not in ("_time", "_msg", "_stream", "_stream_id")}
        found.append(Entry(nanoseconds(fields["_time"]), fields.get("_msg", ""), own))
    return sorted(found)


def nanoseconds(text: str) -> int:
    """Of a time like 2026-11-30T04:05:06.123456789Z."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    return calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) * SECOND + int((fraction + "0" * 9)[:9])
