"""Numbers of a cloud before its shape: whether it can be read at all, how large it is, what its distances are."""

import numpy as np
from numpy.typing import ArrayLike

from todacomm.core.checks import as_array, as_vector
from todacomm.core.metrics.row import Metric


def count_points(n_points: int) -> float:
    """``n``: the rows of the cloud, one a text.

    >>> count_points(500)
    500.0
    """
    return float(n_points)


def count_distinct(n_distinct: int) -> float:
    """``n'``: the rows left after merging those that coincide.

    Rows closer than ``1e-6`` of the root mean square distance to the centroid coincide, and so do those that hang
    together through them.

    >>> count_distinct(498)
    498.0
    """
    return float(n_distinct)


def duplicate_fraction(n_points: int, n_distinct: int) -> float:
    """``1 - n' / n``: the share of the rows that repeat another one.

    >>> duplicate_fraction(4, 3)
    0.25
    """
    return 1.0 - n_distinct / n_points


def top_token_fraction(pooled_tokens: ArrayLike | None) -> float:
    """``max over tokens of #{texts pooled at it} / texts``; nan where no token is pooled.

    Parameters
    ----------
    pooled_tokens : array of int, shape (n_texts,), or None
        Token ids.

    Raises
    ------
    ValueError
        They are no row of numbers.

    >>> top_token_fraction([13, 13, 13, 464])
    0.75
    """
    if pooled_tokens is None:
        return np.nan
    _, counts = np.unique(as_vector(pooled_tokens, "the pooled tokens"), return_counts=True)
    return float(counts.max() / counts.sum())


def truncated_fraction(truncated: ArrayLike) -> float:
    """``#{texts longer than max_length} / texts``.

    Parameters
    ----------
    truncated : array of bool, shape (n_texts,)
        Whether each text was cut; or their share.

    Raises
    ------
    ValueError
        They are no numbers.

    >>> truncated_fraction([True, False])
    0.5
    """
    return float(np.mean(as_array(truncated, "the marks of cut texts")))


def mean_norm(norms: ArrayLike) -> float:
    """``mean(|x|)`` over the rows before centring, in units of a distance.

    Parameters
    ----------
    norms : array, shape (n_points,)
        Lengths of the rows.

    Raises
    ------
    ValueError
        They are no row of numbers.

    >>> mean_norm(np.array([3.0, 5.0]))
    4.0
    """
    return float(as_vector(norms, "the norms").mean())


def top_dim_variance(variances: ArrayLike) -> float:
    """``max(var_j) / sum(var_j)`` over the coordinates ``j``; nan without variance.

    One rogue dimension can decide every distance (Timkey and van Schijndel 2021, arXiv 2109.04404).

    Parameters
    ----------
    variances : array, shape (n_dims,)

    Raises
    ------
    ValueError
        They are no row of numbers.

    >>> round(top_dim_variance(np.array([9.0, 16.0])), 2)
    0.64
    """
    by_coordinate = as_vector(variances, "the variances")
    total = by_coordinate.sum()
    return float(by_coordinate.max() / total) if total > 0.0 else np.nan


def mean_cosine(mean_direction: ArrayLike, n_points: int) -> float:
    """``mean of x.y / (|x| |y|)`` over pairs of rows before centring; nan where a row is zero, or for a single row.

    0 where directions are spread evenly, near 1 in a narrow cone (Ethayarajh 2019, arXiv 1909.00512). With the mean
    ``u`` of the rows over their lengths it is ``(n |u|^2 - 1) / (n - 1)``: no matrix of all pairs.

    Parameters
    ----------
    mean_direction : array, shape (n_dims,)
        ``u``.
    n_points : int
        Rows, ``n``.

    Raises
    ------
    ValueError
        The direction is no row of numbers.

    >>> mean_cosine(np.array([0.0, 0.0]), 2)  # two opposite rows
    -1.0
    """
    direction = as_vector(mean_direction, "the mean direction")
    if n_points < 2:
        return np.nan
    return float((n_points * (direction**2).sum() - 1.0) / (n_points - 1))


def median_distance(median: float) -> float:
    """``median(d)`` over pairs of points.

    >>> median_distance(2.0)
    2.0
    """
    return median


