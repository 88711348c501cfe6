"""The report of a comparison: markdown, one HTML page, and the run's description."""

from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from todacomm.comparison.gathering import CHOOSING
from todacomm.comparison.identity import DATASETS
from todacomm.comparison.metrics import meaning_of, ranked_metrics, short_of
from todacomm.comparison.result import Comparison
from todacomm.figures.comparison import drawn
from todacomm.reports.blocks import Table
from todacomm.reports.comparison_sections import INTRODUCTIONS, SECTIONS, show
from todacomm.reports.comparison_words import headline
from todacomm.reports.files import Picture, shell_command, write_report
from todacomm.reports.formats import number
from todacomm.reports.render import one_line
from todacomm.reports.trajectory import trajectory_pictures
from todacomm.results.cloud import cloud_words
from todacomm.settings.comparison import ComparisonConfig

TEMPLATE, NOTE_TEMPLATE = "comparison.md.j2", "comparison_note.md.j2"


class Origin(NamedTuple):
    """Where an analysis of the comparison is recorded."""

    label: str
    run_id: str
    link: str


class Block(NamedTuple):
    """A section of the report: its table, or the reason why it has none, and its figures."""

    name: str
    title: str
    table: Table | None
    reason: str
    figures: list[Picture]


class Part(NamedTuple):
    """Sections under one heading, and the sentence between."""

    title: str
    sections: list[Block]
    introduction: str


def write_comparison_reports(comparison: Comparison, folder: Path) -> str:
    """``report.md`` and ``report.html`` in ``folder``, with the figures in ``folder/plots``; the run's description.

    Raises
    ------
    ValueError
        The user's template names an undefined variable or tries to leave its sandbox.
    """
    own = comparison.config.template
    template = Path(own).expanduser() if own else TEMPLATE
    return write_report(template, NOTE_TEMPLATE, comparison_context(comparison), folder)


def comparison_context(comparison: Comparison) -> dict[str, Any]:
    """The variables of a comparison's template.

    ``title`` (str); ``warnings`` and ``headline`` (list of str); ``compared`` (pairs of a setting and its value);
    ``sources`` (each with label, run_id and link); ``parts`` (the report in order: each with a title and sections, a
    section with name, title, table or None, reason why there is none, and figures); ``tables`` (by name, each with
    title, caption, header and rows; only those that have rows); ``gaps`` (by name of the table, why it is empty);
    ``figures`` (each with title, reading and file); ``glossary`` (pairs of name and meaning); ``frames`` (for your own
    template, the same numbers unrounded: by name of the table, a list of dictionaries); ``over`` (``models`` or
    ``datasets``); ``mlflow_command``, ``python_call``.
    """
    tables = show(comparison)
    own_template = comparison.config.template
    by_section = pictures(comparison)
    return {
        "title": title(comparison),
        "warnings": list(map(str, comparison.warnings)),
        "headline": headline(comparison),
        "compared": compared(comparison),
        "sources": sources(comparison),
        "parts": parts(comparison, tables, by_section),
        "tables": tables,
        "gaps": comparison.gaps,
        "figures": [*trajectory_pictures(comparison.trajectories), *chain.from_iterable(by_section.values())],
        "glossary": [(short_of(name), meaning_of(name)) for name in ranked_metrics()],
        "frames": {name: frame.to_dict("records") for name, frame in comparison.tables.items()} if own_template else {},
        "over": comparison.over,
        "mlflow_command": shell_command(_asked(comparison), "compare"),
        "python_call": python_call(comparison),
    }


def title(comparison: Comparison) -> str:
    """How many analyses of what."""
    runs, over_models = comparison.gathered.runs, comparison.over == "models"
    fixed = sorted(set(runs["dataset"] if over_models else runs["model"]))
    return one_line(f"{len(runs)} {'models on' if over_models else 'data sets read by'} {', '.join(fixed)}")


def parts(comparison: Comparison, tables: Mapping[str, Table], figures: Mapping[str, list[Picture]]) -> list[Part]:
    """The sections of the report by part, those without a table with the reason."""
    by_part: dict[str, list[Block]] = {}
    over_training = trajectory_pictures(comparison.trajectories)
    if over_training:
        by_part["Over training"] = [Block("trajectory", one.title, None, "", [one]) for one in over_training]
    for name, section in SECTIONS.items():
        if not section.part or comparison.over not in section.over:
            continue
        table = tables.get(name)
        reason = "" if table or not section.show else section.why_empty(comparison.gathered, comparison.config)
        if table or reason or figures.get(name):
            block = Block(name, section.title, table, reason, figures.get(name, []))
            by_part.setdefault(section.part, []).append(block)
    return [Part(title, blocks, INTRODUCTIONS.get(title, "")) for title, blocks in by_part.items()]


def pictures(comparison: Comparison) -> dict[str, list[Picture]]:
    """The figures that are drawn, by the section that they stand beside."""
    by_section: dict[str, list[Picture]] = {}
    for name, figure in drawn(comparison).items():
        picture = Picture(figure.title, figure.reading, f"plots/{name}.png")
        by_section.setdefault(figure.needs[-1], []).append(picture)
    return by_section


def sources(comparison: Comparison) -> list[Origin]:
    """The runs that were compared, with the addresses of their pages."""
    from todacomm.tracking import run_link

    return [Origin(label, a.run_id, run_link(a)) for label, a in comparison.gathered.analyses.items()]


def compared(comparison: Comparison) -> list[tuple[str, str]]:
    """What the analyses have in common, as pairs of a setting and its value."""
    first = next(iter(comparison.gathered.analyses.values()))
    runs, differ = comparison.gathered.runs, set(comparison.gathered.differing["setting"])
    differ |= {"dataset"} if comparison.over == DATASETS else set()
    cloud = cloud_words(first.config.topology, [one.model.width for one in comparison.gathered.analyses.values()])
    settings = {
        "points": ("Points", ", ".join(number(n) for n in dict.fromkeys(runs["points"]))),
        "dataset": ("Texts", f"{first.dataset.name}, digest {first.dataset.digest}"),
        "unit": ("Unit", first.dataset.unit),
        "pca": ("Cloud", "" if differ & {"metric", "standardize"} else cloud),
        "pooling": ("Pooling", ", ".join(sorted(set(runs["pooling"].astype(str))))),
        "protocol": ("Protocol", first.tags.get("todacomm.protocol", "")),
    }
    common = [pair for name, pair in settings.items() if name not in differ and pair[1]]
    return [("Analyses", str(len(runs))), *common]


def python_call(comparison: Comparison) -> str:
    """The call in Python that compares the same runs again."""
    given = ", ".join(f"{name}={value!r}" for name, value in _asked(comparison).items())
    return f"import todacomm\n\ncomparison, run = todacomm.compare({given})"


def _asked(comparison: Comparison) -> dict[str, Any]:
    """What differs from the defaults, with the runs themselves in place of what chose them."""
    default, given = ComparisonConfig().to_flat(), comparison.config.to_flat()
    left_out = (*CHOOSING, "newest", "run_name", "experiment_name", "output_dir", "threads")
    asked = {name: value for name, value in given.items() if value != default[name] and name not in left_out}
    return {"run_ids": ",".join(comparison.gathered.runs["run_id"]), **asked}
