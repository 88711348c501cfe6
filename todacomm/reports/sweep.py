"""The report of a sweep: what was done, what failed and why, and where each analysis stands."""

from pathlib import Path
from typing import Any

from todacomm.reports.blocks import Table
from todacomm.reports.files import write_files
from todacomm.reports.formats import number
from todacomm.reports.render import one_line, render_markdown
from todacomm.reports.trajectory import trajectory_pictures
from todacomm.sweeps.result import Sweep
from todacomm.system.units import count

TEMPLATE = "sweep.md.j2"
_IDENTITY = ("model", "revision", "weights", "dataset")


def write_sweep_reports(result: Sweep, folder: Path) -> str:
    """``report.md`` and ``report.html`` in ``folder``, with the figures in ``folder/plots``.

    Returns
    -------
    str
        The run's description: the report without its figures.
    """
    context = sweep_context(result)
    write_files(TEMPLATE, context | {"figures": trajectory_pictures(result.trajectories)}, folder)
    return render_markdown(TEMPLATE, context)


def sweep_context(result: Sweep) -> dict[str, Any]:
    """The variables of the template."""
    problems = [f"{what} failed: {why}" for what, why in result.problems.items()]
    of_comparisons = [warning for made in result.comparisons.values() for warning in made.warnings]
    return {
        "title": one_line(f"Sweep of {count(len(result.plan.items), 'analysis', 'analyses')}"),
        "warnings": list(dict.fromkeys([*problems, *result.notes, *of_comparisons])),
        "figures": [],
        "headline": result.headline(),
        "comparisons": [
            {"name": one_line(made.name), "headline": made.headline, "run_id": run_id}
            for run_id, made in result.comparisons.items()
        ],
        "failures": _table(result.failures, "Failures", "", ("reason", "tries")),
        "analyses": _table(
            result.table, "Analyses", "The file tables/analyses.csv has more columns.", ("status", "seconds", "run_id")
        ),
    }


def _table(rows: Any, title: str, caption: str, columns: tuple[str, ...]) -> Table:
    shown = [name for name in _IDENTITY if name != "revision" or rows["revision"].fillna("").astype(bool).any()]
    header = [*shown, *columns]
    body = [
        [number(v) if isinstance(v, float) else str(v) for v in row] for row in rows[header].itertuples(index=False)
    ]
    return Table(title=title, caption=caption, header=header, rows=body)
