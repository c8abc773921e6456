# SPDX-License-Identifier: Apache-2.0
"""A few calls to a Kubernetes API server with a client certificate: get, apply, wait.

For the cluster's own start and for tests; the programs under test have their own client.
"""

import http.client
import json
import pathlib
import ssl
import urllib.parse

import process


class Client:
    """One API server. Every call opens a connection of its own, so threads may share a Client."""

    def __init__(self, server: str, folder: pathlib.Path, client: str = "admin"):
        self.address = urllib.parse.urlsplit(server).netloc
        self.folder = folder
        self.client = client
        self._context = None

    def _connect(self) -> http.client.HTTPSConnection:
        if self._context is None:
            self._context = ssl.create_default_context(cafile=self.folder / "ca.crt")
            self._context.load_cert_chain(
                self.folder / f"{self.client}.crt", self.folder / f"{self.client}.key"
            )
        return http.client.HTTPSConnection(self.address, timeout=10, context=self._context)

    def call(self, method: str, path: str, body=None, kind: str = "application/json"):
        """The status and the body: parsed when it is JSON, else text."""
        connection = self._connect()
        try:
            data = json.dumps(body) if body is not None else None
            connection.request(method, path, data, {"Content-Type": kind})
            answer = connection.getresponse()
            text = answer.read().decode()
            if "json" in answer.getheader("Content-Type", ""):
                return answer.status, json.loads(text)
            return answer.status, text
        finally:
            connection.close()

    def get(self, path: str):
        """The object or list at a path; None when it does not exist."""
        status, body = self.call("GET", path)
        if status == 404:
            return None
        if status != 200:
            raise OSError(f"GET {path} answered {status}: {_message(body)}")
        return body

    def apply(self, path: str, manifest: dict) -> dict:
        """Server-side apply; `path` is the collection's, the name comes from the manifest."""
        name = manifest["metadata"]["name"]
        # JSON is YAML, which is what this content type asks for.
        status, body = self.call(
            "PATCH",
            f"{path}/{name}?fieldManager=telltale-cluster&force=true",
            manifest,
            "application/apply-patch+yaml",
        )
        if status not in (200, 201):
            raise process.Failure(f"applying {path}/{name} answered {status}: {_message(body)}")
        return body

    def ready(self) -> bool:
        """True when /readyz answers 200; False also while nobody listens."""
        try:
            return self.call("GET", "/readyz")[0] == 200
        except (OSError, http.client.HTTPException):
            return False


def _message(body) -> str:
    return body.get("message", str(body)) if isinstance(body, dict) else str(body)


def condition(resource: dict | None, name: str) -> bool:
    """True when a resource's status has the condition with status True."""
    conditions = (resource or {}).get("status", {}).get("conditions", [])
    return any(one["type"] == name and one["status"] == "True" for one in conditions)
