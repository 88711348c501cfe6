"""The sections of a comparison: one row holds how a table is computed, how it is shown and why it may be empty."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import pandas as pd

from todacomm.comparison.differences import MOST_PAIRED, controls, paired_differences, trained_and_random, unpaired
from todacomm.comparison.divergence import divergences
from todacomm.comparison.gathering import Gathered
from todacomm.comparison.grouping import depth_curves, families
from todacomm.comparison.identity import DATASETS, MODELS
from todacomm.comparison.likelihood import correlates, correlates_refused
from todacomm.comparison.means import mean_differences, ranking
from todacomm.comparison.result import Comparison
from todacomm.comparison.shapes import diagram_distances, nearest_layers
from todacomm.comparison.similarities import model_distances, similarity
from todacomm.core.facts import RunWarning
from todacomm.reports import comparison_tables as shown
from todacomm.reports.blocks import Table
from todacomm.settings.comparison import ComparisonConfig
from todacomm.system.progress import Progress, silent

NUMBERS, GEOMETRY = "Results", "Paired geometry"
"""Parts of a report."""
INTRODUCTIONS = {
    GEOMETRY: "Models that read the same texts are compared text by text here, from the stored clouds, and their "
    "diagrams as wholes."
}
"""Part -> the sentence under its heading."""


@dataclass(frozen=True)
class Task:
    """What a section is computed from; ``tables`` are those before it, ``warnings`` is a list to add to."""

    gathered: Gathered
    config: ComparisonConfig
    threads: int = 1
    progress: Progress = silent
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    warnings: list[RunWarning] = field(default_factory=list)


@dataclass(frozen=True)
class Section:
    """One table of a comparison.

    Attributes
    ----------
    title : str
        Its heading in the report.
    compute : callable
        The table from a :class:`Task`.
    why_empty : callable
        The reason where the table has no rows.
    show : callable or None
        The table of the report; None for one that only its figures show.
    part : str
        Heading of the report under which it stands; empty for what was compared.
    over : tuple of str
        Kinds of comparison whose report has it: ``models``, ``datasets``.
    """

    title: str
    compute: Callable[[Task], pd.DataFrame]
    why_empty: Callable[[Gathered, ComparisonConfig], str] = lambda gathered, config: "nothing is defined"
    show: Callable[[Comparison], Table | None] | None = None
    part: str = NUMBERS
    over: tuple[str, ...] = (MODELS,)

    @property
    def is_geometry(self) -> bool:
        """Whether it is left out under ``geometry=none``."""
        return self.part == GEOMETRY


def _similarity(task: Task) -> pd.DataFrame:
    config = task.config
    table, warnings = similarity(
        task.gathered, task.threads, task.progress, permutations=config.permutations, seed=config.seed
    )
    task.warnings.extend(warnings)
    return table


def _not_paired(gathered: Gathered, config: ComparisonConfig) -> str:
    labels = gathered.labels
    if len(labels) > MOST_PAIRED:
        return f"{len(labels)} analyses are too many to be compared in pairs: choose up to {MOST_PAIRED}"
    return unpaired(gathered, labels[0], labels[1]) or "nothing is defined in both"


def _no_controls(gathered: Gathered, config: ComparisonConfig) -> str:
    if trained_and_random(gathered):
        return "the pairs have no common half-samples"
    return "there is no model with both trained and random weights here"


def _no_geometry(gathered: Gathered, config: ComparisonConfig) -> str:
    if config.geometry == "none":
        return "geometry=none was asked for"
    if len(gathered.labels) > MOST_PAIRED:
        return _not_paired(gathered, config)
    return "no two analyses with stored clouds read the same texts"


def _no_divergences(gathered: Gathered, config: ComparisonConfig) -> str:
    asked = config.geometry != "none" and not config.rtd_points
    return "rtd_points=0 was asked for" if asked else _no_geometry(gathered, config)


def _no_correlates(gathered: Gathered, config: ComparisonConfig) -> str:
    return correlates_refused(gathered) or "not enough of the metrics are defined"


def _no_families(gathered: Gathered, config: ComparisonConfig) -> str:
    return "a test takes two groups that can be assigned in 20 ways, such as 3 and 3 models"


BOTH = (MODELS, DATASETS)
SECTIONS: dict[str, Section] = {
    "runs": Section(
        "Analyses", lambda task: task.gathered.runs, show=shown.runs_table, part="", over=BOTH
    ),
    "mean_differences": Section(
        "Differences between the models", lambda task: mean_differences(task.gathered), _not_paired, shown.means_table
    ),
    "ranking": Section(
        "Side by side", lambda task: ranking(task.gathered, paired=task.tables["mean_differences"]),
        show=shown.ranking_table, over=BOTH,
    ),
    "depth_curves": Section("Over relative depth", lambda task: depth_curves(task.gathered), over=BOTH),
    "paired_differences": Section(
        "Differences by layer", lambda task: paired_differences(task.gathered), _not_paired, shown.differences_table
    ),
    "controls": Section(
        "What training did", lambda task: controls(task.gathered), _no_controls, shown.controls_table
    ),
    "families": Section(
        "Families", lambda task: families(task.gathered), _no_families, shown.families_table
    ),
    "correlates": Section(
        "Topology and likelihood", lambda task: correlates(task.gathered), _no_correlates,
        shown.correlates_table,
    ),
    "similarity": Section(
        "Similarity, text by text", _similarity, _no_geometry, shown.similarity_table, GEOMETRY
    ),
    "divergences": Section(
        "Divergence, text by text",
        lambda task: divergences(task.gathered, task.config, task.threads, task.progress),
        _no_divergences, shown.divergences_table, GEOMETRY,
    ),
    "diagram_distances": Section(
        "Shape, diagram by diagram",
        lambda task: diagram_distances(task.gathered, task.config.geometry == "grid", task.threads, task.progress),
        _no_geometry, shown.shapes_table, GEOMETRY, BOTH,
    ),
    "model_distances": Section(
        "Distances between the models", lambda task: model_distances(task.gathered, task.tables["similarity"]),
        _no_geometry, part=GEOMETRY,
    ),
    "nearest_layers": Section(
        "Nearest layers by shape", lambda task: nearest_layers(task.gathered), _no_geometry, shown.nearest_table,
        GEOMETRY, BOTH,
    ),
}  # fmt: skip
"""Name of the table -> its section, in the order in which they are computed and stand in the report."""


def computed(task: Task, geometry: bool) -> dict[str, pd.DataFrame]:
    """The tables of all sections that are geometry or are not, in order, beside those of the task."""
    tables = dict(task.tables)
    for name, section in SECTIONS.items():
        if section.is_geometry == geometry:
            tables[name] = section.compute(replace(task, tables=tables))
    return tables


def gaps(gathered: Gathered, config: ComparisonConfig, tables: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    """Why a table is empty, by its name."""
    return {
        name: section.why_empty(gathered, config) for name, section in SECTIONS.items() if not len(tables.get(name, ()))
    }


def show(comparison: Comparison) -> dict[str, Table]:
    """The tables of the report by name, those that have rows."""
    tables = {}
    for name, section in SECTIONS.items():
        if section.show and len(comparison.tables.get(name, ())):
            table = section.show(comparison)
            if table and table.rows:
                tables[name] = replace(table, title=section.title)
    return tables
