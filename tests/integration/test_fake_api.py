# SPDX-License-Identifier: Apache-2.0
"""The fake API server (tests/fakes/kube) held against the real one: each scenario is played on both,
and what they answered must be the same but for uids, times, versions and the words of messages."""

import json
import os
import pathlib
import ssl
import subprocess
import urllib.request

import pytest

import fake_api_reads
import fake_api_writes
import ours
from fake_api_answers import MAPS, NS, Server, clear, config_map, plain
from ours import wait_for


@pytest.fixture(scope="module")
def fake(tmp_path_factory):
    """fake_apiserver as a process."""
    program = os.environ.get("TELLTALE_FAKE_APISERVER")
    if not program:
        for command in (["--preset", "dev"], ["--build", "build/dev", "--target", "fake_apiserver"]):
            done = subprocess.run(["cmake", *command], cwd=ours.ROOT, capture_output=True, text=True)
            assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        program = str(ours.ROOT / "build/dev/bin/fake_apiserver")
    folder = tmp_path_factory.mktemp("fake")
    process = subprocess.Popen(
        [program, f"--kubeconfig={folder}/kubeconfig", f"--tls-dir={folder}", "--namespaces=1"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        url = process.stdout.readline().split()[1]
        server = Server(url, ssl.create_default_context(cafile=folder / "ca.crt"), folder / "kubeconfig")

        def compact():
            process.stdin.write("compact\n")
            process.stdin.flush()
            assert process.stdout.readline().startswith("ok")

        server.compact = compact
        server.call("POST", "/api/v1/namespaces", {"metadata": {"name": NS}})
        yield server
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def real(api):
    context = ssl.create_default_context(cafile=api.folder / "pki/ca.crt")
    context.load_cert_chain(api.folder / "pki/admin.crt", api.folder / "pki/admin.key")
    server = Server(api.server, context, api.kubeconfig)

    def compact():
        """What the API server does every five minutes, at once: etcd forgets."""
        pid, _ = api._daemons[0].identity()
        command = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
        etcd = next(word.split("=", 1)[1] for word in command if word.startswith("--listen-client-urls="))
        # The version of any object written last is etcd's revision.
        _, made = server.call("POST", MAPS, config_map("revision"))
        server.call("DELETE", f"{MAPS}/revision")
        body = json.dumps({"revision": made["metadata"]["resourceVersion"], "physical": True}).encode()
        with urllib.request.urlopen(f"{etcd}/v3/kv/compaction", body, timeout=10) as answer:
            assert answer.status == 200

    server.compact = compact
    server.call("POST", "/api/v1/namespaces", {"metadata": {"name": NS}})
    return server


@pytest.mark.parametrize(
    "scenario", fake_api_reads.SCENARIOS + fake_api_writes.SCENARIOS, ids=lambda scenario: scenario.__name__
)
def test_the_fake_answers_as_the_real_one_does(scenario, fake, real):
    wanted, got = list(scenario(real)), list(scenario(fake))
    wrong = [
        f"answer {number}:\n  real {json.dumps(theirs)}\n  fake {json.dumps(answer)}"
        for number, (theirs, answer) in enumerate(zip(wanted, got))
        if theirs != answer
    ]
    assert not wrong, "\n".join(wrong)
    assert len(got) == len(wanted)


@pytest.fixture(scope="module")
def tool():
    return ours.tool("kube_tool")


def test_our_client_cannot_tell_them_apart(tool, fake, real):
    def run(server, *arguments):
        done = subprocess.run([tool, str(server.kubeconfig), *arguments], capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout.strip().replace(server.address, "SERVER")

    seen = []
    for server in (real, fake):
        clear(server, MAPS)
        one = f"{MAPS}/one"
        made = json.dumps(config_map("one", a="1"))
        answers = [run(server, "get", one), run(server, "create", MAPS, made), run(server, "create", MAPS, made)]
        answers += [run(server, "apply", one, json.dumps(config_map("one", a="2", b="3")))]
        answers += [plain(json.loads(run(server, "get", one)[1]))]
        watch = subprocess.Popen(
            [tool, str(server.kubeconfig), "watch", MAPS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        lines = []
        try:
            while not lines or f"{NS}/one" not in lines[-1]:
                lines.append(watch.stdout.readline().strip())
            wait_for("the delete", lambda: run(server, "delete", one) == (0, ""))
            while "deleted" not in lines[-1]:
                lines.append(watch.stdout.readline().strip())
        finally:
            watch.kill()
            watch.wait()
        answers += [[line for line in lines if NS in line], run(server, "delete", one)]
        seen.append(answers)
    assert seen[1] == seen[0]
