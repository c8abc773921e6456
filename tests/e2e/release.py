# SPDX-License-Identifier: Apache-2.0
"""The demo's Helm release with the values that a test needs, upgraded only when they change."""

import pathlib
import subprocess

import catalog
import layout
import observe
import steps
import stores
import table

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
NAMESPACE = "telltale"
WRITTEN_WITHIN = 60.0  # seconds until the new operator has told every namespace of another log store
RELOADS_SINCE = (2, 7)  # the first Promtail that can read its configuration again


def promtail_image() -> tuple[str, ...]:
    """The settings that run the Promtail of the tests in the chart's DaemonSet."""
    repository, _, tag = table.local_reference("promtail").rpartition(":")
    registry, _, path = repository.partition("/")
    reloads = str(catalog.version("promtail") >= RELOADS_SINCE).lower()
    return ("promtail.enabled=true", f"promtail.image.registry={registry}", f"promtail.image.repository={path}",
            f"promtail.image.tag={tag}", f"promtail.reloader.enabled={reloads}")  # fmt: skip


COLLECTORS = {"none": lambda: (), "promtail": promtail_image, "telltale": lambda: ("logs.collector=telltale",)}


class Release:
    """Not for threads. `store` is where its lines go; a test that sets it calls `use`."""

    def __init__(self, cluster: observe.Cluster):
        self.cluster = cluster
        self.store: stores.Store = stores.VictoriaLogs(cluster)
        self._settings: tuple[str, ...] = ()  # the demo's own values

    def use(self, *settings: str, collector: str = "none", store: stores.Store | None = None) -> None:
        """The demo's values with these. `store` overrides the one of the running tests."""
        store = store or self.store
        wanted = (*store.settings, *COLLECTORS[collector](), *settings)
        if wanted != self._settings:
            self._upgrade(wanted)
            self._settings = wanted
        if store.push_url:
            steps.wait_for(f"the sidecars' configuration naming {store.push_url}", WRITTEN_WITHIN,
                           lambda: f'"url":"{store.push_url}"' in self._written())  # fmt: skip

    def follow_store(self) -> None:
        """Another store if need be, and all other values as they are."""
        other = [s for one in stores.STORES.values() for s in one.settings]
        kept = tuple(setting for setting in self._settings if setting not in other)
        self.use(*kept)

    def _upgrade(self, settings: tuple[str, ...]) -> None:
        done = subprocess.run(
            [catalog.bin_dir() / "helm", "--kubeconfig", layout.Layout().kubeconfig, "upgrade", "telltale",
             ROOT / "helm/telltale", "--namespace", NAMESPACE, "--values",
             ROOT / "examples/shop/values-demo.yaml", "--wait", "--timeout", "5m",
             *(word for setting in settings for word in ("--set", setting))],
            capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        # Those of before inject, and write, until they are gone.
        operators = ("-n", NAMESPACE, "get", "pods", "-l", "app.kubernetes.io/name=operator")
        steps.wait_for("only new operators", 60, lambda: len(self.cluster.json(*operators)["items"]) == 2)

    def _written(self) -> str:
        """What the operator tells the sidecars of the shop, without blanks."""
        found = self.cluster.json("-n", "shop", "get", "configmap", "telltale-sidecar")["data"]
        return "".join("".join(found.values()).split())
