# SPDX-License-Identifier: Apache-2.0
"""The configuration of each component: accepted by the program, and pointing at what exists."""

import configparser
import json
import os
import pathlib
import re
import time
import urllib.request

import chart
import peers
import pytest
import yaml
from test_chart import OUTSIDE_VICTORIALOGS, VICTORIALOGS

PROMETHEUS = ("telltale-prometheus", "prometheus.yml")
LOKI_GOLDEN = chart.ROOT / "tests/golden/chart/loki.yaml"


def services(objects: list[dict]) -> set[str]:
    """host:port of every port of every Service."""
    return {
        f"{one['metadata']['name']}.{one['metadata']['namespace']}.svc.cluster.local:{port['port']}"
        for one in objects
        if one["kind"] == "Service"
        for port in one["spec"]["ports"]
    }


def addresses(text: str) -> set[str]:
    """The host:port of Services that a text names."""
    return set(re.findall(r"[a-z0-9-]+\.[a-z0-9-]+\.svc\.cluster\.local(?::\d+)?", text))


@pytest.mark.parametrize("settings", [(), VICTORIALOGS], ids=["loki", "victorialogs"])
def test_every_address_is_that_of_a_rendered_service(settings):
    for release, namespace, prefix in (("telltale", "telltale", "telltale"), ("watch", "ops", "watch-telltale")):
        objects = chart.render(*settings, release=release, namespace=namespace)
        texts = [
            text for one in objects if one["kind"] == "ConfigMap" for text in one["data"].values()
        ]
        operator = chart.find(objects, "Deployment", f"{prefix}-operator")
        texts += chart.pod(operator)["containers"][0]["args"]
        named = set.union(*map(addresses, texts))
        # Looked up by its name alone; the port stands beside it.
        ports = {f"{prefix}-operator-pods.{namespace}.svc.cluster.local": 8080, f"{prefix}-promtail.{namespace}.svc.cluster.local": 3101}
        named = {f"{one}:{ports[one]}" if one in ports else one for one in named}
        assert named == services(objects) - {
            f"{prefix}-operator.{namespace}.svc.cluster.local:443",
            f"{prefix}-grafana.{namespace}.svc.cluster.local:80",
        }


@pytest.mark.parametrize("settings", [(), VICTORIALOGS], ids=["loki", "victorialogs"])
def test_services_select_pods_and_ports_that_exist(settings):
    objects = chart.render(*settings)
    for service in (one for one in objects if one["kind"] == "Service"):
        [target] = [
            one for one in chart.workloads(objects)
            if service["spec"]["selector"].items()
            <= one["spec"]["template"]["metadata"]["labels"].items()
        ]  # fmt: skip
        ports = {p["name"] for c in chart.pod(target)["containers"] for p in c.get("ports", [])}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports
    hook = chart.find(objects, "MutatingWebhookConfiguration", "telltale-operator")["webhooks"][0]
    own = hook["clientConfig"]["service"]
    assert f"{own['name']}.{own['namespace']}.svc.cluster.local:{own['port']}" in services(objects)


@pytest.mark.parametrize("settings", [(), VICTORIALOGS], ids=["loki", "victorialogs"])
def test_volumes_and_keys_that_are_mounted_exist(settings):
    objects = chart.render(*settings)
    made_by_the_operator = {"telltale-promtail", "telltale-scrape-jobs"}
    for one in chart.workloads(objects):
        spec = chart.pod(one)
        volumes = {v["name"] for v in spec.get("volumes", [])}
        claims = one["spec"].get("volumeClaimTemplates", [])
        volumes |= {claim["metadata"]["name"] for claim in claims}
        for container in chart.containers(spec):
            mounts = [mount["name"] for mount in container.get("volumeMounts", [])]
            assert set(mounts) <= volumes, chart.title(one)
        for source in (v["configMap"] for v in spec.get("volumes", []) if "configMap" in v):
            if source["name"] not in made_by_the_operator:
                data = chart.find(objects, "ConfigMap", source["name"])["data"]
                assert {item["key"] for item in source.get("items", [])} <= set(data)


CLASSES = (
    "prometheus.scrapeClasses.tls.tls_config.insecure_skip_verify=true", "prometheus.scrapeClasses.tls.honor_labels=true",
    "prometheus.scrapeClasses.big.sample_limit=5000", "prometheus.secrets={one,two}",
)  # fmt: skip


