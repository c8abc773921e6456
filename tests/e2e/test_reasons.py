# SPDX-License-Identifier: Apache-2.0
"""Every reason of docs/reference/reasons.md shows on a real cluster and clears when its cause is mended.

All causes are there at once, beside MonitoringTargets that are well and must stay Ready. One watch of all
MonitoringTargets measures the seconds; they are in build/test/reasons.txt.
"""

import concurrent.futures
import contextlib
import dataclasses
import json
import pathlib
import re
import subprocess
import threading
import time

import observe
import pytest
import reason_cases
import steps
from reason_cases import BROKEN, ELSEWHERE, MISSED, NAMESPACE, NAMESPACES, QUOTAS, WELL, Case

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
REPORT = ROOT / "build/test/reasons.txt"
WEBHOOK = "mutatingwebhookconfiguration/telltale-operator"
NEVER_BLINK = {("shop", "shop"), (NAMESPACE, "healthy"), (NAMESPACE, "beside")}
# A pod that is made sooner after its resource may be one that the operator had not heard of yet.
MADE_LATER = 4.5
READY_AGAIN = 180.0  # seconds: with what else the mended resource needs, such as a configuration


@dataclasses.dataclass(frozen=True)
class Seen:
    at: float
    reasons: frozenset
    ready: str
    status: dict


class Watch:
    """What the status of each MonitoringTarget said, and when."""

    def __init__(self, cluster: observe.Cluster):
        path = "/apis/telltale.dev/v1alpha1/monitoringtargets?watch=true&timeoutSeconds=1800"
        self._process = subprocess.Popen([*cluster.command, "get", "--raw", path], stdout=subprocess.PIPE, text=True)
        self._lock = threading.Lock()
        self._seen: dict[tuple, list[Seen]] = {}
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self._process.stdout:
            event = json.loads(line)
            status, about = event["object"].get("status", {}), event["object"]["metadata"]
            conditions = {one["type"]: one for one in status.get("conditions", [])}
            said = [*conditions.values(), *status.get("problems", [])]
            seen = Seen(time.monotonic(), frozenset(one["reason"] for one in said),
                        conditions.get("Ready", {}).get("status", ""), status)  # fmt: skip
            with self._lock:
                self._seen.setdefault((about["namespace"], about["name"]), []).append(seen)

    def of(self, key: tuple) -> list[Seen]:
        with self._lock:
            return list(self._seen.get(key, []))

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()


class Run:
    """One case: provoked, shown, mended, cleared."""

    def __init__(self, case: Case, watch: Watch):
        self.case, self.watch = case, watch
        self.born = time.monotonic()
        self.since: float | None = None  # it is provoked
        self.mended: float | None = None

    def shown(self) -> float | None:
        seen = [s.at for s in self.watch.of(self.case.key) if s.at >= self.since and self.case.reason in s.reasons]
        return seen[0] if seen else None

    def cleared(self) -> float | None:
        """The first word without the reason that none with it followed."""
        end = None
        for seen in self.watch.of(self.case.key):
            if self.case.reason in seen.reasons:
                end = None
            elif seen.at >= self.mended and end is None:
                end = seen.at
        return end

    def is_ready(self) -> bool:
        seen = self.watch.of(self.case.key)
        return bool(seen) and seen[-1].ready == "True"

    def late(self, now: float) -> bool:
        if self.since is None:
            return now > self.born + READY_AGAIN
        if self.shown() is None:
            return now > self.since + self.case.shows
        if self.mended is None:
            return False
        return now > self.mended + (self.case.clears if self.cleared() is None else READY_AGAIN)

    def done(self) -> bool:
        mended = self.mended is not None and self.cleared() is not None
        return mended and (self.is_ready() or not self.case.ready)

    def row(self) -> list[str]:
        shown = self.shown() if self.since else None
        cleared = self.cleared() if self.mended else None
        times = [f"{shown - self.since:.1f}" if shown else "never",
                 "-" if self.case in WELL else f"{cleared - self.mended:.1f}" if cleared else "never"]  # fmt: skip
        return [self.case.reason, "/".join(self.case.key), *times]


def apply(cluster, objects: list[dict]) -> float:
    started = time.monotonic()
    reason_cases.apply(*objects)(cluster, None)
    return started


@contextlib.contextmanager
def unseen_by_the_webhook(cluster, namespace: str):
    def names(wanted) -> None:
        path = "/webhooks/0/namespaceSelector/matchExpressions"
        found = cluster.json("get", WEBHOOK)["webhooks"][0]["namespaceSelector"]["matchExpressions"]
        kept = [one for one in found if namespace not in one["values"]] + wanted
        cluster.kubectl("patch", WEBHOOK, "--type=json", "-p",
                        json.dumps([{"op": "replace", "path": path, "value": kept}]))  # fmt: skip

    names([{"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": [namespace]}])
    try:
        yield
    finally:
        names([])


@pytest.fixture
def watch(cluster, images):
    images("busybox")
    for name in NAMESPACES:
        cluster.kubectl("delete", "namespace", name, "--ignore-not-found", "--wait=true")
    watching = Watch(cluster)
    yield watching
    watching.stop()
    cluster.kubectl("delete", "namespace", *NAMESPACES, "--wait=false")


