"""Settings of a convergence: those of an analysis, and what is varied."""

from dataclasses import dataclass, field

from todacomm.settings.analysis import AnalysisConfig
from todacomm.settings.base import Settings, option

MEANINGLESS = ("likelihood", "landmarks", "distances", "cluster", "nulls", "null_kinds", "control_draws", "keep_clouds")
"""Options of an analysis that mean nothing to a convergence."""
MIN_SIZE = 10


@dataclass(frozen=True, slots=True)
class ConvergenceConfig(Settings):
    """What is varied: numbers of points and of principal components.

    ``analysis`` is what stays; its ``pca`` is the one at which sizes are compared.

    >>> ConvergenceConfig.from_flat({"sizes": "200, 50,100", "pcas": "0,20"}).sizes
    (50, 100, 200)
    """

    analysis: AnalysisConfig = field(default_factory=AnalysisConfig, metadata={"hidden": MEANINGLESS})
    sizes: tuple[int, ...] | None = option(
        None,
        "numbers of points with commas, the largest being all that are used; auto: a ladder up to all there are",
        low=MIN_SIZE,
        rising=True,
        needed=True,
    )
    pcas: tuple[int, ...] = option(
        (10, 20, 50, 100, 0), "principal components with commas; 0: every dimension", low=0, needed=True
    )
    repeats: int = option(20, "random subsets of each size; one subset has no spread", low=2)

    def check(self) -> None:
        if self.analysis.topology.landmarks:
            raise ValueError("landmarks have no part in a convergence, whose subsets are random: leave them out")
        if self.analysis.inference.cluster:
            raise ValueError("a convergence takes subsets of texts by themselves: leave cluster out")
        if self.analysis.topology.distances:
            raise ValueError("a convergence takes subsets of points by their coordinates: leave distances out")
        samples, largest = self.analysis.texts.samples, max(self.sizes or (0,))
        if self.analysis.model.clouds_file is None and largest > samples:
            raise ValueError(f"sizes has {largest} with samples={samples}: expected at most as many")
