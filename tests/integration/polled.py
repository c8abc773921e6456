# SPDX-License-Identifier: Apache-2.0
"""Servers with TLS for the sidecar to poll."""

import contextlib
import pathlib
import ssl
import subprocess
import threading

import ours


def certificate(folder: pathlib.Path, days: int) -> tuple[str, str]:
    """A self-signed certificate for localhost, and its key."""
    names = str(folder / f"{days}.crt"), str(folder / f"{days}.key")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", str(days),
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-out", names[0], "-keyout", names[1]],
        check=True, capture_output=True,
    )  # fmt: skip
    return names


class Healthy(ours.Quiet):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = b"state: ready\n"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextlib.contextmanager
def tls_server(folder: pathlib.Path, days: int = 5, wants_client: bool = False, version: ssl.TLSVersion | None = None):
    """The port of a server over TLS; with `wants_client` it refuses clients without a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate(folder, days))
    if wants_client:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(folder / f"{days}.crt")
    if version:
        context.maximum_version = version
    with ours.http.server.ThreadingHTTPServer(("127.0.0.1", 0), Healthy) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.handle_error = lambda *_: None  # handshakes that are meant to fail
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()
