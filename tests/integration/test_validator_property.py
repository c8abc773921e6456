# SPDX-License-Identifier: Apache-2.0
"""Accepted by us means accepted by them: random resources that the API server takes go through the real
operator; what it writes goes to the real Promtail and to the sidecar's own check. What it refuses has one
clear sentence. Every run has a new seed; TELLTALE_SEED repeats one."""

import datetime
import json
import os
import random
import re
import subprocess
import urllib.error
import urllib.request

import catalog
import objects
import ours
import random_pipelines
from ours import wait_for

PAIRS = 50
SEED = int(os.environ.get("TELLTALE_SEED") or random.SystemRandom().randrange(2**32))
LINES = [
    'level=warn took=-1.5 msg="a b" a=1', '{"level":"info","took":-3,"a":{"b":[1]},"ts":"2026-11-30T01:02:03Z"}', "plain é 日本",
    '{"took":"1e999","level":null,"a":true}', "1 2 3 secret x=y", "", "{{ .Value }}", "a" * 3000,
]  # fmt: skip


def resources(namespace: str) -> list[dict]:
    """Each pipeline twice: once for the sidecar, once for the agent of the node."""
    made = random_pipelines.Pipelines(SEED)
    documents = []
    for i in range(PAIRS):
        logs, selector = made.logs(), made.selector()
        files = {"source": "Files", "files": {"directory": "/var/log/app"}}
        for name, source in ((f"sidecar-{i:02}", files), (f"node.{i:02}", {"source": "Stdout"})):
            documents.append(objects.target(namespace, name, selector=selector, logs=source | logs))
    return documents


def taken(api, documents: list[dict]) -> dict[str, dict]:
    """Those that the API server takes, by name."""
    done = api.kubectl("create", "-f", "-", "-o", "name", text=json.dumps({"apiVersion": "v1", "kind": "List", "items": documents}))
    names = {line.split("/", 1)[1] for line in done.stdout.splitlines()}
    return {d["metadata"]["name"]: d["spec"] for d in documents if d["metadata"]["name"] in names}


def accepted(api, namespace: str, names) -> dict[str, dict]:
    """The condition Accepted of each, when all have one of what the readers' files hold. None that is not
    accepted is Ready."""

    def settled():
        items = json.loads(api.kubectl("-n", namespace, "get", "mt", "-o", "json").stdout)["items"]
        found = {}
        for item in items:
            conditions = {c["type"]: c for c in item.get("status", {}).get("conditions", [])}
            if "Accepted" in conditions:
                found[item["metadata"]["name"]] = conditions["Accepted"]
                said = (conditions["Accepted"]["status"], conditions["Ready"]["status"])
                assert said != ("False", "True"), f"TELLTALE_SEED={SEED}: {item}"
        written = objects.data(api, namespace, "telltale-sidecar") or {}
        promtail = (objects.data(api, "telltale", "telltale-promtail") or {}).get("promtail.yaml", "")
        here = {n for n in names if f"{namespace}.{n}.json" in written or f'job_name: "{namespace}/{n}"' in promtail}
        good = {n for n, condition in found.items() if condition["status"] == "True"}
        last.update(no_verdict=set(names) - set(found), accepted_but_not_there=good - here, there_but_refused=here - good,
                    said={n: found[n]["message"] for n in good ^ here})  # fmt: skip
        return found if set(found) == set(names) and good == here else None

    last: dict = {}
    try:
        return wait_for("a verdict on each resource", settled, 30)
    except AssertionError as error:
        raise AssertionError(f"TELLTALE_SEED={SEED}: {last} {error}") from None


