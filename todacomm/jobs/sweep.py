"""A sweep from settings to its record: plan, work through, compare, report."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from todacomm.jobs.analyze import analyze
from todacomm.jobs.compare import compare, named
from todacomm.reports.comparison_words import headline
from todacomm.reports.sweep_words import describe_outcome, describe_plan
from todacomm.settings.base import with_options
from todacomm.settings.sweep import SweepConfig
from todacomm.settings.values import as_lines
from todacomm.sweeps.plan import Item, Plan, make_plan
from todacomm.sweeps.result import Compared, Sweep
from todacomm.sweeps.worker import Outcome
from todacomm.system.progress import Progress, silent
from todacomm.system.scratch import scratch_folder
from todacomm.system.units import count

if TYPE_CHECKING:
    from todacomm.comparison.result import Comparison
    from todacomm.tracking import JobRun

KIND = "sweep"
Announce = Callable[[str], None]


class SweepFailed(ValueError):
    """A sweep came to its end, and something in it failed: ``result`` says what, ``run`` is where it is recorded."""

    def __init__(self, result: Sweep, run: "JobRun") -> None:
        super().__init__(result.failure_text())
        self.result, self.run = result, run


class Watcher:
    """What is called while a sweep goes on: it announces the plan, then a line an analysis."""

    def __init__(self, announce: Announce) -> None:
        self.announce = announce

    def planned(self, config: SweepConfig, plan: Plan) -> None:
        """The plan is made, and what is finished already is known."""
        self.announce(describe_plan(config, plan))

    def ended(self, items: Sequence[Item], item: Item, outcome: Outcome, n_done: int) -> None:
        """One of the items has ended, the ``n_done``-th."""
        self.announce(describe_outcome(item, outcome, n_done, len(items)))

    def comparing(self, name: str, n_analyses: int) -> None:
        """A comparison begins."""
        self.announce(f"comparing {n_analyses} analyses: {name}")

    def compared(self, name: str, comparison: "Comparison", run: "JobRun") -> None:
        """A comparison is recorded."""
        self.announce(f"compared in {sum(comparison.seconds.values()):.1f} s: {name}")

    def not_compared(self, name: str, reason: str) -> None:
        """A comparison failed."""
        self.announce(f"not compared: {name}: {reason}")


@with_options(SweepConfig)
def sweep(
    config: SweepConfig | None = None,
    *,
    progress: Progress = silent,
    announce: Announce = lambda _: None,
    **options: Any,
) -> tuple[Sweep, "JobRun"]:
    """Analyse every combination of models, revisions, weights and data sets, and record it below one run.

    What is finished in any experiment of the store is not done again: an analysis counts as finished where its settings
    and the files of its model and texts are the same.

    Parameters
    ----------
    config : SweepConfig, optional
        Settings; or give them as ``options`` by name: ``sweep(models="gpt2,bert", weights="trained,random")``.
    progress : callable
        Called with ``analyses`` and how many there are; with each one's own stages where it runs in this process.
    announce : callable
        Called with the plan, then with one line an analysis.

    Raises
    ------
    SweepFailed
        Analyses or the comparison failed; the others are recorded, and the run ends as FAILED.
    ValueError
        Names are unknown, settings wrong, or the store or the cluster cannot be used.
    """
    config = SweepConfig.given(config, options)
    return work_through_plan(config, make_plan(config), progress, Watcher(announce))


def work_through_plan(
    config: SweepConfig, plan: Plan, progress: Progress, watcher: Watcher, comparison_folder: str = ""
) -> tuple[Sweep, "JobRun"]:
    """A plan from its first analysis to the record of all, see :func:`sweep`.

    Parameters
    ----------
    comparison_folder : str
        Comparisons are also written to folders in this one; empty: not.
    """
    from todacomm import tracking

    record = config.analysis.record
    name = record.run_name or f"{KIND} of {count(len(plan.items), 'analysis', 'analyses')}"
    start = time.perf_counter()
    with tracking.job_run(KIND, name, record.experiment_name, record.output_dir) as run:
        if not config.force:
            plan = plan.with_finished(tracking.finished_analyses(with_clouds=record.keep_clouds))
        watcher.planned(config, plan)
        result = _worked_through(config, plan, run, progress, watcher)
        if config.compare:
            result = compare_children(result, run, progress, watcher, comparison_folder)
        result = replace(_with_trajectories(result), seconds=time.perf_counter() - start)
        _record(result, run)
        if result.failed:
            raise SweepFailed(result, run)
    return result, run


def plan_sweep(config: SweepConfig | None = None, **options: Any) -> Plan:
    """What :func:`sweep` would do; nothing is recorded, downloaded or computed.

    Raises
    ------
    ValueError
        Names are unknown, or settings wrong.
    """
    from todacomm import tracking

    config = SweepConfig.given(config, options)
    plan, with_clouds = make_plan(config), config.analysis.record.keep_clouds
    return plan if config.force else plan.with_finished(tracking.finished_analyses(with_clouds=with_clouds))


def _worked_through(config: SweepConfig, plan: Plan, run: "JobRun", progress: Progress, watcher: Watcher) -> Sweep:
    from todacomm.sweeps.work import work_through

    n_done, n_failed = len(plan.items) - len(plan.missing), 0

    def ended(item: Item, outcome: Outcome) -> None:
        nonlocal n_done, n_failed
        n_done += 1
        n_failed += not outcome.run_id
        watcher.ended(plan.items, item, outcome, n_done)
        progress("analyses", n_done, len(plan.items))
        run.log_numbers({"progress/ended": n_done, "progress/failed": n_failed}, step=n_done)

    outcomes, tries = work_through(config, plan.items, run, analyze, ended, progress)
    return Sweep(config, plan, outcomes, tries, notes=plan.notes)


def compare_children(result: Sweep, run: "JobRun", progress: Progress, watcher: Watcher, folder: str = "") -> Sweep:
    """The sweep with its comparisons, each a run below it; one that fails is one of the sweep's problems."""
    from todacomm import tracking

    done: dict[str, Compared] = {}
    problems = dict(result.problems)
    try:
        planned = comparisons(result, folder)
    except ValueError as error:  # a run was deleted meanwhile
        planned, problems["comparison"] = {}, str(error)
        watcher.not_compared("comparison", str(error))
    for name, options in planned.items():
        watcher.comparing(name, len(options["run_ids"]))
        try:
            comparison, compared = compare(parent=run.run_id, progress=progress, announce=watcher.announce, **options)
        except ValueError as error:
            problems[name] = str(error)
            watcher.not_compared(name, str(error))
        else:
            own = options["run_name"] or named(comparison.gathered)
            done[compared.run_id] = Compared(
                own, tuple(headline(comparison)), tracking.run_link(compared), tracking.report_path(compared),
                tuple(map(str, comparison.warnings)),
            )  # fmt: skip
            watcher.compared(own, comparison, compared)
    notes = result.notes
    if not done and not problems:
        notes = (*notes, "nothing was compared: it takes two analyses on one data set, or one model on two")
    return replace(result, comparisons=done, problems=problems, notes=notes)


