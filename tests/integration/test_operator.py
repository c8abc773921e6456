# SPDX-License-Identifier: Apache-2.0
"""The operator against a real API server: discovery, ConfigMaps, status, its end."""

import json
import signal
import subprocess

import catalog
import objects
import ours
import peers
import pytest
from ours import wait_for

ENDPOINT = {"port": "http", "path": "/api/metrics", "interval": "5s"}
FILES = {"source": "Files", "files": {"directory": "/var/log/app"}}


def addresses(operator, job):
    return {t for group in operator.targets() if group["labels"]["job"] == job for t in group["targets"]}


@pytest.mark.every_api_server
def test_pods_come_and_go_in_discovery(api, operator, namespace):
    objects.apply(api, objects.target(
        namespace, "web", selector={"matchLabels": {"app": "web"}}, metrics={"endpoints": [ENDPOINT]}))  # fmt: skip
    for i in (1, 2, 3):
        objects.running_pod(api, namespace, f"web-{i}", f"10.1.0.{i}", {"app": "web"}, {"http": 8080})
    objects.running_pod(api, namespace, "other", "10.1.0.9", {"app": "other"}, {"http": 8080})
    job = f"{namespace}/web"
    wait_for("three targets", lambda: addresses(operator, job) == {f"10.1.0.{i}:8080" for i in (1, 2, 3)})
    labels = [group["labels"] for group in operator.targets() if group["labels"]["job"] == job][0]
    assert labels["__metrics_path__"] == "/api/metrics"
    assert labels["__scrape_interval__"] == "5s"
    assert (labels["namespace"], labels["container"], labels["node"]) == (namespace, "app", "nowhere")

    objects.delete_pod(api, namespace, "web-2")
    wait_for("two targets", lambda: len(addresses(operator, job)) == 2)
    api.kubectl("-n", namespace, "delete", "mt", "web")
    wait_for("no target", lambda: not addresses(operator, job))


def test_discovery_answers_503_and_never_a_partial_list_before_the_caches_are_synced(api, tmp_path):
    text = api.kubeconfig.read_text().replace(api.server, "https://127.0.0.1:1")
    unreachable = tmp_path / "kubeconfig"
    unreachable.write_text(text)
    with ours.Program(tmp_path, "telltale-operator", f"--kubeconfig={unreachable}", "--namespace=telltale",
                      "--http-listen=127.0.0.1:0", "--webhook-listen=off") as program:  # fmt: skip
        assert program.get("/sd/v1/targets")[0] == 503
        assert program.get("/readyz")[0] == 503
        assert program.get("/healthz")[0] == 200
        assert "127.0.0.1:1" in program.logged(r".*cannot reach.*").group(0)


@pytest.mark.every_api_server
def test_the_sidecar_config_map_lives_as_long_as_a_resource_needs_it(api, operator, namespace):
    objects.apply(api, objects.target(namespace, "web", selector={"matchLabels": {"app": "web"}}, logs=FILES))
    held = wait_for("the ConfigMap", lambda: objects.data(api, namespace, "telltale-sidecar"))
    config = json.loads(held[f"{namespace}.web.json"])
    assert config["selector"]["matchLabels"] == {"app": "web"}
    assert config["config"]["loki"]["url"] == "http://loki:3100"

    api.kubectl("-n", namespace, "delete", "configmap", "telltale-sidecar")
    wait_for("the ConfigMap made again", lambda: objects.data(api, namespace, "telltale-sidecar"))
    api.kubectl("-n", namespace, "delete", "mt", "web")
    wait_for("the ConfigMap deleted", lambda: objects.data(api, namespace, "telltale-sidecar") is None)


def test_a_status_can_be_written_however_long_the_names_are(api, operator, namespace):
    name, labels = "t" * 128, {"app": "a" * 63}
    endpoints = [{"port": f"p{i}" + "x" * 12, "container": f"c{i}" + "y" * 60} for i in range(8)]
    objects.apply(api, objects.target(
        namespace, name, selector={"matchLabels": labels}, metrics={"endpoints": endpoints}))  # fmt: skip
    ports = {f"q{i:03}" + "z" * 11: 1000 + i for i in range(200)}
    for pod in ("u" * 253, "v" * 253):
        objects.running_pod(api, namespace, pod, "10.1.3.1", labels, ports)
    wait_for("a status", lambda: objects.status(api, namespace, name).get("problemsCount") == 16)
    status = objects.status(api, namespace, name)
    assert objects.condition(api, namespace, name, "Ready")["reason"] == "PortNotFound"
    assert len(status["problems"]) == 10
    assert all(len(one["message"]) <= 2048 for one in [*status["problems"], *status["conditions"]])


