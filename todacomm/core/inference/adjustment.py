"""Probabilities against draws of a null model, one layer at a time and adjusted over all."""

import numpy as np
from numpy.typing import ArrayLike

from todacomm.core.arrays import Array
from todacomm.core.checks import as_diagram, as_vector
from todacomm.core.inference.step_down import max_t
from todacomm.core.metrics import Tail

LEVEL = 0.05
"""Largest adjusted p at which a difference from a null, or between models, is claimed."""
EULER_GAMMA = 0.57721566490153286


def p_value(observed: float, draws: ArrayLike, tail: Tail) -> float:
    """Monte-Carlo p: the share of {observed, draws} with ``T* >= T``, two-sided at least as far from their mean.

    The rule is that of :func:`step_down_max_t` for one layer: adjusting a p never makes it smaller. Exact where the
    observed value and the draws can be exchanged under the null; at least ``1 / (draws + 1)``.

    Parameters
    ----------
    draws : array, shape (draws,)
    tail : str
        ``upper`` or ``two-sided``.

    Raises
    ------
    ValueError
        An unknown tail, or draws that are no row of numbers.

    >>> p_value(5.0, np.array([1.0, 2.0, 3.0]), "upper"), p_value(2.0, np.array([1.0, 2.0, 5.0]), "two-sided")
    (0.25, 1.0)
    """
    return float(step_down_max_t([observed], as_vector(draws, "the draws")[:, None], tail)[0])


def step_down_max_t(observed: ArrayLike, draws: ArrayLike, tail: Tail) -> Array:
    """P-values of one claim made of many layers, by step-down max-T.

    ``z = (T - mean) / sd`` for every layer, mean and sd over the draws *and* the observed value. The adjusted p of a
    layer is the share of {observed, draws} whose largest z over the layers still in is at least the layer's own; the
    layer with the largest z leaves first, and no p is below the one before. Two-sided, ``|z|`` stands for z. The
    chance of one false finding or more is at most the level whatever ties the layers together, provided that the
    draws are joint over the layers; the floor is ``1 / (draws + 1)`` for any number of layers.
    (Westfall & Young 1993, Resampling-Based Multiple Testing.)

    Parameters
    ----------
    observed : array, shape (n_layers,)
    draws : array, shape (draws, n_layers)

    Returns
    -------
    ndarray, shape (n_layers,)

    Raises
    ------
    ValueError
        An unknown tail, or draws without a column for each layer.

    >>> step_down_max_t([9.0, 1.0], np.array([[1.0, 0.0], [2.0, 1.0], [0.0, 2.0]]), "upper").tolist()
    [0.25, 0.75]
    """
    return max_t(observed, draws, tail)[1]


def universal_p_values(dgm: ArrayLike) -> Array:
    """P-value of every bar against the universal distribution of noise, adjusted over the bars (Bonferroni).

    ``l = ln ln(death / birth) - mean - 0.5772``, ``p = exp(-exp(l))``. A cheap screen for degrees above 0 that needs no
    draw: it has no false positive on noise as measured, and does not detect a circle with noise of .2 in 50 dimensions.
    (Bobrowski & Skraba 2023, arXiv 2207.03926.)

    Parameters
    ----------
    dgm : ndarray, shape (bars, 2)
        Births above 0.

    Returns
    -------
    ndarray, shape (bars,)

    Raises
    ------
    ValueError
        A bar is born at 0, as in degree 0.

    >>> universal_p_values(np.array([[1.0, 1.1], [1.0, 1.1], [1.0, 1.1], [1.0, 8.0]])).round(3).tolist()
    [1.0, 1.0, 1.0, 0.014]
    """
    dgm = as_diagram(dgm)
    if (dgm[:, 0] <= 0.0).any():
        raise ValueError("a bar is born at 0: the universal null is for degrees above 0")
    if not len(dgm):
        return np.empty(0)
    strength = np.log(np.log(dgm[:, 1] / dgm[:, 0]))
    p = np.exp(-np.exp(strength - strength.mean() - EULER_GAMMA))
    adjusted: Array = np.minimum(1.0, len(dgm) * p)
    return adjusted
