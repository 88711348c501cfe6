"""What became of a sweep."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from todacomm.models.names import model_name
from todacomm.settings.sweep import SweepConfig
from todacomm.sweeps.plan import Item, Plan
from todacomm.sweeps.worker import FAILED, REUSED, Outcome
from todacomm.system.units import count
from todacomm.texts.names import dataset_name

if TYPE_CHECKING:
    from todacomm.comparison.trajectory import Trajectory

COLUMNS = (
    "model", "revision", "weights", "dataset", "step", "status", "run_id", "seconds", "tries", "config_hash", "reason",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Compared:
    """A comparison of a sweep: its name, its findings in words, its page in MLflow, its report and its warnings."""

    name: str
    headline: tuple[str, ...]
    link: str
    report: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sweep:
    """A sweep that has come to its end.

    Attributes
    ----------
    outcomes : mapping
        Digest of the settings -> how the analysis ended; one for each item of the plan.
    tries : mapping
        Digest of the settings -> how often it was begun.
    comparisons : mapping
        Id of a run that compares the analyses -> what it gives.
    problems : mapping
        Work beside the analyses that failed, such as a comparison -> why.
    trajectories : tuple of Trajectory
        Checkpoints over training, where the revisions name steps.
    """

    config: SweepConfig
    plan: Plan
    outcomes: Mapping[str, Outcome]
    tries: Mapping[str, int] = field(default_factory=dict)
    comparisons: Mapping[str, Compared] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)
    trajectories: tuple["Trajectory", ...] = ()
    notes: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def table(self) -> pd.DataFrame:
        """One row an analysis, columns :data:`COLUMNS`."""
        return pd.DataFrame([self._row(item) for item in self.plan.items], columns=list(COLUMNS))

    @property
    def failures(self) -> pd.DataFrame:
        """What failed, columns :data:`COLUMNS`: analyses, then work beside them under the name of ``model``."""
        table = self.table
        beside = [{"model": what, "status": FAILED, "reason": why} for what, why in self.problems.items()]
        rows = [*table[table["status"] == FAILED].to_dict("records"), *beside]
        return pd.DataFrame(rows, columns=list(COLUMNS))

    @property
    def run_ids(self) -> list[str]:
        """Runs of the analyses that succeeded, in the order of the plan."""
        return [run_id for run_id in self.table["run_id"] if run_id]

    @property
    def failed(self) -> bool:
        """Whether anything failed."""
        return bool(len(self.failures))

    def headline(self) -> str:
        """How many were done, reused and failed."""
        status = self.table["status"]
        reused, failed = (status == REUSED).sum(), (status == FAILED).sum()
        parts = [f"{len(status) - reused - failed} done", f"{reused} finished before", f"{failed} failed"]
        return f"{count(len(status), 'analysis', 'analyses')}: {', '.join(parts)}"

    def failure_text(self) -> str:
        """What failed and why, a line each."""
        rows = zip(self.plan.items, self.outcomes_in_order(), strict=True)
        lines = [f"  {item.name}: {outcome.reason}" for item, outcome in rows if outcome.status == FAILED]
        lines += [f"  {what}: {why}" for what, why in self.problems.items()]
        return "\n".join([f"{self.headline()}:", *lines])

    def outcomes_in_order(self) -> list[Outcome]:
        """How each item of the plan ended."""
        return [self.outcomes[item.known.config_hash] for item in self.plan.items]

    def _row(self, item: Item) -> dict[str, object]:
        outcome = self.outcomes[item.known.config_hash]
        config = item.config
        return {
            "model": model_name(config.model.model),
            "revision": config.model.revision,
            "weights": "" if config.idle else config.model.weights,
            "dataset": "" if config.idle else dataset_name(config.texts.dataset),
            "step": item.step,
            "status": outcome.status,
            "run_id": outcome.run_id,
            "seconds": outcome.seconds,
            "tries": self.tries.get(item.known.config_hash, 0),
            "config_hash": item.known.config_hash,
            "reason": outcome.reason,
        }
