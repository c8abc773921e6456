# SPDX-License-Identifier: Apache-2.0
"""Runs bench_load (an API server with many pods, load/main.cc) and speaks to it line by line."""

import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests/bench"), str(ROOT / "tests/cluster")]
import pki  # noqa: E402  (the folders are no packages)
import templates  # noqa: E402

KUBECONFIG = """apiVersion: v1
kind: Config
current-context: bench
contexts: [{{name: bench, context: {{cluster: bench, user: bench, namespace: telltale}}}}]
clusters: [{{name: bench, cluster: {{server: "{server}"{ca}}}}}]
users: [{{name: bench, user: {{token: bench}}}}]
"""


class Load:
    """One bench_load. `converter` is the program that makes protobuf of the templates, or nothing."""

    def __init__(self, program, folder: pathlib.Path, converter=None, **options: int):
        self.folder = folder
        made = folder / "templates"
        templates.write(made)
        if converter:
            subprocess.run([converter, made], check=True)
        authority = pki.Authority(folder / "pki").create()
        authority.issue("server", "bench", hosts=("127.0.0.1", "localhost"))
        self.command = [
            str(program), f"--templates={made}", f"--cert={folder}/pki/server.crt",
            f"--key={folder}/pki/server.key", *(["--protobuf"] if converter else []),
            *(f"--{name}={value}" for name, value in options.items()),
        ]  # fmt: skip
        self.process = None

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.hello = self._answer()
        authority = self.folder / "pki/ca.crt"
        for name, server, ca in (
            ("plain", f"http://127.0.0.1:{self.hello['plain']}", ""),
            ("tls", f"https://127.0.0.1:{self.hello['tls']}", f', certificate-authority: "{authority}"'),
        ):
            (self.folder / f"{name}.kubeconfig").write_text(KUBECONFIG.format(server=server, ca=ca))
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def _answer(self) -> dict:
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"bench_load ended with {self.process.wait()}")
        return json.loads(line)

    def kubeconfig(self, kind: str) -> pathlib.Path:
        """Of the plain listener, or of the TLS one."""
        return self.folder / f"{kind}.kubeconfig"

    def __call__(self, *words) -> dict:
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        answer = self._answer()
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer
