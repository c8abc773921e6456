# SPDX-License-Identifier: Apache-2.0
"""values.yaml and its schema: each key in both, and a mistake answered with a sentence."""

import functools
import json

import chart
import pytest
import yaml


@functools.cache
def schema() -> dict:
    return json.loads((chart.CHART / "values.schema.json").read_text())


def resolve(node: dict) -> dict:
    while "$ref" in node:
        node = schema()["definitions"][node["$ref"].removeprefix("#/definitions/")]
    return node


def keys(node: dict, path: str = ""):
    """Every key that the schema lists: its path and its own schema."""
    for name, child in resolve(node).get("properties", {}).items():
        where = f"{path}.{name}".strip(".")
        yield where, child
        yield from keys(child, where)


def test_every_key_of_the_schema_is_in_the_values_and_is_described():
    missing, everything = [], chart.values()
    for path, node in keys(schema()):
        assert resolve(node).get("description"), path
        value = everything
        for name in path.split("."):
            if not isinstance(value, dict) or name not in value:
                missing.append(path)
                break
            value = value[name]
    # As Kubernetes defines them; the chart has nothing to say about them.
    allowed = ("requests", "limits", "claims")
    assert not [path for path in missing if not path.endswith(allowed)]


def test_every_key_of_the_values_is_in_the_schema():
    known = {path for path, _ in keys(schema())}
    # Their keys are the user's.
    named = {path for path, node in keys(schema()) if "properties" not in resolve(node)}

    def walk(value: dict, path: str = ""):
        for name, child in value.items():
            where = f"{path}.{name}".strip(".")
            free = where.rpartition(".")[0].endswith(("requests", "limits"))
            assert free or where in known, where
            if isinstance(child, dict) and where not in named:
                walk(child, where)

    walk(chart.values())


def test_objects_of_fixed_keys_take_no_others():
    for path, node in [("", schema()), *keys(schema())]:
        node = resolve(node)
        if "properties" in node and path != "global":  # Helm passes every global of a parent on
            assert node["additionalProperties"] is False, path


COMPONENTS = (
    "operator", "prometheus", "alertmanager", "kubeStateMetrics", "nodeExporter", "pushgateway", "blackboxExporter",
    "loki", "victorialogs", "promtail", "grafana",
)  # fmt: skip


def test_every_component_has_the_same_block():
    values = chart.values()
    common = {
        "enabled", "image", "resources", "extraArgs", "nodeSelector", "tolerations", "affinity",
        "priorityClassName", "podLabels", "podAnnotations", "extraEnv", "extraVolumes", "extraVolumeMounts",
        "extraContainers", "podSecurityContext", "containerSecurityContext", "serviceAccount", "topologySpreadConstraints",
    }  # fmt: skip
    for component in COMPONENTS:
        assert common <= set(values[component]), component
        image = {"registry", "repository", "tag", "digest", "pullPolicy"}
        assert set(values[component]["image"]) == image
    alike = set(values["loki"]) - {"objectStorage"} | {"grafanaPlugin"}
    assert set(values["victorialogs"]) == alike  # so that one store is set as the other
    assert len((chart.CHART / "values.yaml").read_text().splitlines()) <= 700


