"""Do the same texts lie the same way in two models: distances between two clouds, row by row, with their spread."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from todacomm.core.arrays import Array, Indices
from todacomm.core.checks import as_cloud, as_rows
from todacomm.core.clouds import distances, distinct_rows
from todacomm.core.equivalence.contrasts import Contrast, scaled_halves, spread_of
from todacomm.core.homology import AUTO
from todacomm.core.inference.uncertainty import ROUNDING
from todacomm.core.layer import MIN_DISTINCT
from todacomm.core.similarity.representations import (
    NEIGHBOURS,
    alignment,
    angle,
    nearest,
    nearest_among,
    overlap,
    shape_factor,
    unbiased_gram,
)
from todacomm.core.similarity.rtd import QUANTILE, rtd_directions
from todacomm.core.threads import in_threads


class PlaceMeasure(NamedTuple):
    """A distance between two clouds of the same texts.

    Attributes
    ----------
    label : str
        What reports and figures call it.
    grows : bool
        Whether it is larger with more points, so that half-samples are brought to full size.
    """

    label: str
    grows: bool = True


DIVERGENCES = {
    "rtd_base": PlaceMeasure("RTD, base first"),
    "rtd_candidate": PlaceMeasure("RTD, candidate first"),
}
PLACE_MEASURES = {
    "cka_distance": PlaceMeasure("1 − CKA", grows=False),
    "procrustes": PlaceMeasure("Procrustes distance"),
    "neighbours_lost": PlaceMeasure("Neighbours lost"),
    **DIVERGENCES,
}
"""In the order of the columns of :class:`Places`."""
MARGIN_SHARE = 0.01
MARGIN_DRAWS = 9
MORE = 6
"""Times as many neighbours of all texts are read for those of a half-sample: of 60, ten are there all but surely."""


@dataclass(frozen=True)
class Places:
    """Distances between two clouds of the same texts.

    Attributes
    ----------
    values : ndarray, shape (n_measures,)
        nan for measures left out.
    halves : ndarray, shape (replicates, n_measures)
        The same on half-samples.
    missing : str
        Which cloud has no shape: ``base``, ``candidate`` or ``both``; empty where both have one.
    """

    values: Array
    halves: Array
    missing: str = ""


def places(
    base: ArrayLike,
    candidate: ArrayLike,
    halves: ArrayLike,
    *,
    measures: Collection[str] = PLACE_MEASURES,
    k: int = NEIGHBOURS,
    engine: str = AUTO,
    threads: int = 1,
) -> Places:
    """How far the same texts have moved, on all of them and on half-samples.

    Rotation, translation and scale of either cloud change nothing.

    * ``cka_distance``: ``1 -`` :func:`todacomm.core.similarity.cka`; does not depend on the number of texts.
    * ``procrustes``: the angle of :func:`todacomm.core.similarity.procrustes`.
    * ``neighbours_lost``: ``1 -`` :func:`todacomm.core.similarity.knn_overlap`.
    * ``rtd_base``, ``rtd_candidate``: :func:`todacomm.core.similarity.rtd_directions`.

    The last four grow with the number of texts: read them beside a margin at the same number (:func:`place_margins`).

    Parameters
    ----------
    base, candidate : array, shapes (n_points, n_dims) and (n_points, other_dims)
        Clouds of the same texts in the same order.
    halves : ndarray of int, shape (replicates, n_points // 2)
        As :func:`todacomm.core.inference.half_samples` draws them.
    measures : sequence of str
        Of :data:`PLACE_MEASURES`; the divergences take nearly all of the time. nan for those left out.
    k : int
        Neighbours; fewer where a half-sample has no more.

    Raises
    ------
    ValueError
        A cloud is no matrix of numbers, different numbers of texts, half-samples that are no rows of them, or an
        unknown measure.

    >>> square = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0], [3.0, 0.0]])
    >>> places(square, 2.0 * square[:, ::-1], np.array([[0, 1, 2, 4]])).values.round(6).tolist()
    [0.0, 0.0, 0.0, 0.0, 0.0]
    """
    unknown = [name for name in measures if name not in PLACE_MEASURES]
    if unknown:
        raise ValueError(f"unknown measure {unknown[0]!r}: choose {', '.join(PLACE_MEASURES)}")
    clouds = as_cloud(base, "the base's cloud"), as_cloud(candidate, "the candidate's cloud")
    n_points = len(clouds[0])
    if len(clouds[1]) != n_points:
        raise ValueError(f"clouds of {n_points} and {len(clouds[1])} texts: expected the same texts in both")
    subsets = as_rows(halves, n_points, "the half-samples")
    missing = _missing(*map(_has_shape, clouds))
    if missing:
        nothing = np.full((1 + len(subsets), len(PLACE_MEASURES)), np.nan)
        return Places(nothing[0], nothing[1:], missing)
    sides = [_side(cloud, k) for cloud in clouds]

    def measure(rows: Indices) -> Array:
        return _distances([side.of(rows, k) for side in sides], measures, engine)

    measured = np.array(list(in_threads(measure, [np.arange(n_points), *subsets], threads)))
    return Places(measured[0], measured[1:])


def place_margins(
    base: ArrayLike,
    rng: np.random.Generator,
    *,
    share: float = MARGIN_SHARE,
    draws: int = MARGIN_DRAWS,
    measures: Collection[str] = PLACE_MEASURES,
    k: int = NEIGHBOURS,
    engine: str = AUTO,
    threads: int = 1,
) -> Array:
    """How far two half-samples of the base itself differ, blended to a share: margins for all measures at this size.

    The texts of one random half take a share of their variance from random texts of the other half, and the reverse
    (:func:`blended`); the margin is the mean distance from the base over such draws. A share of 0 is the base, of 1
    texts paired at random. Among many texts ``cka_distance`` is the share itself and ``procrustes``
    ``arcsin(sqrt(share))``: one number that means the same for all measures, at the same number of texts and for the
    base's own covariance.

    Two half-samples as they are make no margin: they hold different texts. Matched text by text at best, they are as
    far from each other as Qwen2.5-0.5B's base and instruct models (``1 - CKA`` about .4), which are not the same. The
    same texts, each described by its products with those of one half and of the other, differ by .14, .05 and .03 for
    100, 300 and 600 texts of that base (``python -m benchmarks.gate_margins``): sampling alone, which shrinks as the
    interval does, so that with more texts less and less would be the same.

    Parameters
    ----------
    share : float
        Above 0, at most 1.

    Returns
    -------
    ndarray, shape (n_measures,)
        nan for measures left out, and for a cloud without a shape. At least ten times the rounding: where no blend
        changes any neighbour, as among 11 texts that are all neighbours, equal clouds are still the same.

    Raises
    ------
    ValueError
        The share is not above 0 and at most 1, or the cloud is no matrix of numbers.

    >>> rng = np.random.default_rng(0)
    >>> place_margins(rng.normal(size=(300, 5)), rng, measures=("cka_distance",)).round(2)[0].item()
    0.01
    """
    if not 0.0 < share <= 1.0:
        raise ValueError(f"a share of {share}: expected above 0 and at most 1, such as {MARGIN_SHARE}")
    cloud = as_cloud(base, "the base's cloud")
    none = np.empty((0, 0), dtype=np.intp)
    moved = (
        places(cloud, blended(cloud, share, rng), none, measures=measures, k=k, engine=engine, threads=threads).values
        for _ in range(draws)
    )
    return np.asarray(np.maximum(np.mean(list(moved), axis=0), 10.0 * ROUNDING))


def blended(cloud: ArrayLike, share: float, rng: np.random.Generator) -> Array:
    """A cloud whose every text has a share of its variance from a random text of the other half of the texts.

    ``sqrt(1 - share) x + sqrt(share) x'`` about the mean, which leaves mean and covariance as they are on average.

    Returns
    -------
    ndarray, shape (n_points, n_dims)

    Raises
    ------
    ValueError
        The cloud is no matrix of numbers, or one of a single point.
    """
    points = as_cloud(cloud)
    if len(points) < 2:
        raise ValueError("a cloud of 1 point has no other half to blend with: expected 2 points at least")
    centred = points - points.mean(axis=0)
    order = rng.permutation(len(points))
    one, other = order[: len(points) // 2], order[len(points) // 2 :]
    partner = np.empty(len(points), dtype=np.intp)
    partner[one] = rng.permutation(other)[: len(one)]
    partner[other] = np.resize(rng.permutation(one), len(other))
    mixed: Array = points.mean(axis=0) + np.sqrt(1.0 - share) * centred + np.sqrt(share) * centred[partner]
    return mixed


def place_contrast(layers: Sequence[Places], rounding: float = ROUNDING) -> Contrast:
    """Distances of all layers from 0 as a contrast, shape (n_layers, n_measures), to be judged beside their margins.

    Parameters
    ----------
    layers : sequence of Places
        Of the same half-samples, with columns as in :data:`PLACE_MEASURES`. A measure left out is missing in both; a
        layer without a shape in one of the models only is undecided, not left out.
    """
    values = np.array([layer.values for layer in layers])
    halves = np.stack([layer.halves for layer in layers], axis=1)
    of_layer = np.array([[layer.missing] for layer in layers])
    missing = np.where(np.isfinite(values), "", np.where(of_layer == "", "both", of_layer))
    grows = np.array([measure.grows for measure in PLACE_MEASURES.values()])
    return spread_of(values, scaled_halves(values, halves, grows), rounding, missing)


class _Side(NamedTuple):
    """A cloud in no more directions than it needs, its distances, and the neighbours nearest to each point."""

    cloud: Array
    distances: Array
    near: Indices

    def of(self, rows: Indices, k: int) -> "_Side":
        """Some of its rows, with k neighbours each, or as many as there are."""
        own = self.distances[np.ix_(rows, rows)]
        k = min(k, len(rows) - 1)
        near = nearest_among(self.near, rows, k)
        return _Side(self.cloud[rows], own, nearest(own, k) if near is None else near)


def _has_shape(cloud: Array) -> bool:
    return bool(np.isfinite(cloud).all()) and len(distinct_rows(cloud)) >= MIN_DISTINCT


def _missing(base: bool, candidate: bool) -> str:
    if base:
        return "" if candidate else "candidate"
    return "base" if candidate else "both"


def _side(cloud: Array, k: int) -> _Side:
    """The cloud about its mean, turned into no more directions than it has points; neighbours enough for its halves."""
    centred = cloud - cloud.mean(axis=0)
    if centred.shape[1] > len(centred):
        centred = np.asarray(np.linalg.qr(centred.T, mode="r")).T
    between = distances(centred)
    return _Side(centred, between, nearest(between, min(MORE * k, len(cloud) - 1)))


def _distances(sides: Sequence[_Side], measures: Collection[str], engine: str) -> Array:
    """All measures asked for between two sides of the same rows: shape (n_measures,)."""
    result = dict.fromkeys(PLACE_MEASURES, np.nan)
    if "cka_distance" in measures:
        result["cka_distance"] = 1.0 - alignment(*(unbiased_gram(side.cloud) for side in sides))
    if "procrustes" in measures:
        result["procrustes"] = angle(*(shape_factor(side.cloud) for side in sides))
    if "neighbours_lost" in measures:
        result["neighbours_lost"] = 1.0 - overlap(*(side.near for side in sides))
    if DIVERGENCES.keys() & set(measures) and all(np.quantile(side.distances, QUANTILE) > 0.0 for side in sides):
        both = rtd_directions(sides[0].distances, sides[1].distances, engine)
        result |= {name: value for name, value in zip(DIVERGENCES, both, strict=True) if name in measures}
    return np.array(list(result.values()))
