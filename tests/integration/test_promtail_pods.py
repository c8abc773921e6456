# SPDX-License-Identifier: Apache-2.0
"""The real Promtail with the whole file that the operator writes, beside a real API server: it finds the
pods itself. Two tenants read the same pod, a third one tries to read what is not its own, and resources
that this Promtail cannot use are left out."""

import datetime
import re
import urllib.request

import objects
import ours
import peers
import pytest
from ours import wait_for

STDOUT = {"source": "Stdout"}


def in_cluster(config: str, api, folder) -> str:
    """The operator's text with the API server's address, which a pod would have from its environment, and
    with another folder in place of the node's /var/log/pods."""
    pki = api.folder / "pki"
    address = (
        f'- role: "pod"\n        api_server: "{api.server}"\n        tls_config: {{ca_file: "{pki}/ca.crt",'
        f' cert_file: "{pki}/admin.crt", key_file: "{pki}/admin.key"}}\n'
    )
    config = re.sub(r'- role: "pod"\n', lambda _: address, config)
    return config.replace("/var/log/pods/", f"{folder}/pods/").replace("/run/promtail", str(folder))


def pod_watches(api) -> int:
    """How many clients watch pods now, by the API server's own count."""
    page = api.kubectl("get", "--raw", "/metrics").stdout
    return sum(
        int(float(line.rsplit(" ", 1)[1]))
        for line in page.splitlines()
        if line.startswith("apiserver_longrunning_requests{") and 'resource="pods"' in line and 'verb="WATCH"' in line
    )


class Node:
    """The folders that a kubelet would keep: `write` adds lines to the log of a pod's container."""

    def __init__(self, api, folder):
        self.api, self.folder = api, folder

    def write(self, namespace: str, pod: str, *lines: str, uid: str = "", container: str = "app") -> None:
        got = self.api.kubectl("-n", namespace, "get", "pod", pod, "-o", "jsonpath={.metadata.uid}")
        assert got.returncode == 0, got.stderr
        log = self.folder / f"pods/{namespace}_{pod}_{uid or got.stdout}/{container}/0.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a") as out:
            for line in lines:
                out.write(f"{datetime.datetime.now(datetime.UTC).isoformat()} stdout F {line}\n")


@pytest.fixture(scope="module")
def loki(tmp_path_factory):
    """It keeps tenants apart."""
    with peers.Loki(tmp_path_factory.mktemp("loki"), tenants=True) as store:
        yield store


@pytest.fixture
def operator(api, tmp_path, loki):
    with ours.Program(
        tmp_path, "telltale-operator", f"--kubeconfig={api.kubeconfig}", "--namespace=telltale",
        "--http-listen=127.0.0.1:0", "--webhook-listen=off", f"--loki-url={loki.url}", "--loki-tenant=all", "--tenants=*=*",
    ) as program:  # fmt: skip
        program.wait_ready()
        yield program


def rendered(api, loki, *jobs: str) -> str:
    def config():
        text = (objects.data(api, "telltale", "telltale-promtail") or {}).get("promtail.yaml", "")
        return text if loki.url in text and all(f'job_name: "{job}"' in text for job in jobs) else None

    return wait_for(f"Promtail's configuration of {jobs}", config)


def lines(loki, tenant: str, **labels: str) -> list[str]:
    return [entry.line for entry in loki.entries(labels, tenant=tenant)]


def metric(name: str, kind: str = "counter") -> dict:
    action = {} if kind == "histogram" else {"action": "inc", "matchAll": True}
    return {"metrics": [{"name": name, "type": kind, "description": f"for {kind}", **action}]}