def comparisons(result: Sweep, folder: str = "") -> dict[str, dict[str, Any]]:
    """Name of a comparison -> its options: one for each set of texts, or one over the sets of a single model."""
    from todacomm.tracking import search_analyses

    shared, items = result.config.analysis, result.plan.items
    recorded = search_analyses(run_ids=result.run_ids).set_index("run_id", drop=False).loc[result.run_ids]
    options: dict[str, dict[str, Any]] = {}
    for dataset, run_ids in groups(recorded).items():
        name = f"{shared.record.run_name or 'comparison'} {f'on {dataset}' if dataset else 'over data sets'}"
        own = "-".join(filter(None, ["comparison", dataset]))
        options[name] = {
            "run_ids": run_ids,
            "over": "models" if dataset else "datasets",
            "steps": sorted({f"{item.config.model.revision}={item.step}" for item in items if item.step is not None}),
            "run_name": name if shared.record.run_name else "",
            "experiment_name": shared.record.experiment_name,
            "output_dir": str(Path(folder) / own) if folder else "",
            "threads": shared.topology.threads,
            "seed": shared.record.seed,
        }
    return options


def groups(table: pd.DataFrame) -> dict[str, list[str]]:
    """Runs to compare by their data set; one model on several data sets is one group, under an empty name.

    Names of files and folders may be equal: where two read the same texts there are two models, and other texts are
    another data set, whose digest is then a part of its name.

    >>> row = {"model": "a", "revision": "", "weights": "trained", "dataset": "x", "texts_digest": "p", "run_id": "1"}
    >>> groups(pd.DataFrame([row, {**row, "model": "b", "run_id": "2"}, {**row, "dataset": "y", "run_id": "3"}]))
    {'x': ['1', '2']}
    >>> groups(pd.DataFrame([row, {**row, "dataset": "y", "run_id": "3"}]))
    {'': ['1', '3']}
    >>> groups(pd.DataFrame([row, {**row, "run_id": "2"}]))
    {'x': ['1', '2']}
    """
    by_texts: dict[tuple[str, str], list[str]] = {}
    for name, digest, run_id in zip(table["dataset"], table["texts_digest"], table["run_id"], strict=True):
        by_texts.setdefault((name, digest), []).append(run_id)
    models = table[["model", "revision", "weights"]].drop_duplicates()
    if len(models) == 1 < len(by_texts) == len(table):
        return {"": list(table["run_id"])}
    names = [name for name, _ in by_texts]
    return {
        name if names.count(name) == 1 else f"{name} {digest[:8]}": run_ids
        for (name, digest), run_ids in by_texts.items()
        if len(run_ids) > 1
    }


