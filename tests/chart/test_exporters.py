# SPDX-License-Identifier: Apache-2.0
"""What Prometheus scrapes beside MonitoringTargets: hosts, containers, what is pushed and what is probed."""

import chart
import yaml
from test_chart import EXPORTERS

TARGETS = (
    "blackboxExporter.targets[0].url=https://shop.example", "blackboxExporter.targets[0].labels.team=shop",
    "blackboxExporter.targets[1].url=db.bank:5432", "blackboxExporter.targets[1].module=tcp_connect",
)  # fmt: skip
STATIC = [
    {"job_name": "mine", "static_configs": [{"targets": ["a:1", "b:2"]}]},
    {"job_name": "names", "dns_sd_configs": [{"names": ["_http._tcp.shop.example"], "type": "SRV"}]},
    {"job_name": "pods", "kubernetes_sd_configs": [{"role": "pod"}]},
]


def config(*arguments) -> str:
    done = chart.template(*arguments)
    assert done.returncode == 0, done.stderr
    return chart.config([one for one in yaml.safe_load_all(done.stdout) if one], "telltale-prometheus", "prometheus.yml")


def jobs(*settings: str) -> dict[str, dict]:
    return {job["job_name"]: job for job in yaml.safe_load(chart.config(
        chart.render(*settings), "telltale-prometheus", "prometheus.yml"))["scrape_configs"]}  # fmt: skip


def check(path, text: str):
    path.write_text(text)
    # Without looking for the files that exist in the pod only.
    return chart.run(chart.catalog.locate("promtool"), "check", "config", "--syntax-only", path)


def test_prometheus_takes_the_jobs_of_all_exporters(tmp_path):
    words = [word for setting in (*EXPORTERS, *TARGETS, "alertmanager.enabled=true") for word in ("--set", setting)]
    done = check(tmp_path / "prometheus.yml", config(*words))
    assert done.returncode == 0, done.stdout + done.stderr
    wanted = {"kubelet", "cadvisor", "kube-state-metrics", "node-exporter", "pushgateway", "blackbox", "blackbox-exporter"}
    assert wanted <= set(jobs(*EXPORTERS, *TARGETS))
    assert not wanted & set(jobs())


def test_an_exporter_s_job_reads_the_service_that_is_rendered():
    exporters = {"kube-state-metrics", "node-exporter", "pushgateway", "blackbox-exporter"}
    for settings, release, prefix in ((EXPORTERS, "telltale", "telltale"),
                                      ((*EXPORTERS, "nodeExporter.port=9200"), "watch", "watch-telltale")):  # fmt: skip
        objects = chart.render(*settings, release=release, namespace="ops")
        text = yaml.safe_load(chart.config(objects, f"{prefix}-prometheus", "prometheus.yml"))
        found = {job["job_name"]: job for job in text["scrape_configs"] if job["job_name"] in exporters}
        assert set(found) == exporters
        for name, job in found.items():
            service = chart.find(objects, "Service", f"{prefix}-{name}")
            [port] = service["spec"]["ports"]
            if "dns_sd_configs" in job:
                [lookup] = job["dns_sd_configs"]
                assert lookup["names"][0].startswith(f"{prefix}-{name}.ops.svc") and lookup["port"] == port["port"]
                assert service["spec"]["clusterIP"] == "None"
            else:
                [target] = job["static_configs"][0]["targets"]
                assert target.startswith(f"{prefix}-{name}.ops.svc") and target.endswith(f":{port['port']}")


def test_what_is_pushed_and_what_is_known_of_others_keeps_its_labels():
    found = jobs(*EXPORTERS)
    assert {name for name, job in found.items() if job.get("honor_labels")} == {
        "pushgateway", "kube-state-metrics", "kubelet", "cadvisor"}  # fmt: skip


def test_a_kubelet_is_asked_with_prometheus_s_own_account():
    for settings, trusts in (((), True), (("kubelet.verifyCertificate=true",), False)):
        found = jobs("kubelet.enabled=true", *settings)
        for name, path in (("kubelet", "/metrics"), ("cadvisor", "/metrics/cadvisor")):
            job = found[name]
            assert job["metrics_path"] == path and job["kubernetes_sd_configs"] == [{"role": "node"}]
            assert job["tls_config"]["insecure_skip_verify"] is trusts
            assert {"target_label": "job", "replacement": "kubelet"} in job["relabel_configs"]


def test_each_url_is_probed_by_its_module_and_is_the_instance():
    job = jobs("blackboxExporter.enabled=true", *TARGETS)["blackbox"]
    assert [(one["targets"], one["labels"]) for one in job["static_configs"]] == [
        (["https://shop.example"], {"__param_module": "http_2xx", "module": "http_2xx", "team": "shop"}),
        (["db.bank:5432"], {"__param_module": "tcp_connect", "module": "tcp_connect"}),
    ]
    *_, address = job["relabel_configs"]
    assert address["target_label"] == "__address__" and address["replacement"].endswith(":9115")
    modules = yaml.safe_load(chart.config(chart.render("blackboxExporter.enabled=true"), "telltale-blackbox-exporter", "blackbox.yml"))
    assert set(modules["modules"]) == {"http_2xx", "tcp_connect"}


def test_further_jobs_are_taken_as_they_are_and_a_wrong_one_is_refused_by_promtool(tmp_path):
    values = tmp_path / "values.yaml"
    values.write_text(yaml.safe_dump({"prometheus": {"extraScrapeConfigs": STATIC}}))
    text = config("-f", values)
    done = check(tmp_path / "prometheus.yml", text)
    assert done.returncode == 0, done.stdout + done.stderr
    assert yaml.safe_load(text)["scrape_configs"][-3:] == STATIC
    values.write_text(yaml.safe_dump({"prometheus": {"extraScrapeConfigs": [{"job_name": "x", "static_config": []}]}}))
    done = check(tmp_path / "prometheus.yml", config("-f", values))
    assert done.returncode != 0 and "static_config" in done.stdout + done.stderr


def test_kube_state_metrics_reads_fields_of_the_status_that_exist():
    definition = yaml.safe_load((chart.ROOT / "crds/monitoringtargets.yaml").read_text())
    [version] = definition["spec"]["versions"]
    status = version["schema"]["openAPIV3Schema"]["properties"]["status"]
    text = chart.config(chart.render("kubeStateMetrics.enabled=true"), "telltale-kube-state-metrics", "config.yaml")
    [resource] = yaml.safe_load(text)["spec"]["resources"]
    assert resource["groupVersionKind"] == {
        "group": definition["spec"]["group"], "version": version["name"], "kind": definition["spec"]["names"]["kind"]}  # fmt: skip
    assert resource["metricNamePrefix"] == "telltale_monitoringtarget"
    assert len(resource["metrics"]) == 1 + len(status["properties"]["pods"]["properties"])
    for metric in resource["metrics"]:
        [each] = [one for key, one in metric["each"].items() if key != "type"]
        node = {"properties": {"status": status}}
        for part in each["path"]:
            node = node["properties"][part]
        for field in each.get("labelsFromPath", {}).values():
            assert field[0] in node["items"]["properties"]
