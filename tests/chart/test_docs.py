# SPDX-License-Identifier: Apache-2.0
"""The pages of docs do what they say: each command is run here, or named with the test that runs it elsewhere."""

import pathlib
import re
import shlex

import chart
import pytest
import yaml

ROOT = chart.ROOT
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "docs/how-to").glob("*.md"))]
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
BLOCK = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
# Flags of install and upgrade that `helm template` does not have or that change nothing in what is rendered.
NOT_RENDERED = {"--wait", "--create-namespace", "--reuse-values", "--reset-then-reuse-values"}
# What no test of this folder can run, and where it runs; "" is for what only shows something.
ELSEWHERE = {
    r"make (demo|test|deb|images|release)?\b|make$": "tests/lint/test_style.py knows the targets; CI is `make test`",
    r"kubectl (-n \S+ |--namespace \S+ )?port-forward": "tests/chart/test_api.py: the Services exist",
    r"kubectl get mt|kubectl describe mt": "tests/e2e/test_status.py",
    r"kubectl rollout restart": "tests/e2e/test_status.py",
    r"kubectl -n telltale create secret|kubectl delete|kubectl edit": "kubectl itself",
    r"kubectl -n telltale get secret telltale-grafana": "tests/chart/test_api.py: the first login",
    r"kubectl apply .*-f ": "the files are there (below); tests/chart/test_api.py applies each",
    r"helm (uninstall|test) telltale": "tests/chart/test_api.py, tests/e2e/test_remains.py",
    r"curl .*9847/metrics|echo .*9847/metrics|cat <<'END' \| curl": "tests/integration/test_push.py",
    r"curl .*9093": "tests/chart/test_alertmanager.py",
    r"sudo |systemctl |telltale-sidecar --": "tests/integration/test_machine.py",
    r"cmake --preset arm64|cmake --build build/arm64|TELLTALE_BIN=build/arm64|tests/install.sh": "tests/arm64/test_arm64.py",
    r"for image in dist|skopeo copy": "",
    r"\$TELLTALE_EXEC": "",
}


def blocks(page: str, *languages: str) -> list[str]:
    return [body for language, body in BLOCK.findall((ROOT / page).read_text()) if language in languages]


def commands(page: str) -> list[str]:
    """Each command once, without comments and here-documents; lines that end with \\ are one."""
    found = []
    for body in blocks(page, "sh"):
        body = re.sub(r"\\\n\s*", "", body)
        body = re.sub(r"<<'(\w+)'([^\n]*)\n.*?\n\1$", r"<<'\1'\2", body, flags=re.DOTALL | re.MULTILINE)
        found += [line.partition("   #")[0].strip() for line in body.splitlines() if line.strip() and not line.startswith("#")]
    return found


def test_the_blocks_are_found():
    assert len([line for page in NAMES for line in commands(page)]) > 30
    assert 'cat <<\'END\' | curl --fail-with-body --data-binary @- http://127.0.0.1:9847/metrics/job/nightly/stage/import' in commands(
        "docs/how-to/short-job.md")  # fmt: skip


@pytest.mark.parametrize("page", NAMES)
def test_each_command_is_run_here_or_named(page, tmp_path):
    for line in commands(page):
        if re.match(r"helm (install|upgrade|template) ", line):
            continue
        assert [pattern for pattern in ELSEWHERE if re.match(pattern, line)], f"{page}: which test runs {line!r}?"
        for file in re.findall(r" -f (\S+)", line):
            assert (ROOT / file).exists(), line


def rendered(arguments: list[str], where: pathlib.Path, values: str = "") -> None:
    """`helm template` with the arguments of an install or upgrade, run at the top of the tree as a reader does."""
    words = [word for word in arguments if word not in NOT_RENDERED]
    for index, word in enumerate(words):
        if word == "values.yaml":  # the page's own
            (where / "values.yaml").write_text(values)
            words[index] = str(where / "values.yaml")
        elif "=" not in word and "/" in word:
            words[index] = str(ROOT / word)
        elif word.startswith("grafana.dashboards.") and "=" in word:
            name, _, file = word.partition("=")
            words[index] = f"{name}={ROOT / file}"
    done = chart.run(chart.catalog.locate("helm"), "template", *words)
    assert done.returncode == 0, f"{' '.join(arguments)}: {done.stderr}"


