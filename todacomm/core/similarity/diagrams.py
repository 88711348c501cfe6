"""Distances between persistence diagrams."""

import importlib.util
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

RELATIVE_ERROR = 1e-8
"""Of Hera's auction, which ends at the best matching only in the limit; at 1e-4 it takes three quarters of the time."""


def bottleneck(first: Array, second: Array) -> float:
    """Bottleneck distance: the largest move of a bar in the best matching, in the maximum norm.

    Bars may be matched with the diagonal. Stable: no more than twice the largest change of a distance.

    Parameters
    ----------
    first, second : ndarray, shape (bars, 2)
        Birth and death, finite.

    >>> one, two = np.array([[0.0, 2.0]]), np.array([[0.0, 3.0]])
    >>> round(bottleneck(one, two), 9), bottleneck(one, np.empty((0, 2)))
    (1.0, 1.0)
    """
    if not len(first) or not len(second):
        return float(max((np.ptp(dgm, axis=1).max() for dgm in (first, second) if len(dgm)), default=0.0) / 2.0)
    return BACKENDS[backend()][0](first, second)


def wasserstein(first: Array, second: Array) -> float:
    """First Wasserstein distance: the sum of the moves in the best matching, each in the Euclidean norm.

    >>> wasserstein(np.array([[0.0, 2.0]]), np.array([[0.0, 3.0]]))
    1.0
    """
    if not len(first) or not len(second):
        return float(sum(np.ptp(dgm, axis=1).sum() for dgm in (first, second)) / np.sqrt(2.0))
    return BACKENDS[backend()][1](first, second)


def scaled(dgm: Array, unit: float) -> Array:
    """A diagram in units of a distance, such as the median among a cloud's distinct points.

    Raises
    ------
    ValueError
        The unit is not positive.
    """
    if not unit > 0.0:
        raise ValueError(f"a diagram cannot be measured in units of {unit}: expected a positive distance")
    return dgm / unit


def backend() -> str:
    """``gudhi`` (with Hera) where it is installed, else ``persim``."""
    return "gudhi" if importlib.util.find_spec("gudhi") else "persim"


def _gudhi_bottleneck(first: Array, second: Array) -> float:
    """Exact, and several times as quick as Hera's."""
    from gudhi import bottleneck_distance

    return float(bottleneck_distance(first, second))


def _hera_wasserstein(first: Array, second: Array) -> float:
    from gudhi.hera import wasserstein_distance

    return float(wasserstein_distance(first, second, order=1.0, internal_p=2.0, delta=RELATIVE_ERROR))


def _persim_bottleneck(first: Array, second: Array) -> float:
    from persim import bottleneck as measured

    return float(measured(first, second))


def _persim_wasserstein(first: Array, second: Array) -> float:
    from persim import wasserstein as measured

    return float(measured(first, second))


Measure = Callable[[Array, Array], float]
BACKENDS: dict[str, tuple[Measure, Measure]] = {
    "gudhi": (_gudhi_bottleneck, _hera_wasserstein),
    "persim": (_persim_bottleneck, _persim_wasserstein),
}
"""Bottleneck and Wasserstein distance by the library that computes them; the two agree, see the tests."""
