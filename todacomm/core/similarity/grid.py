"""Layer-by-layer grids of two models, matched depths, and the tree of several models."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from todacomm.core.arrays import Array
from todacomm.core.checks import as_cloud, as_distances, as_vector, require_choice
from todacomm.core.clouds import distinct_rows
from todacomm.core.layer import MIN_DISTINCT
from todacomm.core.similarity.representations import SIMILARITIES
from todacomm.core.threads import in_threads


@dataclass(frozen=True, slots=True)
class Prepared:
    """What one layer gives to every comparison, computed once.

    Attributes
    ----------
    values : mapping
        Name of a measure -> what its ``prepare`` gives.
    """

    n_points: int
    values: Mapping[str, Any]


def prepare(cloud: ArrayLike) -> Prepared | None:
    """What a cloud gives to every measure; None for one that holds nan or infinity, or under 4 distinct points.

    Raises
    ------
    ValueError
        It is no matrix of numbers.
    """
    points = as_cloud(cloud)
    if not np.isfinite(points).all() or len(distinct_rows(points)) < MIN_DISTINCT:
        return None
    return Prepared(len(points), {name: measure.prepare(points) for name, measure in SIMILARITIES.items()})


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
    require_choice("measure", measure, list(SIMILARITIES))
    sizes = {layer.n_points for side in (first, second) for layer in side.values() if layer is not None}
    if len(sizes) > 1:
        raise ValueError(f"clouds of {' and '.join(map(str, sorted(sizes)))} texts: expected the same texts in all")
    between = SIMILARITIES[measure].measure

    def row(layer: Prepared | None) -> list[float]:
        return [
            np.nan if layer is None or other is None else between(layer.values[measure], other.values[measure])
            for other in second.values()
        ]

    # a row of the grid at a time: (n_layers, other_layers)
    return np.array(list(in_threads(row, first.values(), threads)))


def matched_layers(first: Sequence[float], second: Sequence[float]) -> list[tuple[int, int]]:
    """Layers at the nearest relative depth: one pair for each layer of the model that has fewer.

    Parameters
    ----------
    first, second : sequence of float
        Relative depths, rising.

    Raises
    ------
    ValueError
        They are no rows of numbers.

    >>> matched_layers([0.0, 0.5, 1.0], [0.0, 0.3, 0.6, 1.0])
    [(0, 0), (1, 2), (2, 3)]
    """
    a, b = as_vector(first, "the first depths"), as_vector(second, "the second depths")
    if len(a) <= len(b):
        return [(i, int(np.abs(b - depth).argmin())) for i, depth in enumerate(a)]
    return [(int(np.abs(a - depth).argmin()), j) for j, depth in enumerate(b)]


def linkage(matrix: ArrayLike) -> Array:
    """Average linkage of a symmetric matrix of distances, in SciPy's form: shape ``(n - 1, 4)``.

    Raises
    ------
    ValueError
        Under two rows, or as :func:`todacomm.core.checks.as_distances`.
    """
    from scipy.cluster import hierarchy
    from scipy.spatial.distance import squareform

    between = as_distances(matrix)
    if len(between) < 2:
        raise ValueError(f"distances of {len(between)} rows: a tree joins 2 at least")
    table: Array = hierarchy.linkage(squareform(between, checks=False), "average", optimal_ordering=True)
    return table