def test_two_tenants_read_one_pod_through_one_watch_and_nobody_reads_a_foreign_one(
    api, operator, namespace, loki, tmp_path, monkeypatch
):
    evil = f"{namespace[:50]}-evil"
    assert api.kubectl("create", "namespace", evil).returncode == 0
    shop = {"matchLabels": {"app": "shop"}}
    objects.apply(
        api,
        objects.target(namespace, "red", selector=shop, logs=STDOUT | {
            "tenant": "red", "labels": {"team": "a"}, "containers": {"include": ["app", "2"]}, "pipeline": [metric("lines_total")]}),
        objects.target(namespace, "blue", selector={"matchAll": True}, logs=STDOUT | {
            "tenant": "blue", "containers": {"exclude": ["proxy-1", "2"]}, "pipeline": [metric("lines_total"), {"drop": {"expression": "secret"}}]}),
        objects.target(evil, "all", selector={"matchAll": True}, logs=STDOUT | {
            "tenant": "evil", "containers": {"include": ["app", "setup-2", "native-3", "proxy-1"], "exclude": ["proxy-1"]}}),
        # The API server takes these, and this Promtail would not start with them.
        objects.target(namespace, "wrong", selector=shop, logs=STDOUT | {
            "pipeline": [{"template": {"source": "a", "template": "{{ b64enc .Value }}"}}]}),
        objects.target(evil, "clash", selector={"matchAll": True}, logs=STDOUT | {
            "pipeline": [metric("lines", "histogram"), metric("lines_count")]}),
    )  # fmt: skip
    config = rendered(api, loki, f"{namespace}/red", f"{namespace}/blue", f"{evil}/all")
    assert "/wrong" not in config and "/clash" not in config
    for where, name, said in ((namespace, "wrong", "has the function b64enc"), (evil, "clash", "clash")):
        refused = wait_for("the refusal", lambda w=where, n=name: (
            c if (c := objects.condition(api, w, n, "Accepted"))["status"] == "False" else None))  # fmt: skip
        assert said in refused["message"] and refused["message"].startswith("spec.logs.pipeline["), refused
    assert objects.condition(api, namespace, "red", "Accepted")["status"] == "True"

    node = Node(api, tmp_path)
    for where, pod, labels in ((namespace, "web-1", {"app": "shop"}), (evil, "web-1", {"app": "x"})):
        objects.running_pod(api, where, pod, "10.1.8.1", labels, {"http": 80, "admin": 81},
                            init=("setup-2", "native-3"), more=("proxy-1",))  # fmt: skip
    # What the stock rules of Promtail's own chart would make a path of.
    done = api.kubectl("-n", evil, "annotate", "pod", "web-1", "kubernetes.io/config.hash=*")
    assert done.returncode == 0, done.stderr
    node.write(namespace, "web-1", "first", "a secret")
    node.write(evil, "web-1", "of evil")
    node.write(evil, "web-1", "of its proxy", container="proxy-1")
    node.write(evil, "web-1", "of its first container", container="setup-2")
    node.write(evil, "web-1", "of its native sidecar", container="native-3")
    node.write(namespace, "web-1", "its second container's", container="proxy-1")
    before = pod_watches(api)
    monkeypatch.setenv("HOSTNAME", "nowhere")  # as the chart's DaemonSet does: the pod's node
    with peers.Promtail(tmp_path / "promtail", in_cluster(config, api, tmp_path)) as promtail:
        wait_for("the lines of red", lambda: lines(loki, "red", pod="web-1") == ["first", "a secret"], 30)
        wait_for("the lines of blue", lambda: lines(loki, "blue", pod="web-1") == ["first"], 30)
        of_evil = ["of evil", "of its first container", "of its native sidecar"]
        wait_for("the lines of evil", lambda: sorted(lines(loki, "evil", pod="web-1")) == of_evil, 30)
        assert pod_watches(api) == before + 1

        objects.running_pod(api, namespace, "web-2", "10.1.8.2", {"app": "shop"}, {"http": 80})
        node.write(namespace, "web-2", "second")
        objects.delete_pod(api, namespace, "web-1")
        for tenant in ("red", "blue"):
            wait_for(f"the new pod's line for {tenant}", lambda t=tenant: lines(loki, t, pod="web-2") == ["second"], 30)
        # Another pod of the same name is not the one that is gone.
        objects.running_pod(api, namespace, "web-1", "10.1.8.3", {"app": "shop"}, {"http": 80})
        node.write(namespace, "web-1", "third")
        wait_for("the line of the pod made anew", lambda: lines(loki, "red", pod="web-1")[2:] == ["third"], 30)
        assert sorted(lines(loki, "evil", namespace=evil)) == of_evil

        entry = loki.entries({"pod": "web-2"}, tenant="red")[0]
        labels = {k: v for k, v in entry.labels.items() if k != "filename"}
        assert labels == {"namespace": namespace, "pod": "web-2", "container": "app", "node": "nowhere",
                          "app": "shop", "stream": "stdout", "team": "a"}  # fmt: skip
        with urllib.request.urlopen(promtail.url + "/metrics", timeout=10) as page:
            text = page.read().decode()
        counted = re.findall(r'^telltale_custom_lines_total\{.*pod="web-2".*\} 1$', text, re.MULTILINE)
        assert len(counted) == 2, text
    api.kubectl("-n", evil, "delete", "mt,pods", "--all", "--force", "--grace-period=0")


