"""What is claimed of a bar: a loop, the work of few texts, or nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from todacomm.core.arrays import Array
from todacomm.core.checks import as_replicates, as_vector
from todacomm.core.inference.adjustment import LEVEL, p_value, step_down_max_t

Verdict = Literal["loop", "few texts", "none", "not tested"]
VERDICTS: tuple[Verdict, ...] = ("loop", "few texts", "none", "not tested")
"""From the strongest to the weakest claim."""
LOOP, FEW_TEXTS, NO_LOOP, NOT_TESTED = VERDICTS
REPRODUCED = 0.5
"""Least mean share of its life that is left of a loop on half of the points, and on half of their groups."""
PROMINENT = 0.9
"""Least share of halves on which what is left of a loop is the longest bar."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a bar.

    Attributes
    ----------
    p_adjusted : float
        Against the rotation null, adjusted over the layers: :func:`bar_p_values`.
    reproduction : float
        Mean over half-samples of :func:`todacomm.core.loops.life_left`.
    prominence : float
        From :func:`todacomm.core.loops.prominence`.
    group_reproduction : float
        Mean of the life left over halves of the groups, :func:`todacomm.core.loops.left_on_groups`.
    """

    p_adjusted: float
    reproduction: float
    prominence: float
    group_reproduction: float

    def conditions(self) -> dict[str, bool]:
        """What a loop needs, and whether the bar has it; a number that is nan has nothing.

        * ``long``: longer than the covariance explains.
        * ``reproduced``: half of its life is left on half of the points.
        * ``prominent``: on nearly every half what is left of it is the longest bar; a half has other gaps as wide as
          the widest gap of all points, and no other loop.
        * ``of_many``: half of its life is left on half of the groups of neighbours too; a gap between a few clusters is
          left on every half of the points, and not where some of the clusters are left out.
        """
        return {
            "long": self.p_adjusted <= LEVEL,
            "reproduced": self.reproduction >= REPRODUCED,
            "prominent": self.prominence >= PROMINENT,
            "of_many": self.group_reproduction >= REPRODUCED,
        }


def verdict(evidence: Evidence) -> Verdict:
    """What is claimed of a bar.

    Returns
    -------
    str
        * ``loop``: it meets all conditions.
        * ``few texts``: longer than the covariance explains, and without another condition: made by few texts, few
          clusters of texts, or the widest gap of a surface that few points sample.
        * ``none``: no longer than the covariance explains.
        * ``not tested``: there are no rotations, or it is longer and there are no half-samples.

    >>> bars = (0.025, 0.7, 0.9, 0.7), (0.025, 0.7, 0.9, 0.2), (0.2, 0.7, 0.9, 0.7)
    >>> [verdict(Evidence(*numbers)) for numbers in bars]
    ['loop', 'few texts', 'none']
    """
    if np.isnan(evidence.p_adjusted):
        return NOT_TESTED
    conditions = evidence.conditions()
    if not conditions["long"]:
        return NO_LOOP
    if np.isnan([evidence.reproduction, evidence.prominence, evidence.group_reproduction]).any():
        return NOT_TESTED
    return LOOP if all(conditions.values()) else FEW_TEXTS


def bar_p_values(lifetimes: Sequence[ArrayLike], draws: ArrayLike) -> list[tuple[Array, Array]]:
    """P-values of the longest bars of every layer, plain and adjusted over the layers.

    Every bar is compared with the *longest* bar of each draw, so that a layer's bars are one claim; the adjusted p is
    that of step-down max-T with the bar in its layer's place. No p is below that of a longer bar of the layer.

    Parameters
    ----------
    lifetimes : sequence of ndarray, shape (n_bars,)
        Of every layer in units of its median distance (``h1_max_norm``), in falling order; empty without a bar.
    draws : ndarray, shape (draws, n_layers)
        ``h1_max_norm`` of the layers under shared rotations.

    Returns
    -------
    list of (ndarray, ndarray), shapes (n_bars,)
        Plain and adjusted p of every layer's bars; those of the longest are the ones of the table of nulls.

    Raises
    ------
    ValueError
        The lifetimes of a layer are no row of numbers, or the draws have no column for each layer.

    >>> draws = np.array([[0.1, 0.3], [0.2, 0.1], [0.15, 0.2]])
    >>> [(p.tolist(), adjusted.tolist()) for p, adjusted in bar_p_values([np.array([0.9, 0.12]), np.array([])], draws)]
    [([0.25, 0.75], [0.25, 1.0]), ([], [])]
    """
    of_layers = [as_vector(bars, "the lifetimes") for bars in lifetimes]
    law = as_replicates(draws, (len(of_layers),), "the draws")
    longest = np.array([float(bars[0]) if len(bars) else 0.0 for bars in of_layers])
    results = []
    for layer, bars in enumerate(of_layers):
        plain = [p_value(float(bar), law[:, layer], "upper") for bar in bars]
        adjusted = []
        for bar in bars:
            observed = longest.copy()
            observed[layer] = bar
            adjusted.append(step_down_max_t(observed, law, "upper")[layer])
        results.append((np.array(plain), np.maximum.accumulate(adjusted) if adjusted else np.empty(0)))
    return results
