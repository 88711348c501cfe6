"""A metric of all layers against the rotation null: where it differs, and how clearly."""

from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist
from typing import Any

import numpy as np

from todacomm.core.equivalence.power import POWER
from todacomm.core.inference.adjustment import LEVEL
from todacomm.core.inference.uncertainty import Z
from todacomm.results.depth import Depth

_QUANTILE = NormalDist().inv_cdf
"""Of the standard normal; the import of scipy's would be a tenth of the wait for ``todacomm show``."""


@dataclass(frozen=True)
class Judgement:
    """Masks over the layers, each of shape (n_layers,).

    Attributes
    ----------
    tested : ndarray of bool
        Sound layers that have a value and an adjusted p.
    low, high : ndarray of bool
        Those of them that lie below or above the null.
    """

    depth: Depth
    metric: str
    tested: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @property
    def neither(self) -> np.ndarray:
        """Layers that were tested without a difference."""
        return np.asarray(self.tested & ~self.low & ~self.high)

    @property
    def alone(self) -> np.ndarray:
        """Layers that were tested by themselves, since some texts share a point: not adjusted for the others."""
        family = self.depth.against(self.metric, "family")
        return np.asarray(self.tested & (family == 1) & (self.tested.sum() > 1))

    @property
    def draws(self) -> int:
        """Draws of the null, the least of any layer; 0 where nothing was tested or their number is not known."""
        drawn = self.depth.against(self.metric, "draws")[self.tested]
        return int(drawn.min()) if len(drawn) and np.isfinite(drawn).all() else 0

    @property
    def too_few_draws(self) -> bool:
        """Whether no p can be as small as :data:`LEVEL`."""
        return 0 < self.draws < round(1 / LEVEL) - 1

    @cached_property
    def z(self) -> np.ndarray:
        """Distance from the mean of the draws in their standard deviations, with its sign."""
        difference, sd = (self.depth.against(self.metric, column) for column in ("difference", "sd"))
        with np.errstate(divide="ignore", invalid="ignore"):
            z = difference / sd
        return np.where(np.isfinite(sd) & (sd > 0), z, difference)

    def strongest(self, among: np.ndarray, sign: int = 1) -> int:
        """The layer with the smallest adjusted p and, among equals, furthest above the null (below for ``sign`` -1)."""
        p = self.depth.against(self.metric, "p_adjusted")
        return int(min(np.flatnonzero(among), key=lambda i: (p[i], -sign * self.z[i])))

    def smallest_difference(self, among: np.ndarray, sides: int = 2) -> float:
        """The smallest difference from the null that would have been detected in some layers."""
        sd, family = (self.depth.against(self.metric, column)[among] for column in ("sd", "family"))
        return smallest_detectable(sd, family, sides)

    def evidence(self, i: int) -> dict[str, Any]:
        """A layer's value, the half-width of its interval (None without one), the null's mean, the p and its draws."""
        curve = self.depth.curve(self.metric)
        half_width = float(curve.half_width[i])
        return {
            "layer": self.depth.names[i],
            "value": float(curve.value[i]),
            "half_width": half_width if np.isfinite(half_width) else None,
            "null": float(self.depth.null(self.metric).value[i]),
            "p": float(self.depth.against(self.metric, "p_adjusted")[i]),
            "adjusted": bool(~self.alone[i]),
            "draws": float(self.depth.against(self.metric, "draws")[i]),
        }


def smallest_detectable(error: np.ndarray, family: np.ndarray | float = 1.0, sides: int = 2) -> float:
    """Smallest difference that would have been detected in 80 % of samples of texts: median over some layers.

    ``(z_level + z_power) error``, with the level shared out over the ``family`` and the ``sides`` that are looked at.

    Parameters
    ----------
    error : ndarray, shape (n_layers,)
        Standard deviation of the difference where there is none.
    family : ndarray, shape (n_layers,), or float
        How many layers share the adjustment of each p.
    sides : int
        2 where a difference to either side counts, 1 where one upwards does.

    >>> round(smallest_detectable(np.ones(3)), 2), round(smallest_detectable(np.ones(3), 10.0), 2)
    (2.8, 3.65)
    """
    level = np.vectorize(_QUANTILE, otypes=[float])(1.0 - LEVEL / (sides * np.asarray(family)))
    return float(np.median((level + _QUANTILE(POWER)) * error))


def smallest_separated(first: float, second: float) -> float:
    """Smallest difference of two numbers whose 95 % intervals would have been apart in 80 % of samples of texts.

    Parameters
    ----------
    first, second : float
        Half-widths of the intervals.

    >>> round(smallest_separated(1.0, 1.0), 2)
    2.61
    """
    return float(first + second + np.hypot(first, second) * _QUANTILE(POWER) / Z)


def judge(depth: Depth, metric: str) -> Judgement:
    """Where a metric differs from its rotation null."""
    p, difference = depth.against(metric, "p_adjusted"), depth.against(metric, "difference")
    tested = depth.sound & np.isfinite(p) & np.isfinite(depth.curve(metric).value)
    standing = tested & (p <= LEVEL)
    return Judgement(depth, metric, tested, standing & (difference < 0), standing & (difference > 0))


def featured(depth: Depth) -> int | None:
    """Index of the layer whose longest H1 bar exceeds the rotation null most, or is longest where there is no null.

    It is the layer that the findings name. None where no layer can be interpreted.
    """
    judged = judge(depth, "h1_max_norm")
    if judged.tested.any():
        return judged.strongest(judged.tested)
    longest = np.where(depth.sound, depth.curve("h1_max_norm").value, np.nan)
    return int(np.nanargmax(longest)) if np.isfinite(longest).any() else None
