"""The report of a sweep: what was done, what failed and why, and where each analysis stands."""

from pathlib import Path
from typing import Any

from todacomm.reports.blocks import Table
from todacomm.reports.files import write_files
from todacomm.reports.formats import number
from todacomm.reports.render import one_line, render_markdown
from todacomm.reports.trajectory import trajectory_pictures
from todacomm.sweeps.result import Sweep

TEMPLATE = "sweep.md.j2"
_IDENTITY = ("model", "revision", "weights", "dataset")


def write_sweep_reports(found: Sweep, folder: Path) -> dict[str, Path]:
    """``report.md`` and ``report.html`` in ``folder``; the page holds the figures found in ``folder/plots``."""
    return write_files(TEMPLATE, sweep_context(found) | {"figures": trajectory_pictures(found.trajectories)}, folder)


def describe_sweep(found: Sweep) -> str:
    """Markdown for the run's description: the report without its figures."""
    return render_markdown(TEMPLATE, sweep_context(found))


def sweep_context(found: Sweep) -> dict[str, Any]:
    """The variables of the template."""
    problems = [f"{what} failed: {why}" for what, why in found.problems.items()]
    return {
        "title": one_line(f"Sweep of {len(found.plan.items)} analyses"),
        "warnings": [*problems, *found.notes],
        "figures": [],
        "headline": found.headline(),
        "comparisons": [
            {"name": one_line(made.name), "headline": made.headline, "run_id": run_id}
            for run_id, made in found.comparisons.items()
        ],
        "failures": _table(found.failures, "Failures", "", ("reason", "tries")),
        "analyses": _table(
            found.table, "Analyses", "The file tables/analyses.csv has more columns.", ("status", "seconds", "run_id")
        ),
    }


def _table(rows: Any, title: str, caption: str, columns: tuple[str, ...]) -> Table:
    shown = [name for name in _IDENTITY if name != "revision" or rows["revision"].fillna("").astype(bool).any()]
    header = [*shown, *columns]
    body = [
        [number(v) if isinstance(v, float) else str(v) for v in row] for row in rows[header].itertuples(index=False)
    ]
    return Table(title=title, caption=caption, header=header, rows=body)
