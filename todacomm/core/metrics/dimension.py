"""Shape without topology: spectra and intrinsic dimension, the baselines that topology has to beat."""

import numpy as np
from numpy.typing import ArrayLike

from todacomm.core.arrays import Array
from todacomm.core.checks import as_distances, as_vector
from todacomm.core.matrices import two_nearest
from todacomm.core.metrics.row import Metric

FIRST_RANK = 11
MIN_RANKS = 10
"""The power law of a spectrum is fitted from this rank on, and to no fewer than so many."""
TIE, MOST_TIES = 1e-4, 0.5
"""Logarithm of a ratio below which two neighbours are at one distance, and the share of such points that is allowed.

A lattice in single precision has ratios up to 1e-5 by rounding; in d dimensions a share of d * 1e-4 has such ones."""
ROWS_AT_ONCE = 256
"""Points whose neighbours are put in order together: a copy of all distances would be the largest thing in memory."""
TWINS = 100.0
"""How much nearer than the next a neighbour is that makes two points near-twins."""


def participation_ratio(eigenvalues: ArrayLike) -> float:
    """``sum(lambda)^2 / sum(lambda^2)``: directions that carry the variance; nan without variance.

    Of the covariance's eigenvalues. (Gao et al. 2017, doi 10.1101/214262.)

    >>> participation_ratio([1.0, 1.0, 1.0, 0.0])
    3.0
    """
    values = as_vector(eigenvalues, "the eigenvalues")
    squares = np.sum(values**2)
    return float(values.sum() ** 2 / squares) if squares > 0.0 else np.nan


def effective_rank(eigenvalues: ArrayLike) -> float:
    """Exponential of the entropy of the normalised singular values of the centred cloud.

    ``exp(-sum(p ln p))`` with ``p = s / sum(s)``. The singular values are the roots of the covariance's eigenvalues up
    to a factor that drops out.
    (RankMe: Garrido et al. 2023, arXiv 2210.02885.)

    >>> round(effective_rank([4.0, 4.0, 4.0]), 6)
    3.0
    """
    singular = np.sqrt(np.clip(as_vector(eigenvalues, "the eigenvalues"), 0.0, None))
    total = singular.sum()
    if not total > 0.0:
        return np.nan
    share = singular[singular > 0.0] / total
    return float(np.exp(-(share * np.log(share)).sum()))


def spectrum_ranks(n_points: int, n_dims: int) -> tuple[int, int]:
    """First and last rank, counted from 1, that the power law is fitted to: 11 to half of them."""
    return FIRST_RANK, min(n_points, n_dims) // 2


def spectrum_alpha(eigenvalues: ArrayLike, n_points: int, n_dims: int) -> float:
    """Exponent ``a`` of ``lambda_r ~ r^-a`` fitted by least squares in logarithms; nan under 10 ranks.

    (Stringer et al. 2019, doi 10.1038/s41586-019-1346-5; Agrawal et al. 2022, arXiv 2202.05808.)

    >>> ranks = np.arange(1, 201)
    >>> round(spectrum_alpha(5.0 * ranks**-1.5, 500, 200), 6)
    1.5
    """
    first, last = spectrum_ranks(n_points, n_dims)
    values = as_vector(eigenvalues, "the eigenvalues")[first - 1 : last]
    if last - first + 1 < MIN_RANKS or not (values > 0.0).all():
        return np.nan
    slope, _ = np.polyfit(np.log(np.arange(first, last + 1)), np.log(values), 1)
    return float(-slope)


def twonn_dimension(distances: ArrayLike) -> float:
    """Intrinsic dimension from the two nearest neighbours of distinct points: ``(n - 1) / sum ln(r2 / r1)``.

    The unbiased maximum-likelihood form (Facco et al. 2017, arXiv 1803.06992; Denti et al. 2022, arXiv 2104.13832).
    Scale changes nothing.

    Parameters
    ----------
    distances : ndarray, shape (n_distinct, n_distinct)

    Returns
    -------
    float
        nan under 3 points, and where over half of them have both neighbours at one distance, as on a lattice: a
        cloud with a density has no such points, and each raises the number.

    >>> line = np.array([0.0, 1.0, 3.0])  # ratios 3, 2 and 3 / 2: 2 / ln 9
    >>> round(twonn_dimension(np.abs(line - line[:, None])), 4)
    0.9102
    """
    matrix = as_distances(distances)
    if len(matrix) < 3:
        return np.nan
    ratios = _log_ratios(*two_nearest(matrix).T)
    return np.nan if not len(ratios) or np.mean(ratios < TIE) > MOST_TIES else _dimension(ratios, 1)


def near_twins(distances: ArrayLike) -> int:
    """Points whose nearest neighbour is a hundred times as near as the next: ``r1 < r2 / 100``.

    In ``d`` dimensions a share of ``100^-d`` has that by chance.

    >>> near_twins(np.abs(np.subtract.outer([0.0, 1e-5, 1.0, 2.0, 4.0], [0.0, 1e-5, 1.0, 2.0, 4.0])))
    2
    """
    matrix = as_distances(distances)
    if len(matrix) < 3:
        return 0
    return int((_log_ratios(*two_nearest(matrix).T) > np.log(TWINS)).sum())


