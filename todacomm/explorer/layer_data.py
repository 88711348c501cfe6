"""What a page shows of one layer: scores, diagrams, graph, loops, numbers with what they must be read against."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from todacomm.core.loops.verdict import VERDICTS, Verdict
from todacomm.core.streams import RESIDUAL

Array = NDArray[np.floating]
Rows = NDArray[np.integer]


@dataclass(frozen=True)
class MetricValue:
    """A number of one layer with what it must be read against; nan where that is not known.

    Attributes
    ----------
    value, lo, hi : float
        Estimate and interval.
    null_mean, null_lo, null_hi : float
        Mean and central 95 % of the null's draws.
    p_adjusted : float
        Of the null, adjusted over all layers.
    """

    value: float
    lo: float = float("nan")
    hi: float = float("nan")
    null_mean: float = float("nan")
    null_lo: float = float("nan")
    null_hi: float = float("nan")
    p_adjusted: float = float("nan")


@dataclass(frozen=True)
class Loop:
    """One of the H1 bars that are looked into.

    Attributes
    ----------
    rank : int
        1 for the longest bar of the layer.
    verdict : str
        ``loop`` (longer than the covariance explains, and reproduced), ``few texts`` (the first without the second),
        ``none``, or ``not tested``.
    reproduction : float
        0 to 1; nan where it was not measured.
    rows : ndarray of int, shape (points_on_loop,)
        Texts on the shortest loop in order; the last is joined with the first. Empty where it is not known.
    angles : ndarray, shape (n_texts,), or None
        Place of every text on the loop, in radians; nan where it is not known.

    Raises
    ------
    ValueError
        An unknown verdict, or a bar that dies before it is born.
    """

    rank: int
    birth: float
    death: float
    verdict: Verdict
    reproduction: float = float("nan")
    rows: Rows = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    angles: Array | None = None

    def __post_init__(self) -> None:
        if self.verdict not in VERDICTS:
            raise ValueError(f"unknown verdict {self.verdict!r}: choose {', '.join(VERDICTS[:-1])} or {VERDICTS[-1]}")
        if not self.death >= self.birth:
            raise ValueError(
                f"H1 bar {self.rank} is born at {self.birth} and dies at {self.death}: expected birth first"
            )


@dataclass(frozen=True)
class Edges:
    """Pairs of texts in rising order of their distance.

    Attributes
    ----------
    first, second : ndarray of int, shape (n_edges,)
        Rows.
    length : ndarray, shape (n_edges,)

    Raises
    ------
    ValueError
        The three differ in length, or lengths fall.
    """

    first: Rows
    second: Rows
    length: Array

    def __post_init__(self) -> None:
        if not len(self.first) == len(self.second) == len(self.length):
            raise ValueError(
                f"edges: {len(self.first)}, {len(self.second)}, {len(self.length)} entries, expected equal"
            )
        if (np.diff(self.length) < 0).any():
            raise ValueError("edges: lengths fall somewhere, expected them sorted from short to long")

    def __len__(self) -> int:
        return len(self.length)


def no_edges() -> Edges:
    """No edge at all."""
    none = np.empty(0, dtype=np.int64)
    return Edges(none, none, np.empty(0))


@dataclass(frozen=True)
class Graph:
    """What is near what in one layer; :func:`todacomm.explorer.graph.layer_graph` makes it from distances.

    Attributes
    ----------
    unit : float
        Median distance among distinct points; nan where it is not defined.
    tree : Edges
        Minimum spanning tree of the distinct points: its lengths are the deaths of H0.
    edges : Edges
        The shortest edges, whether in the tree or not.
    quantiles : ndarray, shape (n_quantiles,)
        Evenly spaced quantiles of all ``n_pairs`` distances, the least first, the largest last.
    neighbours, neighbour_distances : ndarray, shape (n_texts, n_neighbours)
        Nearest first.
    """

    unit: float = float("nan")
    tree: Edges = field(default_factory=no_edges)
    edges: Edges = field(default_factory=no_edges)
    quantiles: Array = field(default_factory=lambda: np.empty(0))
    n_pairs: int = 0
    neighbours: Rows = field(default_factory=lambda: np.empty((0, 0), dtype=np.int64))
    neighbour_distances: Array = field(default_factory=lambda: np.empty((0, 0)))


@dataclass(frozen=True)
class Band:
    """Interval of a Betti curve on a grid of scales, all of shape ``(points,)``."""

    scale: Array
    lo: Array
    hi: Array


@dataclass(frozen=True)
class ExplorerLayer:
    """One layer.

    Attributes
    ----------
    depth : float
        0 for the embedding, 1 for the last layer.
    scores : ndarray, shape (n_texts, n_components)
        Leading principal components; the page holds at most :data:`todacomm.explorer.payload.MAX_COMPONENTS`.
    explained : ndarray, shape (n_components,)
        Share of the variance that each carries.
    diagrams : sequence of ndarray, shape (bars, 2)
        Birth and death by degree, every bar finite; degree 0 is reduced and equals ``graph.tree``.
    loops : sequence of Loop
        The H1 bars that are looked into, the longest first.
    metrics : mapping of MetricValue
        By the metric's name.
    bands : mapping of Band
        Degree -> interval of its Betti curve.
    stream : str
        ``residual``, or what a block adds to it: curves over depth join layers of one stream.
    degenerate : bool
        Whether under half of its rows are distinct.

    Raises
    ------
    ValueError
        The parts do not belong to one layer: shapes or counts that contradict each other.
    """

    name: str
    index: int
    depth: float
    scores: Array
    explained: Array
    diagrams: Sequence[Array] = ()
    graph: Graph = field(default_factory=Graph)
    loops: Sequence[Loop] = ()
    metrics: Mapping[str, MetricValue] = field(default_factory=dict)
    bands: Mapping[int, Band] = field(default_factory=dict)
    stream: str = RESIDUAL
    degenerate: bool = False
    warnings: Sequence[str] = ()

    def __post_init__(self) -> None:
        if self.scores.ndim != 2 or self.scores.shape[1] != len(self.explained):
            raise ValueError(
                f"{self.name}: scores of shape {self.scores.shape} with {len(self.explained)} explained shares, "
                f"expected (n_texts, n_components) and one share for each component"
            )
        if self.diagrams and len(self.graph.tree) and len(self.diagrams[0]) != len(self.graph.tree):
            raise ValueError(
                f"{self.name}: {len(self.diagrams[0])} H0 bars and {len(self.graph.tree)} edges in the spanning tree, "
                f"expected as many: both of the distinct points"
            )
        if not all(np.isfinite(dgm).all() for dgm in self.diagrams):
            raise ValueError(f"{self.name}: a bar is not finite: leave the essential H0 bar out")
        for loop in self.loops:
            if loop.angles is not None and len(loop.angles) != len(self.scores):
                raise ValueError(
                    f"{self.name}: bar {loop.rank} has {len(loop.angles)} angles, expected one for each of "
                    f"{len(self.scores)} texts"
                )