def test_prometheus_accepts_its_configuration(tmp_path):
    for settings in (
        (),
        ("prometheus.retention.size=6GB", "prometheus.extraScrapeConfigs[0].job_name=mine"),
        ("operator.enabled=false", "promtail.enabled=false"),
        CLASSES,
    ):
        path = tmp_path / "prometheus.yml"
        path.write_text(chart.config(chart.render(*settings), *PROMETHEUS))
        done = chart.run(chart.catalog.locate("promtool"), "check", "config", path)
        assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_asks_the_operator_for_its_targets():
    text = yaml.safe_load(chart.config(chart.render(), *PROMETHEUS))
    jobs = {job["job_name"]: job for job in text["scrape_configs"]}
    assert set(jobs) == {"prometheus", "telltale-operator", "telltale", "telltale-promtail"}
    [discovery] = jobs["telltale"]["http_sd_configs"]
    assert discovery["refresh_interval"] == "5s"
    assert discovery["url"] == "http://telltale-operator.telltale.svc.cluster.local:8080/sd/v1/targets"
    [replicas] = jobs["telltale-operator"]["dns_sd_configs"]
    assert replicas["names"] == ["telltale-operator-pods.telltale.svc.cluster.local"]
    assert (replicas["type"], replicas["port"]) == ("A", 8080)
    [promtails] = jobs["telltale-promtail"]["dns_sd_configs"]
    assert (promtails["names"], promtails["port"]) == (["telltale-promtail.telltale.svc.cluster.local"], 3101)
    assert jobs["telltale"]["fallback_scrape_protocol"] == "PrometheusText0.0.4"
    assert jobs["telltale"]["honor_labels"] is False
    relabelled = [rule["target_label"] for rule in jobs["telltale"]["metric_relabel_configs"]]
    assert relabelled == ["job", "exported_job", "instance", "exported_instance"]
    assert text["storage"]["tsdb"]["retention"] == {"time": "7d"}
    prometheus = chart.find(chart.render(), "StatefulSet", "telltale-prometheus")
    assert "--config.auto-reload" in chart.pod(prometheus)["containers"][0]["args"]


def test_each_scrape_class_is_a_job_of_its_own_and_the_operator_knows_its_name():
    objects = chart.render(*CLASSES)
    jobs = {job["job_name"]: job for job in yaml.safe_load(chart.config(objects, *PROMETHEUS))["scrape_configs"]}
    assert jobs["telltale-tls"]["tls_config"] == {"insecure_skip_verify": True}
    assert [jobs[f"telltale-{name}"]["honor_labels"] for name in ("tls", "big")] == [True, False]
    for name in ("tls", "big"):
        [discovery] = jobs[f"telltale-{name}"]["http_sd_configs"]
        assert discovery["url"].endswith(f"/sd/v1/targets?class={name}")
    operator = chart.pod(chart.find(objects, "Deployment", "telltale-operator"))["containers"][0]
    assert "--scrape-classes=big,tls" in operator["args"]
    prometheus = chart.pod(chart.find(objects, "StatefulSet", "telltale-prometheus"))
    mounted = {mount["mountPath"] for mount in prometheus["containers"][0]["volumeMounts"]}
    assert {"/etc/telltale/secrets/one", "/etc/telltale/secrets/two"} <= mounted