def test_pods_that_the_api_server_refuses_are_named_with_its_sentence(api, operator, namespace):
    labels = {"app": "web"}
    replica_set = {
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {"name": "web-5d9f", "namespace": namespace, "labels": labels},
        "spec": {"replicas": 2, "selector": {"matchLabels": labels},
                 "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "i"}]}}},
    }  # fmt: skip
    objects.apply(api, replica_set)
    # No controller manager runs here: this is what it writes.
    failure = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message":
               'pods "web-5d9f-x7k2p" is forbidden: exceeded quota: few, requested: pods=1, used: pods=0'}  # fmt: skip
    done = api.kubectl("-n", namespace, "patch", "replicaset", "web-5d9f", "--subresource=status", "--type=merge", "-p",
                       json.dumps({"status": {"replicas": 0, "conditions": [failure]}}))  # fmt: skip
    assert done.returncode == 0, done.stderr
    for name, app in (("web", "web"), ("other", "other")):
        objects.apply(api, objects.target(
            namespace, name, selector={"matchLabels": {"app": app}}, metrics={"endpoints": [ENDPOINT]}))  # fmt: skip
    wait_for("PodsRefused", lambda: objects.condition(api, namespace, "web", "Ready")["reason"] == "PodsRefused")
    message = objects.condition(api, namespace, "web", "Ready")["message"]
    assert f'ReplicaSet {namespace}/web-5d9f: pods "web-5d9f-*" is forbidden: exceeded quota: few' in message
    assert objects.condition(api, namespace, "other", "Ready")["reason"] == "NoPodsMatched"

    objects.running_pod(api, namespace, "web-5d9f-1", "10.1.2.1", labels, {"http": 8080})
    wait_for("the end of it", lambda: objects.reasons(api, namespace, "web") == [])


@pytest.mark.every_api_server
def test_status_is_written_and_then_left_alone(api, operator, namespace):
    objects.apply(api, objects.target(
        namespace, "web", selector={"matchLabels": {"app": "web"}}, metrics={"endpoints": [ENDPOINT]}))  # fmt: skip
    wait_for("NoPodsMatched",
             lambda: objects.condition(api, namespace, "web", "Discovered")["reason"] == "NoPodsMatched")  # fmt: skip
    objects.running_pod(api, namespace, "web-1", "10.1.1.1", {"app": "web"}, {"metrics": 8080})
    wait_for("PortNotFound", lambda: objects.reasons(api, namespace, "web") == ["PortNotFound"])
    assert objects.status(api, namespace, "web")["pods"]["matched"] == 1

    written = operator.metric("telltale_writes_total", kind="status")
    planned = operator.metric("telltale_publications_total")
    for i in range(3):
        api.kubectl("-n", namespace, "label", "pod", "web-1", "--overwrite", f"note={i}")
    wait_for("further plans", lambda: operator.metric("telltale_publications_total") > planned)
    assert operator.metric("telltale_writes_total", kind="status") == written


@pytest.mark.every_api_server
def test_one_bad_resource_does_not_touch_another(api, operator, namespace):
    beyond = objects.target(namespace, "beyond", selector={"matchAll": True}, metrics={"endpoints": [ENDPOINT]},
                            namespaceSelector={"names": ["default", "kube-system"]})  # fmt: skip
    good = objects.target(namespace, "good", selector={"matchLabels": {"app": "web"}},
                          metrics={"endpoints": [ENDPOINT]})  # fmt: skip
    objects.apply(api, beyond, good)
    objects.running_pod(api, namespace, "web-1", "10.1.2.1", {"app": "web"}, {"http": 80})
    wait_for("the good one's target", lambda: addresses(operator, f"{namespace}/good") == {"10.1.2.1:80"})
    accepted = wait_for("Accepted", lambda: (
        c if (c := objects.condition(api, namespace, "beyond", "Accepted"))["status"] else None))  # fmt: skip
    assert (accepted["status"], accepted["reason"]) == ("False", "NotTrusted")
    assert not addresses(operator, f"{namespace}/beyond")


