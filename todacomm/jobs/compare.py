"""A comparison from settings to its record: gather, compare, draw, report, write once."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from todacomm.comparison import trajectory
from todacomm.comparison.divergence import divergence_seconds
from todacomm.comparison.gathering import Gathered, gather
from todacomm.comparison.identity import MODELS
from todacomm.comparison.result import Comparison
from todacomm.figures import DRAWS_COMPARISON
from todacomm.reports.comparison_sections import Task, computed, gaps
from todacomm.results.table import in_depth_order
from todacomm.settings.base import with_options
from todacomm.settings.comparison import ComparisonConfig
from todacomm.settings.values import as_lines
from todacomm.system.machine import worker_threads
from todacomm.system.progress import Clock, Progress, silent
from todacomm.system.scratch import scratch_folder
from todacomm.system.side_process import side_process
from todacomm.system.units import format_seconds

if TYPE_CHECKING:
    from todacomm.tracking import JobRun

KIND = "comparison"
MOST_NAMED = 4
"""Analyses that the name of a comparison lists."""
ANNOUNCED_FROM = 60.0
"""Seconds of geometry from which they are announced."""


@with_options(ComparisonConfig)
def compare(
    config: ComparisonConfig | None = None,
    *,
    progress: Progress = silent,
    announce: Callable[[str], None] = lambda _: None,
    parent: str | None = None,
    **options: Any,
) -> tuple[Comparison, "JobRun"]:
    """Compare analyses that are in the tracking store, and record the comparison there.

    Parameters
    ----------
    config : ComparisonConfig, optional
        Settings; or give them as ``options`` by name: ``compare(models="gpt2*", dataset="wikitext2")``.
    announce : callable
        Called beforehand with what will take long.
    parent : str, optional
        Id of the run that this one is a part of.

    Returns
    -------
    Comparison, JobRun
        The tables, and the finished run that they are recorded in.

    Raises
    ------
    ValueError
        Under two analyses match or their settings differ, of which no run is left; or the store or the template cannot
        be used.
    """
    from todacomm import tracking
    from todacomm.explorer.of_comparison import comparison_page
    from todacomm.explorer.page import PAGE
    from todacomm.figures.comparison import draw_comparison, drawn_parts
    from todacomm.reports.comparison import write_comparison_reports
    from todacomm.reports.render import check_template

    config = ComparisonConfig.given(config, options)
    if config.template:
        check_template(Path(config.template).expanduser())
    clock = Clock()
    gathered = _gathered(config, clock, announce)
    name = config.run_name or named(gathered)
    with ExitStack() as stack:
        artist = stack.enter_context(side_process(DRAWS_COMPARISON, unless="matplotlib"))
        run = stack.enter_context(tracking.job_run(KIND, name, config.experiment_name, config.output_dir, parent))
        comparison = compare_gathered(gathered, config, clock, progress)
        folder = stack.enter_context(scratch_folder())
        progress("report", 0, 1)
        if artist:
            artist.begin("draw_shared", drawn_parts(comparison), folder)
        if config.explorer:
            comparison = replace(comparison, page=comparison_page(comparison))
        write_tables(comparison, folder)
        if artist:
            artist.finish()
        else:
            draw_comparison(comparison, folder)
        note = write_comparison_reports(comparison, folder)
        if comparison.page:
            (folder / PAGE).write_text(comparison.page, encoding="utf-8")
        run.write_folder(folder, metrics=series(comparison), params=config.changed(), tags=tags(comparison), note=note)
        progress("report", 1, 1)
    return comparison, run


def measure_comparison(config: ComparisonConfig) -> Comparison:
    """The tables of a comparison, nothing recorded."""
    return compare_gathered(gather(config), config)


def named(gathered: Gathered) -> str:
    """What a comparison is called: what is compared, and on which texts or by which model."""
    names, more = ", ".join(gathered.labels[:MOST_NAMED]), len(gathered.labels) - MOST_NAMED
    column, word = ("dataset", "on") if gathered.over == MODELS else ("model", "read by")
    fixed = ", ".join(sorted(set(gathered.runs[column])))
    return f"{names}{f' and {more} more' if more > 0 else ''} {word} {fixed}"


def _gathered(config: ComparisonConfig, clock: Clock, announce: Callable[[str], None]) -> Gathered:
    with clock("reading"):
        gathered = gather(config)
    if text := announcement(gathered, config):
        announce(text)
    return gathered


def compare_gathered(
    gathered: Gathered, config: ComparisonConfig, clock: Clock | None = None, progress: Progress = silent
) -> Comparison:
    """The tables of analyses that are gathered already, section by section."""
    clock = clock or Clock()
    task = Task(gathered, config, worker_threads(config.threads), progress)
    with clock("tables"):
        tables = computed(task, geometry=False)
    if config.geometry != "none":
        with clock("geometry"):
            tables = computed(replace(task, tables=tables), geometry=True)
    with clock("trajectories"):
        over_training = trajectory.trajectories(trajectory.with_steps(gathered.analyses.values(), config.given_steps()))
    orders = [analysis.layer_names for analysis in gathered.analyses.values()]
    return Comparison(
        config=config,
        gathered=gathered,
        tables={name: in_depth_order(table, orders) for name, table in tables.items()},
        gaps=gaps(gathered, config, tables),
        trajectories=over_training,
        warnings=(*gathered.warnings, *task.warnings, *trajectory.remarks(over_training)),
        seconds=clock.seconds,
    )


def announcement(gathered: Gathered, config: ComparisonConfig) -> str:
    """A sentence on what the divergences will cost, where that is over a minute; else nothing."""
    seconds = divergence_seconds(gathered, config, worker_threads(config.threads))
    if seconds < ANNOUNCED_FROM:
        return ""
    return (
        f"representation topology divergences will take about {format_seconds(seconds)}: a smaller rtd_points, fewer "
        "rtd_permutations or geometry=matched take less"
    )


def write_tables(comparison: Comparison, folder: Path) -> None:
    """Every table as ``tables/NAME.csv``, and how it came about as ``tables/comparison.json``."""
    from todacomm.tracking.files import write_json

    (folder / "tables").mkdir(parents=True, exist_ok=True)
    for name, table in {**comparison.tables, **trajectory.tables(comparison.trajectories)}.items():
        table.to_csv(folder / f"tables/{name}.csv", index=name == "model_distances")
    facts = {
        "options": comparison.config.to_flat(),
        "over": comparison.over,
        "sources": dict(zip(comparison.gathered.runs["label"], comparison.gathered.runs["run_id"], strict=True)),
        "differing": comparison.gathered.differing.to_dict("records"),
        "gaps": comparison.gaps,
        "warnings": comparison.warnings,
        "seconds": comparison.seconds,
    }
    write_json(folder / "tables/comparison.json", facts)


def series(comparison: Comparison) -> list[tuple[str, float, int]]:
    """Metrics of the run: each analysis' mean over the blocks, with its place in the order of the runs as step.

    Numbers over training have the training step as step.
    """
    from todacomm.tracking.entries import seconds_points

    place = {label: index for index, label in enumerate(comparison.labels)}
    rows = comparison.tables["ranking"]
    points = [
        (f"ranking/{metric}", float(value), place[label])
        for metric, label, value in zip(rows["metric"], rows["label"], rows["value"], strict=True)
    ]
    return [*points, *seconds_points(comparison.seconds), *trajectory.series(comparison.trajectories)]


def tags(comparison: Comparison) -> dict[str, str]:
    """What was compared, by name and by run, and the warnings."""
    from todacomm.tracking.entries import warning_lines

    runs = comparison.gathered.runs
    return {
        "over": comparison.over,
        "settings": as_lines(comparison.config.to_flat()),
        "model": ", ".join(sorted(set(runs["model"]))),
        "dataset": ", ".join(sorted(set(runs["dataset"]))),
        "sources": ",".join(runs["run_id"]),
        "warnings": warning_lines(comparison.warnings),
    }
