"""Two clouds of the same texts: kernel alignment, Procrustes distance, common neighbours."""

import numpy as np
from numpy.typing import ArrayLike

from todacomm.core.arrays import Array, Indices
from todacomm.core.checks import as_cloud, as_distances, require_paired
from todacomm.core.clouds import distances
from todacomm.core.similarity.permuted import Neighbours, permuted_alignments, permuted_angles, permuted_overlaps
from todacomm.core.similarity.row import Similarity

NEIGHBOURS = 10
EQUAL = 1e-12
"""Share of the squares up to which products differ by rounding alone."""


def cka(first: ArrayLike, second: ArrayLike) -> float:
    """Linear centred kernel alignment, debiased: 0 for unrelated clouds, 1 for equal ones.

    Rotation, translation, scale and a common order of the rows change nothing. ``HSIC_1(K, L) / sqrt(HSIC_1(K, K)
    HSIC_1(L, L))`` of the linear kernels; the biased form reads .91 on unrelated noise of 75 points in 768 dimensions,
    this one 0 on average, and so may be slightly negative. (Kornblith et al. 2019, arXiv 1905.00414; Murphy et al.
    2024, arXiv 2405.01012; Song et al. 2012 for the estimator.)

    Parameters
    ----------
    first, second : array, shapes (n_points, n_dims) and (n_points, other_dims)
        At least 4 points.

    Raises
    ------
    ValueError
        The clouds differ in their numbers of points, have under 4, or hold nan or infinity.

    >>> points = np.random.default_rng(0).normal(size=(20, 3))
    >>> round(cka(points, 2.0 * points + 1.0), 12)
    1.0
    """
    return alignment(*(unbiased_gram(cloud) for cloud in _paired_clouds(first, second)))


def procrustes(first: ArrayLike, second: ArrayLike) -> float:
    """Angle in radians between two clouds after the best rotation: 0 for equal ones, never over pi/2.

    Unrelated clouds stay below pi/2, because the rotation fits them to each other: .22 for 75 points of noise in 768
    dimensions, .58 for 500, 1.24 for 5,000. Read it beside permuted rows:
    :func:`todacomm.core.similarity.chance.chance`.

    Clouds are centred and brought to Frobenius norm 1; the distance is ``arccos`` of the nuclear norm of their product,
    a metric on shapes. Rotation, reflection, translation and scale change nothing; widths may differ, the smaller cloud
    gets zeros. (Williams et al. 2021, arXiv 2110.14739.)

    Raises
    ------
    ValueError
        The clouds differ in their numbers of points, or hold nan or infinity.

    >>> square = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]
    >>> turned = [[5.0, 5.0], [5.0, 7.0], [3.0, 7.0], [3.0, 5.0]]
    >>> round(procrustes(square, turned), 6)
    0.0
    """
    return angle(*(shape_factor(cloud) for cloud in _paired_clouds(first, second)))


def knn_overlap(first: ArrayLike, second: ArrayLike, k: int = NEIGHBOURS) -> float:
    """Mean share of the k nearest neighbours that are the same in two clouds of the same texts.

    From distances, shape ``(n_points, n_points)``. Chance alone gives ``k / (n_points - 1)``. (Valeriani et al. 2023,
    arXiv 2302.00294.)

    Raises
    ------
    ValueError
        The distances are no square matrices of one size, or there are not so many other points.

    >>> line = np.abs(np.arange(6.0)[:, None] - np.arange(6.0))
    >>> knn_overlap(line, line**2, k=2)
    1.0
    """
    first, second = as_distances(first, "the first distances"), as_distances(second, "the second distances")
    require_paired(first, second)
    return overlap(nearest(first, k), nearest(second, k))


def unbiased_gram(cloud: ArrayLike) -> Array:
    """Products of the rows as HSIC_1 takes them: no diagonal, rows and columns summing to 0 without bias.

    All 0 where no two points are nearer than two others but by rounding.

    Raises
    ------
    ValueError
        Under 4 points: the estimator is not defined.
    """
    points = _centred(cloud)
    n = len(points)
    if n < 4:
        raise ValueError(f"{n} points: a kernel alignment takes 4 at least")
    gram = points @ points.T
    np.fill_diagonal(gram, 0.0)
    means = gram.sum(axis=0) / (n - 2)
    centred: Array = gram - means - means[:, None] + means.sum() / (n - 1)
    np.fill_diagonal(centred, 0.0)
    return centred if np.linalg.norm(centred) > EQUAL * (points**2).sum() else np.zeros_like(centred)


def alignment(first: Array, second: Array) -> float:
    """:func:`cka` from two matrices of :func:`unbiased_gram`; nan where all points of a cloud are equally far apart."""
    own = np.vdot(first, first) * np.vdot(second, second)
    return float(np.vdot(first, second) / np.sqrt(own)) if own > 0.0 else float("nan")


def shape_factor(cloud: ArrayLike) -> Array:
    """A cloud up to rotation: centred, of Frobenius norm 1, no more columns than points; nan for a single point."""
    centred = _centred(cloud)
    if centred.shape[1] > centred.shape[0]:
        centred = np.asarray(np.linalg.qr(centred.T, mode="r")).T
    size = np.linalg.norm(centred)
    return centred / size if size > 0.0 else np.full_like(centred, np.nan)


def angle(first: Array, second: Array) -> float:
    """:func:`procrustes` from two factors of :func:`shape_factor`."""
    product = first.T @ second
    if not np.isfinite(product).all():
        return float("nan")
    alike = np.linalg.svd(product, compute_uv=False).sum()
    return float(np.arccos(min(alike, 1.0)))


