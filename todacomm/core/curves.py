"""Curves over distance: how many bars are alive, and their alternating sum."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from todacomm.core.arrays import Array
from todacomm.core.checks import as_diagram, as_vector, require_length

CURVE_POINTS = 200


def curve_scale(diagrams: Sequence[Array], points: int = CURVE_POINTS) -> Array:
    """The distances at which curves are read: evenly from 0 to just beyond the last finite death.

    Raises
    ------
    ValueError
        As :func:`todacomm.core.checks.as_diagram`.

    >>> curve_scale([np.array([[0.0, 2.0]])], points=4).round(9).tolist()
    [0.0, 0.7, 1.4, 2.1]
    """
    last = max((float(as_diagram(dgm)[:, 1].max()) for dgm in diagrams if len(dgm)), default=1.0)
    return np.linspace(0.0, 1.05 * last, points)


def betti_curve(dgm: ArrayLike, scale: ArrayLike) -> Array:
    """``beta(e) = #{birth <= e < death}`` on a grid of distances, shape ``(points,)``.

    Raises
    ------
    ValueError
        The scale is no row of numbers, or as :func:`todacomm.core.checks.as_diagram`.

    >>> betti_curve(np.array([[0.0, 1.0], [0.5, 2.0]]), [0.0, 0.5, 1.0, 2.0]).tolist()
    [1.0, 2.0, 1.0, 0.0]
    """
    bars, distances = as_diagram(dgm), as_vector(scale, "the scale")
    born = np.searchsorted(np.sort(bars[:, 0]), distances, side="right")
    dead = np.searchsorted(np.sort(bars[:, 1]), distances, side="right")
    return (born - dead).astype(np.float64)


def euler_curve(betti: Sequence[ArrayLike]) -> Array:
    """Alternating sum of the Betti curves, ``1 + sum (-1)^k beta_k``; the 1 is what the reduced H0 curve leaves out.

    The Euler characteristic as far as the degrees computed see it: the whole one only where higher degrees are empty.

    Parameters
    ----------
    betti : sequence of array, shape (points,)
        By degree, on one scale.

    Raises
    ------
    ValueError
        A curve is no row of numbers, or they are not of one length.

    >>> euler_curve([np.array([3.0, 0.0]), np.array([0.0, 1.0])]).tolist()
    [4.0, 0.0]
    """
    curves = [as_vector(each, "the Betti curves") for each in betti]
    for each in curves:
        require_length(each, len(curves[0]), "the numbers of a Betti curve", "distances")
    curve: Array = 1.0 + np.sum([(-1.0) ** degree * each for degree, each in enumerate(curves)], axis=0)
    return curve
