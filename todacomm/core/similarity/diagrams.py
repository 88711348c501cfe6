"""Distances between persistence diagrams."""

import importlib.util
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from todacomm.core.arrays import Array
from todacomm.core.checks import as_diagram
from todacomm.core.similarity.row import Similarity

RELATIVE_ERROR = 1e-8
"""Of Hera's auction, which ends at the best matching only in the limit; at 1e-4 it takes three quarters of the time."""


def bottleneck(first: ArrayLike, second: ArrayLike) -> float:
    """Bottleneck distance: the largest move of a bar in the best matching, in the maximum norm.

    Bars may be matched with the diagonal. Stable: no more than twice the largest change of a distance.

    Parameters
    ----------
    first, second : ndarray, shape (bars, 2)
        Birth and death, finite.

    Raises
    ------
    ValueError
        A diagram has other columns than birth and death, or a bar that is not finite.

    >>> one, two = np.array([[0.0, 2.0]]), np.array([[0.0, 3.0]])
    >>> round(bottleneck(one, two), 9), bottleneck(one, np.empty((0, 2)))
    (1.0, 1.0)
    """
    first, second = as_diagram(first, "the first diagram"), as_diagram(second, "the second diagram")
    if not len(first) or not len(second):
        return float(max((np.ptp(dgm, axis=1).max() for dgm in (first, second) if len(dgm)), default=0.0) / 2.0)
    return BACKENDS[backend()][0](first, second)


def wasserstein(first: ArrayLike, second: ArrayLike) -> float:
    """First Wasserstein distance: the sum of the moves in the best matching, each in the Euclidean norm.

    Raises
    ------
    ValueError
        A diagram has other columns than birth and death, or a bar that is not finite.

    >>> wasserstein(np.array([[0.0, 2.0]]), np.array([[0.0, 3.0]]))
    1.0
    """
    first, second = as_diagram(first, "the first diagram"), as_diagram(second, "the second diagram")
    if not len(first) or not len(second):
        return float(sum(np.ptp(dgm, axis=1).sum() for dgm in (first, second)) / np.sqrt(2.0))
    return BACKENDS[backend()][1](first, second)


def scaled(dgm: ArrayLike, unit: float) -> Array:
    """A diagram in units of a distance, such as the median among a cloud's distinct points.

    Raises
    ------
    ValueError
        The unit is not positive.
    """
    if not unit > 0.0:
        raise ValueError(f"a diagram cannot be measured in units of {unit}: expected a positive distance")
    return as_diagram(dgm) / unit


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

_INFINITE = (0.0, float("inf"))
DIAGRAM_DISTANCES: dict[str, Similarity] = {
    "bottleneck": Similarity(
        prepare=as_diagram, measure=bottleneck, label="Bottleneck distance between diagrams", short="bottleneck",
        units="median distances", range=_INFINITE, alike=-1, chance="that of two samples of one shape",
        reading="The largest move of a bar in the best matching.", source=("doi 10.1007/s00454-006-1276-5",)),
    "wasserstein": Similarity(
        prepare=as_diagram, measure=wasserstein, label="Wasserstein distance between diagrams", short="Wasserstein",
        units="median distances", range=_INFINITE, alike=-1, chance="that of two samples of one shape",
        reading="The sum of the moves of all bars in the best matching."),
}  # fmt: skip
"""Name -> distance between two diagrams of one degree, each in units of its layer's median distance."""