def complaint_of_the_sidecar(folder, config: dict) -> str:
    path = folder / "config.json"
    path.write_text(json.dumps(config, ensure_ascii=False))
    command = [str(ours.BIN / "telltale-sidecar"), f"--config={path}", "--check-config"]
    done = subprocess.run(command, capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def jobs_of(text: str, namespace: str, log) -> dict[str, str]:
    """The scrape configs of our resources, with a file in place of the pods of a kubelet."""
    rest = text.partition("scrape_configs:\n")[2]
    jobs = {}
    for job in re.split(r"(?m)^(?=  - job_name: )", rest):
        if name := re.match(rf'  - job_name: "{namespace}/([^"]+)"', job):
            stages = job.partition("    kubernetes_sd_configs:\n")[0]
            static = f'    static_configs: [{{targets: [localhost], labels: {{namespace: n, app: x, __path__: "{log}"}}}}]\n'
            jobs[name.group(1)] = stages + static
    return jobs


def complaint_of_promtail(folder, jobs: list[str]) -> str:
    """What Promtail says against these scrape configs, or against its page once it has read the lines."""
    folder.mkdir(exist_ok=True)
    config, log = folder / "promtail.yaml", folder / "promtail.log"
    config.write_text("clients: [{url: 'http://127.0.0.1:1/'}]\nscrape_configs:\n" + "".join(jobs))
    command = [catalog.chosen("promtail"), f"-config.file={config}", "-dry-run", f"-positions.file={folder}/positions.yaml",
               "-server.http-listen-address=127.0.0.1", "-server.http-listen-port=0", "-server.grpc-listen-port=0",
               "-server.grpc-listen-address=127.0.0.1"]  # fmt: skip
    with log.open("w") as out, subprocess.Popen(command, stdout=out, stderr=out) as process:
        try:
            address = wait_for("its start", lambda: re.search(r"http=(127\S+)", log.read_text(errors="replace"))
                               or process.poll() is not None)  # fmt: skip
            if address is True:
                return log.read_text(errors="replace")
            url = f"http://{address.group(1)}/metrics"

            def read():
                with urllib.request.urlopen(url, timeout=10) as page:
                    counted = re.search(r"(?m)^promtail_read_lines_total\S* (\d+)", page.read().decode())
                return counted and int(counted.group(1)) >= len(LINES)

            wait_for("its reading", lambda: process.poll() is not None or read())
            read()
            return log.read_text(errors="replace") if process.poll() is not None else ""
        except urllib.error.HTTPError as error:
            return error.read().decode()
        finally:
            process.kill()


def guilty(folder, jobs: dict[str, str], complaint: str) -> tuple[list[str], str]:
    """A smallest part of them, found by halves, that Promtail still refuses, and its last words."""
    names = list(jobs)
    while len(names) > 1:
        half = len(names) // 2
        for part in (names[:half], names[half:]):
            said = complaint_of_promtail(folder, [jobs[name] for name in part])
            if said:
                names, complaint = part, said
                break
        else:
            break
    return names, complaint[-1500:]


def test_what_the_operator_accepts_is_accepted_by_promtail_and_by_the_sidecar(api, operator, namespace, tmp_path):
    specs = taken(api, resources(namespace))
    assert len(specs) > PAIRS / 3, f"TELLTALE_SEED={SEED}: the API server takes {len(specs)} of {2 * PAIRS}"
    verdicts = accepted(api, namespace, specs)
    say = f"\nTELLTALE_SEED={SEED}\n"

    for name, verdict in verdicts.items():
        if verdict["status"] != "True":
            message = verdict["message"]
            assert re.fullmatch(r"spec\.logs[^\n]{10,900}\.", message), f"{say}{name}: {message!r}"

    written = objects.data(api, namespace, "telltale-sidecar") or {}
    for key, text in written.items():
        document = json.loads(text)
        complaint = complaint_of_the_sidecar(tmp_path, document["config"])
        assert not complaint, f"{say}{key}: {complaint}\n{json.dumps(document['config'], ensure_ascii=False)}"

    log = tmp_path / "0.log"
    now = datetime.datetime.now(datetime.UTC).isoformat()
    log.write_text("".join(f"{now} stdout F {line}\n" for line in LINES))
    jobs = jobs_of(objects.data(api, "telltale", "telltale-promtail")["promtail.yaml"], namespace, log)
    assert jobs
    print(f"of {2 * PAIRS} the API server takes {len(specs)}, we take {len(written)} and {len(jobs)}")
    complaint = complaint_of_promtail(tmp_path / "all", list(jobs.values()))
    if complaint:
        names, said = guilty(tmp_path / "part", jobs, complaint)
        logs = "\n".join(json.dumps(specs[name]["logs"], ensure_ascii=False) for name in names[:3])
        raise AssertionError(f"{say}{names[:3]}: {said}\n{logs}")