def dimension_over_scale(distances: ArrayLike) -> tuple[Array, Array]:
    """Intrinsic dimension in neighbourhoods of growing size (Gride, Denti et al. 2022, arXiv 2104.13832).

    From the distances to neighbours ``k`` and ``2 k`` for k = 1, 2, 4, ... while ``2 k`` is at most a quarter of the
    points, with one point less in the likelihood than there are, as DADApy and scikit-dimension have it. Noise raises
    the dimension at small scales, curvature and clusters at large ones: a plateau is what to read.

    Parameters
    ----------
    distances : ndarray, shape (n_distinct, n_distinct)

    Returns
    -------
    scale : ndarray
        Mean distance to neighbour ``2 k``.
    dimension : ndarray
        The estimate at that scale; the first is TwoNN's. Both are empty under 8 points.
    """
    matrix = as_distances(distances)
    widths = [2**power for power in range(len(matrix).bit_length() - 3)]
    if not widths:
        return np.empty(0), np.empty(0)
    places = [*widths, 2 * widths[-1]]
    some_rows = (matrix[start : start + ROWS_AT_ONCE] for start in range(0, len(matrix), ROWS_AT_ONCE))
    ordered = np.vstack([np.partition(rows, places, axis=1)[:, places] for rows in some_rows])  # (n_distinct, widths)
    scale = ordered[:, 1:].mean(axis=0)
    dimension = np.array([_dimension(_log_ratios(*ordered[:, i : i + 2].T), k) for i, k in enumerate(widths)])
    dimension[0] = twonn_dimension(matrix)
    return scale, dimension


def _log_ratios(near: Array, far: Array) -> Array:
    """``ln(r_2k / r_k)`` of every point, given both distances; of points that coincide with neighbour ``k`` none."""
    distinct = near > 0.0
    ratios: Array = np.log(far[distinct] / near[distinct])
    return ratios


def _dimension(log_ratios: Array, k: int) -> float:
    """Maximum likelihood of the dimension given ``mu = r_2k / r_k``: closed for ``k = 1``, else by Newton's method.

    ``mu`` has the density ``d (mu^d - 1)^(k-1) / (B(k, k) mu^(d (2k-1) + 1))``, which is log-concave in ``d``.
    """
    if k > 1:
        log_ratios = log_ratios[log_ratios > TIE]  # a tie has no likelihood beyond k = 1
    n_points = len(log_ratios)
    if n_points < 2 or not log_ratios.any():
        return np.nan
    unbiased = float((n_points - 1) / log_ratios.sum())
    if k == 1:
        return unbiased
    dimension = unbiased * np.log(2.0)  # r_2k / r_k is about 2^(1/d)
    for _ in range(50):
        score, slope = _score(dimension, log_ratios, k)
        step = score / slope
        dimension = max(dimension - step, dimension / 2.0)
        if abs(step) < 1e-9 * dimension:
            break
    return float(dimension)


def _score(dimension: float, log_ratios: Array, k: int) -> tuple[float, float]:
    """First and second derivative of the log-likelihood in the dimension, with one point less than there are.

    For ``k = 1`` that takes the bias away, and for larger ``k`` nearly so.
    """
    freedom, decay = len(log_ratios) - 1, np.exp(-dimension * log_ratios)
    score = freedom / dimension + (k - 1) * (log_ratios / (1.0 - decay)).sum() - (2 * k - 1) * log_ratios.sum()
    slope = -freedom / dimension**2 - (k - 1) * (log_ratios**2 * decay / (1.0 - decay) ** 2).sum()
    return float(score), float(slope)


TWONN_MARGIN = 0.15
"""The estimate has a standard deviation of 1 / sqrt(texts) whatever the cloud is, 4.5 % of it at 500 texts: with the
margin of the others it would leave nearly every pair open."""

DIMENSION_METRICS: dict[str, Metric] = {
    "participation_ratio": Metric(
        compute=participation_ratio, needs=("eigenvalues",), group="geometry", label="Participation ratio",
        units="dimensions",
        meaning="Number of directions that carry the variance: (sum of eigenvalues)^2 / sum of their squares.",
        source=("doi 10.1101/214262",), grows=True, over_training=True, table="geometry"),
    "effective_rank": Metric(
        compute=effective_rank, needs=("eigenvalues",), group="geometry", label="Effective rank (RankMe)",
        short="Effective rank", units="dimensions",
        meaning="Exponential of the entropy of the normalised singular values. Its interval is conservative.",
        source=("arXiv 2210.02885",), conservative=True, grows=True, compared=True, table="geometry"),
    "spectrum_alpha": Metric(
        compute=spectrum_alpha, needs=("eigenvalues", "n_points", "n_dims"), group="geometry",
        label="Spectral exponent", units="-",
        meaning="Exponent of the power law fitted to the eigenvalues from rank 11 to half of them.",
        undefined=f"it takes {2 * (FIRST_RANK + MIN_RANKS - 1)} eigenvalues above 0: as many points and dimensions",
        source=("doi 10.1038/s41586-019-1346-5", "arXiv 2202.05808"), table="geometry"),
    "twonn_dimension": Metric(
        compute=twonn_dimension, needs=("neighbours",), group="geometry", label="Intrinsic dimension (TwoNN)",
        short="TwoNN dimension", units="dimensions",
        meaning="Dimension from the ratio of the distances to the two nearest neighbours. Its interval is "
        "conservative.", undefined="over half of the points have two neighbours at one distance, as on a lattice",
        source=("arXiv 1803.06992", "arXiv 2104.13832"), conservative=True, compared=True, margin=TWONN_MARGIN,
        table="geometry"),
}  # fmt: skip
