#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the plans of fault_log_process_test (C++) against a real log store, several at once.

    python3 tests/faults/logs/plans.py                               Loki, and then VictoriaLogs
    TELLTALE_FAULT_SEEDS=17 python3 tests/faults/logs/plans.py --store loki    repeats one plan
    python3 tests/faults/logs/plans.py --table                       the table: ours beside Promtail
    python3 tests/faults/logs/plans.py --hours 4                     a soak
"""

import argparse
import json
import pathlib
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent.parent
sys.path[:0] = [str(ROOT / folder) for folder in ("tests/faults", "tests/cluster", "tests/cluster/tools")]
import catalog  # noqa: E402  (the folders above are no packages)
import gtest_shards  # noqa: E402
import peers  # noqa: E402

PROGRAM = gtest_shards.BUILD / "fault_log_process_test"
# The plans wait more than they compute.
SHARDS = 12


STORES = {"loki": peers.Loki, "victorialogs": peers.VictoriaLogs}


def run(folder: pathlib.Path, store, environment: dict | None = None, shards: int = SHARDS) -> dict[str, str | None]:
    """As gtest_shards.run, with this store for all plans."""
    variables = {"TELLTALE_TEST_LOKI": store.url, "TELLTALE_TEST_STORE": store.kind}
    return gtest_shards.run(PROGRAM, folder, shards, {**(environment or {}), **variables}, 3600)


def table(folder: pathlib.Path, store, seeds: str) -> str:
    """Lines that each shipper lost and doubled, by rotation, as Markdown."""
    rows = folder / "table"
    for shipper in ("telltale", "promtail"):
        run(folder, store, {"TELLTALE_LOG_TABLE": str(rows), "TELLTALE_LOG_SHIPPER": shipper,
                           "TELLTALE_FAULT_SEEDS": seeds, "TELLTALE_PROMTAIL": str(catalog.chosen("promtail"))})  # fmt: skip
    counts: dict = {}
    for text in rows.read_text().splitlines():
        row = json.loads(text)
        cell = counts.setdefault((row["rotation"], row["trouble"]), {}).setdefault(row["shipper"], [0, 0, 0, 0])
        for i, key in enumerate(("written", "missing", "doubled", "truncated")):
            cell[i] += row[key]
    out = ["| rotation | SIGKILL | written | Telltale: lost, doubled, truncated unread | Promtail: the same |",
           "|---|---|---|---|---|"]  # fmt: skip
    for (rotation, trouble), by in counts.items():
        cells = [", ".join(map(str, by[s][1:])) if s in by else "-" for s in ("telltale", "promtail")]
        kill = "yes" if trouble == "kill" else "no"
        out.append(f"| {rotation} | {kill} | {by.get('telltale', by.get('promtail'))[0]} | {cells[0]} | {cells[1]} |")
    return "\n".join(out)


def soak(folder: pathlib.Path, store, hours: float) -> int:
    """Plans that no other run has, until the time is over; each that fails is said with its seed."""
    end, first, ran, failed = time.monotonic() + hours * 3600, int(time.time()) % 10**9, 0, 0
    while time.monotonic() < end:
        found = run(folder, store, {"TELLTALE_FAULT_SEEDS": f"{first}-{first + 59}"})
        first += 60
        ran += len(found)
        for plan, problem in found.items():
            if problem:
                failed += 1
                print(f"{plan}\n{problem}", flush=True)
        print(f"{ran} plans, {failed} failed", flush=True)
    return 1 if failed else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", action="store_true", help="print lost and doubled lines of both shippers")
    parser.add_argument("--seeds", default="0-111", help="of the table; 28 of them are each rotation twice")
    parser.add_argument("--hours", type=float, default=0, help="go on with new plans for so long")
    parser.add_argument("--shards", type=int, default=SHARDS, help="plans at once")
    parser.add_argument("--store", choices=STORES, help="only this one; the table and a soak take loki without it")
    options = parser.parse_args()
    alone = options.table or options.hours
    failed = 0
    for kind in [options.store] if options.store else ["loki"] if alone else STORES:
        with tempfile.TemporaryDirectory() as name, STORES[kind](pathlib.Path(name) / kind) as store:
            folder = pathlib.Path(name)
            if options.table:
                print(table(folder, store, options.seeds))
            elif options.hours:
                failed += soak(folder, store, options.hours)
            else:
                failed += report(kind, run(folder, store, shards=options.shards))
    return 1 if failed else 0


def report(kind: str, found: dict[str, str | None]) -> int:
    """Prints what failed; how many, and 1 when there was nothing to run."""
    failed = {plan: problem for plan, problem in found.items() if problem}
    for plan, problem in failed.items():
        print(f"{plan}\n{problem}")
    skipped = sum(problem is None for problem in found.values())
    print(f"{kind}: {len(found) - len(failed) - skipped} plans passed, {len(failed)} failed, {skipped} skipped", flush=True)
    return len(failed) if found else 1


if __name__ == "__main__":
    sys.exit(main())
