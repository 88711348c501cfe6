"""The comparison at the end of a sweep: of what succeeded, data set by data set."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from todacomm.sweeps.result import Sweep
from todacomm.system.progress import Progress

if TYPE_CHECKING:
    from todacomm.tracking import JobRun


def compare_children(found: Sweep, run: "JobRun", progress: Progress, tell: Callable[[str], None]) -> Sweep:
    """The sweep with its comparisons, each a run below it; one that fails is one of the sweep's problems."""
    from todacomm.jobs.compare import compare

    done, problems = [], dict(found.problems)
    shared = found.config.analysis
    steps = sorted({f"{item.config.model.revision}={item.step}" for item in found.plan.items if item.step is not None})
    for dataset, run_ids in groups(found.table).items():
        try:
            _, compared = compare(
                run_ids=",".join(run_ids),
                run_name=f"comparison on {dataset}" if dataset else "comparison over data sets",
                experiment_name=shared.record.experiment_name,
                threads=shared.topology.threads or "auto",
                seed=shared.record.seed,
                steps=",".join(steps),
                parent=run.run_id,
                progress=progress,
                tell=tell,
            )
            done.append(compared.run_id)
        except ValueError as error:
            problems[f"comparison on {dataset}"] = str(error)
    notes = found.notes
    if not done and not problems:
        notes = (*notes, "nothing was compared: it takes two analyses on one data set, or one model on two")
    return replace(found, comparisons=tuple(done), problems=problems, notes=notes)


def groups(table: pd.DataFrame) -> dict[str, list[str]]:
    """Runs to compare by their data set; one model on several data sets is one group, under an empty name.

    >>> row = {"model": "a", "revision": "", "weights": "trained", "dataset": "x", "run_id": "1"}
    >>> groups(pd.DataFrame([row, {**row, "model": "b", "run_id": "2"}, {**row, "dataset": "y", "run_id": "3"}]))
    {'x': ['1', '2']}
    >>> groups(pd.DataFrame([row, {**row, "dataset": "y", "run_id": "3"}]))
    {'': ['1', '3']}
    """
    done = table[table["run_id"] != ""]
    if len(done) > 1 and len(done[["model", "revision", "weights"]].drop_duplicates()) == 1:
        return {"": list(done["run_id"])}
    return {str(name): list(rows["run_id"]) for name, rows in done.groupby("dataset", sort=False) if len(rows) > 1}