def test_the_operator_is_told_what_the_job_of_a_filter_looks_like(tmp_path):
    objects = chart.render(
        *CLASSES, "prometheus.scrapeClasses.big.metric_relabel_configs[0].regex=a.*",
        "prometheus.scrapeClasses.big.metric_relabel_configs[0].action=labeldrop", "operator.discoveryToken.secretName=token",
    )  # fmt: skip
    lines = dict(line.split(" ", 1) for line in chart.config(objects, "telltale-operator-scrape-jobs", "jobs.txt").splitlines() if line)
    assert list(lines) == ["-", "big", "tls"]
    jobs = {job["job_name"]: job for job in yaml.safe_load(chart.config(objects, *PROMETHEUS))["scrape_configs"]}
    filtered = []
    for name, line in lines.items():
        job = json.loads(line.replace("%FILTER%", "0f").replace('"%RULES%"', '{"regex":"b","action":"labeldrop"}'))
        filtered.append(job)
        [source] = job["http_sd_configs"]
        # But for the filter, it is the job of the class.
        plain = jobs["telltale" if name == "-" else f"telltale-{name}"]
        assert job["job_name"] == plain["job_name"] + "-filter-0f"
        [other] = plain["http_sd_configs"]
        assert source == other | {"url": other["url"] + ("?" if name == "-" else "&") + "filter=0f"}
        given = ("metric_relabel_configs", "job_name", "http_sd_configs")
        assert {k: v for k, v in job.items() if k not in given} == {k: v for k, v in plain.items() if k not in given}
        assert job["metric_relabel_configs"][-1]["regex"] == "b"
    assert [len(job["metric_relabel_configs"]) for job in filtered] == [1, 2, 1]
    (tmp_path / "jobs.yaml").write_text(json.dumps({"scrape_configs": filtered}))
    (tmp_path / "prometheus.yaml").write_text("scrape_config_files: [jobs.yaml]")
    done = chart.run(chart.catalog.locate("promtool"), "check", "config", "--syntax-only", tmp_path / "prometheus.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    arguments = chart.pod(chart.find(objects, "Deployment", "telltale-operator"))["containers"][0]["args"]
    assert "--scrape-jobs=/etc/telltale/jobs/jobs.txt" in arguments
    assert "--scrape-jobs" not in str(chart.render("prometheus.enabled=false", "prometheus.external.url=http://p:9090"))


def test_pages_have_limits_unless_their_class_or_the_values_have_others():
    objects = chart.render(*CLASSES, "prometheus.scrapeLimits.label_limit=0", "prometheus.scrapeClasses.big.body_size_limit=1GB")
    jobs = {job["job_name"]: job for job in yaml.safe_load(chart.config(objects, *PROMETHEUS))["scrape_configs"]}
    for name, samples, body in (("telltale", 100000, "100MB"), ("telltale-tls", 100000, "100MB"), ("telltale-big", 5000, "1GB")):
        limits = (jobs[name]["sample_limit"], jobs[name]["body_size_limit"], jobs[name]["label_limit"], jobs[name]["target_limit"])
        assert limits == (samples, body, 0, 0), name


def test_a_cluster_s_name_is_told_to_the_operator_and_stands_on_what_leaves_prometheus():
    for name in ("", "eu-west/prod_1"):
        objects = chart.render(f"global.cluster={name}")
        arguments = chart.pod(chart.find(objects, "Deployment", "telltale-operator"))["containers"][0]["args"]
        assert [one for one in arguments if one.startswith("--cluster")] == ([f"--cluster={name}"] if name else [])
        config = yaml.safe_load(chart.config(objects, *PROMETHEUS))
        assert config["global"].get("external_labels") == ({"cluster": name} if name else None)


def test_prometheus_operator_gets_a_scrape_config_of_each_class():
    given = "prometheusOperator.scrapeConfig"
    objects = chart.render(f"{given}.enabled=true", f"{given}.labels.a=b", f"{given}.classes.big.sampleLimit=7",
                           f"{given}.classes.tls.scrapeTimeout=5s", "operator.discoveryToken.secretName=token",
                           "prometheus.scrapeLimits.target_limit=0", "prometheus.enabled=false", "prometheus.external.url=http://p:9090")  # fmt: skip
    made = {one["metadata"]["name"]: one for one in objects if one["kind"] == "ScrapeConfig"}
    assert {"telltale", "telltale-operator", "telltale-class-big", "telltale-class-tls"} <= set(made)
    for name, query, samples in (("telltale", "", 100000), ("telltale-class-big", "?class=big", 7),
                                 ("telltale-class-tls", "?class=tls", 100000)):  # fmt: skip
        spec = made[name]["spec"]
        [source] = spec["httpSDConfigs"]
        assert source["url"].endswith("/sd/v1/targets" + query)
        assert source["authorization"]["credentials"]["name"] == "token"
        assert (spec["sampleLimit"], spec["labelLimit"], spec["labelValueLengthLimit"]) == (samples, 64, 4096)
        assert "targetLimit" not in spec and spec["honorLabels"] is False
        assert made[name]["metadata"]["labels"]["a"] == "b"
    operator = chart.pod(chart.find(objects, "Deployment", "telltale-operator"))["containers"][0]
    assert "--scrape-classes=big,tls" in operator["args"]


def test_loki_s_configuration_is_the_one_that_the_chart_s_loki_accepted(tmp_path):
    """Loki 3.7.8 accepted the golden file (-verify-config, 2026-11-21). A changed one needs a Loki 3, whose
    path TELLTALE_LOKI names, before it becomes the golden file."""
    text = chart.config(chart.render(), "telltale-loki", "loki.yaml")
    own = os.environ.get("TELLTALE_LOKI")
    if own:
        path = tmp_path / "loki.yaml"
        path.write_text(text)
        done = chart.run(own, f"-config.file={path}", "-target=all", "-verify-config")
        assert done.returncode == 0, done.stdout + done.stderr
    if own and os.environ.get("TELLTALE_UPDATE_GOLDEN"):
        LOKI_GOLDEN.write_text(text)
    assert text == LOKI_GOLDEN.read_text()
    loki = yaml.safe_load(text)
    assert loki["analytics"] == {"reporting_enabled": False}
    assert loki["auth_enabled"] is False
    assert loki["compactor"]["delete_request_store"] == "filesystem"  # else it does not start


@pytest.mark.parametrize("settings", [(), ("retention.time=1y", "retention.size=1.5GiB")], ids=["default", "other"])
def test_victoria_logs_starts_with_its_arguments_and_keeps_a_line_of_json_as_it_is(tmp_path, settings):
    objects = chart.render(*VICTORIALOGS, *(f"victorialogs.{setting}" for setting in settings))
    store = chart.find(objects, "StatefulSet", "telltale-victorialogs")
    [container] = chart.pod(store)["containers"]
    [port] = container["ports"]
    [mount] = container["volumeMounts"]
    own = [f"-httpListenAddr=:{port['containerPort']}", f"-storageDataPath={mount['mountPath']}"]
    assert container["args"][:2] == own
    with peers.VictoriaLogs(tmp_path, *container["args"][2:]) as running:
        line = '{"level":"info","msg":"as it is"}'
        at = str(time.time_ns())
        body = {"streams": [{"stream": {"app": "a", "level": "warn"}, "values": [[at, line]]}]}
        request = urllib.request.Request(
            running.push_base + "/loki/api/v1/push", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        urllib.request.urlopen(request, timeout=30).close()
        [entry] = running.entries({"app": "a"})
        assert (entry.line, entry.labels) == (line, {"app": "a", "level": "warn"})
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            assert peers.answers(running.url + container[probe]["httpGet"]["path"])


def check_config(tmp_path, text: str) -> None:
    folder = os.environ.get("TELLTALE_BIN") or chart.ROOT / "build/release/bin"
    sidecar = pathlib.Path(folder) / "telltale-sidecar"
    assert sidecar.exists(), f"{sidecar} is missing: run cmake --build --preset release"
    path = tmp_path / "config.yaml"
    path.write_text(text)
    done = chart.run(sidecar, "--check-config", f"--config={path}")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_sidecar_accepts_what_makes_promtail_reload(tmp_path):
    check_config(tmp_path, chart.config(chart.render(), "telltale-promtail-reload", "reload.yaml"))


DOCKER = ("node.linkTargets={/var/lib/docker/containers,/mnt/docker}",)
AGENTS = {"loki": (), "victorialogs": VICTORIALOGS, "outside": OUTSIDE_VICTORIALOGS, "docker": DOCKER}


@pytest.mark.parametrize("settings", AGENTS.values(), ids=AGENTS)
def test_the_sidecar_accepts_what_the_node_agents_are_told(tmp_path, settings):
    objects = chart.render("logs.collector=telltale", *settings)
    text = chart.config(objects, "telltale-node", "node.yaml")
    check_config(tmp_path, text)
    node = yaml.safe_load(text)
    assert node["pods"]["operator"] == "http://telltale-operator.telltale.svc.cluster.local:8080"
    [container] = chart.pod(chart.find(objects, "DaemonSet", "telltale-node"))["containers"]
    mounts = {mount["mountPath"] for mount in container["volumeMounts"]}
    assert {node["pods"]["directory"], node["state"]} <= mounts
    assert "--config=/etc/telltale/node.yaml" in container["args"]
    assert f":{container['ports'][0]['containerPort']}" == node["listen"]


@pytest.mark.parametrize("settings", [(), VICTORIALOGS, OUTSIDE_VICTORIALOGS], ids=["loki", "victorialogs", "outside"])
def test_the_sidecar_accepts_what_ships_the_clusters_events(tmp_path, settings):
    objects = chart.render("logs.events.enabled=true", *settings)
    text = chart.config(objects, "telltale-operator-events", "events.yaml")
    check_config(tmp_path, text)
    config = yaml.safe_load(text)
    spec = chart.pod(chart.find(objects, "Deployment", "telltale-operator"))
    [operator], [shipper] = spec["containers"], spec["initContainers"]
    assert shipper["restartPolicy"] == "Always", "it must end after the operator"
    [file] = config["logs"][0]["files"]["include"]
    assert f"--events-file={file}" in operator["args"]
    written, read = ({m["mountPath"]: m for m in one["volumeMounts"]} for one in (operator, shipper))
    folder = str(pathlib.PurePath(file).parent)
    assert {k: v for k, v in read[folder].items() if k != "readOnly"} == written[folder]
    assert not written[folder].get("readOnly") and read[folder]["readOnly"]
    assert config["state"] in read and ("/etc/telltale-loki" in read) == ("credentials" in config["loki"])
    usual = chart.pod(chart.find(chart.render(*settings), "Deployment", "telltale-operator"))
    assert "initContainers" not in usual and not [a for a in usual["containers"][0]["args"] if "events" in a]


def test_promtail_reads_the_copy_that_the_reloader_keeps_and_is_told_of_it():
    objects = chart.render()
    text = chart.config(objects, "telltale-promtail-reload", "reload.yaml")
    [reload] = yaml.safe_load(text)["reload"]
    spec = chart.pod(chart.find(objects, "DaemonSet", "telltale-promtail"))
    promtail, reloader = spec["containers"]
    [maker] = spec["initContainers"]
    assert f"-config.file={reload['copy']}" in promtail["args"]
    assert "-server.enable-runtime-reload" in promtail["args"]
    assert reload["url"] == f"http://127.0.0.1:{promtail['ports'][0]['containerPort']}/reload"

    def folders(container: dict) -> dict:
        # As folders: a file mounted by subPath would never change.
        assert not [mount for mount in container["volumeMounts"] if "subPath" in mount]
        return {mount["name"]: (mount["mountPath"], mount.get("readOnly", False)) for mount in container["volumeMounts"]}

    watched, copy = (str(pathlib.Path(reload[key]).parent) for key in ("watch", "copy"))
    assert folders(promtail)["accepted"] == (copy, True)
    assert "config" not in folders(promtail)
    for container in (maker, reloader):
        assert folders(container)["accepted"] == (copy, False)
        assert folders(container)["config"] == (watched, True)
    assert maker["args"] == [*reloader["args"], "--once"]
    assert maker["image"] == reloader["image"]


def test_grafana_has_both_data_sources_under_fixed_uids():
    def sources(*settings):
        text = chart.config(chart.render(*settings), "telltale-grafana", "datasources.yaml")
        return {one["uid"]: one for one in yaml.safe_load(text)["datasources"] or []}

    assert {uid: one["type"] for uid, one in sources().items()} == {
        "prometheus": "prometheus",
        "loki": "loki",
    }
    assert sources()["prometheus"]["url"] == "http://telltale-prometheus.telltale.svc.cluster.local:9090"
    external = sources("loki.enabled=false", "loki.external.url=http://l:3100")
    assert external["loki"]["url"] == "http://l:3100"
    assert set(sources("loki.enabled=false", "promtail.enabled=false")) == {"prometheus"}
    for settings, url in ((VICTORIALOGS, "http://telltale-victorialogs.telltale.svc.cluster.local:9428"),
                          (OUTSIDE_VICTORIALOGS, "http://v:9428")):  # fmt: skip
        found = sources(*settings)
        assert {uid: one["type"] for uid, one in found.items()} == {
            "prometheus": "prometheus",
            "victorialogs": "victoriametrics-logs-datasource",
        }
        assert found["victorialogs"]["url"] == url  # without /insert: it only asks


def test_grafana_installs_the_plugin_of_the_store_before_it_makes_the_data_source():
    def plugins(*settings):
        ini = configparser.ConfigParser()
        ini.read_string(chart.config(chart.render(*settings), "telltale-grafana", "grafana.ini"))
        return ini["plugins"].get("preinstall_sync")

    assert plugins() is None
    assert plugins(*VICTORIALOGS) == plugins(*OUTSIDE_VICTORIALOGS) == "victoriametrics-logs-datasource"
    pinned = "victoriametrics-logs-datasource@0.21.0@https://mirror.example/plugin.zip"
    assert plugins(*VICTORIALOGS, f"victorialogs.grafanaPlugin={pinned}") == pinned
    assert plugins(*VICTORIALOGS, "victorialogs.grafanaPlugin=") is None


def test_grafana_finds_the_dashboards_where_they_are_mounted():
    objects = chart.render()
    text = chart.config(objects, "telltale-grafana", "provider.yaml")
    [provider] = yaml.safe_load(text)["providers"]
    grafana = chart.pod(chart.find(objects, "StatefulSet", "telltale-grafana"))["containers"][0]
    [mount] = [m for m in grafana["volumeMounts"] if m["name"] == "dashboards"]
    assert provider["options"]["path"] == mount["mountPath"]
    mounted = chart.find(objects, "ConfigMap", "telltale-grafana-dashboards")["data"]
    files = {path.name: path.read_text() for path in (chart.CHART / "dashboards").glob("*.json")}
    assert len(files) >= 6
    assert {name: text.strip() for name, text in mounted.items()} == {
        name: text.strip() for name, text in files.items()
    }


def grafana_ini(*settings: str) -> configparser.ConfigParser:
    ini = configparser.ConfigParser(interpolation=None)
    ini.read_string(chart.config(chart.render(*settings), "telltale-grafana", "grafana.ini"))
    return ini


def test_sections_of_grafana_ini_are_the_user_s_key_by_key():
    ini = grafana_ini(
        "grafana.ini.server.root_url=https://grafana.example/a?b=c", "grafana.ini.users.default_theme=light",
        "grafana.ini.log.mode=file", "grafana.ini.database.max_open_conn=60000000", "grafana.ini.smtp.password=a;b#c",
        "grafana.ini.analytics.check_for_updates=true", "grafana.ini.smtp.ratio=0.5",
    )  # fmt: skip
    assert ini["server"]["root_url"] == "https://grafana.example/a?b=c"
    assert dict(ini["users"]) == {"allow_sign_up": "false", "default_theme": "light"}
    assert ini["log"]["mode"] == "file" and ini["analytics"]["check_for_updates"] == "true"
    assert ini["analytics"]["reporting_enabled"] == "false"
    assert ini["database"]["max_open_conn"] == "60000000" and ini["smtp"]["ratio"] == "0.5"
    # Three quotes: else what follows ; or # is a comment to Grafana.
    assert ini["smtp"]["password"] == '"""a;b#c"""'


def test_grafana_gets_dashboards_and_data_sources_of_the_user_beside_ours():
    # The space keeps --set from reading a list.
    objects = chart.render('grafana.dashboards.mine= {"title": "{{pod}}"}', 'grafana.dashboards.fleet= {"title": "Ours"}')
    mounted = chart.find(objects, "ConfigMap", "telltale-grafana-dashboards")["data"]
    assert yaml.safe_load(mounted["mine.json"]) == {"title": "{{pod}}"}
    assert yaml.safe_load(mounted["fleet.json"]) == {"title": "Ours"} and "operator.json" in mounted
    more = ("grafana.extraDatasources[0].name=pg", "grafana.extraDatasources[0].type=postgres")
    for settings, default in ((more, True), ((*more, "grafana.extraDatasources[0].isDefault=true"), False)):
        text = chart.config(chart.render(*settings), "telltale-grafana", "datasources.yaml")
        found = {one["name"]: one for one in yaml.safe_load(text)["datasources"]}
        assert set(found) == {"Prometheus", "Loki", "pg"}
        # Grafana refuses to start with two defaults.
        assert found["Prometheus"]["isDefault"] is default


def test_a_grafana_of_the_user_s_finds_the_dashboards_by_their_labels():
    for settings in ((), ("grafana.enabled=false",)):
        objects = chart.render(*settings, "grafana.dashboardConfigMap.enabled=true", "grafana.dashboardConfigMap.labels.team=a")
        found = chart.find(objects, "ConfigMap", "telltale-grafana-dashboards")
        assert found["metadata"]["labels"].items() >= {"grafana_dashboard": "1", "team": "a"}.items()
        assert "fleet.json" in found["data"]
    assert not [one for one in chart.render("grafana.enabled=false") if "dashboards" in one["metadata"]["name"]]
