"""What a benchmark hands over: rows against a goal, tables beside them, and the file in which both are kept."""

import argparse
import datetime
import importlib.metadata
import json
import os
import platform
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.measuring import Disagreement, Pairs, Skipped
from todacomm.system.machine import worker_threads

ROOT = Path(__file__).resolve().parents[1]
RESULTS, PAGE = ROOT / "benchmarks" / "results", ROOT / "docs" / "benchmarks.md"
FORMS = ("tiny", "quick", "full")
PACKAGES = ("todacomm", "numpy", "scipy", "torch", "transformers", "ripser", "gudhi", "mlflow")


@dataclass(frozen=True)
class Form:
    """How much is measured: ``tiny`` shows that it works, ``quick`` takes minutes, ``full`` is for the docs."""

    name: str
    threads: int

    def pick(self, tiny: Any, quick: Any, full: Any) -> Any:
        """The value for this form."""
        return {"tiny": tiny, "quick": quick, "full": full}[self.name]

    @property
    def pairs(self) -> int:
        """Pairs of a row that takes seconds."""
        return self.pick(1, 5, 5)


@dataclass(frozen=True)
class Row:
    """One line of the table of goals.

    Attributes
    ----------
    what, peer : str
        What was measured, and against what.
    value : float or None
        What the goal is about: median over the pairs. None where it was skipped.
    unit : str
        Written after the value.
    goal : float or None
        Least value that is good enough; the most where ``at_most``.
    low, high : float
        Smallest and largest of the pairs.
    ours, theirs : str
        Medians of both sides, with units.
    agreement : str
        In what the results were found equal.
    skipped : str
        Why nothing was measured.
    """

    what: str
    peer: str
    value: float | None = None
    unit: str = "times as fast"
    goal: float | None = None
    at_most: bool = False
    low: float | None = None
    high: float | None = None
    pairs: int = 0
    ours: str = ""
    theirs: str = ""
    agreement: str = ""
    skipped: str = ""


@dataclass(frozen=True)
class Table:
    """Numbers beside the goals: where time goes, how it grows."""

    title: str
    text: str
    header: Sequence[str]
    rows: Sequence[Sequence[Any]]


@dataclass(frozen=True)
class Findings:
    """All that one benchmark found."""

    rows: Sequence[Row] = ()
    tables: Sequence[Table] = ()

    @property
    def measured(self) -> bool:
        """Whether not all of it was skipped."""
        return bool(self.tables) or any(not row.skipped for row in self.rows)


def speed_row(what: str, peer: str, pairs: Pairs, goal: float | None) -> Row:
    """A row that says how many times as fast ours was."""
    return Row(
        what, peer, value=pairs.ratio, goal=goal, low=min(pairs.ratios), high=max(pairs.ratios), pairs=len(pairs.ours),
        ours=seconds(pairs.own_seconds), theirs=seconds(pairs.peer_seconds), agreement=pairs.agreement,
    )  # fmt: skip


def memory_row(what: str, peer: str, pairs: Pairs, goal: float) -> Row:
    """A row that says what share of the peer's peak memory ours was."""
    shares = pairs.memory_shares
    return Row(
        what, peer, value=pairs.memory_share, unit="of its peak memory", goal=goal, at_most=True, low=min(shares),
        high=max(shares), pairs=len(shares), ours=megabytes(pairs.own_bytes), theirs=megabytes(pairs.peer_bytes),
        agreement=pairs.agreement,
    )  # fmt: skip


def guarded(what: str, peer: str, measure: Callable[[], Findings]) -> Findings:
    """What a measurement found, or one row that says why it was skipped."""
    try:
        return measure()
    except Skipped as reason:
        return Findings([Row(what, peer, skipped=str(reason))])


def together(parts: Iterable[Findings]) -> Findings:
    """Findings one after the other."""
    parts = list(parts)
    return Findings([row for part in parts for row in part.rows], [table for part in parts for table in part.tables])


def seconds(value: float) -> str:
    """A time with three digits.

    >>> seconds(0.01234), seconds(1.234), seconds(123.4)
    ('12.3 ms', '1.23 s', '123 s')
    """
    return f"{1000 * value:.3g} ms" if value < 1 else f"{value:.3g} s"


def megabytes(value: float) -> str:
    """An amount of memory.

    >>> megabytes(3 * 2**20)
    '3 MiB'
    """
    return f"{value / 2**20:,.0f} MiB"


def run(name: str, measure: Callable[[Form], Findings]) -> None:
    """The command line of a benchmark: measure, keep the results, write the page anew."""
    from benchmarks.page import markdown, write_page

    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}", description=sys.modules["__main__"].__doc__)
    parser.add_argument("--form", choices=FORMS, default="quick")
    parser.add_argument("--threads", type=int, default=worker_threads(None), help="ours; the peers take what they take")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the result files")
    given = parser.parse_args()
    start = machine(given.threads)
    try:
        findings = measure(Form(given.form, given.threads))
    except Disagreement as error:
        sys.exit(f"{name}: the two sides differ in result, and nothing is reported: {error}")
    file = given.results / f"{name}.json"
    if findings.measured or not file.exists():  # what another machine measured is not lost to one that cannot
        write_results(file, name, given.form, start, findings)
    if given.results == RESULTS:
        write_page(RESULTS, PAGE)
    for row in findings.rows:
        print(f"{name}: {row.what}: {f'skipped: {row.skipped}' if row.skipped else f'{row.value:.3g} {row.unit}'}")
    for table in findings.tables:
        print(f"{name}: {table.title}\n{markdown(table.header, table.rows)}")


def write_results(path: Path, name: str, form: str, machine: Mapping[str, Any], findings: Findings) -> None:
    """One result file: what was run, when, on what, and what was found."""
    options = "" if form == "quick" else f" --form {form}"
    stored = {
        "command": f"python -m benchmarks.{name}{options}",
        "form": form,
        "date": datetime.date.today().isoformat(),
        "machine": machine,
        **asdict(findings),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(stored, indent=1) + "\n")


def machine(threads: int) -> dict[str, Any]:
    """What the benchmark ran on, and how busy that was before it began."""
    return {
        "processor": _processor(),
        "processors": worker_threads(None),
        "threads": threads,
        "memory": megabytes(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")),
        "system": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "packages": {name: importlib.metadata.version(name) for name in PACKAGES if _installed(name)},
        "load before": round(os.getloadavg()[0], 1),
    }


def _processor() -> str:
    described = Path("/proc/cpuinfo")
    if described.exists():
        names = [line.split(":", 1)[1].strip() for line in described.read_text().splitlines() if "model name" in line]
        if names:
            return names[0]
    return platform.processor() or platform.machine()


def _installed(package: str) -> bool:
    try:
        importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
