# SPDX-License-Identifier: Apache-2.0
"""Keys, certificates and kubeconfig files, made with the openssl program.

Used by the cluster (node.py) and by the API server of the integration tests (apiserver.py). Nothing
here is a secret worth keeping: it lives and dies with one test cluster.
"""

import base64
import pathlib
import subprocess
import tempfile

import process

DAYS = "3650"


def _openssl(*arguments) -> None:
    done = subprocess.run(
        ["openssl", *map(str, arguments)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise process.Failure(f"openssl {arguments[0]} failed: {done.stderr.strip()}")


class Authority:
    """A CA in `folder`, and the certificates that it signs: NAME.crt and NAME.key beside its own."""

    def __init__(self, folder: pathlib.Path, name: str = "ca"):
        self.folder = folder
        self.name = name
        self.certificate = folder / f"{name}.crt"
        self.key = folder / f"{name}.key"

    def create(self) -> "Authority":
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        _openssl(
            *("req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-days", DAYS, "-subj", f"/CN=telltale-test-{self.name}"),
            *("-addext", "keyUsage=critical,keyCertSign,cRLSign,digitalSignature"),
            *("-keyout", self.key, "-out", self.certificate),
        )
        return self

    def issue(self, name: str, common: str, group: str = "", hosts: tuple = ()) -> None:
        """Signs a client certificate, or one for client and server when `hosts` are given."""
        subject = (f"/O={group}" if group else "") + f"/CN={common}"
        usage = "clientAuth,serverAuth" if hosts else "clientAuth"
        lines = [
            "basicConstraints=critical,CA:FALSE",
            "keyUsage=critical,digitalSignature,keyEncipherment",
            f"extendedKeyUsage={usage}",
            "authorityKeyIdentifier=keyid",
        ]
        if hosts:
            kinds = ("IP" if host.replace(".", "").isdigit() else "DNS" for host in hosts)
            lines.append("subjectAltName=" + ",".join(f"{k}:{h}" for k, h in zip(kinds, hosts)))
        with tempfile.TemporaryDirectory() as scratch:
            request = pathlib.Path(scratch) / "request"
            extensions = pathlib.Path(scratch) / "extensions"
            extensions.write_text("\n".join(lines) + "\n")
            _openssl(
                *("req", "-new", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
                *("-subj", subject, "-keyout", self.folder / f"{name}.key", "-out", request),
            )
            serial = "0x" + pathlib.Path("/proc/sys/kernel/random/uuid").read_text().strip()[:8]
            _openssl(
                *("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key),
                *("-set_serial", serial, "-days", DAYS, "-extfile", extensions),
                *("-out", self.folder / f"{name}.crt"),
            )


def service_account_keys(folder: pathlib.Path) -> None:
    """sa.key signs service account tokens, sa.pub checks them."""
    _openssl("genrsa", "-out", folder / "sa.key", "2048")
    _openssl("rsa", "-in", folder / "sa.key", "-pubout", "-out", folder / "sa.pub")


def kubeconfig(path: pathlib.Path, server: str, authority: Authority, client: str) -> pathlib.Path:
    """Writes a kubeconfig that holds its certificates itself, so that it can be copied."""

    def data(file: pathlib.Path) -> str:
        return base64.b64encode(file.read_bytes()).decode()

    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(
        f"""apiVersion: v1
kind: Config
clusters:
- name: telltale
  cluster:
    server: {server}
    certificate-authority-data: {data(authority.certificate)}
users:
- name: {client}
  user:
    client-certificate-data: {data(authority.folder / f"{client}.crt")}
    client-key-data: {data(authority.folder / f"{client}.key")}
contexts:
- name: telltale
  context: {{cluster: telltale, user: {client}}}
current-context: telltale
"""
    )
    return path
