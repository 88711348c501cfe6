"""One row of the registries of similarities and distances between two layers or two diagrams."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from todacomm.core.arrays import Array, Bools, Indices


@dataclass(frozen=True, slots=True, kw_only=True)
class Similarity:
    """A measure of two clouds or two diagrams, and how its value may be read.

    Attributes
    ----------
    prepare : callable
        One cloud in, what it gives to every comparison out: computed once for each layer.
    measure : callable
        Two prepared clouds in, one number out.
    permuted : callable or None
        The measure under permutations of the texts, see :mod:`todacomm.core.similarity.permuted`; None: never drawn.
    most_draws : int or None
        Permutations at most, and of layers at matched depth alone, for a measure that is dear.
    label, short, units : str
        Title of a figure, head of a column, and units (``-`` for none).
    range : tuple of float
        Least and largest value.
    alike : int
        1 where a higher value is more alike, -1 where a lower one is.
    chance : str
        What it is for unrelated clouds.
    reading : str
        What a value means, for the sentence below a figure.
    source : tuple of str
        arXiv ids and DOIs.
    """

    prepare: Callable[[Any], Any]
    measure: Callable[[Any, Any], float]
    permuted: Callable[[Sequence[Any], Sequence[Any], Bools, Sequence[Indices], int], Iterator[Array]] | None = None
    most_draws: int | None = None
    label: str
    short: str
    units: str = "-"
    range: tuple[float, float]
    alike: Literal[1, -1]
    chance: str
    reading: str
    source: tuple[str, ...] = ()
