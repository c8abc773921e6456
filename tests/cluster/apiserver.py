# SPDX-License-Identifier: Apache-2.0
"""etcd and kube-apiserver alone, as processes on loopback, for integration tests.

    with apiserver.ApiServer() as server:
        server.kubeconfig   # a path: admin's client certificate
        server.client       # kube.Client
        server.kubectl("get", "ns")

Real admission, RBAC, defaulting and watches, but no controllers and no kubelet: nothing creates
service accounts, deletes a namespace's objects or runs a pod. Nobody but the caller starts or stops
it, one thread at a time. Ports are free ones, so that many can run side by side; no root needed.
"""

import os
import pathlib
import shutil
import subprocess
import tempfile

import layout
import catalog
import control
import kube
import pki
import process


# The programs of the tested versions, in the order of their age: the cluster's own, and the newest.
PROGRAMS = ("kube-apiserver", "kube-apiserver-next")


class ApiServer:
    """`folder` keeps certificates, data and logs; without one it is temporary and goes on stop()."""

    def __init__(self, folder: pathlib.Path | None = None, program: str = PROGRAMS[0]):
        self.program = program
        self._temporary = folder is None
        self.folder = folder or pathlib.Path(tempfile.mkdtemp(prefix="telltale-apiserver-"))
        self.kubeconfig = self.folder / "kubeconfig"
        self._daemons: list[process.Daemon] = []

    def start(self) -> "ApiServer":
        ports = process.free_ports(3)
        self.server = f"https://127.0.0.1:{ports[2]}"
        pki_folder = self.folder / "pki"
        try:
            self._authority = control.certificates(pki_folder, (layout.API_SERVICE,))
            self.client = kube.Client(self.server, pki_folder)
            self.credentials("admin", self.kubeconfig)
            # The API server refuses to advertise loopback. Nobody asks for the address here.
            server = control.apiserver(
                pki_folder, ports[0], layout.HOST_ADDRESS, "127.0.0.1", ports[2], self.program
            )
            # The default service account is made by a controller, which does not run here.
            server.append("--disable-admission-plugins=ServiceAccount")
            self._commands = {
                "etcd": control.etcd(self.folder / "etcd", ports[0], ports[1]),
                "kube-apiserver": server,
            }
            for name, command in self._commands.items():
                daemon = process.Daemon(name, self.folder)
                self._daemons.append(daemon)
                daemon.start(command)
            etcd = self._daemons[0]
            self._daemons[1].wait(lambda: etcd.alive() and self.client.ready(), 120)
        except BaseException:
            self.stop()
            raise
        return self

    def credentials(self, client: str, path: pathlib.Path, group: str = "") -> pathlib.Path:
        """Writes a kubeconfig for a user of this name, who has the rights that RBAC gives him."""
        if not (self._authority.folder / f"{client}.crt").exists():
            self._authority.issue(client, client, group)
        return pki.kubeconfig(path, self.server, self._authority, client)

    def kubectl(self, *arguments, text: str | None = None) -> subprocess.CompletedProcess:
        """Runs kubectl as admin; the caller looks at returncode, stdout and stderr."""
        return subprocess.run(
            [str(catalog.locate("kubectl")), *map(str, arguments)],
            env=dict(os.environ, KUBECONFIG=str(self.kubeconfig)),
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )

    def define(self, path) -> None:
        """Applies a CustomResourceDefinition and returns when its resources can be made."""
        done = self.kubectl("apply", "--server-side", "--validate=strict", "-f", path, "-o", "name")
        if done.returncode != 0:
            raise process.Failure(done.stderr)
        # `kubectl wait` fails at once while the definition has no conditions yet.
        wait = ("wait", "--for=condition=Established", done.stdout.strip(), "--timeout=1s")
        process.wait_until(done.stdout.strip(), lambda: self.kubectl(*wait).returncode == 0, 30)

    def restart(self) -> None:
        """Kills kube-apiserver and starts it again; what etcd holds stays."""
        etcd, server = self._daemons
        server.stop(0)
        server.start(self._commands["kube-apiserver"])
        server.wait(lambda: etcd.alive() and self.client.ready(), 120)

    def stop(self) -> None:
        """Ends both processes at once: nothing in their data is worth an orderly end."""
        for daemon in reversed(self._daemons):
            daemon.stop(0)
        self._daemons.clear()
        if self._temporary:
            shutil.rmtree(self.folder, ignore_errors=True)

    __enter__ = start

    def __exit__(self, *_) -> None:
        self.stop()
