# SPDX-License-Identifier: Apache-2.0
"""MonitoringTarget before a real API server: what is right is stored with its defaults, what is
wrong is refused with a sentence that says what to write instead."""

import copy
import json

import chart
import pytest
import yaml

pytestmark = pytest.mark.every_api_server

RIGHT = {
    "selector": {"matchLabels": {"app": "shop"}},
    "metrics": {"endpoints": [{"port": "http"}]},
}


def resource(spec: dict, name: str = "one") -> dict:
    return {
        "apiVersion": "telltale.dev/v1alpha1",
        "kind": "MonitoringTarget",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": spec,
    }


def create(server, spec: dict, name: str = "one"):
    """What the API server would store, or the error that a person would read."""
    done = server.kubectl(
        "create", "--dry-run=server", "--validate=strict", "-o", "json", "-f", "-",
        text=yaml.safe_dump(resource(spec, name)),
    )  # fmt: skip
    return (json.loads(done.stdout), "") if done.returncode == 0 else (None, done.stderr)


def spec(**parts) -> dict:
    """A right spec with some of its parts replaced; None removes one."""
    made = copy.deepcopy(RIGHT) | parts
    return {name: part for name, part in made.items() if part is not None}


def endpoint(**fields) -> dict:
    return spec(metrics={"endpoints": [{"port": "http"} | fields]})


def labels(**fields) -> dict:
    return spec(metrics=RIGHT["metrics"] | {"labels": fields})


def files(**fields) -> dict:
    return spec(logs={"files": {"directory": "/var/log/shop"} | fields})


def stage(**stage_of) -> dict:
    return spec(logs={"source": "Stdout", "pipeline": [stage_of]})


def resources(**fields) -> dict:
    return spec(sidecar={"resources": fields})


def poll(**fields) -> dict:
    return spec(sidecar={"http": [{name: value for name, value in ({"name": "a", "port": 80} | fields).items() if value is not None}]})


OFF = {"mode": "Off"}
FILES = {"files": {"directory": "/var/log/shop"}}