VL = "loki.enabled=false,victorialogs.enabled=true"
WRONG = [
    ("prometheus.retenton=7d", "additional properties 'retenton' not allowed"),
    ("promteheus.enabled=false", "additional properties 'promteheus' not allowed"),
    ("operator.enabled=yes please", "got string, want boolean"),
    ("loki.image.tag=latest", "loki.image.tag is latest, which is another program after the next pull"),
    ("loki.retention.time=1h", "'1h' does not match pattern"),
    ("operator.logLevel=loud", "'debug', 'info', 'warn', 'error'"),
    ("prometheus.external.url=telltale:9090", "/prometheus/external/url"),
    ("operator.enabled=false", "promtail.enabled needs operator.enabled"),
    ("loki.enabled=false", "promtail.enabled needs a log store to push to"),
    ("logs.collector=fluentd", "/logs/collector"),
    ("logs.collector=telltale,operator.enabled=false", "logs.collector: telltale needs operator.enabled"),
    ("logs.collector=telltale,loki.enabled=false", "logs.collector: telltale needs a log store"),
    ("logs.events.enabled=true,operator.enabled=false,promtail.enabled=false", "logs.events.enabled needs operator.enabled"),
    ("logs.events.enabled=true,loki.enabled=false,promtail.enabled=false", "logs.events.enabled needs a log store"),
    ("loki.external.url=http://l:3100", "used only when loki.enabled is false"),
    ("prometheus.external.url=http://p:9090", "used only when prometheus.enabled is false"),
    ("loki.tenant=a b", "/loki/tenant"),
    ("loki.secretKeys={pasword}", "/loki/secretKeys/0"),
    ("loki.secretKeys={token}", "but there is none: set loki.secretName"),
    ("loki.secretName=a", "such as {username,password}: Promtail and Grafana must be told"),
    ("loki.secretName=a,loki.secretKeys={password}", "has one of username and password"),
    ("loki.secretName=a,loki.secretKeys={tls.crt}", "has one of tls.crt and tls.key"),
    ("victorialogs.enabeld=true", "additional properties 'enabeld' not allowed"),
    ("victorialogs.enabled=true", "set loki.enabled to false"),
    ("victorialogs.external.url=http://v:9428", "set loki.enabled to false"),
    ("loki.enabled=false,loki.external.url=http://l,victorialogs.enabled=true", "pushed to one store only"),
    ("loki.enabled=false,victorialogs.external.url=http://v:9428/insert", "/insert, which the chart adds itself"),
    ("loki.enabled=false,victorialogs.external.url=http://v:9428/insert/loki/api/v1/push", "adds itself"),
    (f"{VL},victorialogs.external.url=http://v:9428", "used only when victorialogs.enabled is false"),
    (f"{VL},loki.tenant=blue", "set victorialogs.tenant to the AccountID"),
    (f"{VL},loki.secretName=a", "set victorialogs.secretName and victorialogs.secretKeys in its place"),
    (f"{VL},victorialogs.tenant=blue", "/victorialogs/tenant"),
    (f"{VL},victorialogs.tenant=4294967296", "/victorialogs/tenant"),
    (f"{VL},victorialogs.tenant=99999999999", "/victorialogs/tenant"),
    (f"{VL},victorialogs.tenant=-1", "/victorialogs/tenant"),
    (f"{VL},victorialogs.tenant=1.5", "/victorialogs/tenant"),
    ("victorialogs.tenant=7", "VictoriaLogs is not the store in use"),
    ("victorialogs.secretName=a,victorialogs.secretKeys={token}", "VictoriaLogs is not the store in use"),
    (f"{VL},victorialogs.secretKeys={{token}}", "but there is none: set victorialogs.secretName"),
    (f"{VL},victorialogs.secretName=a,victorialogs.secretKeys={{tls.key}}", "has one of tls.crt and tls.key"),
    (f"{VL},victorialogs.retention.time=1h", "'1h' does not match pattern"),
    (f"{VL},victorialogs.retention.size=6G", "'6G' does not match pattern"),
    (f"{VL},victorialogs.grafanaPlugin=a b", "/victorialogs/grafanaPlugin"),
    (f"{VL},victorialogs.image.tag=latest", "victorialogs.image.tag is latest"),
    ("node.linkTargets={var/lib/docker}", "/node/linkTargets/0"),
    ("node.seLinuxOptions.typ=spc_t", "value must be one of 'user', 'role', 'type', 'level'"),
    ("alertmanager.url=http://a:9093", "additional properties 'url' not allowed"),
    ("alertmanager.enabled=true,alertmanager.external.url=http://a:9093", "used only when alertmanager.enabled is false"),
    ("alertmanager.existingSecret=a", "set alertmanager.enabled to true"),
    ("alertmanager.config.route.receiver=a", "set alertmanager.enabled to true"),
    ("alertmanager.enabled=true,alertmanager.config.route.receiver=a", "needs a route and receivers"),
    ("alertmanager.enabled=true,alertmanager.existingSecret=a,alertmanager.config.a=b", "are both set"),
    ("alertmanager.retention.time=5d", "/alertmanager/retention/time"),
    ("prometheus.defaultRules.disabled={Wachdog}", "names Wachdog, which is no alert of the chart; its alerts are"),
    ("prometheus.defaultRules.runbookUrl=docs", "/prometheus/defaultRules/runbookUrl"),
    ("prometheus.rules.telltale[0].expr=up", "has a group telltale, which is one of the chart's own"),
    ("prometheus.rules.mine[0].alert=A", "missing property 'expr'"),
    ("prometheus.rules.mine.alert=A", "got object, want array"),
    ("kubelet.enabeld=true", "additional properties 'enabeld' not allowed"),
    ("nodeExporter.port=80", "/nodeExporter/port"),
    ("nodeExporter.service.type=NodePort", "additional properties 'service' not allowed"),
    ("blackboxExporter.targets[0].url=http://a", "only when blackboxExporter.enabled is true"),
    ("blackboxExporter.enabled=true,blackboxExporter.targets[0].url=http://a,blackboxExporter.targets[0].module=x",
     "names the module x, which is not one of blackboxExporter.modules: http_2xx, tcp_connect"),
    ("blackboxExporter.enabled=true,blackboxExporter.targets[0].ulr=http://a", "missing property 'url'"),
    ("prometheus.extraScrapeConfigs[0].job_name=telltale", "has a job telltale, which is the chart's own"),
    ("nodeExporter.enabled=true,prometheus.extraScrapeConfigs[0].job_name=node-exporter", "has a job node-exporter"),
    ("prometheus.extraScrapeConfigs[0].job_name=a,prometheus.extraScrapeConfigs[1].job_name=a", "listed twice"),
    ("prometheus.remoteWriteTo[0].name=a", "missing property 'url'"),
    ("prometheus.remoteWriteTo[0].url=store:9090", "'/prometheus/remoteWriteTo/0/url'"),
    ("prometheus.remoteWriteTo[0].url=http://a,prometheus.remoteWriteTo[1].url=http://a", "has http://a twice"),
    ("prometheus.remoteWriteTo[0].url=http://a,prometheus.remoteWriteTo[0].name=x,"
     "prometheus.remoteWriteTo[1].url=http://b,prometheus.remoteWriteTo[1].name=x", "two entries with the name x"),
    ("prometheus.remoteWriteTo[0].url=http://a,prometheus.remoteWriteTo[0].basic_auth.password=x", 'has "password", and the chart'),
    ("prometheus.remoteWriteTo[0].url=http://a,prometheus.remoteWriteTo[0].oauth2.client_secret=x", 'has "client_secret", and'),
    ("prometheus.remoteWriteTo[0].url=http://a,prometheus.secrets={stor},"
     "prometheus.remoteWriteTo[0].basic_auth.password_file=/etc/telltale/secrets/store/p", "the Secret store is not mounted there"),
    ("prometheus.scrapeClasses.a.tls_config.ca_file=/etc/telltale/secrets/b/ca.crt", "prometheus.scrapeClasses names a file in"),
    ("prometheus.externalLabels.a-b=c", "'a-b' does not match pattern"),
    ("prometheus.enabled=false,prometheus.externalLabels.a=b", "are for the chart's own Prometheus"),
    ("loki.objectStorage.type=minio", "'s3', 'gcs', 'azure', 'swift'"),
    ("loki.objectStorage.type=s3", "config does not say where"),
    ("loki.objectStorage.config.bucketnames=a", "and no type"),
    ("loki.objectStorage.from=tomorrow", "/loki/objectStorage/from"),
    ("loki.objectStorage.type=s3,loki.objectStorage.config.secret_access_key=a", "config.secret_access_key is a secret"),
    (f"{VL},loki.objectStorage.type=s3,loki.objectStorage.config.bucketnames=a", "is for the chart's own Loki"),
    ("prometheus.scrapeLimits.samples=5", "additional properties 'samples' not allowed"),
    ("prometheus.scrapeLimits.body_size_limit=5M", "'/prometheus/scrapeLimits/body_size_limit'"),
    ("prometheusOperator.scrapeConfig.classes.Big.sampleLimit=5", "'Big' does not match pattern"),
    ("global.cluster=my cluster", "'/global/cluster'"),
    ("prometheusOperator.rule.enabled=true", "additional properties 'rule' not allowed"),
    # What is well formed, and what the API server or a program refuses after half of the upgrade.
    ("commonLabels.cost=a/b", 'commonLabels.cost is "a/b", which is no label\'s value'),
    (f"commonLabels.cost={'a' * 70}", "at most 63"),
    ("commonLabels.team=ümlaut", "is no label's value"),
    ("commonLabels.te am=x", 'commonLabels has the key "te am", which is no label'),
    ("loki.podLabels.a=b c", "loki.podLabels.a is"),
    ("commonLabels.app\\.kubernetes\\.io/name=x", "which the chart sets itself"),
    ("global.imageRegistry=https://reg.corp", "without https://"),
    ("global.imageRegistry=reg.corp/", "without / at its end"),
    ("operator.image.repository=My/Repo", "operator.image.repository is My/Repo: small letters"),
    ("sidecar.image.repository=a/b:v1", "without registry, tag and digest"),
    ("operator.resources.limits.memory=256", "is 256, which means bytes: write 256Mi"),
    ("pushgateway.resources.requests.memory=256m", "which means bytes: write 256Mi"),
    ("operator.resources.limits.memory=256MB", "is 256MB, which is no quantity"),
    ("operator.resources.limits.mem=256Mi", "operator.resources.limits.mem is no resource that Kubernetes knows"),
    ("prometheus.retention.time=1h1d", "with the larger unit first"),
    ("prometheus.retention.time=7", "prometheus.retention.time is 7, which is no duration"),
    ("prometheus.retention.time=0d", "says nothing of how long"),
    ("prometheus.persistence.size=8GB", "prometheus.persistence.size is 8GB, which is no size of a volume: such as 8Gi"),
    ("globl.imageRegistry=a", "additional properties 'globl' not allowed"),
    ("grafana.adminPassword=a,grafana.existingSecret=b", "remove one of the two"),
    ("grafana.dashboards.shop=shop.json", "grafana.dashboards.shop is no dashboard in JSON"),
    ("grafana.dashboards.shop= {}", "--set-file grafana.dashboards.shop=FILE"),
    ('grafana.dashboards.shop= {"title": "a"\\, "__inputs": [1]}', "asks for data sources when it is imported"),
    ("grafana.extraDatasources[0].name=Loki,grafana.extraDatasources[0].type=loki", "choose another"),
    ("grafana.extraDatasources[0].name=a", "missing property 'type'"),
    ("grafana.ini.server=a", "/grafana/ini/server"),
    ("grafana.ini.server.cert=a\nb", "more than one line"),
    ('grafana.ini.server.cert=a;"""', "write $__env{NAME}"),
]


