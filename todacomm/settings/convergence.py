"""Settings of a convergence: those of an analysis, and what is varied."""

from dataclasses import dataclass

from todacomm.settings.analysis import AUTO, AnalysisConfig

MEANINGLESS = ("likelihood", "landmarks", "nulls", "null_kinds", "control_draws", "keep_clouds")
"""Options of an analysis that mean nothing to a convergence."""
SIZES, PCAS, REPEATS = AUTO, "10,20,50,100,0", 20
"""Defaults as they are typed."""
MIN_SIZE = 10


@dataclass(frozen=True, slots=True)
class ConvergenceConfig:
    """What is varied, and what stays.

    Attributes
    ----------
    analysis : AnalysisConfig
        What stays; its ``pca`` is the one at which sizes are compared.
    sizes : tuple of int
        Numbers of points, the largest being all that are used; empty: a ladder up to all there are.
    pcas : tuple of int
        Principal components; 0 for every dimension.
    repeats : int
        Random subsets of a size.

    Raises
    ------
    ValueError
        A number is out of range, or landmarks are asked for.
    """

    analysis: AnalysisConfig
    sizes: tuple[int, ...] = ()
    pcas: tuple[int, ...] = (10, 20, 50, 100, 0)
    repeats: int = REPEATS

    def __post_init__(self) -> None:
        if self.sizes and min(self.sizes) < MIN_SIZE:
            raise ValueError(f"sizes has {min(self.sizes)}: expected at least {MIN_SIZE}")
        if not self.pcas or min(self.pcas) < 0:
            raise ValueError(f"pcas is {self.pcas}: expected numbers of components, 0 for every dimension, as {PCAS}")
        if self.repeats < 2:
            raise ValueError(f"repeats is {self.repeats}: expected at least 2, for one subset has no spread")
        if self.analysis.topology.landmarks:
            raise ValueError("landmarks have no part in a convergence, whose subsets are random: leave them out")
        if not self.analysis.model.model.startswith("clouds:") and max(self.sizes, default=0) > self._samples:
            raise ValueError(f"sizes has {max(self.sizes)} with samples={self._samples}: expected at most as many")

    @property
    def _samples(self) -> int:
        return self.analysis.texts.samples


def parse_numbers(name: str, text: str) -> tuple[int, ...]:
    """Whole numbers with commas between them, each once and in rising order; none for ``auto``.

    >>> parse_numbers("sizes", "200, 50,100"), parse_numbers("sizes", "auto")
    ((50, 100, 200), ())

    Raises
    ------
    ValueError
        Anything else.
    """
    words = [word.strip() for word in text.split(",")]
    if words == [AUTO]:
        return ()
    if not all(word.isdecimal() for word in words):
        raise ValueError(f"{name} is {text!r}: expected whole numbers with commas, such as 50,100,200")
    return tuple(sorted({int(word) for word in words}))
