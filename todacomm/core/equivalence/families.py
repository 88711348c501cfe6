"""Contrasts of the same half-samples judged together, one at a time, so that the family may be of any size."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy

from todacomm.core.arrays import Array
from todacomm.core.equivalence.contrasts import Contrast
from todacomm.core.equivalence.power import POWER
from todacomm.core.equivalence.simultaneous import LEVEL, JointLaw, joint_law

FAMILY_DRAWS = 4999
"""Draws of the largest statistic: they give the critical value to about half a per cent."""


@dataclass(frozen=True)
class Family:
    """How large the largest of many statistics is where there is no difference anywhere.

    Attributes
    ----------
    largest : ndarray, shape (draws,)
        Largest normal size over all cells, draw by draw, rising; empty for a family without cells.
    level : float
        Of the intervals together.
    n_cells : int
        Cells that are defined.
    n_units : int
    """

    largest: Array
    level: float
    n_cells: int
    n_units: int

    def critical(self, contrast: Contrast) -> float:
        """Standard errors to either side of an estimate at which all intervals cover together; nan without cells."""
        if not self.n_cells:
            return float("nan")
        return float(self._law(contrast).to_t(np.quantile(self.largest, self.level)))

    def p_adjusted(self, contrast: Contrast) -> Array:
        """P of each difference, adjusted over the whole family by max-T: shape (*cells).

        At most ``1 - level`` where the simultaneous interval leaves 0; at least ``1 / (draws + 1)``.
        """
        size = self._law(contrast).to_normal(np.abs(contrast.estimate / contrast.se))
        as_large = len(self.largest) - np.searchsorted(self.largest, size, side="left")
        return np.where(np.isfinite(contrast.estimate), (1.0 + as_large) / (len(self.largest) + 1), np.nan)

    def half_width(self, contrast: Contrast) -> Array:
        """Half of each simultaneous interval: shape (*cells)."""
        return self.critical(contrast) * contrast.se

    def smallest_difference(self, contrast: Contrast, power: float = POWER) -> Array:
        """Smallest true difference that would have been distinguished from none with this power: shape (*cells).

        ``(critical + z_power) se``, see :func:`todacomm.core.equivalence.power.smallest_difference`.
        """
        return (self.critical(contrast) + float(scipy.special.ndtri(power))) * contrast.se

    def _law(self, contrast: Contrast) -> JointLaw:
        """The law of a contrast's margins alone."""
        return joint_law(contrast, self.n_units, np.random.default_rng(0), draws=0)


def family_of(
    contrasts: Sequence[Contrast],
    n_units: int,
    rng: np.random.Generator,
    *,
    level: float = LEVEL,
    draws: int = FAMILY_DRAWS,
) -> Family:
    """The family of all cells of some contrasts, whose half-samples are the same row by row.

    The multipliers of :func:`todacomm.core.equivalence.simultaneous.joint_law` are shared by all of them, so that
    their correlations count; only the largest statistic of a draw is stored, so that the memory is that of one
    contrast. Single-step max-T: where one cell of many differs, the p of the others is a little larger than step-down
    would have it. (Westfall and Young 1993, Resampling-Based Multiple Testing.)

    Parameters
    ----------
    contrasts : sequence of Contrast
        One may have fewer half-samples than another: the first of them are the same.
    n_units : int
        What half-samples are halves of: texts of each run, or clusters of them.

    Raises
    ------
    ValueError
        The level is not between 0 and 1.

    >>> from todacomm.core.equivalence.contrasts import spread_of
    >>> halves = np.random.default_rng(0).normal(size=(100, 3))
    >>> one = spread_of(np.array([0.0, 9.0, np.nan]), halves, 0.0, np.array(["", "", "both"]))
    >>> family = family_of([one], 500, np.random.default_rng(0))
    >>> family.n_cells, round(family.critical(one), 1), family.p_adjusted(one).round(3).tolist()
    (2, 2.3, [1.0, 0.0, nan])
    """
    if not 0.0 < level < 1.0:
        raise ValueError(f"a level of {level}: expected a share between 0 and 1, such as {LEVEL}")
    n_cells = sum(int(np.isfinite(contrast.estimate).sum()) for contrast in contrasts)
    if not n_cells:
        return Family(np.empty(0), level, 0, n_units)
    replicates = max(len(contrast.halves) for contrast in contrasts)
    multipliers = rng.standard_normal((draws, replicates))
    largest = np.zeros(draws)
    for contrast in contrasts:
        law = joint_law(contrast, n_units, rng, draws, multipliers=multipliers[:, : len(contrast.halves)])
        known = np.isfinite(contrast.estimate).ravel()
        largest = np.maximum(largest, law.size[:, known].max(axis=1, initial=0.0))
    largest.sort()
    return Family(largest, level, n_cells, n_units)