@pytest.mark.parametrize(("setting", "sentence"), WRONG, ids=[setting for setting, _ in WRONG])
def test_a_wrong_value_is_refused_with_a_sentence(setting, sentence):
    done = chart.template("--set", setting)
    assert done.returncode != 0
    assert sentence in done.stderr


@pytest.mark.parametrize("tenant", ["0", "7", "1234567", "4294967295"])
def test_an_account_may_be_a_number_or_a_text(tenant):
    for how in ("--set", "--set-string"):
        done = chart.template("--set", VL, how, f"victorialogs.tenant={tenant}")
        assert done.returncode == 0, done.stderr
        assert f"- --loki-tenant={tenant}\n" in done.stdout


def test_an_old_kubernetes_is_refused():
    done = chart.template("--kube-version", "1.28.9")
    assert done.returncode != 0
    assert ">=1.29.0-0" in done.stderr


def test_the_demo_s_values_only_turn_off_what_is_not_run_there():
    values = yaml.safe_load((chart.ROOT / "examples/shop/values-demo.yaml").read_text())
    off = {name for name, settings in values.items() if settings.get("enabled") is False}
    assert off == {"grafana", "promtail", "loki"}
    done = chart.template("-f", chart.ROOT / "examples/shop/values-demo.yaml")
    assert done.returncode == 0, done.stderr


