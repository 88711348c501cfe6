"""One finished comparison in memory: what figures, reports and the record read."""

from dataclasses import dataclass, field

import pandas as pd

from todacomm.comparison.gathering import Gathered
from todacomm.comparison.trajectory import Trajectory
from todacomm.core.facts import RunWarning
from todacomm.results.page import FramedPage
from todacomm.settings.comparison import ComparisonConfig


@dataclass(frozen=True)
class Comparison:
    """Analyses side by side.

    Attributes
    ----------
    tables : mapping of DataFrame
        By the name of its section, see :data:`todacomm.reports.comparison_sections.SECTIONS`; empty where there is
        nothing to show, for the reason in ``gaps``. Layers are ordered by depth, one order for all models; they are
        plain names where two models have the same ones in different orders.
    gaps : mapping of str
        Name of a table -> why it is empty.
    trajectories : tuple of Trajectory
        Checkpoints of one model over its training, where there are two or more.
    page : str
        The interactive page; empty without one.
    """

    config: ComparisonConfig
    gathered: Gathered
    tables: dict[str, pd.DataFrame]
    gaps: dict[str, str]
    trajectories: tuple[Trajectory, ...] = ()
    warnings: tuple[RunWarning, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict)
    page: str = field(default="", repr=False)

    def explorer(self, height: int = 900) -> FramedPage:
        """The interactive page as a notebook shows it.

        Raises
        ------
        ValueError
            There is none: it was not asked for, or no two analyses with stored clouds read the same texts.
        """
        if not self.page:
            raise ValueError(
                "this comparison has no interactive page: compare with explorer=true analyses that read the same texts "
                "and stored their clouds (keep_clouds=true)"
            )
        return FramedPage(self.page, height)

    @property
    def over(self) -> str:
        """``models`` or ``datasets``."""
        return self.gathered.over

    @property
    def labels(self) -> list[str]:
        """What the analyses are called, in their order."""
        return self.gathered.labels
