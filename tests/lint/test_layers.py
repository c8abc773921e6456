# SPDX-License-Identifier: Apache-2.0
"""The order of the layers and the fences around third-party headers (docs/architecture.md)."""

import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
INCLUDE = re.compile(r'^\s*#include ([<"])([^>"]+)[>"]', re.MULTILINE)

# A folder may include itself and what stands here; everything else is a step up or sideways.
MAY_USE = {
    "common/base": [],
    "common/text": ["common/base"],
    "common/net/tls": ["common/base"],
    "common/net/dns": ["common/base"],
    "common/net/http": ["common/base", "common/net/tls", "common/net/dns"],
    "common/access": ["common/base", "common/net"],
    "common/exposition": ["common/base"],
    "common/metrics": ["common/base", "common/exposition"],
    # One validator: the operator checks stages with the sidecar's own decoder and compiler.
    "operator/model": ["common/base", "common/text", "sidecar/config", "sidecar/pipeline"],
    "operator/kube/config": ["common/base", "common/text", "common/net"],
    "operator/kube/client": ["common", "operator/kube/config"],
    "operator/kube/watch": ["common", "operator/kube/client"],
    "operator/kube/leader": ["common", "operator/kube/client"],
    "operator/kube/events": ["common", "operator/kube/client"],
    "operator/store": ["common/base", "common/text", "common/net", "operator/model", "operator/kube"],
    "operator/plan": ["common/base", "common/text", "common/net", "operator/model", "sidecar/pipeline"],
    "operator/plan/discovery": ["common/base", "common/text", "operator/model", "operator/plan"],
    # The same code again, for what is written for Promtail.
    "operator/plan/configs": ["common/base", "common/text", "operator/model", "operator/plan", "sidecar/pipeline"],
    "operator/plan/injection": ["common/base", "common/text", "operator/model", "operator/plan"],
    "operator/plan/status": ["common/base", "common/text", "operator/model", "operator/plan"],
    "operator/reconcile/controller": ["common/base", "common/metrics"],
    "operator/reconcile/prometheus": [
        "common/base", "common/text", "common/net", "common/access", "common/metrics", "operator/store",
        "operator/plan",
    ],
    "operator/reconcile/eventlog": [
        "common/base", "common/text", "common/metrics", "operator/kube", "operator/reconcile/prometheus",
    ],
    "operator/reconcile/publish": ["common/base", "common/metrics", "operator/model", "operator/store", "operator/plan"],
    "operator/reconcile": ["common", "operator/model", "operator/kube", "operator/store", "operator/plan"],
    "operator/serve": ["common", "operator/model", "operator/store", "operator/plan"],
    "operator/app": ["common", "operator"],
    "sidecar/config": [
        "common/base", "common/text", "common/net", "common/metrics", "sidecar/pipeline", "sidecar/discover",
    ],
    "sidecar/poll": [
        "common/base", "common/net", "common/metrics", "common/access", "sidecar/config", "sidecar/pipeline",
    ],
    "sidecar/collect": ["common/base", "common/exposition", "common/metrics", "sidecar/config", "sidecar/poll"],
    "sidecar/tail": ["common/base", "common/metrics"],
    "sidecar/discover": ["common/base", "common/metrics", "sidecar/tail"],
    "sidecar/alert": ["common/base", "common/text", "common/net", "common/metrics", "common/access"],
    "sidecar/pipeline": ["common/base", "sidecar/tail"],
    "sidecar/pipeline/time": ["common/base"],
    "sidecar/journal": ["common/base", "common/metrics", "sidecar/discover", "sidecar/tail"],
    "sidecar/loki": ["common/base", "common/net", "common/metrics", "common/access", "sidecar/pipeline"],
    "sidecar/lastsample": [
        "common/base", "common/net", "common/access", "common/exposition", "common/metrics", "sidecar/loki",
    ],
    "sidecar/ship": [
        "common/base", "common/metrics", "sidecar/pipeline", "sidecar/discover", "sidecar/tail", "sidecar/journal",
        "sidecar/loki",
    ],
    "sidecar/node": [
        "common/base", "common/text", "common/net", "common/metrics", "sidecar/config", "sidecar/pipeline", "sidecar/discover",
        "sidecar/tail",
    ],
    "sidecar/podlog": ["common/base", "common/net", "common/metrics", "sidecar/tail"],
    "sidecar/push": ["common/base", "common/net", "common/exposition", "common/metrics"],
    "sidecar/serve": ["common/base", "common/net", "common/exposition", "common/metrics", "sidecar/push"],
    "sidecar/app": ["common", "sidecar"],
    "examples/shop/app": ["common/base", "common/net", "common/text"],
}

