"""One finished comparison in memory: what figures, reports and the record read."""

from dataclasses import dataclass, field

import pandas as pd

from todacomm.comparison.gathering import Gathered
from todacomm.comparison.trajectory import Trajectory
from todacomm.core.facts import RunWarning
from todacomm.settings.comparison import ComparisonConfig


@dataclass(frozen=True)
class Comparison:
    """Analyses side by side.

    Attributes
    ----------
    tables : mapping of DataFrame
        By the name of its section, see :data:`todacomm.reports.comparison_sections.SECTIONS`; empty where there is
        nothing to show, for the reason in ``gaps``.
    gaps : mapping of str
        Name of a table -> why it is empty.
    trajectories : tuple of Trajectory
        Checkpoints of one model over its training, where there are two or more.
    """

    config: ComparisonConfig
    gathered: Gathered
    tables: dict[str, pd.DataFrame]
    gaps: dict[str, str]
    trajectories: tuple[Trajectory, ...] = ()
    warnings: tuple[RunWarning, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def over(self) -> str:
        """``models`` or ``datasets``."""
        return self.gathered.over

    @property
    def labels(self) -> list[str]:
        """What the analyses are called, in their order."""
        return self.gathered.labels
