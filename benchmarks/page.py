"""The page docs/benchmarks.md, written from the result files and from nothing else."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import BENCHMARKS

Stored = Mapping[str, Any]


def write_page(results: Path, page: Path) -> None:
    """Render every result that is there, in the order of the registry."""
    files = {name: results / f"{name}.json" for name in BENCHMARKS}
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(render({name: json.loads(file.read_text()) for name, file in files.items() if file.is_file()}))


def render(measured: Mapping[str, Stored]) -> str:
    """The page: the table of goals, where nothing was measured, the tables beside them, and the machines."""
    rows = [(stored["command"], row) for stored in measured.values() for row in stored["rows"]]
    skipped = [(command, row) for command, row in rows if row["skipped"]]
    parts = [INTRODUCTION, markdown(GOALS, (_goal(command, row) for command, row in rows if not row["skipped"]))]
    if skipped:
        parts += ["## Not measured", markdown(["what", "why", "command"], map(_skipped, skipped))]
    for stored in measured.values():
        for table in stored["tables"]:
            parts += [f"## {table['title']}", table["text"], markdown(table["header"], table["rows"])]
            parts.append(f"`{stored['command']}`")
    return "\n\n".join([*parts, OVERLAP, "## Machines", *_machines(measured)]) + "\n"


def markdown(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A markdown table.

    >>> print(markdown(["a", "b"], [[1, 2.345678]]))
    | a | b |
    | --- | --- |
    | 1 | 2.35 |
    """
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def _goal(command: str, row: Stored) -> list[str]:
    goal = ""
    if row["goal"] is not None:
        met = row["value"] <= row["goal"] if row["at_most"] else row["value"] >= row["goal"]
        goal = f"{'at most' if row['at_most'] else 'at least'} {_cell(row['goal'])}: {'yes' if met else '**no**'}"
    spread = f" ({_cell(row['low'])} to {_cell(row['high'])}; {row['pairs']} pairs)" if row["pairs"] else ""
    return [
        row["what"], row["peer"], row["ours"], row["theirs"], f"**{_cell(row['value'])}** {row['unit']}{spread}", goal,
        row["agreement"], f"`{command}`",
    ]  # fmt: skip


def _skipped(entry: tuple[str, Stored]) -> list[str]:
    command, row = entry
    return [row["what"], row["skipped"], f"`{command}`"]


def _machines(measured: Mapping[str, Stored]) -> list[str]:
    """Each machine with its packages, and what was measured on it."""
    groups: dict[str, list[str]] = {}
    for name, stored in measured.items():
        machine = {key: value for key, value in stored["machine"].items() if key != "load before"}
        groups.setdefault(json.dumps(machine), []).append(name)
    return [_machine(json.loads(described), names, measured) for described, names in groups.items()]


def _machine(machine: Stored, names: Sequence[str], measured: Mapping[str, Stored]) -> str:
    packages = ", ".join(f"{name} {version}" for name, version in machine["packages"].items())
    runs = [
        [name, measured[name]["form"], measured[name]["date"], measured[name]["machine"]["load before"]]
        for name in names
    ]
    return (
        f"{machine['processor']}, {machine['processors']} processors of which ours used {machine['threads']}, "
        f"{machine['memory']}, {machine['system']}; {packages}.\n\n"
        + markdown(["benchmark", "form", "date", "load of the machine before it"], runs)
    )


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return str(value)


GOALS = ["what", "against", "ours", "theirs", "median (lowest to highest)", "goal", "same result", "command"]

OVERLAP = """## What overlaps

Of a model read a block at a time, a layer is measured as soon as all texts went through its block, while the next one
is read and run (`tests/analysis/test_shape.py`). Of a model loaded whole on an accelerator this begins in the last
batch, as soon as the model is done with that layer: beside the later layers, the loss, and the further passes of a
pseudo-perplexity. Not earlier, because a batch goes through all layers before the next one; what that is worth is a row
of the table. Loaded whole on a CPU, the pass takes every processor and homology waits for it: a fiftieth of a whole job
(tables above). Several layers are measured at a time, and figures are drawn while tables, diagrams and clouds are
written."""

INTRODUCTION = """# Benchmarks

Where a row names a peer, its number is a ratio of two sides measured in turns in one run, so that both see the same
machine: the median over the pairs, with the lowest and the highest. Both sides of a pair must give the same result, or
nothing is reported. The other rows are plain measurements of one machine. A goal that is missed says **no**. The whole
job is without intervals and null models, which 0.1.0 has not: they have rows of their own. No test of the suite is
timed. `make bench` runs all of them in a quick form, `make bench-full` as they stand here; this
page is written from `benchmarks/results/` by `python -m benchmarks`."""