# Where each library's headers may be included; every other file goes through ours.
FENCES = {
    "simdjson": {"common/text/json_index.cc"},
    "yaml-cpp/": {"common/text/yaml_reader.cc", "common/text/yaml_writer.cc"},
    "openssl/": {
        "common/net/tls/tls.cc",
        "common/net/tls/tls_context.cc",
        "common/net/tls/openssl_util.h",
        "sidecar/pipeline/digest.cc",
    },
    "boost/": None,  # by file, below
    "snappy": {"sidecar/loki/snappy_codec.cc"},
    "zlib.h": {"common/net/http/gzip.cc", "sidecar/journal/journal_record.cc", "sidecar/tail/gzip_reader.cc"},
    "re2/": {"sidecar/pipeline/regex.cc"},
    "prometheus/": None,
}


def sources(*folders: str) -> list[pathlib.Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *folders],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    return [ROOT / name for name in listed if name.endswith((".cc", ".h"))]


def includes(path: pathlib.Path) -> list[tuple[str, str]]:
    return INCLUDE.findall(path.read_text())


@pytest.mark.parametrize("folder", sorted(MAY_USE))
def test_a_folder_includes_only_layers_below_it(folder):
    wrong = []
    for path in sources(folder):
        for bracket, name in includes(path):
            if bracket != '"':
                continue
            allowed = [folder, *MAY_USE[folder]]
            if not any(name.startswith(prefix + "/") for prefix in allowed):
                wrong.append(f"{path.relative_to(ROOT)} includes {name}")
    assert not wrong, f"{folder} may use only {MAY_USE[folder]}:\n" + "\n".join(wrong)


def test_every_folder_with_code_has_its_place_in_the_order():
    folders = {str(path.parent.relative_to(ROOT)) for path in sources("common", "operator", "sidecar")}
    assert folders <= set(MAY_USE), "add the new folder to MAY_USE, at the place it has in the order"


@pytest.mark.parametrize("library", sorted(name for name, files in FENCES.items() if files is not None))
def test_a_library_is_included_only_in_its_fence(library):
    wrong = [
        str(path.relative_to(ROOT))
        for path in sources("common", "operator", "sidecar", "examples")
        for _, name in includes(path)
        if name.startswith(library) and str(path.relative_to(ROOT)) not in FENCES[library]
    ]
    assert not wrong, f"<{library}...> belongs in {sorted(FENCES[library])} only"


def test_boost_is_included_only_by_the_http_server_and_client():
    wrong = [
        str(path.relative_to(ROOT))
        for path in sources("common", "operator", "sidecar", "examples")
        for _, name in includes(path)
        if name.startswith("boost/")
        and not str(path.relative_to(ROOT)).startswith("common/net/")
    ]
    assert not wrong


def test_prometheus_cpp_is_used_by_the_sample_app_only():
    wrong = [
        str(path.relative_to(ROOT))
        for path in sources("common", "operator", "sidecar")
        for _, name in includes(path)
        if name.startswith("prometheus/")
    ]
    assert not wrong


def test_pure_folders_ask_for_no_time_and_do_no_io():
    impure = re.compile(r"\b(std::chrono::(system|steady)_clock|::time\(|RealClock|fopen|::open\(|ReadFile)")
    wrong = [
        str(path.relative_to(ROOT))
        for path in sources("operator/plan", "operator/model")
        if impure.search(path.read_text())
    ]
    assert not wrong, "plan/ and model/ are functions of their arguments"