WRONG = {
    "nothing asked for": (spec(metrics=None), "add at least one of metrics, logs and sidecar"),
    "no selector": (spec(selector=None), "spec.selector: Required value"),
    "an empty selector": (spec(selector={}), "spec.selector is empty and selects nothing"),
    "an empty matchLabels": (spec(selector={"matchLabels": {}}), "or set matchAll: true"),
    "matchAll and labels": (
        spec(selector={"matchAll": True, "matchLabels": {"a": "b"}}), "remove one of them"),
    "a label value with a space": (
        spec(selector={"matchLabels": {"app": "my shop"}}), "a letter or digit at both ends"),
    "a label key with a space": (
        spec(selector={"matchLabels": {"my app": "shop"}}), "the key of a label is a name"),
    "In without values": (
        spec(selector={"matchExpressions": [{"key": "a", "operator": "In"}]}),
        "In and NotIn need at least one of values"),
    "Exists with values": (
        spec(selector={"matchExpressions": [{"key": "a", "operator": "Exists", "values": ["b"]}]}),
        "DoesNotExist take none"),
    "an unknown operator": (
        spec(selector={"matchExpressions": [{"key": "a", "operator": "Like"}]}),
        'supported values: "In", "NotIn", "Exists", "DoesNotExist"'),
    "any and names": (
        spec(namespaceSelector={"any": True, "names": ["a"]}), "takes exactly one of any: true"),
    "an empty namespaceSelector": (
        spec(namespaceSelector={}), "leave it out for the own namespace"),
    "no endpoint": (spec(metrics={"endpoints": []}), "should have at least 1 items"),
    "eleven endpoints": (
        spec(metrics={"endpoints": [{"port": n} for n in range(1, 12)]}),
        "must have at most 10 items"),
    "no port": (spec(metrics={"endpoints": [{"path": "/"}]}), "endpoints[0].port: Required value"),
    "port 0": (endpoint(port=0), "port is neither a number from 1 to 65535"),
    "port 65536": (endpoint(port=65536), "port is neither a number from 1 to 65535"),
    "a port in quotes": (endpoint(port="8080"), "(without quotes)"),
    "a port name in capitals": (endpoint(port="HTTP"), "nor the name of a container port"),
    "a path without /": (endpoint(path="metrics"), "path must start with /"),
    "a path with a query": (endpoint(path="/m?format=text"), "put what follows the ? into params"),
    "a parameter without a name": (endpoint(params={"": "x"}), "the name of a parameter has 1 to 64"),
    "a parameter with a line break": (endpoint(params={"bad key\n": "x"}), "the name of a parameter has"),
    "a parameter in another script": (endpoint(params={"é": "x"}), "the name of a parameter has"),
    "a label of histograms": (labels(static={"le": "5"}), "le and quantile are labels of histograms"),
    "a label of summaries": (
        labels(fromPod=[{"from": "a", "to": "quantile"}]), "le and quantile are labels of histograms"),
    "a value that no label has": (
        spec(selector={"matchExpressions": [{"key": "a", "operator": "In", "values": ["b c!"]}]}),
        "values[0] in body should match"),
    "a directory that is a pattern": (
        spec(logs={"files": {"directory": "/var/log/*"}}), "directory is one folder and no pattern"),
    "the label that names the resource": (
        spec(logs=FILES | {"labels": {"telltale_target": "a/b"}}), "are set by Telltale: choose another"),
    "matchAll with a value": (
        stage(metrics=[{"name": "lines", "type": "counter", "action": "inc", "matchAll": True, "value": "x"}]),
        "matchAll counts every line"),
    "bytes of some lines": (
        stage(metrics=[{"name": "lines", "type": "counter", "action": "add", "countEntryBytes": True}]),
        "countEntryBytes needs matchAll: true"),
    "bytes by inc": (
        stage(metrics=[{"name": "lines", "type": "counter", "action": "inc", "matchAll": True, "countEntryBytes": True}]),
        "countEntryBytes needs matchAll: true"),
    "buckets that go down": (
        stage(metrics=[{"name": "lines", "type": "histogram", "buckets": [5, 1]}]), "buckets go up"),
    "a bucket twice": (
        stage(metrics=[{"name": "lines", "type": "histogram", "buckets": [0.5, 1, 1]}]), "buckets go up"),
    "an idle time below 1s": (
        stage(metrics=[{"name": "lines", "type": "counter", "action": "inc", "maxIdle": "500ms"}]),
        "maxIdle is not a duration of at least 1s"),
    "one metric twice": (
        stage(metrics=[{"name": "lines", "type": "counter", "action": "inc"}, {"name": "lines", "type": "gauge", "action": "set"}]),
        "two metrics of a stage have the same name"),
    "an endpoint twice": (
        spec(metrics={"endpoints": [{"port": 80}, {"port": 81}, {"port": 80, "path": "/metrics"}]}),
        "an endpoint is there twice"),
    "an interval without unit": (endpoint(interval="15"), "interval is not a duration: write it"),
    "an empty interval": (endpoint(interval=""), "interval is not a duration: write it like 15s"),
    "an interval of days": (endpoint(interval="1d"), "interval is not a duration: write it"),
    "an interval below 1s": (endpoint(interval="500ms"), "interval is below 1s: raise it"),
    "a timeout above the interval": (
        endpoint(interval="5s", timeout="10s"),
        "timeout 10s is longer than interval 5s: lower the timeout or raise the interval"),
    "a timeout above the default interval": (
        endpoint(timeout="20s"), "timeout 20s is longer than interval 15s"),
    "a timeout of 0s": (endpoint(timeout="0s"), "timeout is not a duration above zero"),
    "a timeout that is none": (endpoint(timeout="soon"), "timeout is not a duration above zero"),
    "an unknown field": (
        endpoint(relabelings=[]), 'unknown field "spec.metrics.endpoints[0].relabelings"'),
    "a scheme that is none": (endpoint(scheme="tcp"), 'supported values: "http", "https"'),
    "a filter without a pattern": (endpoint(metrics={"drop": []}), "metrics has no pattern"),
    "a filter that looks ahead": (endpoint(metrics={"keep": ["a", "(?!b)c"]}), "RE2 has no look-ahead"),
    "an empty pattern": (endpoint(metrics={"dropLabels": [""]}), "should be at least 1 chars long"),
    "too many patterns": (endpoint(metrics={"drop": ["a"] * 33}), "must have at most 32 items"),
    "metadata that is always there": (labels(metadata=["node"]), 'supported values: "workload", "workloadKind"'),
    "metadata twice": (labels(metadata=["workload", "workload"]), "Duplicate value"),
    "a class that is no name": (endpoint(**{"class": "A b"}), "the name of a class has lower case letters"),
    "a poll without a port": (poll(port=None), "http[0].port: Required value"),
    "a poll of a relative path": (poll(path="health"), "path begins with / and is percent-encoded"),
    "a poll once a day": (poll(interval="24h"), "interval is not a duration from 1s to 1h"),
    "a poll with a timeout of 0s": (poll(timeout="0s"), "timeout is not a duration from 10ms to 1m"),
    "a poll that wants status 20": (poll(status=[20]), "should be greater than or equal to 100"),
    "two polls of one name": (
        spec(sidecar={"http": [{"name": "a", "port": 80}, {"name": "a", "port": 81}]}), "Duplicate value"),
    "metric files without a folder": (spec(sidecar={"textfile": {}}), "textfile.directory: Required value"),
    "metric files in /etc": (spec(sidecar={"textfile": {"directory": "/etc/x"}}), "lies in a folder of the system"),
    "metric files of any age": (
        spec(sidecar={"textfile": {"directory": "/m", "maxAge": "old"}}), "maxAge is not a duration"),
    "an unknown part": (spec(alerts={}), 'unknown field "spec.alerts"'),
    "a label that Telltale sets": (
        labels(fromPod=[{"from": "a", "to": "pod"}]), "are set by Telltale: choose another name"),
    "a static label that Telltale sets": (
        labels(static={"job": "a"}), "are set by Telltale: choose another name"),
    "a label of another cluster": (
        labels(static={"cluster": "a"}), "are set by Telltale: choose another name"),
    "a stream label of another cluster": (
        spec(logs=FILES | {"labels": {"cluster": "a"}}), "are set by Telltale: choose another name"),
    "a stream label of another target, from a line": (
        spec(logs=FILES | {"pipeline": [{"labels": {"values": {"telltale_target": ""}}}]}), "are set by Telltale"),
    "a label of Prometheus's own": (
        labels(static={"__address__": "evil:1"}), "starts with no digit and not with __"),
    "a label name with a dash": (
        labels(fromPod=[{"from": "a", "to": "a-b"}]), "has letters, digits and _"),
    "a label twice": (
        labels(fromPod=[{"from": "a", "to": "c"}, {"from": "b", "to": "c"}]), "Duplicate value"),
    "Files without files": (spec(logs={}), "name the folder that the application logs into"),
    "Files with Node": (
        spec(logs=FILES | {"collector": "Node"}), "source Files needs collector Sidecar"),
    "Stdout with files": (spec(logs=FILES | {"source": "Stdout"}), "files belongs to source Files"),
    "containers of files": (
        spec(logs=FILES | {"containers": {"exclude": ["istio-proxy"]}}), "containers belongs to source Stdout"),
    "a pattern of containers": (
        spec(logs={"source": "Stdout", "containers": {"include": ["istio-*"]}}), "name of a container and no pattern"),
    "containers that are read and are not": (
        spec(logs={"source": "Stdout", "containers": {"include": ["a", "b"], "exclude": ["b", "a"]}}), "reads nothing"),
    "Stdout with an alert": (
        stage(alert={"name": "Panic"}), "an alert stage works with collector Sidecar only"),
    "an alert of another namespace": (
        spec(logs=FILES | {"pipeline": [{"alert": {"name": "A", "labels": {"namespace": "kube-system"}}}]}),
        "say where an alert comes from"),
    "an alert with an age in days": (
        spec(logs=FILES | {"pipeline": [{"alert": {"name": "A", "maxAge": "1d"}}]}), "not a duration above zero"),
    "multiline behind another stage": (
        spec(logs=FILES | {"pipeline": [{"drop": {"expression": "a"}}, {"multiline": {"firstline": "a"}}]}),
        "multiline must be the first stage"),
    "multiline twice": (
        spec(logs=FILES | {"multiline": {"firstline": "a"}, "pipeline": [{"multiline": {"firstline": "a"}}]}),
        "multiline is given beside the pipeline"),
    "drop without a condition": (stage(drop={}), "a drop stage needs at least one of"),
    "drop with a value alone": (stage(drop={"expression": "a", "value": "b"}), "value needs a source"),
    "sample above 1": (stage(sample={"rate": 2}), "less than or equal to 1"),
    "limit without a burst": (stage(limit={"rate": 2}), "limit.burst: Required value"),
    "a counter that is set": (
        stage(metrics=[{"name": "a", "type": "counter", "action": "set"}]), "its action is inc or add"),
    "a gauge without an action": (
        stage(metrics=[{"name": "a", "type": "gauge"}]), "a counter or gauge needs an action"),
    "a size of no unit": (stage(drop={"longerThan": "many"}), "longerThan"),
    "a relative directory": (files(directory="logs"), "directory must be an absolute path"),
    "the root as directory": (files(directory="/"), "directory must be an absolute path"),
    "a directory with ..": (files(directory="/var/log/../lib"), "must not contain . or .."),
    "a system's directory": (files(directory="/etc"), "an empty volume over it would break"),
    "the sidecar's directory": (files(directory="/etc/telltale/x"), "which the sidecar uses"),
    "an absolute pattern": (files(include=["/etc/passwd"]), "a pattern is relative to directory"),
    "a pattern with ..": (files(exclude=["../*"]), "a pattern is relative to directory"),
    "a stream label that Telltale sets": (
        spec(logs=FILES | {"labels": {"filename": "a"}}), "are set by Telltale"),
    "a tenant with a space": (spec(logs=FILES | {"tenant": "team a"}), "no name of a tenant in Loki"),
    "the tenant ..": (spec(logs=FILES | {"tenant": ".."}), "neither . nor .. alone"),
    "two tenants": (spec(logs=FILES | {"tenant": "a|b"}), "no name of a tenant in Loki"),
    "an empty tenant": (spec(logs=FILES | {"tenant": ""}), "should be at least 1 chars long"),
    "two kinds in a stage": (
        stage(drop={"expression": "a"}, labels={"values": {"a": ""}}), "split it into several"),
    "a stage of no kind": (stage(), "exactly one of json, logfmt, regex, timestamp"),
    "an expression that is none": (
        stage(drop={"expression": "(a"}), "missing closing ): `(a` evaluating rule: the expr"),
    "an expression without a named group": (
        stage(regex={"expression": "([a-z]+)"}), "add one such as (?P<level>[a-z]+)"),
    "a JSON path that is none": (
        stage(json={"expressions": {"a": "b | c"}}), "an expression is a path such as level"),
    "a first line that is none": (
        stage(multiline={"firstline": "*"}), "the expression is not valid RE2 syntax"),
    "a maxWait of 0s": (
        stage(multiline={"firstline": "^a", "maxWait": "0s"}), "maxWait is not a duration above"),
    "Off, with logs for the sidecar": (
        spec(sidecar=OFF, logs=FILES), "spec.sidecar.mode is Off, but spec.logs is read by"),
    "Off, with collector Sidecar": (
        spec(sidecar=OFF, logs=FILES | {"collector": "Sidecar"}), "set mode to Auto"),
    "an unknown collector": (spec(sidecar={"collectors": ["gpu"]}), '"process", "network"'),
    "pushed groups that end at once": (
        spec(sidecar={"push": {"pushgateway": {"expireAfter": "500ms"}}}), "expireAfter is not a duration from 1s to 8760h"),
    "no pushed series": (spec(sidecar={"push": {"pushgateway": {"maxSeries": 0}}}), "greater than or equal to 1"),
    "a collector twice": (spec(sidecar={"collectors": ["network"] * 2}), "Duplicate value"),
    "a cycle below 1s": (spec(sidecar={"interval": "100ms"}), "interval is below 1s"),
    "a quantity that is none": (resources(limits={"cpu": "much"}), "not a quantity above zero"),
    "a request of nothing": (resources(requests={"cpu": 0}), "not a quantity above zero"),
    "a request above its limit": (
        resources(requests={"memory": "1Gi"}, limits={"memory": "512Mi"}),
        "requests.memory is above limits.memory, and no such pod could start"),
    "a request above the default limit": (
        resources(requests={"cpu": 1}), "requests.cpu is above limits.cpu"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_value_is_refused_with_a_sentence(server, case):
    given, sentence = WRONG[case]
    stored, said = create(server, given)
    assert stored is None
    assert sentence in said


def test_a_name_too_long_for_what_is_made_of_it_is_refused(server):
    stored, said = create(server, RIGHT, "a" * 129)
    assert stored is None and "choose a shorter name" in said
    assert create(server, RIGHT, "a" * 128)[0] is not None


ACCEPTED = {
    "filters and the workload": spec(metrics={
        "endpoints": [{"port": n, "metrics": {
            part: [f"{'a' * 250}.*"] * 32 for part in ("keep", "drop", "dropLabels")}} for n in range(1, 11)],
        "labels": {"metadata": ["workloadKind", "workload"]}}),
    "all pods": spec(selector={"matchAll": True}),
    "every namespace": spec(namespaceSelector={"any": True}),
    "namespaces by label": spec(namespaceSelector={"matchLabels": {"team": "a"}}),
    "an expression": spec(
        selector={
            "matchExpressions": [{"key": "a.example/b", "operator": "NotIn", "values": ["", "c"]}]
        }
    ),
    "a number as port": endpoint(port=9100),
    "times": endpoint(interval="1m30s", timeout="1500ms"),
    "timeout as long as the interval": endpoint(interval="1s", timeout="1000ms"),
    "labels": labels(fromPod=[{"from": "a.example/b", "to": "b"}], static={"team": "a b"}),
    "only a sidecar": spec(metrics=None, sidecar={}),
    "only logs": spec(metrics=None, logs=FILES),
    "a tenant": spec(logs=FILES | {"tenant": "Team-A_1!.*'()"}),
    "Stdout with Sidecar": spec(logs={"source": "Stdout", "collector": "Sidecar",
                                      "pipeline": [{"alert": {"name": "Panic"}}]}),
    "containers": spec(logs={"source": "Stdout", "containers": {"include": ["app-1", "2"], "exclude": ["app-1", "istio-proxy"]}}),
    "every container, and none by name": spec(logs={"source": "Stdout", "containers": {"include": [], "exclude": []}}),
    "Off without logs for it": spec(sidecar=OFF, logs={"source": "Stdout"}),
    "polls and metric files": spec(sidecar={
        "http": [{"name": "health", "port": 8080},
                 {"name": "admin", "port": 8443, "path": "/a?b=1", "scheme": "https", "insecureSkipVerify": True,
                  "interval": "30s", "timeout": "500ms", "status": [200, 401], "body": "^ok$"}],
        "textfile": {"directory": "/metrics", "maxAge": "1h"}}),
    "whole processors": resources(limits={"cpu": 1}, requests={"cpu": "0.5"}),
    "each kind of stage": spec(
        logs={
            "source": "Stdout",
            "collector": "Node",
            "pipeline": [
                {"multiline": {"firstline": r"^\d{4}-"}},
                {"json": {"expressions": {"a": "", "b": 'c."d-e"[0].f'}}},
                {"regex": {"expression": "(?P<g>[a-z]+)"}},
                {"timestamp": {"source": "a", "format": "RFC3339"}},
                {"labels": {"values": {"b": "", "level": "g"}}},
                {"drop": {"source": "b", "expression": "debug|trace"}},
            ],
        }
    ),
    "each kind of stage of files": (
        spec(logs=FILES | {
            "multiline": {"firstline": "^[A-Z]", "maxWait": "2s", "maxLines": 50},
            "pipeline": [
                {"json": {"expressions": {"a": ""}, "source": "b", "dropMalformed": True}},
                {"logfmt": {"mapping": {"level": "lvl"}, "source": "a"}},
                {"regex": {"expression": "(?P<g>[a-z]+)", "source": "a"}},
                {"timestamp": {"source": "a", "format": "Unix", "fallbackFormats": ["RFC3339"],
                               "location": "Europe/Berlin", "actionOnFailure": "skip"}},
                {"structuredMetadata": {"values": {"trace": ""}}},
                {"drop": {"sources": ["a", "b"], "value": "1", "olderThan": "24h", "longerThan": "8KiB",
                          "separator": "", "dropCounterReason": "old"}},
                {"sample": {"rate": 0.5}},
                {"limit": {"rate": 10, "burst": 20, "drop": True}},
                {"replace": {"expression": "password=([^ ]+)", "replace": "{{ .Value | ToUpper }}"}},
                {"metrics": [{"name": "a", "type": "counter", "action": "inc", "matchAll": True},
                             {"name": "b", "type": "histogram", "buckets": [0.1, 1], "maxIdle": "1m"}]},
                {"alert": {"name": "Panic", "expression": "^panic", "labels": {"severity": "page"},
                           "annotations": {"summary": "it panics"}, "quiet": "2m"}},
            ],
        })
    ),
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_a_right_value_is_accepted(server, case):
    stored, said = create(server, ACCEPTED[case])
    assert said == "" and stored is not None


def test_what_is_left_out_is_filled_in(server):
    stored, said = create(
        server, {"selector": {"matchAll": True}, "logs": FILES, "sidecar": {}} | RIGHT
    )
    assert said == ""
    assert stored["spec"] == {
        "selector": {"matchAll": False, "matchLabels": {"app": "shop"}},
        "suspend": False,
        "metrics": {"endpoints": [{
            "port": "http", "path": "/metrics", "interval": "15s", "scheme": "http", "nativeHistograms": False,
        }]},
        "logs": {
            "source": "Files",
            "files": {"directory": "/var/log/shop", "include": ["*.log"], "exclude": []},
        },
        "sidecar": {
            "mode": "Auto",
            "interval": "10s",
            "collectors": ["process", "network", "filesystem"],
            "resources": {
                "requests": {"cpu": "10m", "memory": "16Mi"},
                "limits": {"cpu": "200m", "memory": "64Mi"},
            },
        },
    }


def test_status_is_written_apart_and_shown_in_columns(server):
    given = server.kubectl("apply", "-f", "-", text=yaml.safe_dump(resource(RIGHT)))
    assert given.returncode == 0, given.stderr
    ready = {
        "type": "Ready",
        "status": "False",
        "reason": "ConnectionRefused",
        "message": "shop/a: connection refused",
        "lastTransitionTime": "2026-11-21T00:00:00Z",
    }
    status = {
        "observedGeneration": 1,
        "conditions": [ready],
        "pods": {"matched": 7, "injected": 6, "up": 5, "down": 2, "logging": 4},
        "problemsCount": 2,
        "problems": [{"pod": "shop/a", "endpoint": "http", "reason": "Timeout", "message": "slow"}],
    }
    patch = json.dumps({"status": status, "spec": {"suspend": True}})
    done = server.kubectl(
        "patch", "mt", "one", "-n", "shop", "--subresource=status", "--type=merge", "-p", patch
    )
    assert done.returncode == 0, done.stderr
    stored = json.loads(server.kubectl("get", "mt", "one", "-n", "shop", "-o", "json").stdout)
    assert stored["status"] == status
    assert stored["spec"]["suspend"] is False
    names = server.kubectl("get", "telltale", "-n", "shop", "-o", "name").stdout.split()
    assert "monitoringtarget.telltale.dev/one" in names
    header, row = server.kubectl("get", "mt", "one", "-n", "shop", "-o", "wide").stdout.splitlines()
    assert header.split() == [
        "NAME", "READY", "PODS", "UP", "PROBLEMS", "AGE", "INJECTED", "LOGS", "REASON",
    ]  # fmt: skip
    columns = row.split()
    assert columns[:5] == ["one", "False", "7", "5", "2"]
    assert columns[6:] == ["6", "4", "ConnectionRefused"]


def test_every_field_is_explained(server):
    definition = yaml.safe_load((chart.ROOT / "crds/monitoringtargets.yaml").read_text())
    [version] = definition["spec"]["versions"]

    def walk(node: dict, path: str):
        if path != "metadata":
            assert node.get("description"), f"{path} has no description"
        for name, child in node.get("properties", {}).items():
            walk(child, f"{path}.{name}".strip("."))
        if "items" in node and "properties" in node["items"]:
            walk(node["items"], f"{path}[]")

    walk(version["schema"]["openAPIV3Schema"], "")
    done = server.kubectl("explain", "mt.spec.metrics.endpoints.timeout")
    assert "at most the interval" in " ".join(done.stdout.split())


def test_every_list_map_and_text_is_bounded():
    definition = yaml.safe_load((chart.ROOT / "crds/monitoringtargets.yaml").read_text())
    [version] = definition["spec"]["versions"]

    def walk(node: dict, path: str):
        kind = node.get("type")
        if kind == "array":
            assert "maxItems" in node, path
            walk(node["items"], f"{path}[]")
        if "additionalProperties" in node:
            assert "maxProperties" in node, path
            walk(node["additionalProperties"], f"{path}{{}}")
        if kind == "string" and "enum" not in node and "format" not in node:
            assert "maxLength" in node, path
        if kind == "integer":
            assert "minimum" in node, path
        for name, child in node.get("properties", {}).items():
            walk(child, f"{path}.{name}")

    schema = version["schema"]["openAPIV3Schema"]["properties"]
    walk(schema["spec"], "spec")
    walk(schema["status"], "status")
