"""What a number of texts can show: the smallest difference, and how many texts would settle what is open."""

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike

from todacomm.core.arrays import Array
from todacomm.core.checks import as_array, as_cells, as_replicates
from todacomm.core.equivalence.contrasts import Contrast, scaled_halves, spread_of
from todacomm.core.equivalence.simultaneous import LEVEL, JointLaw, Simultaneous, joint_law, simultaneous

POWER = 0.80


@dataclass(frozen=True)
class Plan:
    """What so many texts will be able to show, from the base alone.

    Attributes
    ----------
    se : ndarray, shape (*cells)
        Expected standard error of a difference from a candidate.
    smallest_difference : ndarray, shape (*cells)
        Smallest true difference that will be distinguished from none with 80 %.
    smallest_margin : ndarray, shape (*cells)
        Smallest margin within which a candidate without any difference will be called the same with 80 %, cell by cell.
    texts_if_same : ndarray, shape (*cells)
        Number of texts for that at the margin given, cell by cell.
    texts_if_same_in_all : float
        The same for all cells at once.
    critical : float
        Simultaneous critical value.
    """

    se: Array
    smallest_difference: Array
    smallest_margin: Array
    texts_if_same: Array
    texts_if_same_in_all: float
    critical: float


def smallest_difference(intervals: Simultaneous, power: float = POWER) -> Array:
    """Smallest true difference that would have been distinguished from none: shape (*cells).

    ``(critical + z_power) se``, at the level of the whole family, in the units of the differences. That it exceeds a
    margin as well takes a difference larger by that margin.
    """
    return (intervals.critical + float(scipy.special.ndtri(power))) * intervals.se


def smallest_margin(intervals: Simultaneous, power: float = POWER) -> Array:
    """Smallest margin within which no true difference would have been called the same: shape (*cells).

    ``(critical + z_((1 + power) / 2)) se``: the estimate may err to either side.
    """
    return (intervals.critical + float(scipy.special.ndtri((1.0 + power) / 2.0))) * intervals.se


def texts_to_settle(intervals: Simultaneous, margin: ArrayLike, n_texts: int, power: float = POWER) -> Array:
    """Number of texts at which an open cell would be settled with 80 %, shape (*cells); nan where none is open.

    Standard errors fall as the root of the number of texts. Where the interval holds 0 the true difference is taken as
    none, and the cell would become ``same``; where it does not, as the one estimated, and the cell would become what
    that is. An estimate near the margin may never be settled: its number is as large as it says, infinite on the
    margin itself.

    Parameters
    ----------
    margin : array, broadcast against the cells
    n_texts : int
        Texts of each run now.

    Raises
    ------
    ValueError
        The margin is no number, or does not stretch to the cells.
    """
    margin = as_cells(margin, intervals.lo.shape, "the margin")
    around_zero = (intervals.lo <= 0.0) & (intervals.hi >= 0.0)
    is_open = np.isfinite(intervals.lo) & (intervals.hi >= -margin) & (intervals.lo <= margin)
    is_open &= (intervals.lo < -margin) | (intervals.hi > margin)
    with np.errstate(divide="ignore"):
        as_none = smallest_margin(intervals, power) / margin
        as_estimated = smallest_difference(intervals, power) / np.abs(np.abs(intervals.estimate) - margin)
    factor = np.where(around_zero, as_none, as_estimated)
    return np.where(is_open, np.ceil(n_texts * np.maximum(factor, 1.0) ** 2), np.nan)


def texts_if_same_in_all(
    contrast: Contrast, law: JointLaw, margin: ArrayLike, n_texts: int, level: float = LEVEL, power: float = POWER
) -> float:
    """Number of texts at which a candidate without any difference is called the same in all cells at once with 80 %.

    From the joint law: standard errors multiplied by ``f`` pass a draw where ``(critical + |t|) f se <= margin`` in
    every cell.
    """
    known = np.isfinite(contrast.se).ravel()
    if not known.any():
        return np.nan
    size = law.size[:, known]
    critical = law.to_t(np.quantile(size.max(axis=1), level))
    allowed = (as_cells(margin, contrast.se.shape, "the margin") / contrast.se).ravel()[known]
    passes = (allowed / (critical + size)).min(axis=1)
    return float(np.ceil(n_texts / np.quantile(passes, 1.0 - power) ** 2))


def plan(
    base: ArrayLike,
    base_halves: ArrayLike,
    margin: ArrayLike,
    n_texts: int,
    rng: np.random.Generator,
    *,
    grows: ArrayLike = False,
    relative: ArrayLike = True,
    correlation: float = 0.0,
    n_units: int | None = None,
) -> Plan:
    """What ``n_texts`` can show of a candidate that is not known yet.

    Two disjoint halves of the base's texts are a pair of runs without a difference. The spread between them, brought to
    the full number of texts, is ``sqrt(2)`` of the base's own standard error, and their correlations over layers and
    metrics are those of its half-samples. A candidate on the *same* texts errs with the base: the spread is
    multiplied by ``sqrt(1 - correlation)``. A correlation of 0 is the cautious choice, and right for other texts;
    light changes of a model have .9 and more in most layers and metrics, so that a few texts do for them.

    Parameters
    ----------
    base : array, shape (*cells)
    base_halves : ndarray, shape (replicates, *cells)
    margin : array, broadcast against the cells
    grows, relative : array of bool, broadcast against the cells
        As in :func:`todacomm.core.equivalence.contrasts.paired_contrast`.
    correlation : float
        Between the errors of base and candidate, 0 to below 1.
    n_units : int, optional
        What half-samples are halves of, where that is clusters of texts.

    Raises
    ------
    ValueError
        The correlation is not from 0 to below 1, or the shapes of values, half-samples and margin do not agree.
    """
    if not 0.0 <= correlation < 1.0:
        raise ValueError(f"a correlation of {correlation} between base and candidate: expected 0 to below 1")
    base = as_array(base, "the base's values")
    of_halves = as_replicates(base_halves, base.shape, "the base's half-samples")
    margin = as_cells(margin, base.shape, "the margin")
    relative = as_cells(relative, base.shape, "relative") != 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        unit = np.where(relative, np.abs(base), 1.0)
        halves = np.sqrt(2.0 * (1.0 - correlation)) * scaled_halves(base, of_halves, grows) / unit
    missing = np.where(np.isfinite(base) & (unit > 0.0), "", "base")
    contrast = spread_of(np.zeros(base.shape), halves, 0.0, missing)
    law = joint_law(contrast, n_units or n_texts, rng)
    intervals = simultaneous(contrast, law)
    least = smallest_margin(intervals)
    return Plan(
        se=intervals.se,
        smallest_difference=smallest_difference(intervals),
        smallest_margin=least,
        texts_if_same=np.ceil(n_texts * (least / margin) ** 2),
        texts_if_same_in_all=texts_if_same_in_all(contrast, law, margin, n_texts),
        critical=intervals.critical,
    )