RIGHT = (
    "operator.resources.limits.memory=1.5Gi", "operator.resources.limits.memory=300000000", "operator.resources.limits.cpu=0.5",
    "operator.resources.limits.example\\.com/gpu=1", "prometheus.retention.time=1d12h", "commonLabels.corp\\.example/team=a.b_C-1",
    "global.imageRegistry=reg.corp:5000/mirror", "global.environment=prod", "global.cattle.x=y", "enabled=true",
    # A job for an exporter that is there already, in place of the chart's.
    "prometheus.extraScrapeConfigs[0].job_name=node-exporter", "prometheus.extraScrapeConfigs[1].job_name=alertmanager",
    "prometheus.persistence.size=0.5Ti", "loki.podLabels.empty=",
)  # fmt: skip


def test_what_the_api_server_takes_is_taken():
    done = chart.template(*(word for setting in RIGHT for word in ("--set", setting)))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["my.rel", "1rel"])
def test_a_release_s_name_that_names_no_service_is_refused(name):
    done = chart.run(chart.catalog.locate("helm"), "template", name, chart.CHART)
    assert done.returncode != 0 and f"the release's name {name} cannot begin the name of a Service" in done.stderr


def test_names_begin_with_the_release_and_the_chart_and_are_nobody_else_s():
    def names(release, *settings):
        # The definition and the fixed names of the operator's own objects are one in a cluster or namespace.
        fixed = ("monitoringtargets.telltale.dev", "telltale-promtail-reload")
        found = {one["metadata"]["name"] for one in chart.render(*settings, release=release)}
        return {name for name in found if name not in fixed}

    assert all(name.startswith("obs-telltale") for name in names("obs"))
    for release in ("telltale", "my-telltale-2"):
        assert all(name.startswith(f"{release}-") for name in names(release))
        assert not any("telltale-telltale" in name for name in names(release))
    assert all(name.startswith("watch-") for name in names("obs", "fullnameOverride=watch"))
    long = "a-release-whose-name-is-longer-than-forty-"
    one, other = names(f"{long}one"), names(f"{long}two")
    assert not one & other and max(map(len, one | other)) <= 63


