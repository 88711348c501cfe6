"""Layer-by-layer grids of two models, matched depths, and the tree of several models."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from todacomm.core.clouds import distances, distinct_rows
from todacomm.core.layer import MIN_DISTINCT
from todacomm.core.similarity.representations import (
    NEIGHBOURS,
    Prepared,
    alignment,
    angle,
    nearest,
    overlap,
    shape_factor,
    unbiased_gram,
)
from todacomm.core.threads import in_threads

Array = NDArray[np.float64]

@dataclass(frozen=True)
class Similarity:
    """A measure of two prepared clouds and how it may be read."""

    measure: Callable[[Prepared, Prepared], float]
    label: str
    range: tuple[float, float]
    alike: int
    chance: str


SIMILARITIES = {
    "cka": Similarity(lambda a, b: alignment(a.gram, b.gram), "CKA", (0.0, 1.0), 1, "0"),
    "procrustes": Similarity(
        lambda a, b: angle(a.factor, b.factor), "Procrustes distance", (0.0, np.pi / 2), -1, "depends on n and d"
    ),
    "knn_overlap": Similarity(
        lambda a, b: overlap(a.neighbours, b.neighbours), "Common nearest neighbours", (0.0, 1.0), 1, "k / (n - 1)"
    ),
}
"""Name -> measure of two prepared clouds."""


def prepare(cloud: ArrayLike, k: int = NEIGHBOURS) -> Prepared | None:
    """What a cloud gives to every comparison; None for one that holds nan or infinity, or under 4 distinct points."""
    points = np.asarray(cloud, dtype=np.float64)
    if not np.isfinite(points).all() or len(distinct_rows(points)) < MIN_DISTINCT:
        return None
    neighbours = nearest(distances(points), min(k, len(points) - 1))
    return Prepared(unbiased_gram(points), shape_factor(points), neighbours)


def prepare_all(clouds: Mapping[str, ArrayLike], threads: int = 1) -> tuple[dict[str, Prepared | None], list[str]]:
    """Every layer prepared, and the names of those that cannot be: not finite, or under 4 distinct points."""
    prepared = dict(zip(clouds, in_threads(prepare, clouds.values(), threads), strict=True))
    return prepared, [name for name, layer in prepared.items() if layer is None]


def similarity_grid(
    first: Mapping[str, Prepared | None], second: Mapping[str, Prepared | None], measure: str, threads: int = 1
) -> Array:
    """A measure of every layer of one model with every layer of another on the same texts.

    Parameters
    ----------
    first, second : mapping
        Layer -> what :func:`prepare` gives.
    measure : str
        One of :data:`SIMILARITIES`.

    Returns
    -------
    ndarray, shape (n_layers, other_layers)
        nan in the row or column of a layer that cannot be compared.

    Raises
    ------
    ValueError
        An unknown measure, or clouds of different numbers of texts.
    """
    if measure not in SIMILARITIES:
        raise ValueError(f"unknown measure {measure!r}: choose {', '.join(SIMILARITIES)}")
    sizes = {len(layer.gram) for side in (first, second) for layer in side.values() if layer is not None}
    if len(sizes) > 1:
        raise ValueError(f"clouds of {' and '.join(map(str, sorted(sizes)))} texts: expected the same texts in all")

    def row(layer: Prepared | None) -> list[float]:
        return [
            SIMILARITIES[measure].measure(layer, other) if layer is not None and other is not None else np.nan
            for other in second.values()
        ]

    return np.array(list(in_threads(row, first.values(), threads)))


def matched_layers(first: Sequence[float], second: Sequence[float]) -> list[tuple[int, int]]:
    """Layers at the nearest relative depth: one pair for each layer of the model that has fewer.

    Parameters
    ----------
    first, second : sequence of float
        Relative depths, rising.

    >>> matched_layers([0.0, 0.5, 1.0], [0.0, 0.3, 0.6, 1.0])
    [(0, 0), (1, 2), (2, 3)]
    """
    a, b = np.asarray(first), np.asarray(second)
    if len(a) <= len(b):
        return [(i, int(np.abs(b - depth).argmin())) for i, depth in enumerate(a)]
    return [(int(np.abs(a - depth).argmin()), j) for j, depth in enumerate(b)]


def linkage(matrix: ArrayLike) -> Array:
    """Average linkage of a symmetric matrix of distances, in SciPy's form: shape ``(n - 1, 4)``."""
    from scipy.cluster import hierarchy
    from scipy.spatial.distance import squareform

    table: Array = hierarchy.linkage(squareform(np.asarray(matrix), checks=False), "average", optimal_ordering=True)
    return table
