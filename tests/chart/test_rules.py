# SPDX-License-Identifier: Apache-2.0
"""The rules that the chart brings: each fires when it should and only then, and has a page that says what to do."""

import copy
import re
import shutil

import chart
import pytest
import yaml

PAGES = chart.ROOT / "docs/runbooks"
# What turns all rules on.
EVERYTHING = (
    "kubelet.enabled=true", "kubeStateMetrics.enabled=true", "blackboxExporter.enabled=true",
    "blackboxExporter.targets[0].url=https://shop.example",
)  # fmt: skip
CASES = sorted((chart.ROOT / "tests/chart/rules").glob("*.yaml"))


def groups(*settings: str) -> list[dict]:
    return yaml.safe_load(chart.config(chart.render(*settings), "telltale-prometheus-rules", "telltale.yaml"))["groups"]


def alerts(found: list[dict]) -> dict[str, dict]:
    return {rule["alert"]: rule for group in found for rule in group["rules"] if "alert" in rule}


def promtool(*arguments) -> None:
    done = chart.run(chart.catalog.locate("promtool"), *arguments)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_each_rule_says_what_its_case_expects(tmp_path, case):
    found = copy.deepcopy(groups(*EVERYTHING))
    for rule in alerts(found).values():
        rule["annotations"] = {"summary": rule["annotations"]["summary"]}
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": found}))
    shutil.copy(case, tmp_path)
    promtool("test", "rules", tmp_path / case.name)


def test_each_alert_has_a_case_that_fires_and_one_that_does_not():
    fires, quiet = set(), {"Watchdog"}  # it always fires
    for case in CASES:
        for test in yaml.safe_load(case.read_text())["tests"]:
            for one in test.get("alert_rule_test", []):
                (fires if one["exp_alerts"] else quiet).add(one["alertname"])
    assert fires == quiet == set(alerts(groups(*EVERYTHING)))


def test_each_record_has_a_case():
    expressions = "".join(case.read_text() for case in CASES)
    records = [rule["record"] for group in groups(*EVERYTHING) for rule in group["rules"] if "record" in rule]
    assert len(records) == len(set(records)) == 5
    # The owner of pods is what the records of workloads are made with.
    assert {name for name in records if f"expr: {name}" not in expressions} == {
        "namespace_pod_workload:kube_pod_owner:max", "namespace_pod:container_memory_working_set_bytes:sum"}  # fmt: skip


def test_each_alert_has_a_page_and_each_page_an_alert():
    found = alerts(groups(*EVERYTHING))
    assert {page.stem for page in PAGES.glob("*.md")} == set(found)
    for name, rule in found.items():
        assert rule["annotations"]["runbook_url"].endswith(f"/docs/runbooks/{name}.md")
        text = (PAGES / f"{name}.md").read_text()
        assert text.startswith(f"# {name}\n")
        assert [line for line in text.splitlines() if line.startswith("## ")] == [
            "## What it means", "## What to look at", "## What to do"]  # fmt: skip


def test_our_alerts_use_metrics_that_the_programs_export():
    known = set(re.findall(r"^\| `(\w+)` \|", (chart.ROOT / "docs/reference/metrics.md").read_text(), re.MULTILINE))
    used = {
        name
        for rule in alerts(groups(*EVERYTHING)).values()
        for name in re.findall(r"\b(?:telltale|leader_election)_\w+", rule["expr"])
    }
    assert len(used) > 5
    # The one that kube-state-metrics makes of a resource's status.
    assert used - known == {"telltale_monitoringtarget_condition"}


def test_the_link_the_labels_and_the_choice_of_alerts_are_the_user_s(tmp_path):
    found = alerts(groups(
        "prometheus.defaultRules.runbookUrl=https://wiki.example/run/", "prometheus.defaultRules.disabled={TargetDown,TelltaleNoLeader}",
        "prometheus.defaultRules.labels.team=platform", "prometheus.defaultRules.labels.severity=page",
        "prometheus.rules.shop[0].alert=Mine", "prometheus.rules.shop[0].expr=up == 0",
        "prometheus.rules.bank[0].record=a:b", "prometheus.rules.bank[0].expr=up",
    ))  # fmt: skip
    assert not {"TargetDown", "TelltaleNoLeader"} & set(found) and {"Watchdog", "Mine"} <= set(found)
    assert found["Watchdog"]["annotations"]["runbook_url"] == "https://wiki.example/run/Watchdog.md"
    assert found["Watchdog"]["labels"] == {"severity": "page", "team": "platform"}
    assert found["Mine"] == {"alert": "Mine", "expr": "up == 0"}
    assert "runbook_url" not in alerts(groups("prometheus.defaultRules.runbookUrl="))["Watchdog"]["annotations"]
    assert groups("prometheus.defaultRules.enabled=false") == []
    assert "TelltaleOperatorAway" not in alerts(groups("operator.enabled=false", "promtail.enabled=false"))


def test_prometheus_reads_the_rules_and_takes_them(tmp_path):
    for settings in ((), EVERYTHING, ("prometheus.defaultRules.enabled=false",)):
        objects = chart.render(*settings)
        config = yaml.safe_load(chart.config(objects, "telltale-prometheus", "prometheus.yml"))
        spec = chart.pod(chart.find(objects, "StatefulSet", "telltale-prometheus"))
        [mount] = [one for one in spec["containers"][0]["volumeMounts"] if one["name"] == "rules"]
        [volume] = [one for one in spec["volumes"] if one["name"] == "rules"]
        assert config["rule_files"] == [f"{mount['mountPath']}/*.yaml"] and "subPath" not in mount
        rules = tmp_path / "rules.yaml"
        rules.write_text(chart.config(objects, volume["configMap"]["name"], "telltale.yaml"))
        promtool("check", "rules", "--lint-fatal", rules)


def test_prometheus_operator_gets_the_same_rules_also_without_our_prometheus():
    for more in ((), ("prometheus.enabled=false",)):
        objects = chart.render(*more, "prometheusOperator.rules.enabled=true", "prometheusOperator.rules.labels.release=kps")
        rule = chart.find(objects, "PrometheusRule", "telltale")
        assert rule["spec"]["groups"] == groups() and rule["metadata"]["labels"]["release"] == "kps"
    assert not [one for one in chart.render("prometheus.enabled=false") if "rules" in one["metadata"]["name"]]


def alerting(*settings: str) -> dict | None:
    objects = chart.render(*settings)
    config = yaml.safe_load(chart.config(objects, "telltale-prometheus", "prometheus.yml"))
    operator = chart.pod(chart.find(objects, "Deployment", "telltale-operator"))["containers"][0]["args"]
    [url] = [one.partition("=")[2] for one in operator if one.startswith("--alertmanager-url=")] or [None]
    return url, config.get("alerting")


def test_prometheus_and_the_sidecars_send_to_the_same_alertmanager():
    assert alerting() == (None, None)
    url, found = alerting("alertmanager.enabled=true")
    assert re.fullmatch(r"http://telltale-alertmanager\.telltale\.svc[a-z.]*:9093", url)
    host = url.removeprefix("http://")
    assert found == {"alertmanagers": [{"scheme": "http", "static_configs": [{"targets": [host]}]}]}
    url, found = alerting("alertmanager.external.url=https://alerts.example/am/")
    assert url == "https://alerts.example/am"
    assert found["alertmanagers"] == [
        {"scheme": "https", "path_prefix": "/am", "static_configs": [{"targets": ["alerts.example"]}]}
    ]
