"""Simultaneous intervals and adjusted p-values of many differences by max-T over their joint half-samples."""

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike

from todacomm.core.arrays import Array
from todacomm.core.checks import as_array, as_replicates
from todacomm.core.equivalence.contrasts import Contrast
from todacomm.core.inference.step_down import step_down

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
        Two-sided, of no difference: of the cell alone, and step-down adjusted over all cells. Both by ``|t|``, so that
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


@dataclass(frozen=True)
class JointLaw:
    """How the statistics of all cells vary together under no difference.

    Attributes
    ----------
    size : ndarray, shape (draws, n_cells)
        Absolute values of normal draws with the half-samples' correlations, cells flattened; meaningless in those that
        are undefined.
    freedom : float
        Degrees of freedom of each cell's t: a normal value of this law stands for the t of the same probability.
    """

    size: Array
    freedom: float

    def to_t(self, size: ArrayLike) -> Array:
        """t-statistics as improbable as these normal sizes.

        >>> JointLaw(np.empty((0, 0)), 10.0).to_t([1.959964]).round(3).tolist()
        [2.228]
        """
        return np.asarray(-scipy.special.stdtrit(self.freedom, scipy.special.ndtr(-as_array(size, "the sizes"))))

    def to_normal(self, size: ArrayLike) -> Array:
        """Normal sizes as improbable as these t-statistics."""
        return np.asarray(-scipy.special.ndtri(scipy.special.stdtr(self.freedom, -as_array(size, "the sizes"))))


def joint_law(
    contrast: Contrast,
    n_units: int,
    rng: np.random.Generator,
    draws: int = DRAWS,
    *,
    multipliers: ArrayLike | None = None,
) -> JointLaw:
    """Draws of all cells together under no difference, with the half-samples' own correlations.

    ``sum_b(w_b z_b) / sqrt(replicates - 1)``: ``z_b`` the half-samples' differences over their standard error, ``w_b``
    normal multipliers, shared by all cells of a draw (Chernozhukov, Chetverikov and Kato 2013, arXiv 1212.6906). A
    hundred half-samples give a covariance that is good enough; their own largest values do not give a good .95
    quantile. Each cell's margin is a t, because its standard error is itself an estimate, from so many half-samples and
    from so many texts: ``1 / freedom = 1 / (replicates - 1) + 1 / (n_units - 1)``. The floor at rounding, where a
    standard error has one, is an independent normal of that size.

    Parameters
    ----------
    n_units : int
        What half-samples are halves of: texts of each run, or clusters of them.
    draws : int
        9,999 of them take 160 MB for 2,000 cells.
    multipliers : ndarray, shape (draws, replicates), optional
        ``w``, where several contrasts of the same half-samples share theirs; drawn without.

    Raises
    ------
    ValueError
        The multipliers are not one for each half-sample.
    """
    replicates = len(contrast.halves)
    z = np.nan_to_num(contrast.halves / contrast.se).reshape(replicates, -1)
    freedom = max(replicates - 1, 1)
    if multipliers is None:
        weights = rng.standard_normal((draws, replicates))
    else:
        weights = as_replicates(multipliers, (replicates,), "the multipliers")
    normal = weights @ z / np.sqrt(freedom)
    floor = np.sqrt((1.0 - (z**2).sum(axis=0) / freedom).clip(min=0.0))
    (rounded,) = np.nonzero(floor > 1e-6)
    normal[:, rounded] += floor[rounded] * rng.standard_normal((len(weights), len(rounded)))
    return JointLaw(np.abs(normal), 1.0 / (1.0 / freedom + 1.0 / max(n_units - 1, 1)))


def simultaneous(contrast: Contrast, law: JointLaw, level: float = LEVEL) -> Simultaneous:
    """Intervals and p-values of all cells together.

    The critical value is the quantile of the largest ``|t|`` over all defined cells. Adjusted p-values are step-down
    max-T (Westfall and Young 1993): the cell with the largest ``|t|`` leaves first.

    Parameters
    ----------
    law : JointLaw
        From :func:`joint_law`.

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
        size = law.size[:, known]
        t = np.abs(contrast.estimate / contrast.se).ravel()[known]
        critical = float(law.to_t(np.quantile(size.max(axis=1), level)))
        p[known], adjusted[known] = step_down(law.to_normal(t), size)
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
