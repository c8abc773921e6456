# SPDX-License-Identifier: Apache-2.0
"""The images that Telltale builds: their references and what is in each.

References of the chart's components come from the chart's own values, so that `helm install` finds
them unchanged. The others are named localhost/..., which no registry serves: nothing can be pulled
in their place by mistake. Loki and Promtail are among these, because the versions that may be built here
are not the chart's.
"""

import os
import pathlib
import subprocess
import sys
import tempfile

import yaml

import oci
import packages

ROOT = pathlib.Path(__file__).resolve().parent.parent
CHART = ROOT / "helm" / "telltale"
SHOP = ROOT / "examples" / "shop"

sys.path.insert(0, str(ROOT / "tests" / "cluster" / "tools"))
import catalog  # noqa: E402  (lives with the programs that it lists)

NONROOT = 65532
NOBODY = 65534
LOKI = 10001


class Missing(Exception):
    """An image cannot be made yet; the sentence says what to do first."""


def chart_reference(component: str) -> str:
    """The reference under which the chart runs a component: registry/repository:tag."""
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    try:
        image = values[component]["image"]
        registry, repository, tag = image["registry"], image["repository"], image["tag"]
    except (KeyError, TypeError):
        raise Missing(
            f"{CHART}/values.yaml has no {component}.image with registry, repository and tag"
        ) from None
    if not tag:
        tag = yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"]
    return f"{registry}/{repository}:{tag}" if registry else f"{repository}:{tag}"


def shop_reference() -> str:
    """The reference that the example's own Deployment names."""
    for path in sorted(SHOP.glob("*.yaml")):
        for document in yaml.safe_load_all(path.read_text()):
            if (document or {}).get("kind") == "Deployment":
                return document["spec"]["template"]["spec"]["containers"][0]["image"]
    raise Missing(f"{SHOP} has no Deployment that names the image of the sample app")


def own_binary(name: str) -> pathlib.Path:
    """A C++ program of the release build."""
    folder = pathlib.Path(os.environ.get("TELLTALE_BIN") or ROOT / "build" / "release" / "bin")
    path = folder / name
    if not path.exists():
        raise Missing(
            f"{path} is not built: run `cmake --preset release && cmake --build --preset release` "
            "and try again"
        )
    return path


def real_binary(name: str) -> pathlib.Path:
    try:
        return catalog.locate(name)
    except FileNotFoundError as error:
        raise Missing(str(error)) from None


def chosen_binary(name: str) -> pathlib.Path:
    """The program that TELLTALE_LOKI or TELLTALE_PROMTAIL names, else the one that is built here."""
    try:
        return catalog.chosen(name)
    except FileNotFoundError as error:
        raise Missing(str(error)) from None


def labels(title: str, description: str, version: str) -> dict:
    """`make release` names the commit in TELLTALE_REVISION; other images are the same whatever the commit."""
    prefix = "org.opencontainers.image."
    revision = os.environ.get("TELLTALE_REVISION")
    return {
        prefix + "title": title,
        prefix + "description": description,
        prefix + "version": version,
        prefix + "licenses": "Apache-2.0",
        prefix + "base.name": "scratch",
        **({prefix + "revision": revision} if revision else {}),
    }


def own_program(image: oci.Image, path: str, name: str) -> None:
    """A program of ours with its libraries, and what they are and whose, for scanners and lawyers."""
    binary = own_binary(name)
    image.program(path, binary)
    found = packages.of_program(name, oci.shared_libraries(binary), image.architecture, oci.native_architecture())
    found = sorted({*found, packages.installed("ca-certificates")})
    for one in found:
        image.file(f"/var/lib/dpkg/status.d/{one.name}", one.paragraph().encode())
        image.file(f"/usr/share/doc/{one.name}/copyright", one.licence.encode())
    image.file("/usr/share/doc/telltale/copyright", ROOT / "LICENSE")
    version = image.config["Labels"].get("org.opencontainers.image.revision", "source")
    image.sbom = packages.spdx(image.reference, image.architecture, found, version)


def _own(component: str, name: str, description: str) -> oci.Image:
    reference = chart_reference(component)
    version = reference.rpartition(":")[2]
    image = oci.Image(reference, NONROOT, labels(name, description, version))
    own_program(image, f"/usr/bin/{name}", name)
    image.certificates()
    image.start([f"/usr/bin/{name}"])
    return image


def operator() -> oci.Image:
    return _own("operator", "telltale-operator", "Scraping and logs for pods, from one resource")


def sidecar() -> oci.Image:
    return _own("sidecar", "telltale-sidecar", "Collects the metrics and ships the logs of a pod")


def shop() -> oci.Image:
    image = oci.Image(shop_reference(), NONROOT, labels("shop", "Telltale's sample app", "1"))
    own_program(image, "/usr/bin/shop", "telltale-shop")
    image.directory("/var/log/shop", owner=NONROOT)
    image.start(["/usr/bin/shop"])
    return image


def prometheus() -> oci.Image:
    image = oci.Image(chart_reference("prometheus"), NOBODY)
    image.program("/bin/prometheus", real_binary("prometheus"))
    image.program("/bin/promtool", real_binary("promtool"))
    image.certificates()
    image.directory("/etc/prometheus")
    image.directory("/prometheus", owner=NOBODY)
    arguments = ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"]
    image.start(["/bin/prometheus"], arguments, folder="/prometheus")
    return image