def nearest(distances: Array, k: int = NEIGHBOURS) -> Indices:
    """The k rows nearest to each row, itself left out; the earlier row first where two are equally near.

    Raises
    ------
    ValueError
        There are not so many other points.
    """
    n = len(distances)
    if not 0 < k < n:
        raise ValueError(f"{k} nearest neighbours of {n} points: expected 1 to {n - 1}")
    to_others = distances.copy()
    np.fill_diagonal(to_others, np.inf)
    farthest = np.partition(to_others, k - 1, axis=1)[:, k - 1, None]
    within = np.nonzero(to_others <= farthest)[1]
    if len(within) != n * k:  # equally near ones: a whole sort knows the earlier
        return np.argsort(to_others, axis=1, kind="stable")[:, :k]
    columns = within.reshape(n, k)
    order = np.argsort(np.take_along_axis(to_others, columns, axis=1), axis=1, kind="stable")
    return np.take_along_axis(columns, order, axis=1)


def nearest_among(near: Indices, rows: Indices, k: int) -> Indices | None:
    """:func:`nearest` of some rows alone, from more neighbours of all rows than are asked for.

    Parameters
    ----------
    near : ndarray of int, shape (n_points, n_neighbours)
        :func:`nearest` of all rows.
    rows : ndarray of int, shape (n_rows,)
        Ascending.

    Returns
    -------
    ndarray of int, shape (n_rows, k), or None
        Places in ``rows``. None where one of the rows has fewer than k neighbours among the others.

    >>> line = np.abs(np.subtract.outer(np.arange(4.0), np.arange(4.0)))
    >>> nearest_among(nearest(line, 3), np.array([0, 2, 3]), 1).ravel().tolist()
    [1, 2, 1]
    """
    place = np.full(len(near), -1)
    place[rows] = np.arange(len(rows))
    among = place[near[rows]]
    here = among >= 0
    first = here & (here.cumsum(axis=1) <= k)
    return among[first].reshape(len(rows), k) if first.sum() == len(rows) * k else None


def overlap(first: Indices, second: Indices) -> float:
    """:func:`knn_overlap` from two tables of :func:`nearest`."""
    n, k = first.shape
    member = np.zeros((n, n), dtype=bool)
    np.put_along_axis(member, first, True, axis=1)
    return float(np.take_along_axis(member, second, axis=1).sum() / (n * k))


def neighbours_of(cloud: ArrayLike, k: int = NEIGHBOURS) -> Indices:
    """:func:`nearest` of a cloud's Euclidean distances; of all other points where there are fewer than k."""
    return neighbours_with_ties(cloud, k).table


def neighbours_with_ties(cloud: ArrayLike, k: int = NEIGHBOURS) -> Neighbours:
    """:func:`neighbours_of` a cloud, with the rows among whose equally near ones the order of the rows decides."""
    points = as_cloud(cloud, finite=True)
    between = distances(points)
    table = nearest(between, min(k, len(points) - 1))
    farthest = np.take_along_axis(between, table[:, -1:], axis=1)
    tied = between == farthest
    np.fill_diagonal(tied, False)
    certain = (np.take_along_axis(between, table, axis=1) < farthest).sum(axis=1)
    rows = np.flatnonzero(certain + tied.sum(axis=1) > table.shape[1])
    return Neighbours(table, tuple((int(row), int(certain[row]), np.flatnonzero(tied[row])) for row in rows))


PROCRUSTES_DRAWS = 19
"""For 14 x 14 layers of 500 texts one draw takes .03 s with CKA, .01 s with neighbours, and 5 to 13 s with the singular
values of Procrustes (.5 s for matched layers alone)."""

SIMILARITIES: dict[str, Similarity] = {
    "cka": Similarity(
        prepare=unbiased_gram, measure=alignment, permuted=permuted_alignments,
        label="Centred kernel alignment (debiased)", short="CKA", range=(0.0, 1.0), alike=1,
        chance="0 on average, whatever the numbers of points and dimensions",
        reading="1: the same geometry up to rotation and scale; 0: none in common.",
        source=("arXiv 1905.00414", "arXiv 2405.01012")),
    "procrustes": Similarity(
        prepare=shape_factor, measure=angle, permuted=permuted_angles, most_draws=PROCRUSTES_DRAWS,
        label="Procrustes distance", short="Procrustes", units="radians", range=(0.0, np.pi / 2), alike=-1,
        chance="another angle for other numbers of points and dimensions, which stands beside each value in the table",
        reading="Angle that is left after the best rotation: 0 is equal, and the larger the less alike.",
        source=("arXiv 2110.14739",)),
    "knn_overlap": Similarity(
        prepare=neighbours_with_ties, measure=lambda first, second: overlap(first.table, second.table),
        permuted=permuted_overlaps, label="Common nearest neighbours",
        short="neighbours", units="0..1", range=(0.0, 1.0), alike=1, chance="ten out of all other texts",
        reading="Mean share of a text's ten nearest neighbours that are the same in both layers.",
        source=("arXiv 2302.00294",)),
}  # fmt: skip
"""Name -> measure of every two layers of two models on the same texts."""


def _paired_clouds(first: ArrayLike, second: ArrayLike) -> tuple[Array, Array]:
    clouds = as_cloud(first, "the first cloud", finite=True), as_cloud(second, "the second cloud", finite=True)
    require_paired(*clouds, ("the first cloud", "the second"))
    return clouds


def _centred(cloud: ArrayLike) -> Array:
    """The cloud about its mean; exactly 0 where its rows differ by rounding alone."""
    points = as_cloud(cloud)
    centred: Array = points - points.mean(axis=0)
    return centred if np.linalg.norm(centred) > 1e-12 * np.linalg.norm(points) else np.zeros_like(centred)
