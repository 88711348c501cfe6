"""Shape without topology: spectra and intrinsic dimension, the baselines that topology has to beat."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

FIRST_RANK = 11
MIN_RANKS = 10


def participation_ratio(eigenvalues: ArrayLike) -> float:
    """``(sum lambda)^2 / sum lambda^2``: directions that carry the variance; nan without variance.

    >>> participation_ratio([1.0, 1.0, 1.0, 0.0])
    3.0
    """
    values = np.asarray(eigenvalues, dtype=np.float64)
    squares = np.sum(values**2)
    return float(values.sum() ** 2 / squares) if squares > 0.0 else np.nan


def effective_rank(eigenvalues: ArrayLike) -> float:
    """Exponential of the entropy of the normalised singular values of the centred cloud.

    The singular values are the roots of the covariance's eigenvalues up to a factor that drops out.
    (RankMe: Garrido et al. 2023, arXiv 2210.02885.)

    >>> round(effective_rank([4.0, 4.0, 4.0]), 6)
    3.0
    """
    singular = np.sqrt(np.clip(np.asarray(eigenvalues, dtype=np.float64), 0.0, None))
    total = singular.sum()
    if total == 0.0:
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
    values = np.asarray(eigenvalues, dtype=np.float64)[first - 1 : last]
    if last - first + 1 < MIN_RANKS or not (values > 0.0).all():
        return np.nan
    slope, _ = np.polyfit(np.log(np.arange(first, last + 1)), np.log(values), 1)
    return float(-slope)


def twonn_dimension(distances: Array) -> float:
    """Intrinsic dimension from the two nearest neighbours of distinct points: ``(n - 1) / sum ln(r2 / r1)``.

    The unbiased maximum-likelihood form (Facco et al. 2017, arXiv 1803.06992; Denti et al. 2022, arXiv 2104.13832).
    Scale changes nothing.

    Parameters
    ----------
    distances : ndarray, shape (n_distinct, n_distinct)

    Returns
    -------
    float
        nan under 3 points.
    """
    return _generalised_ratio(distances, 1)


def dimension_over_scale(distances: Array) -> tuple[Array, Array]:
    """Intrinsic dimension seen by neighbourhoods of growing size (Gride, Denti et al. 2022, arXiv 2104.13832).

    The distances to neighbours ``k`` and ``2k`` for k = 1, 2, 4, ... up to a quarter of the points.

    Returns
    -------
    scale : ndarray
        Mean distance to neighbour ``2k``.
    dimension : ndarray
        The estimate at that scale; ``k = 1`` is TwoNN's.
    """
    ordered = np.sort(distances, axis=1)
    neighbours = [2**power for power in range(32) if 2 ** (power + 1) <= max(len(distances) // 4, 2)]
    usable = [k for k in neighbours if 2 * k < len(distances)]
    scale = np.array([ordered[:, 2 * k].mean() for k in usable])
    dimension = np.array([_from_sorted(ordered, k) for k in usable])
    return scale, dimension


def _generalised_ratio(distances: Array, k: int) -> float:
    if len(distances) <= 2 * k:
        return np.nan
    return _from_sorted(np.partition(distances, (k, 2 * k), axis=1), k)


def _from_sorted(ordered: Array, k: int) -> float:
    """Maximum likelihood of the dimension given ``mu = r_2k / r_k``, by Newton's method beyond ``k = 1``.

    ``mu`` has density ``d (mu^d - 1)^(k-1) / (B(k, k) mu^(d(2k-1) + 1))``.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        log_ratio = np.log(ordered[:, 2 * k] / ordered[:, k])
    log_ratio = log_ratio[np.isfinite(log_ratio) & (log_ratio > 0.0)]
    n_points = len(log_ratio)
    if n_points < 2:
        return np.nan
    if k == 1:
        return float((n_points - 1) / log_ratio.sum())
    dimension = (n_points - 1) / log_ratio.sum() * np.log(2.0)
    for _ in range(50):
        score, slope = _score(dimension, log_ratio, k)
        step = score / slope
        dimension = max(dimension - step, dimension / 2.0)
        if abs(step) < 1e-9 * dimension:
            break
    return float(dimension)


def _score(dimension: float, log_ratio: Array, k: int) -> tuple[float, float]:
    """First and second derivative of the log-likelihood in the dimension."""
    decay = np.exp(-dimension * log_ratio)
    grow = log_ratio / (1.0 - decay)
    score = len(log_ratio) / dimension + (k - 1) * grow.sum() - (2 * k - 1) * log_ratio.sum()
    slope = -len(log_ratio) / dimension**2 - (k - 1) * (log_ratio**2 * decay / (1.0 - decay) ** 2).sum()
    return float(score), float(slope)