def test_an_umbrella_chart_turns_it_on_and_off_and_has_globals_of_its_own(tmp_path):
    parent = tmp_path / "umbrella"
    (parent / "charts").mkdir(parents=True)
    (parent / "charts/telltale").symlink_to(chart.CHART)
    dependency = {"name": "telltale", "version": "0.1.0", "condition": "telltale.enabled"}
    (parent / "Chart.yaml").write_text(yaml.safe_dump(
        {"apiVersion": "v2", "name": "umbrella", "version": "0.1.0", "dependencies": [dependency]}))  # fmt: skip
    for enabled in (True, False):
        done = chart.run(chart.catalog.locate("helm"), "template", "u", parent, "--set", f"telltale.enabled={str(enabled).lower()}",
                         "--set", "global.environment=prod,global.storageClass=fast")  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert ("name: u-telltale-operator" in done.stdout) is enabled


def test_further_objects_are_rendered_as_objects_and_as_templates(tmp_path):
    values = tmp_path / "values.yaml"
    values.write_text(yaml.safe_dump({"extraObjects": [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": '{{ include "telltale.fullname" . }}-one'}},
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: {{ .Release.Name }}-two\n",
    ]}))  # fmt: skip
    done = chart.template("-f", values)
    assert done.returncode == 0, done.stderr
    objects = [one for one in yaml.safe_load_all(done.stdout) if one]
    chart.find(objects, "ConfigMap", "telltale-one")
    chart.find(objects, "Secret", "telltale-two")
