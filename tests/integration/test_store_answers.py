# SPDX-License-Identifier: Apache-2.0
"""What docs/reference/log-stores.md says of the answers of real log stores, held to these stores."""

import json
import time
import urllib.error
import urllib.request

import log_query
import peers
import pytest

DAY = 86400 * 10**9


def push(store, labels: dict, *values, base: str = "", now: int = 0, **headers: str) -> tuple[int, str]:
    """Values are (age in nanoseconds, line). The status and the text of the answer."""
    now = now or time.time_ns()
    body = {"streams": [{"stream": labels, "values": [[str(now - age), line] for age, line in values]}]}
    request = urllib.request.Request(
        (base or store.push_base) + "/loki/api/v1/push", json.dumps(body).encode(),
        {"Content-Type": "application/json"} | {name.replace("_", "-"): value for name, value in headers.items()},
    )  # fmt: skip
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@pytest.fixture(scope="module")
def loki_of_tenants(tmp_path_factory):
    with peers.Loki(tmp_path_factory.mktemp("tenants"), tenants=True) as server:
        yield server


@pytest.fixture
def victoria_logs(stores):
    return stores["victorialogs"]


@pytest.mark.parametrize("tenant", ["team-a", "7", "Shop_1.b"])
def test_loki_takes_any_name_of_a_tenant_and_shows_its_lines_to_this_tenant_only(loki_of_tenants, tenant):
    labels = {"case": tenant}
    assert push(loki_of_tenants, labels, (0, "one"), X_Scope_OrgID=tenant)[0] == 204
    assert [entry.line for entry in loki_of_tenants.entries(labels, tenant=tenant)] == ["one"]
    assert loki_of_tenants.entries(labels, tenant="somebody-else") == []


def test_loki_of_tenants_refuses_a_push_without_one(loki_of_tenants):
    assert push(loki_of_tenants, {"case": "none"}, (0, "one")) == (401, "no org id\n")


@pytest.mark.parametrize(("tenant", "other"), [("7", "8"), ("12:3", "12"), ("12", "12:3"), ("4294967295", "0")])
def test_victoria_logs_takes_numbers_as_tenants(victoria_logs, tenant, other):
    labels = {"case": f"tenant {tenant}"}
    assert push(victoria_logs, labels, (0, "one"), X_Scope_OrgID=tenant) == (204, "")
    assert [entry.line for entry in victoria_logs.entries(labels, tenant=tenant)] == ["one"]
    assert victoria_logs.entries(labels, tenant=other) == []


@pytest.mark.parametrize("tenant", ["team-a", "-1", "4294967296", "7:b", "a:7"])
def test_victoria_logs_refuses_every_other_tenant(victoria_logs, tenant):
    status, text = push(victoria_logs, {"case": "refused"}, (0, "one"), X_Scope_OrgID=tenant)
    assert (status, text.startswith("cannot parse common params from request: cannot parse ")) == (400, True), text


def test_victoria_logs_refuses_a_push_without_insert_in_its_path(victoria_logs):
    assert push(victoria_logs, {"case": "path"}, (0, "one"), base=victoria_logs.url) == (
        400, 'unsupported path requested: "/loki/api/v1/push"\n')  # fmt: skip


# Name, and (age, line) of each entry; the entries whose line is "kept" are stored, and no answer tells of the others.
DISCARDED = {
    "older-than-retention": [(31 * DAY, "old"), (29 * DAY, "kept")],
    "ahead": [(-3 * DAY, "ahead"), (-DAY, "kept")],
    "above-2-MiB": [(2, "x" * (2 << 20)), (1, "kept")],
}  # fmt: skip


@pytest.mark.parametrize("case", DISCARDED)
def test_victoria_logs_says_stored_of_lines_that_it_discards(victoria_logs, case):
    """Our test runs it with a retention of 30 days."""
    assert push(victoria_logs, {"case": case}, *DISCARDED[case]) == (204, "")
    ask = {"query": log_query.selector({"case": case}), "limit": 10, "start": time.time_ns() - 40 * DAY, "end": time.time_ns() + 5 * DAY}
    log_query.ask(f"{victoria_logs.url}/internal/force_flush", {})
    found = log_query.ask(f"{victoria_logs.url}/select/logsql/query", ask).splitlines()
    assert [json.loads(text)["_msg"] for text in found] == ["kept"]


def test_victoria_logs_takes_a_stream_in_any_order_with_many_labels_and_a_repeat_twice(victoria_logs):
    labels = {"case": "anything"} | {f"l{i}": "v" * 3000 for i in range(20)}
    now = time.time_ns()
    for _ in range(2):
        assert push(victoria_logs, labels, (0, "new"), (5 * 3600 * 10**9, "five hours older"), now=now) == (204, "")
    found = [(entry.time, entry.line) for entry in victoria_logs.entries({"case": "anything"}, age=86400)]
    assert found == [(now - 5 * 3600 * 10**9, "five hours older")] * 2 + [(now, "new")] * 2