def test_a_static_pods_lines_are_read_from_the_folder_that_the_kubelet_names_by_a_hash(
    api, operator, namespace, loki, tmp_path, monkeypatch
):
    objects.apply(api, objects.target(namespace, "etcd", selector={"matchAll": True}, logs=STDOUT | {"tenant": "red"}))
    objects.running_pod(api, namespace, "etcd-nowhere", "10.1.9.1", {"app": "etcd"})
    objects.running_pod(api, namespace, "etcd-nowhere2", "10.1.9.2", {"app": "etcd"})
    owner = '{"metadata":{"ownerReferences":[{"apiVersion":"v1","kind":"Node","name":"nowhere","uid":"n","controller":true}]}}'
    done = api.kubectl("-n", namespace, "patch", "pod", "etcd-nowhere", "--type=merge", "-p", owner)
    assert done.returncode == 0, done.stderr
    node = Node(api, tmp_path)
    node.write(namespace, "etcd-nowhere", "static", uid="0123456789abcdef0123456789abcdef")
    node.write(namespace, "etcd-nowhere2", "not by its UID", uid="0123456789abcdef")
    node.write(namespace, "etcd-nowhere2", "ordinary")
    config = rendered(api, loki, f"{namespace}/etcd")
    monkeypatch.setenv("HOSTNAME", "nowhere")
    with peers.Promtail(tmp_path / "promtail", in_cluster(config, api, tmp_path)):
        wait_for("both pods' lines", lambda: len(lines(loki, "red", app="etcd")) >= 2, 30)
        assert sorted(lines(loki, "red", app="etcd")) == ["ordinary", "static"]


JOBS = """scrape_configs:
- job_name: telltale
  http_sd_configs: [{{url: '{operator}/sd/v1/targets', refresh_interval: 1s}}]
- job_name: telltale-promtail
  scrape_interval: 1s
  scrape_timeout: 1s
  static_configs: [{{targets: ['{promtail}']}}]
"""


def test_the_status_says_of_each_pod_whether_promtail_delivered_its_lines(api, namespace, loki, tmp_path, monkeypatch):
    def flowing():
        condition = objects.condition(api, namespace, "web", "LogsFlowing")
        return condition["status"], condition["reason"]

    monkeypatch.setenv("HOSTNAME", "nowhere")
    with peers.Prometheus(tmp_path / "prometheus", "scrape_configs: []\n") as prometheus, ours.Program(
        tmp_path, "telltale-operator", f"--kubeconfig={api.kubeconfig}", "--namespace=telltale", "--loki-tenant=all",
        "--http-listen=127.0.0.1:0", "--webhook-listen=off", f"--loki-url={loki.url}", f"--prometheus-url={prometheus.url}",
    ) as operator:  # fmt: skip
        operator.wait_ready()
        objects.apply(api, objects.target(namespace, "web", selector={"matchLabels": {"app": "web"}}, logs=STDOUT))
        for pod, address in (("web-1", "10.1.8.5"), ("web-2", "10.1.8.6")):
            objects.running_pod(api, namespace, pod, address, {"app": "web"})
        config = rendered(api, loki, f"{namespace}/web")
        wait_for("nothing is known", lambda: flowing() == ("Unknown", "NodeAgent"))
        node = Node(api, tmp_path)
        node.write(namespace, "web-1", "a line")
        with peers.Promtail(tmp_path / "promtail", in_cluster(config, api, tmp_path)) as promtail:
            address = promtail.url.removeprefix("http://")
            prometheus.reload(JOBS.format(operator=operator.url, promtail=address))
            logging = lambda: objects.status(api, namespace, "web")["pods"].get("logging")  # noqa: E731
            wait_for("one pod's line", lambda: logging() == 1, 40)
            node.write(namespace, "web-2", "another line")
            wait_for("both pods' lines", lambda: logging() == 2, 60)
            assert flowing() == ("True", "Flowing")
            assert "2 of 2" in objects.condition(api, namespace, "web", "LogsFlowing")["message"]
