"""Simultaneous intervals and adjusted p-values of many differences by max-T over their joint half-samples."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from todacomm.core.equivalence.contrasts import Contrast
from todacomm.core.inference.step_down import step_down

Array = NDArray[np.float64]

LEVEL = 0.95
DRAWS = 9999


@dataclass(frozen=True)
class Simultaneous:
    """Intervals that hold together, and p-values adjusted over all cells.

    Attributes
    ----------
    estimate, se, lo, hi : ndarray, shape (*cells)
        ``estimate +/- critical se``: all intervals cover together at the level.
    p, p_adjusted : ndarray, shape (*cells)
        Two-sided, of no difference: of the cell alone, and step-down adjusted over all cells. Both by ``|z|``, so that
        no adjusted one is below its plain one; at least ``1 / (draws + 1)``.
    critical : float
        Standard errors on either side of an estimate; nan where no cell is defined.
    n_cells : int
        Cells that are defined: the family.
    """

    estimate: Array
    se: Array
    lo: Array
    hi: Array
    p: Array
    p_adjusted: Array
    critical: float
    n_cells: int


def joint_draws(
    contrast: Contrast, rng: np.random.Generator, draws: int = DRAWS, multipliers: Array | None = None
) -> Array:
    """Draws of all cells' t-statistics under no difference, with the half-samples' own correlations.

    ``t = sum_b(w_b z_b) / sqrt(replicates - 1) / s``: ``z_b`` the half-samples' differences over their standard error,
    ``w_b`` independent normal multipliers, shared by all cells of a draw, ``(replicates - 1) s^2`` chi-square with
    ``replicates - 1`` degrees of freedom for each cell, because every standard error is itself an estimate. A hundred
    half-samples give a covariance that is good enough; their own largest values do not give a good .95 quantile.
    (Multiplier bootstrap: Chernozhukov, Chetverikov and Kato 2013, arXiv 1212.6906.)

    Parameters
    ----------
    multipliers : ndarray, shape (draws, replicates), optional
        ``w``, where several contrasts of the same half-samples share theirs; drawn without.

    Returns
    -------
    ndarray, shape (draws, n_cells)
        Cells flattened; 0 in those that are undefined.
    """
    replicates = len(contrast.halves)
    z = np.nan_to_num(contrast.halves / contrast.se).reshape(replicates, -1)
    freedom = max(replicates - 1, 1)
    weights = rng.standard_normal((draws, replicates)) if multipliers is None else multipliers
    normal = weights @ z / np.sqrt(freedom)
    t: Array = normal / np.sqrt(rng.chisquare(freedom, normal.shape) / freedom)
    return t


def simultaneous(contrast: Contrast, law: Array, level: float = LEVEL) -> Simultaneous:
    """Intervals and p-values of all cells together.

    The critical value is the quantile of the largest ``|t|`` over all defined cells. Adjusted p-values are step-down
    max-T (Westfall and Young 1993): the cell with the largest ``|z|`` leaves first.

    Parameters
    ----------
    law : ndarray, shape (draws, n_cells)
        From :func:`joint_draws`.

    Raises
    ------
    ValueError
        The level is not between 0 and 1.
    """
    if not 0.0 < level < 1.0:
        raise ValueError(f"a level of {level}: expected a share between 0 and 1, such as {LEVEL}")
    shape, known = contrast.estimate.shape, np.isfinite(contrast.estimate).ravel()
    p, adjusted = np.full((2, known.size), np.nan)
    critical = np.nan
    if known.any():
        size = np.abs(law[:, known])
        z = np.abs(contrast.estimate / contrast.se).ravel()[known]
        critical = float(np.quantile(size.max(axis=1), level))
        p[known], adjusted[known] = step_down(z, size)
    half_width = critical * contrast.se
    return Simultaneous(
        estimate=contrast.estimate,
        se=contrast.se,
        lo=contrast.estimate - half_width,
        hi=contrast.estimate + half_width,
        p=p.reshape(shape),
        p_adjusted=adjusted.reshape(shape),
        critical=critical,
        n_cells=int(known.sum()),
    )