def cover_radius(to_landmark: ArrayLike) -> float:
    """``max over points of min over landmarks of d`` (Chazal, de Silva and Oudot 2014, arXiv 1207.3885).

    Parameters
    ----------
    to_landmark : array, shape (n_points,)
        Distance of each point to its nearest landmark.

    Raises
    ------
    ValueError
        They are no row of numbers.

    >>> cover_radius(np.array([0.0, 2.0, 1.0]))
    2.0
    """
    return float(as_vector(to_landmark, "the distances to landmarks").max())


def pca_explained_variance(scores_variance: float, total_variance: float) -> float:
    """``sum(var of the scores kept) / sum(var of the cloud)``; nan without variance.

    >>> pca_explained_variance(8.0, 10.0)
    0.8
    """
    return min(scores_variance / total_variance, 1.0) if total_variance > 0.0 else np.nan


HEALTH_METRICS: dict[str, Metric] = {
    "n_points": Metric(
        compute=count_points, needs=("n_points",), group="cloud", label="Points", units="-",
        meaning="Rows of the cloud: one a text.", interval=False, table="health"),
    "n_distinct": Metric(
        compute=count_distinct, needs=("n_distinct",), group="cloud", label="Distinct points", units="-",
        meaning="Rows left after merging those that coincide.", interval=False, table="health"),
    "duplicate_fraction": Metric(
        compute=duplicate_fraction, needs=("n_points", "n_distinct"), group="cloud", label="Share of duplicates",
        units="0..1", meaning="Share of the rows that repeat another one.",
        reading="Over a half, ratios with this layer below are not taken; from a tenth on the report warns.",
        interval=False),
    "top_token_fraction": Metric(
        compute=top_token_fraction, needs=("pooled_tokens",), of="texts", group="cloud",
        label="Share of the commonest pooled token", units="0..1",
        meaning="Share of the pooled positions held by one token id (last-token pooling).", interval=False,
        table="health"),
    "truncated_fraction": Metric(
        compute=truncated_fraction, needs=("truncated",), of="texts", group="cloud", label="Share of texts cut",
        units="0..1", meaning="Share of the texts cut at max_length.", interval=False, table="health"),
    "mean_norm": Metric(
        compute=mean_norm, needs=("norms",), group="cloud", label="Mean norm", units="distance",
        meaning="Mean length of the activation vectors.", scale_free=False, table="health"),
    "top_dim_variance": Metric(
        compute=top_dim_variance, needs=("variances",), group="cloud", label="Largest coordinate's share of variance",
        units="0..1",
        meaning="Share of the total variance in one coordinate: near 1, a rogue dimension decides every distance.",
        reading="Over a half, where no other coordinate has half as much, distances are mostly one coordinate's: "
        "analyse with `standardize=true` too.",
        source=("arXiv 2109.04404",), table="health"),
    "mean_cosine": Metric(
        compute=mean_cosine, needs=("mean_direction", "n_points"), group="cloud", label="Mean cosine (anisotropy)",
        short="Mean cosine", units="-1..1",
        meaning="Mean cosine between two activation vectors before centring.", undefined="a row is zero",
        source=("arXiv 1909.00512",), compared=True, table="health"),
    "median_distance": Metric(
        compute=median_distance, needs=("median",), group="cloud", label="Median distance", units="distance",
        meaning="Median distance between two points.", scale_free=False, table="health"),
    "unit_distance": Metric(
        compute=median_distance, needs=("unit",), group="cloud", label="Median distance of distinct points",
        units="distance",
        meaning="Median distance between two distinct points, or two landmarks: the unit of every number that is "
        "divided by a distance.", scale_free=False, interval=False),
    "cover_radius": Metric(
        compute=cover_radius, needs=("to_landmark",), of="landmarks", group="cloud",
        label="Cover radius of the landmarks", units="distance",
        meaning="Largest distance of a point to its nearest landmark: bars of all points are born and die at most "
        "twice that earlier than those of the landmarks.",
        source=("arXiv 1207.3885",), scale_free=False, interval=False, table="health"),
    "pca_explained_variance": Metric(
        compute=pca_explained_variance, needs=("scores_variance", "total_variance"), group="cloud",
        label="Variance kept by PCA", units="0..1", meaning="Share of the variance that the principal components keep.",
        interval=False, table="health"),
}  # fmt: skip
