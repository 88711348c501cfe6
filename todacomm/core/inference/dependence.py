"""Texts that come in groups, such as passages of one document: how alike they are, and what intervals leave out."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from todacomm.core.arrays import Array, Indices
from todacomm.core.checks import as_cloud
from todacomm.core.facts import RunWarning
from todacomm.core.inference.replicates import numbered

OF_ONE_DOCUMENT = "texts_of_one_document"
"""Code of the warning."""
WIDER = 1.2
"""Factor on an interval from which on a reader is told."""
SHUFFLES = 199
BEYOND_CHANCE = 0.01
"""Largest p of a correlation that is told: against texts dealt to the documents at random."""


def intraclass_correlation(points: ArrayLike, groups: Sequence[object]) -> float:
    """How alike the points of one group are: their share of the variance that lies between the groups.

    The estimator of the one-way analysis of variance, its sums of squares taken over all coordinates; about 0 where
    the groups are dealt at random, 1 where the points of a group coincide (Donner 1986, doi 10.2307/1403259).

    Parameters
    ----------
    points : array, shape (n_points, n_dims)
    groups : sequence, length n_points
        Which group each point is of.

    Returns
    -------
    float
        At most 1. nan with one group, without a group of two, or where all points coincide.

    Raises
    ------
    ValueError
        The points are no cloud of finite numbers, or there is not one group for each.

    >>> intraclass_correlation([[0.0], [0.0], [3.0], [3.0]], "aabb")
    1.0
    """
    cloud, group = as_cloud(points, finite=True), numbered(groups)
    if len(group) != len(cloud):
        raise ValueError(f"{len(group)} groups of {len(cloud)} points: expected one for each")
    return _correlation(cloud - cloud.mean(axis=0), group)


def widening(correlation: float, groups: Sequence[object]) -> float:
    """How many times as wide an interval of a mean is for other groups as for other points of these groups.

    The root of the design effect ``1 + (m - 1) rho`` with ``m = sum(m_i^2) / n``, at least 1 (Kish 1965, Survey
    Sampling). What goes with squares, such as a variance, widens less.

    >>> round(widening(0.5, "aaaabbbb"), 3)
    1.581
    """
    sizes = np.bincount(numbered(groups))
    return float(np.sqrt(max(1.0, 1.0 + ((sizes**2).sum() / sizes.sum() - 1.0) * correlation)))


def dependence_warnings(
    clouds: Mapping[str, ArrayLike], documents: Sequence[str], seed: int = 0
) -> tuple[RunWarning, ...]:
    """A warning where texts of one document lie alike, so that intervals do not speak of other documents.

    Parameters
    ----------
    clouds : mapping of array, shape (n_texts, n_dims)
        By layer, in the space in which distances are taken.
    documents : sequence of str
        Of every text.
    seed : int
        Of the shuffles that a correlation is judged by.

    Raises
    ------
    ValueError
        As :func:`intraclass_correlation`.
    """
    n_documents = len(set(documents))
    if not 1 < n_documents < len(documents):
        return ()
    correlations = {name: intraclass_correlation(cloud, documents) for name, cloud in clouds.items()}
    alike = [
        correlation
        for name, correlation in correlations.items()
        if widening(correlation, documents) >= WIDER
        and _p_value(correlation, np.asarray(clouds[name], dtype=float), documents, seed) <= BEYOND_CHANCE
    ]
    if not alike:
        return ()
    low, high, wide = min(alike), max(alike), widening(max(alike), documents)
    text = (
        f"{len(documents)} texts are of {n_documents} documents, and those of one document lie alike in {len(alike)} "
        f"of {len(clouds)} layers (intraclass correlation {low:.2f} to {high:.2f}): intervals speak of other texts of "
        f"these documents; for other documents most are up to {wide:.1f} times as wide: give cluster=document, or use "
        "as many documents as texts"
    )
    return (RunWarning(OF_ONE_DOCUMENT, text),)


def _p_value(correlation: float, cloud: Array, documents: Sequence[str], seed: int) -> float:
    """Against texts that are dealt to the documents at random."""
    rng, centred, group = np.random.default_rng(seed), cloud - cloud.mean(axis=0), numbered(documents)
    drawn = [_correlation(centred, rng.permutation(group)) for _ in range(SHUFFLES)]
    return float((1 + np.count_nonzero(np.array(drawn) >= correlation)) / (1 + SHUFFLES))


def _correlation(centred: Array, group: Indices) -> float:
    sizes, n_points = np.bincount(group), len(group)
    if not 1 < len(sizes) < n_points:
        return np.nan
    order = np.argsort(group, kind="stable")
    sums = np.add.reduceat(centred[order], np.cumsum(sizes) - sizes, axis=0)
    between = float((sums**2 / sizes[:, None]).sum())
    within = float((centred**2).sum()) - between
    mean_between, mean_within = between / (len(sizes) - 1), max(0.0, within) / (n_points - len(sizes))
    typical = (n_points - (sizes**2).sum() / n_points) / (len(sizes) - 1)
    scale = mean_between + (typical - 1.0) * mean_within
    return float((mean_between - mean_within) / scale) if scale > 0.0 else np.nan
