"""The report of a comparison: markdown, one HTML page, and the run's description."""

import shlex
from pathlib import Path
from typing import Any

from todacomm.comparison.overview import RANKED
from todacomm.comparison.result import Comparison
from todacomm.core.metrics import LAYER_METRICS, RUN_METRICS
from todacomm.figures.comparison.catalogue import COMPARISON_FIGURES
from todacomm.figures.comparison.gallery import drawn
from todacomm.reports.comparison_blocks import SHORT, TABLES, compared, sources
from todacomm.reports.comparison_words import headline
from todacomm.reports.files import Picture, write_files
from todacomm.reports.render import check_template as check
from todacomm.reports.render import one_line, render_markdown
from todacomm.reports.trajectory import trajectory_pictures
from todacomm.settings.comparison import ComparisonConfig
from todacomm.settings.values import spelled

TEMPLATES = {"models": "comparison.md.j2", "datasets": "dataset_comparison.md.j2"}
COUNTED = {"models": "models on", "datasets": "data sets read by"}
NOTE_TEMPLATE = "comparison_note.md.j2"


def check_template(path: str) -> None:
    """Whether a user's template can be read, known before any work; an empty path is the project's own.

    Raises
    ------
    ValueError
        It is not there, is no UTF-8 text, or has an error of syntax.
    """
    if path:
        check(Path(path).expanduser())


def write_comparison_reports(found: Comparison, folder: Path) -> dict[str, Path]:
    """``report.md`` and ``report.html`` in ``folder``; the page holds the figures found in ``folder/plots``.

    Raises
    ------
    ValueError
        The user's template names an undefined variable or tries to leave its sandbox.
    """
    own = found.config.template
    return write_files(Path(own).expanduser() if own else TEMPLATES[found.over], comparison_context(found), folder)


def describe_comparison(found: Comparison) -> str:
    """A few lines of markdown for the run's description: warnings, headline, what was compared."""
    return render_markdown(NOTE_TEMPLATE, comparison_context(found))


def comparison_context(found: Comparison) -> dict[str, Any]:
    """The variables of a comparison's template.

    ``title`` (str); ``warnings`` and ``headline`` (list of str); ``compared`` (pairs of a setting and its value);
    ``sources`` (each with label, run_id and link); ``tables`` (by name, each with title, caption, header and rows;
    only those that have rows); ``gaps`` (by name of the table, why it is empty); ``figures`` (each with title, reading
    and file); ``glossary`` (pairs of name and meaning); ``frames`` (for a template of your own, the same numbers
    unrounded: by name of the table, a list of dictionaries); ``over`` (``models`` or ``datasets``);
    ``mlflow_command``, ``python_call``.
    """
    tables = {name: table for name, make in TABLES.items() if (table := make(found))}
    runs, own_template = found.gathered.runs, found.config.template
    what = sorted(set(runs["dataset"] if found.over == "models" else runs["model"]))
    return {
        "title": one_line(
            f"{len(runs)} {'models on' if found.over == 'models' else 'data sets read by'} {', '.join(what)}"
        ),
        "warnings": list(found.warnings),
        "headline": headline(found),
        "compared": compared(found),
        "sources": sources(found),
        "tables": tables,
        "gaps": found.gaps,
        "figures": pictures(found),
        "glossary": [(f"{SHORT[name]} ({name})", _meaning(name)) for name in RANKED],
        "frames": {name: frame.to_dict("records") for name, frame in found.tables.items()} if own_template else {},
        "over": found.over,
        "mlflow_command": mlflow_command(found),
        "python_call": python_call(found),
    }


def pictures(found: Comparison) -> list[Picture]:
    """Every figure that is drawn, those over training first."""
    entries = {name: COMPARISON_FIGURES[name] for name in drawn(found)}
    own = [Picture(entry.title, entry.reading, f"plots/{name}.png") for name, entry in entries.items()]
    return [*trajectory_pictures(found.trajectories), *own]


def mlflow_command(found: Comparison) -> str:
    """The command that compares the same runs again."""
    words = [f"{name}={spelled(value)}" for name, value in _asked(found).items()]
    return " ".join(["mlflow run . -e compare --env-manager=local", *(f"-P {shlex.quote(word)}" for word in words)])


def python_call(found: Comparison) -> str:
    """The same as a call in Python."""
    given = ", ".join(f"{name}={value!r}" for name, value in _asked(found).items())
    return f"import todacomm\n\ncomparison, run = todacomm.compare({given})"


def _asked(found: Comparison) -> dict[str, Any]:
    """What differs from the defaults, with the runs themselves in place of what chose them."""
    default, given = ComparisonConfig().to_flat(), found.config.to_flat()
    choosing = ("experiment", "models", "dataset", "revision", "weights", "tags", "newest", "run_ids")
    where = ("run_name", "experiment_name", "output_dir", "threads")
    changed = {name: value for name, value in given.items() if value != default[name]}
    asked = {name: value for name, value in changed.items() if name not in (*choosing, *where)}
    return {"run_ids": ",".join(found.gathered.runs["run_id"]), **asked}


def _meaning(metric: str) -> str:
    return LAYER_METRICS[metric].meaning if metric in LAYER_METRICS else RUN_METRICS[metric].meaning