def alertmanager() -> oci.Image:
    image = oci.Image(chart_reference("alertmanager"), NOBODY)
    image.program("/bin/alertmanager", real_binary("alertmanager"))
    image.certificates()
    image.directory("/etc/alertmanager")
    image.directory("/alertmanager", owner=NOBODY)
    image.start(["/bin/alertmanager"], folder="/alertmanager")
    return image


def victorialogs() -> oci.Image:
    image = oci.Image(chart_reference("victorialogs"), NONROOT)
    image.program("/victoria-logs-prod", real_binary("victoria-logs"))
    image.certificates()
    image.start(["/victoria-logs-prod"])
    return image


def local_reference(name: str) -> str:
    """The reference of a program whose version here is another than the chart's."""
    return f"localhost/telltale/{name}:{'.'.join(map(str, catalog.version(name)))}"


def loki() -> oci.Image:
    image = oci.Image(local_reference("loki"), LOKI)
    image.program("/usr/bin/loki", chosen_binary("loki"))
    image.certificates()
    image.directory("/etc/loki")
    image.directory("/loki", owner=LOKI)
    image.start(["/usr/bin/loki"], ["-config.file=/etc/loki/local-config.yaml"])
    return image


def promtail() -> oci.Image:
    image = oci.Image(local_reference("promtail"), 0)
    image.program("/usr/bin/promtail", chosen_binary("promtail"))
    image.certificates()
    image.directory("/etc/promtail")
    image.start(["/usr/bin/promtail"], ["-config.file=/etc/promtail/config.yml"])
    return image


def coredns_reference() -> str:
    version = catalog.required("kubernetes", "github.com/coredns/coredns")
    return f"localhost/telltale/coredns:{version}"


def coredns() -> oci.Image:
    image = oci.Image(coredns_reference(), NONROOT)
    image.program("/coredns", real_binary("coredns"))
    image.start(["/coredns"])
    return image


PAUSE = "localhost/telltale/pause:1"
BUSYBOX = "localhost/telltale/busybox:1"


def pause() -> oci.Image:
    image = oci.Image(PAUSE, NOBODY)
    with tempfile.TemporaryDirectory() as folder:
        binary = pathlib.Path(folder) / "pause"
        source = ROOT / "images" / "pause.c"
        subprocess.run(["gcc", "-Os", "-static", "-s", "-o", binary, source], check=True)
        image.file("/pause", binary.read_bytes(), 0o755)
    image.start(["/pause"])
    return image


def busybox() -> oci.Image:
    """A shell and the usual small tools, for pods of the tests."""
    binary = pathlib.Path("/bin/busybox")
    if not binary.exists():
        raise Missing("/bin/busybox is missing: install the package busybox-static and try again")
    image = oci.Image(BUSYBOX, 0)
    image.program("/bin/busybox", binary)
    applets = subprocess.run([binary, "--list"], capture_output=True, text=True, check=True)
    for applet in applets.stdout.split():
        if applet != "busybox":
            image.link(f"/bin/{applet}", "busybox")
    image.start(["/bin/sh"])
    return image


POSTGRES = pathlib.Path("/usr/lib/postgresql/15")


def postgres() -> oci.Image:
    """Debian's PostgreSQL, started with the variables and the folder of SQL that the official image has."""
    programs = ("postgres", "initdb", "pg_ctl", "psql", "pg_isready")
    if not (POSTGRES / "bin/postgres").exists():
        raise Missing(f"{POSTGRES}/bin/postgres is missing: install the package postgresql-15 and try again")
    image = oci.Image("localhost/telltale/postgres:15", 999)
    for name in programs:
        image.program(f"{POSTGRES}/bin/{name}", POSTGRES / "bin" / name)
        image.link(f"/usr/bin/{name}", f"{POSTGRES}/bin/{name}")
    for module in ("plpgsql.so", "dict_snowball.so", "libpqwalreceiver.so"):
        image.program(f"{POSTGRES}/lib/{module}", POSTGRES / "lib" / module)
    share = pathlib.Path("/usr/share/postgresql/15")
    for path in sorted(path for path in share.rglob("*") if path.is_file() and "man" not in path.relative_to(share).parts):
        image.file(str(path), path)
    image.file("/usr/share/zoneinfo/Etc/UTC", pathlib.Path("/usr/share/zoneinfo/Etc/UTC"))
    for applet in ("sh", "mkdir", "chmod", "rm", "sleep", "date", "mv", "cat"):
        image.link(f"/bin/{applet}", "busybox")
    image.program("/bin/busybox", pathlib.Path("/bin/busybox"))
    image.file("/entrypoint.sh", ROOT / "images/postgres.sh", 0o755)
    for folder in ("/var/lib/postgresql/data", "/var/run/postgresql"):
        image.directory(folder, owner=999)
    image.start(["/bin/sh", "/entrypoint.sh"], ["postgres"])
    return image


def postgres_exporter() -> oci.Image:
    version = catalog.required("postgresexporter", "github.com/prometheus-community/postgres_exporter")
    image = oci.Image(f"localhost/telltale/postgres-exporter:{version}", NOBODY)
    image.program("/bin/postgres_exporter", real_binary("postgres_exporter"))
    image.start(["/bin/postgres_exporter"])
    return image


IMAGES = {
    "telltale-operator": operator,
    "telltale-sidecar": sidecar,
    "shop": shop,
    "prometheus": prometheus,
    "alertmanager": alertmanager,
    "victorialogs": victorialogs,
    "loki": loki,
    "promtail": promtail,
    "coredns": coredns,
    "pause": pause,
    "busybox": busybox,
    "postgres": postgres,
    "postgres-exporter": postgres_exporter,
}