def provoke(cluster, watch: Watch, runs: list[Run]) -> None:
    """All but the changes of resources that must be Ready before (Case.then)."""
    about = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in NAMESPACES]
    apply(cluster, [*about, *QUOTAS])
    # Until its controller has seen it, a quota refuses nothing.
    steps.wait_for("the quotas", 30, lambda: all(
        quota.get("status", {}).get("hard") for quota in cluster.json("get", "resourcequota", "-A")["items"]))  # fmt: skip
    cases = [run.case for run in runs]
    before = [one for case in cases for one in case.before]
    apply(cluster, before)
    apps = [one["metadata"]["name"] for one in before
            if one["kind"] == "Deployment" and one["metadata"]["namespace"] == NAMESPACE]  # fmt: skip
    for app in apps:
        steps.wait_for(f"the pods of {app}", 60, lambda app=app: cluster.pods(NAMESPACE, f"app={app}"))
    with unseen_by_the_webhook(cluster, MISSED):
        provoked = apply(cluster, list({case.key: case.target() for case in cases}.values()))
        steps.wait_for("the operator knowing all resources", 60,
                       lambda: all(any(s.ready for s in watch.of(case.key)) for case in cases))  # fmt: skip
        time.sleep(max(0.0, provoked + MADE_LATER - time.monotonic()))
        later = apply(cluster, [one for case in cases for one in case.after])
        steps.wait_for("the pod that the webhook misses", 60, lambda: cluster.pods(MISSED, "app=missed"))
    for run in runs:
        if run.case.then is None:
            run.since = later if run.case.after else provoked


def mend(cluster, runs: list[Run]) -> None:
    """Of cases that are mended together each act once."""
    for run in runs:
        run.mended = time.monotonic() if run.case.mend else run.shown()
    done = set()
    for run in runs:
        for act in run.case.mend:
            if act not in done:
                act(cluster, run.case)
            done.add(act)


def groups(runs: list[Run]) -> list[list[Run]]:
    found: dict[str, list[Run]] = {}
    for run in runs:
        found.setdefault(run.case.together or f"{run.case.key}", []).append(run)
    return list(found.values())


def step(cluster, pool, runs: list[Run]) -> list[concurrent.futures.Future]:
    """Does what is due; returns the acts that it began."""
    for run in runs:
        if run.since is None and run.is_ready():
            run.since = time.monotonic()
            reason_cases.patch(run.case.then)(cluster, run.case)
    begun = []
    for group in groups(runs):
        if all(run.since and run.mended is None and run.shown() for run in group):
            for run in group:
                run.mended = float("inf")  # until its turn comes
            begun.append(pool.submit(mend, cluster, group))
    return begun


def blinks(watch: Watch) -> list[str]:
    """What those that are well said between their first Ready and their last word."""
    found = []
    for key in NEVER_BLINK:
        seen = watch.of(key)
        ready = next((i for i, one in enumerate(seen) if one.ready == "True"), len(seen))
        bad = [one for one in seen[ready:] if one.ready != "True"]
        found += [f"{key} {one.status}" for one in bad]
        if ready == len(seen):
            found.append(f"{key} was never Ready")
    return found


def test_each_reason_shows_and_clears_beside_resources_that_stay_ready(cluster, watch, capsys):
    started = time.monotonic()
    broken, well = ([Run(case, watch) for case in cases] for cases in (BROKEN, WELL))
    provoke(cluster, watch, [*broken, *well])
    acts: list[concurrent.futures.Future] = []
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        while not all(run.done() for run in broken) or not all(run.shown() for run in well):
            acts += step(cluster, pool, broken)
            time.sleep(0.25)
            now = time.monotonic()
            if all(all(run.done() for run in group) or any(run.late(now) for run in group)
                   for group in groups(broken)):  # fmt: skip
                break
    rows = sorted(run.row() for run in [*broken, *well])
    report = observe.table(rows, ["REASON", "RESOURCE", "SHOWS AFTER S", "CLEARS AFTER S"])
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(report + "\n")
    with capsys.disabled():
        print(f"\nReasons, {time.monotonic() - started:.0f} s in all:\n{report}")
    for act in acts:
        act.result()
    wrong = [run for run in broken if not run.done()] + [run for run in well if not run.shown()]
    assert not wrong, "\n".join(f"{run.row()}: {watch.of(run.case.key)[-1].status}" for run in wrong)
    assert blinks(watch) == []


def test_each_reason_of_the_page_has_a_case_or_another_test():
    page = (ROOT / "docs/reference/reasons.md").read_text()
    codes = re.findall(r"^\| `(\w+)` ", page, re.MULTILINE)
    here = {case.reason for case in [*BROKEN, *WELL]}
    assert sorted(codes) == sorted(here | set(ELSEWHERE)), "a reason without a case, or a case without a reason"
    assert not here & set(ELSEWHERE)
    for code, path in ELSEWHERE.items():
        assert re.search(rf"\b{code}\b", (ROOT / path).read_text()), f"{path} does not know {code}"


def test_the_cases_select_what_they_make():
    assert len({case.key for case in BROKEN}) == len(BROKEN)
    apps = {one["metadata"]["name"] for case in [*BROKEN, *WELL] for one in [*case.before, *case.after]}
    assert {case.app or case.name for case in [*BROKEN, *WELL]} - apps == {"unwritten", "team-24"}
