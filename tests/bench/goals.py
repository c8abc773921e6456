# SPDX-License-Identifier: Apache-2.0
"""The table that a measurement ends with: one number a line, ours, its goal, and the peers'."""

import dataclasses
import pathlib


@dataclasses.dataclass
class Row:
    """One line of the table: where its number lies in a part's results, and what it must be."""

    text: str
    path: str
    form: str = "{:,.0f}"
    goal: float | bool | None = None
    at_least: bool = False  # else at most
    part: str = "ours"

    def value(self, results: dict, part: str):
        found = results.get(part)
        for key in self.path.split("/"):
            found = found.get(key) if isinstance(found, dict) else None
        return found

    def met(self, value) -> bool:
        if isinstance(self.goal, bool):
            return value is self.goal
        return value >= self.goal if self.at_least else value <= self.goal

    def show(self, value) -> str:
        if value is None:
            return "-"
        return ("yes" if value else "NO") if isinstance(value, bool) else self.form.format(value)


def render(rows: list[Row], results: dict, ours: str, peers: dict[str, str]) -> tuple[str, list[str]]:
    """The table and the names of the goals that were missed. `peers`: column to part of the results."""
    lines = [("", "telltale", "goal", "", *peers)]
    missed = []
    heading = ""  # of the indented rows below it
    for row in rows:
        heading = heading if row.text.startswith(" ") else row.text
        value = row.value(results, row.part)
        goal = met = ""
        if row.goal is not None:
            goal = "" if isinstance(row.goal, bool) else (">= " if row.at_least else "<= ") + f"{row.goal:,}"
            if row.part in results:
                met = "ok" if value is not None and row.met(value) else "MISSED"
        if met == "MISSED":
            missed.append(heading if heading == row.text else f"{heading}: {row.text.strip()}")
        others = [row.show(row.value(results, part)) if row.part == ours else "-" for part in peers.values()]
        lines.append((row.text, row.show(value), goal, met, *others))
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    text = "\n".join(
        "  ".join(cell.ljust(w) if i in (0, 3) else cell.rjust(w) for i, (cell, w) in enumerate(zip(line, widths))).rstrip()
        for line in lines
    )
    return text, missed


def report(text: str, missed: list[str], copy: pathlib.Path) -> int:
    """Prints the table, and keeps it in a file; the exit status that goes with it."""
    copy.write_text(text + "\n")
    print(text, flush=True)
    if missed:
        print(f"{len(missed)} goals missed: {'; '.join(missed)}", flush=True)
    return 1 if missed else 0
