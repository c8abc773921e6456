# SPDX-License-Identifier: Apache-2.0
"""Scenarios of test_fake_api.py: what is there, what was there, and what is not."""

import base64
import json

from fake_api_answers import LEASES, MAPS, MERGE, NS, TARGETS, WATCH_LIST, Server, clear, config_map, five, plain, short, spec, target


def lists(server: Server):
    versions = five(server)
    first = server.get(f"{MAPS}?limit=2")
    token = first["metadata"]["continue"]
    yield plain(first)
    server.call("DELETE", f"{MAPS}/c")
    second = server.call("GET", f"{MAPS}?limit=2&continue={token}")
    yield second[1]["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]
    yield short(second)
    yield short(server.call("GET", f"{MAPS}?continue={token}"))
    for query in (
        "limit=2&resourceVersion=0", "resourceVersion=0", f"resourceVersion={versions[1]}",
        f"resourceVersion={versions[1]}&resourceVersionMatch=NotOlderThan",
        f"resourceVersion={versions[1]}&resourceVersionMatch=Exact",
        f"resourceVersion={versions[3]}&limit=3", "resourceVersionMatch=Exact", "resourceVersion=99999999",
        "resourceVersion=0&resourceVersionMatch=Exact", "resourceVersion=abc", "continue=garbage",
        "resourceVersion=1&resourceVersionMatch=Sometimes", "fieldSelector=metadata.name%3Db&limit=1",
        "fieldSelector=metadata.name%3Dnone", "fieldSelector=data.x%3D1", "labelSelector=app",
        f"continue={token}&resourceVersion=0&resourceVersionMatch=NotOlderThan",
    ):  # fmt: skip
        yield short(server.call("GET", f"{MAPS}?{query}"))
    yield short(server.call("GET", f"/api/v1/configmaps?fieldSelector=metadata.namespace%3D{NS}"))


def forgotten_pages(server: Server):
    clear(server, TARGETS)
    server.call("POST", TARGETS, target(spec=spec()))
    server.compact()
    # A version from before the definition of the resource, which no cache has.
    old = {"v": "meta.k8s.io/v1", "rv": 2, "start": "/a\0"}
    token = base64.urlsafe_b64encode(json.dumps(old).encode()).decode().rstrip("=")
    status, body = server.call("GET", f"{TARGETS}?limit=2&continue={token}")
    yield status, plain(body)
    yield server.call("GET", f"{TARGETS}?resourceVersion=2&resourceVersionMatch=Exact")[0]
    rest = body.get("metadata", {}).get("continue", "")
    yield short(server.call("GET", f"{TARGETS}?limit=2&continue={rest}"))


def watches(server: Server):
    versions = five(server)
    server.call("DELETE", f"{MAPS}/c")
    server.call("PATCH", f"{MAPS}/a", {"data": {"x": "2"}}, MERGE)
    yield plain(server.call("GET", f"{MAPS}?watch=1&timeoutSeconds=1&resourceVersion={versions[2]}"))
    for query in (
        "resourceVersion=0", "resourceVersion=", "fieldSelector=metadata.name%3Da",
        f"resourceVersion={versions[0]}&fieldSelector=metadata.name%3Dc", "resourceVersion=99999999",
        "sendInitialEvents=true", "resourceVersionMatch=NotOlderThan",
    ):  # fmt: skip
        yield short(server.call("GET", f"{MAPS}?watch=1&timeoutSeconds=1&{query}"))
    for query in ("", f"&resourceVersion={versions[0]}", "&resourceVersion=0", "&fieldSelector=metadata.name%3Db",
                  "&resourceVersion=99999999"):  # fmt: skip
        yield plain(server.call("GET", f"{MAPS}?{WATCH_LIST}{query}"))
    yield short(server.call("GET", f"{MAPS}?{WATCH_LIST.replace('allowWatchBookmarks=true&', '')}"))
    _, events = server.call("GET", f"{MAPS}?{WATCH_LIST}")
    yield int(events[-1]["object"]["metadata"]["resourceVersion"]) >= int(server.version(f"{MAPS}/a"))
    _, events = server.call("GET", f"{MAPS}?watch=1&timeoutSeconds=1&resourceVersion={versions[4]}")
    yield [int(e["object"]["metadata"]["resourceVersion"]) > int(versions[4]) for e in events]


def watches_of_labels(server: Server):
    clear(server, MAPS)
    server.call("POST", MAPS, config_map("a"))
    start = server.version(MAPS)
    for labels in ({"app": "web"}, {"app": "web", "x": "1"}, {"app": "db"}):
        server.call("PATCH", f"{MAPS}/a", {"metadata": {"labels": labels}}, MERGE)
    query = f"watch=1&timeoutSeconds=1&resourceVersion={start}&labelSelector=app%3Dweb"
    _, events = server.call("GET", f"{MAPS}?{query}")
    yield plain(events)
    yield [int(event["object"]["metadata"]["resourceVersion"]) - int(start) for event in events]


def watch_of_an_old_version(server: Server):
    yield plain(server.call("GET", f"{TARGETS}?watch=1&resourceVersion=1&timeoutSeconds=1"))


def paths(server: Server):
    for method, path in (
        ("DELETE", "/version"), ("GET", "/nowhere"), ("POST", f"{MAPS}/one"), ("PUT", MAPS),
        ("GET", "/healthz"), ("GET", f"{MAPS}/none"), ("GET", f"{TARGETS}/none"), ("DELETE", f"{LEASES}/none"),
    ):  # fmt: skip
        yield method, path, plain(server.call(method, path, {} if method in ("POST", "PUT") else None))


SCENARIOS = (lists, forgotten_pages, watches, watches_of_labels, watch_of_an_old_version, paths)