def test_the_generated_promtail_configuration_is_accepted_by_promtail(api, operator, namespace, tmp_path):
    pipeline = [
        {"multiline": {"firstline": r"^\d{4}-\d{2}", "maxWait": "5s"}},
        {"regex": {"expression": r'^(?P<level>\w+) "(?P<rest>.*)"$'}},
        {"labels": {"values": {"level": ""}}},
        {"drop": {"source": "level", "expression": "debug"}},
    ]
    odd = {"matchExpressions": [{"key": "app.kubernetes.io/name", "operator": "In", "values": ["a.b", "c"]},
                                {"key": "tier", "operator": "NotIn", "values": ["x"]},
                                {"key": "skip", "operator": "DoesNotExist"}]}  # fmt: skip
    objects.apply(api, objects.target(
        namespace, "out", selector=odd, logs={"source": "Stdout", "labels": {"team": "yes"}, "tenant": "team-a",
                                              "pipeline": pipeline}))  # fmt: skip

    def rendered():
        held = objects.data(api, "telltale", "telltale-promtail")
        return held["promtail.yaml"] if held and namespace in held["promtail.yaml"] else None

    config = tmp_path / "promtail.yaml"
    config.write_text(wait_for("the Promtail configuration", rendered))
    log = tmp_path / "promtail.log"
    flags = ["-server.http-listen-address=127.0.0.1", "-server.http-listen-port=0", "-server.grpc-listen-port=0",
             "-server.grpc-listen-address=127.0.0.1", f"-positions.file={tmp_path}/positions.yaml"]  # fmt: skip
    with log.open("w") as out, subprocess.Popen(
        [catalog.chosen("promtail"), f"-config.file={config}", *flags], stdout=out, stderr=out
    ) as promtail:
        try:
            # It has made every stage and every job by then. There are no pods: it runs in no cluster.
            wait_for("its start", lambda: "Starting Promtail" in log.read_text() or promtail.poll() is not None)
            assert promtail.poll() is None, log.read_text() + config.read_text()
        finally:
            promtail.kill()


def test_status_says_what_prometheus_says(api, namespace, tmp_path):
    with ours.Program(tmp_path / "shop", "telltale-shop", "--listen=127.0.0.1:0",
                      f"--log-file={tmp_path}/shop.log") as shop:  # fmt: skip
        port = int(shop.url.rsplit(":", 1)[1])
        config = "scrape_configs: []\n"
        with peers.Prometheus(tmp_path / "prometheus", config) as prometheus, ours.Program(
            tmp_path / "operator", "telltale-operator", f"--kubeconfig={api.kubeconfig}",
            "--namespace=telltale", "--http-listen=127.0.0.1:0", "--webhook-listen=off",
            f"--prometheus-url={prometheus.url}",
        ) as operator:  # fmt: skip
            operator.wait_ready()
            prometheus.reload(
                "scrape_configs:\n- job_name: telltale\n  fallback_scrape_protocol: PrometheusText0.0.4\n"
                f"  http_sd_configs: [{{url: '{operator.url}/sd/v1/targets', refresh_interval: 1s}}]\n"
            )
            good = {"port": port, "path": "/api/shop-metrics", "interval": "1s"}
            bad = {"port": port, "path": "/nothing", "interval": "1s"}
            objects.apply(api, objects.target(namespace, "shop", selector={"matchLabels": {"app": "shop"}},
                                              metrics={"endpoints": [good]}))  # fmt: skip
            objects.apply(api, objects.target(namespace, "wrong", selector={"matchLabels": {"app": "shop"}},
                                              metrics={"endpoints": [bad]}))  # fmt: skip
            objects.running_pod(api, namespace, "shop-1", "127.0.0.1", {"app": "shop"})
            wait_for("Ready", lambda: objects.condition(api, namespace, "shop", "Ready")["status"] == "True", 40)
            assert objects.status(api, namespace, "shop")["pods"]["up"] == 1
            wait_for("NotFound", lambda: objects.reasons(api, namespace, "wrong") == ["NotFound"], 40)
            prometheus.stop()
            wait_for("Unknown without Prometheus",
                     lambda: objects.condition(api, namespace, "shop", "Scraped")["status"] == "Unknown", 40)  # fmt: skip


def test_sigterm_ends_it_in_order(operator):
    assert operator.terminate(10) == 0
    assert "stopping" in operator.text()


def test_a_replica_that_ends_hears_of_changes_while_it_still_answers(api, namespace, tmp_path):
    with ours.Program(
        tmp_path, "telltale-operator", f"--kubeconfig={api.kubeconfig}", "--namespace=telltale",
        "--http-listen=127.0.0.1:0", "--webhook-listen=off", "--shutdown-delay=1m",
    ) as operator:  # fmt: skip
        operator.wait_ready()
        operator.process.send_signal(signal.SIGTERM)
        wait_for("not ready", lambda: operator.get("/readyz")[0] == 503)
        objects.apply(api, objects.target(namespace, "web", selector={"matchLabels": {"app": "web"}},
                                          metrics={"endpoints": [ENDPOINT]}))  # fmt: skip
        objects.running_pod(api, namespace, "web-1", "10.1.4.1", {"app": "web"}, {"http": 80})
        wait_for("the target", lambda: addresses(operator, f"{namespace}/web") == {"10.1.4.1:80"})
        assert not objects.status(api, namespace, "web")  # it writes no more
        assert operator.terminate(10) == 0  # a second signal cuts the delay


def test_its_metrics_page_passes_promtool(operator, promtool):
    status, page, headers = operator.get("/metrics")
    assert status == 200
    assert headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    promtool(page)