@pytest.mark.parametrize("page", [*NAMES, "docs/reference/any-prometheus.md", "docs/reference/loki-access.md", "docs/reference/node-agent.md"])
def test_each_helm_command_renders(page, tmp_path):
    for line in commands(page):
        if found := re.match(r"helm (install|upgrade|template) (.*)", line):
            rendered(shlex.split(found.group(2)), tmp_path, next(iter(of_chart(page)), ""))


def of_chart(page: str) -> list[str]:
    """The blocks of YAML that are values of the chart."""
    keys = set(chart.values())
    values = [(body, list(yaml.safe_load_all(body))) for body in blocks(page, "yaml")]
    return [body for body, documents in values if len(documents) == 1 and isinstance(documents[0], dict) and set(documents[0]) <= keys]


@pytest.mark.parametrize("page", [*NAMES, "docs/reference/any-prometheus.md"])
def test_each_block_of_values_renders(page, tmp_path):
    files: list = []
    for number, body in enumerate(of_chart(page)):
        (tmp_path / f"{number}.yaml").write_text(body)
        files += ["-f", tmp_path / f"{number}.yaml"]  # what a page says later adds to what it said before
        done = chart.template(*files)
        assert done.returncode == 0, f"{page}: {done.stderr}\n{body}"


def test_each_resource_is_taken_by_the_api_server(server):
    taken = 0
    for page in NAMES:
        for body in blocks(page, "yaml"):
            for document in yaml.safe_load_all(body):
                if isinstance(document, dict) and document.get("kind") == "MonitoringTarget":
                    document["metadata"]["namespace"] = "shop"
                    done = server.kubectl("apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", "-",
                                          text=yaml.safe_dump(document))  # fmt: skip
                    assert done.returncode == 0, f"{page}: {done.stderr}"
                    taken += 1
    assert taken >= 4


def test_each_query_of_the_first_page_is_valid(tmp_path):
    queries = [row for row in re.findall(r"^\| .*\? .*\| `(.+)` \|$", (ROOT / "docs/get-started.md").read_text(), re.MULTILINE)]
    assert len(queries) >= 5
    rules = [{"record": f"query:{number}", "expr": query} for number, query in enumerate(queries)]
    file = tmp_path / "rules.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "first", "rules": rules}]}))
    done = chart.run(chart.catalog.locate("promtool"), "check", "rules", "--lint=none", file)
    assert done.returncode == 0, done.stderr


def test_each_link_leads_to_a_file():
    for page in [*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md"), ROOT / "tests/README.md"]:
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text()):
            if not re.match(r"https?://|mailto:", target):
                assert (page.parent / target).exists(), f"{page.relative_to(ROOT)} links to {target}"


def test_each_named_test_exists():
    for place in ELSEWHERE.values():
        for file in re.findall(r"tests/\S+\.py", place):
            assert (ROOT / file).exists(), file


def test_each_of_the_45_origins_names_files_and_tests_that_exist():
    text = (ROOT / "docs/reference/origins.md").read_text()
    rows = re.findall(r"^\| (\d+) \| (.+?) \| (.+?) \| (.*?) \| ?(.*?) ?\|$", text, re.MULTILINE)
    assert [int(number) for number, *_ in rows] == list(range(1, 46))
    for number, _, state, where, proof in rows:
        assert state in ("there", "rendered", "partly", "not there"), number
        for file in re.findall(r"`((?:tests|docs|examples|helm|packaging|operator|crds)/[^`*]+)`", where + proof):
            assert (ROOT / file).exists(), f"{number}: {file}"
        if state in ("there", "rendered"):
            assert "tests/" in proof or proof.startswith("as "), number
        # A test that is named is one of the file before it.
        for file, test in re.findall(r"`(tests/[^`]+\.py)`[^`;]*?\b(test_\w+)", proof):
            assert f"def {test}(" in (ROOT / file).read_text(), f"{number}: {test}"
