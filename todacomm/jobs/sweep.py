"""A sweep from settings to its record: plan, work through, compare, report."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from todacomm.reports.sweep_words import describe_plan, tell_outcome
from todacomm.settings.sweep import REPLACED, SweepConfig, load_sweep
from todacomm.sweeps.comparing import compare_children
from todacomm.sweeps.plan import Item, Plan, make_plan
from todacomm.sweeps.result import Sweep
from todacomm.sweeps.worker import Outcome
from todacomm.system.progress import Progress, silent

if TYPE_CHECKING:
    from todacomm.tracking import JobRun

KIND = "sweep"
Tell = Callable[[str], None]


class SweepFailed(ValueError):
    """A sweep came to its end, and something in it failed: ``result`` says what, ``run`` is where it stands."""

    def __init__(self, result: Sweep, run: "JobRun") -> None:
        super().__init__(result.failure_text())
        self.result, self.run = result, run


def sweep(
    config: SweepConfig | None = None,
    *,
    progress: Progress = silent,
    tell: Tell = lambda _: None,
    **options: Any,
) -> tuple[Sweep, "JobRun"]:
    """Analyse every combination of models, revisions, weights and data sets, and record it below one run.

    What is finished in the experiment already is not done again: an analysis counts as finished where its settings and
    the files of its model and texts are the same.

    Parameters
    ----------
    config : SweepConfig, optional
        Settings; or give them as ``options`` by name: ``sweep(models="gpt2,bert", weights="trained,random")``.
    progress : callable
        Called with ``analyses`` and how many there are; with each one's own stages where it runs in this process.
    tell : callable
        Told the plan, then one line an analysis.

    Raises
    ------
    SweepFailed
        Analyses or the comparison failed; the others are recorded, and the run ends as FAILED.
    ValueError
        Names are unknown, settings wrong, or the store or the cluster cannot be used.
    """
    from todacomm import tracking

    config = _settings(config, options)
    plan = make_plan(config)
    record = config.analysis.record
    name = record.run_name or f"{KIND} of {len(plan.items)} analyses"
    start = time.perf_counter()
    with tracking.job_run(KIND, name, record.experiment_name, record.output_dir) as run:
        abandoned = tracking.mark_abandoned(run.experiment_id)
        if not config.force:
            plan = plan.with_finished(tracking.finished_analyses(run.experiment_id))
        tell(describe_plan(config, plan))
        found = _worked_through(config, plan, run, progress, tell)
        if abandoned:
            plural = f"{len(abandoned)} runs were left open by processes that are gone: they are marked as killed"
            found = replace(found, notes=(*found.notes, plural))
        if config.compare:
            found = compare_children(found, run, progress, tell)
        found = replace(_with_trajectories(found), seconds=time.perf_counter() - start)
        _record(found, run)
        if found.failed:
            raise SweepFailed(found, run)
    return found, run


def plan_sweep(config: SweepConfig | None = None, **options: Any) -> Plan:
    """What :func:`sweep` would do; nothing is recorded, downloaded or computed.

    Raises
    ------
    ValueError
        Names are unknown, or settings wrong.
    """
    from todacomm import tracking

    config = _settings(config, options)
    plan = make_plan(config)
    experiment_id = tracking.find_experiment(config.analysis.record.experiment_name)
    if config.force or experiment_id is None:
        return plan
    return plan.with_finished(tracking.finished_analyses(experiment_id))


def _settings(config: SweepConfig | None, options: dict[str, Any]) -> SweepConfig:
    if config is None:
        return load_sweep(None, options)
    if options:
        raise ValueError(f"got a config and {', '.join(options)} beside it: give one or the other")
    return config


def _worked_through(config: SweepConfig, plan: Plan, run: "JobRun", progress: Progress, tell: Tell) -> Sweep:
    from todacomm.sweeps.work import work_through

    n_done, n_failed = len(plan.items) - len(plan.missing), 0

    def told(item: Item, outcome: Outcome) -> None:
        nonlocal n_done, n_failed
        n_done += 1
        n_failed += not outcome.run_id
        tell(tell_outcome(item, outcome, n_done, len(plan.items)))
        progress("analyses", n_done, len(plan.items))
        run.log_numbers({"progress/ended": n_done, "progress/failed": n_failed}, step=n_done)

    outcomes, tries = work_through(config, plan.items, run, told, progress)
    return Sweep(config, plan, outcomes, tries, notes=plan.notes)


def _with_trajectories(found: Sweep) -> Sweep:
    """The sweep with what its checkpoints show over training."""
    from todacomm.comparison.trajectory import remarks, trajectories
    from todacomm.tracking import load_analyses

    rows = found.table
    rows = rows[(rows["run_id"] != "") & rows["step"].notna()]
    try:
        seen = trajectories(zip(load_analyses(rows["run_id"]), rows["step"].astype(int), strict=True))
    except ValueError as error:
        return replace(found, problems={**found.problems, "training trajectory": str(error)})
    return replace(found, trajectories=seen, notes=(*found.notes, *map(str, remarks(seen))))


def _record(found: Sweep, run: "JobRun") -> None:
    from todacomm.figures.trajectory import draw_trajectories
    from todacomm.reports.sweep import describe_sweep, write_sweep_reports

    own, shared = found.config.to_flat(), found.config.analysis.to_flat()
    with TemporaryDirectory(prefix="todacomm-") as place:
        folder = Path(place)
        write_tables(found, folder)
        draw_trajectories(found.trajectories, folder)
        write_sweep_reports(found, folder)
        run.write_folder(
            folder,
            metrics=series(found),
            params=own | {name: value for name, value in shared.items() if name not in (*own, *REPLACED)},
            tags={"analyses": ",".join(found.run_ids), "comparisons": ",".join(found.comparisons)},
            note=describe_sweep(found),
        )


def write_tables(found: Sweep, folder: Path) -> None:
    """``tables/analyses.csv``, ``tables/failures.csv`` where there are any, and a table and changes a trajectory."""
    from todacomm.comparison import trajectory

    (folder / "tables").mkdir()
    tables = {"analyses": found.table}
    if found.failed:
        tables["failures"] = found.failures
    tables |= trajectory.tables(found.trajectories)
    for name, table in tables.items():
        table.to_csv(folder / f"tables/{name}.csv", index=False)


def series(found: Sweep) -> list[tuple[str, float, int]]:
    """Metrics of the run: its size and time, and numbers over training with the training step as step."""
    from todacomm.comparison import trajectory

    points = [("summary/analyses", float(len(found.plan.items)), 0), ("summary/seconds", found.seconds, 0)]
    return points + trajectory.series(found.trajectories)