def _with_trajectories(result: Sweep) -> Sweep:
    """The sweep with what its checkpoints show over training."""
    from todacomm.comparison.trajectory import remarks, trajectories
    from todacomm.tracking import load_analyses

    rows = result.table
    rows = rows[(rows["run_id"] != "") & rows["step"].notna()]
    try:
        over_training = trajectories(zip(load_analyses(rows["run_id"]), rows["step"].astype(int), strict=True))
    except ValueError as error:
        return replace(result, problems={**result.problems, "training trajectory": str(error)})
    notes = (*result.notes, *map(str, remarks(over_training)))
    return replace(result, trajectories=over_training, notes=notes)


def _record(result: Sweep, run: "JobRun") -> None:
    from todacomm.figures.trajectory import draw_trajectories
    from todacomm.reports.sweep import write_sweep_reports

    with scratch_folder() as folder:
        write_tables(result, folder)
        draw_trajectories(result.trajectories, folder)
        note = write_sweep_reports(result, folder)
        run.write_folder(
            folder,
            metrics=series(result),
            params=result.config.changed(),
            tags={
                "settings": as_lines(result.config.to_flat()),
                "analyses": ",".join(result.run_ids),
                "comparisons": ",".join(result.comparisons),
            },
            note=note,
        )


def write_tables(result: Sweep, folder: Path) -> None:
    """``tables/analyses.csv``, ``tables/failures.csv`` where there are any, and a table and changes a trajectory."""
    from todacomm.comparison import trajectory

    (folder / "tables").mkdir()
    tables = {"analyses": result.table}
    if result.failed:
        tables["failures"] = result.failures
    tables |= trajectory.tables(result.trajectories)
    for name, table in tables.items():
        table.to_csv(folder / f"tables/{name}.csv", index=False)


def series(result: Sweep) -> list[tuple[str, float, int]]:
    """Metrics of the run: its size and time, and numbers over training with the training step as step."""
    from todacomm.comparison import trajectory

    points = [("summary/analyses", float(len(result.plan.items)), 0), ("summary/seconds", result.seconds, 0)]
    return points + trajectory.series(result.trajectories)
