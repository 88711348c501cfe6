"""From distances to persistence diagrams: reduced Vietoris-Rips homology over Z/2."""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial.distance import squareform

from todacomm.core.arrays import Array, Single
from todacomm.core.births import last_birth
from todacomm.core.checks import as_distances

Diagrams = list[Array]

AUTO = "auto"
STRETCHES, WORTH_IT = (1.05, 1.12, 1.25, 1.5, 1.8, 2.2, 2.6, 3.1, 3.7), 180
"""Times the last birth of an H1 bar, where homology is tried before all of it is computed; and points from which on."""
PEAK_BYTES = {"gudhi": (12, 37, 66), "ripser": (12, 90, 4300)}
"""Bytes for each entry of the distance matrix at the peak of its computation and of its homology, by ``maxdim``.
Measured on clouds in 50 dimensions: 2,000 and 5,000 points, for H2 up to 1,000 (GUDHI) and 600 (ripser.py)."""


def persistence(distances: ArrayLike, maxdim: int = 1, engine: str = AUTO) -> Diagrams:
    """Persistence diagrams of the Vietoris-Rips filtration, from one matrix of distances.

    H0 is reduced: the one essential bar says nothing about a cloud and is left out. No other bar is infinite, because
    both engines stop at the enclosing radius, beyond which the complex is a cone. The order of the points changes
    nothing. H0 is the minimum spanning tree, in float64; higher degrees are computed from the distances rounded to
    float32, which ripser.py does by itself and which takes a third off GUDHI's memory: the two then agree to the bit.

    Parameters
    ----------
    distances : ndarray, shape (n_points, n_points)
        Symmetric, zero diagonal. Of distinct points: those that coincide cost time and add no bar.
    maxdim : int
        Highest degree. Without H1 (``maxdim=0``) no simplex is built.
    engine : str
        ``gudhi``, ``ripser``, or ``auto``: GUDHI where it is installed.

    Returns
    -------
    list of ndarray, shape (bars, 2)
        Birth and death by degree, bars of length 0 left out, sorted by birth and death.

    Raises
    ------
    ValueError
        An unknown engine, one that is not installed, or as :func:`todacomm.core.checks.as_distances`.

    >>> side = np.sqrt(2.0)
    >>> square = np.array([[0, 1, side, 1], [1, 0, 1, side], [side, 1, 0, 1], [1, side, 1, 0]])
    >>> h0, h1 = persistence(square)
    >>> h0.tolist(), h1.round(3).tolist()
    ([[0.0, 1.0], [0.0, 1.0], [0.0, 1.0]], [[1.0, 1.414]])
    """
    resolve_engine(engine)
    return Filtration.of(as_distances(distances), maxdim).persistence(engine)


def h1_bars(distances: Single, threshold: float, engine: str = AUTO) -> Array:
    """H1 of a filtration up to a scale; the points keep their order.

    Parameters
    ----------
    distances : ndarray, shape (n_points, n_points)
        In float32; they need not satisfy the triangle inequality.
    threshold : float
        Bars that are alive there are infinite.

    Returns
    -------
    ndarray, shape (bars, 2)
        As :func:`persistence` returns them.
    """
    return _tidy(ENGINES[resolve_engine(engine)](distances, 1, threshold)[0])


@dataclass(frozen=True)
class Filtration:
    """What the engines need of a matrix of distances: a caller that lets go of the matrix saves a fifth of the peak.

    Attributes
    ----------
    components : ndarray, shape (bars, 2)
        H0.
    distances : ndarray, shape (n_points, n_points)
        In float32, the outermost point first; empty without H1.
    maxdim : int
        Highest degree.
    """

    components: Array
    distances: Single
    maxdim: int

    @classmethod
    def of(cls, distances: Array, maxdim: int = 1) -> "Filtration":
        """The filtration of distances that have been checked: half-samples and null models come here by the hundred."""
        higher = _outermost_first(distances) if maxdim else np.empty((0, 0), dtype=np.float32)
        return cls(_tidy(_spanning_tree(distances)), higher, maxdim)

    def persistence(self, engine: str = AUTO) -> Diagrams:
        """Its diagrams, as :func:`persistence` returns them."""
        if len(self.distances) < 3:
            return [self.components, *(np.empty((0, 2)) for _ in range(self.maxdim))]
        compute = ENGINES[resolve_engine(engine)]
        for threshold in self.thresholds():
            higher = compute(self.distances, self.maxdim, threshold)
            if all(np.isfinite(dgm).all() for dgm in higher):
                break
        return [self.components, *map(_tidy, higher)]

    def thresholds(self) -> list[float]:
        """Scales to stop H1 at: the first at which every bar has ended gives all bars, as none is born later.

        Most bars end soon after the last birth, and a complex up to there has a quarter of the edges: 1.3 to 2.4 times
        faster from 500 to 2,000 points, equal to the bit. A long loop is not over by then, and of five clouds two have
        a bar that lasts a little longer: later scales follow in steps of a fifth, since the time that a living bar
        takes grows faster than that. Clouds of 1,000 points with a loop take a fifth less than with two scales.
        """
        if self.maxdim > 1 or len(self.distances) < WORTH_IT:
            return [np.inf]
        last, cone = last_birth(self.distances, self.components[:, 1]), self.distances.max(axis=1).min()
        return [*(stretch * last for stretch in STRETCHES if stretch * last < cone), np.inf]


def memory_estimate(n_points: int, maxdim: int = 1, engine: str = AUTO) -> int:
    """Bytes that one cloud's distances and their homology take at the peak, to refuse beforehand what will not fit.

    >>> round(memory_estimate(5000, engine="ripser") / 2**30, 1)
    2.1
    """
    return n_points**2 * PEAK_BYTES[resolve_engine(engine)][maxdim]


def resolve_engine(engine: str) -> str:
    """The engine that a name stands for on this machine.

    Raises
    ------
    ValueError
        Unknown, or not installed.
    """
    if engine == AUTO:
        return "gudhi" if importlib.util.find_spec("gudhi") else "ripser"
    if engine not in ENGINES:
        raise ValueError(f"unknown engine {engine!r}: choose {AUTO}, {' or '.join(ENGINES)}")
    if not importlib.util.find_spec(engine):
        raise ValueError(f"the engine {engine} is not installed: pip install {engine}, or use engine={AUTO}")
    return engine


def spanning_tree(distances: ArrayLike) -> Array:
    """H0 of a cloud: one bar from 0 for every edge of the minimum spanning tree, which single linkage joins along.

    Parameters
    ----------
    distances : array, shape (n_points, n_points)

    Returns
    -------
    ndarray, shape (n_points - 1, 2)

    Raises
    ------
    ValueError
        As :func:`todacomm.core.checks.as_distances`.

    >>> spanning_tree(np.abs(np.subtract.outer([0.0, 1.0, 4.0], [0.0, 1.0, 4.0]))).tolist()
    [[0.0, 1.0], [0.0, 3.0]]
    """
    return _spanning_tree(as_distances(distances))


def _spanning_tree(matrix: Array) -> Array:
    """:func:`spanning_tree` of a matrix that has been checked: each pass over a large one takes a tenth of its time."""
    from scipy.cluster.hierarchy import linkage

    deaths = linkage(squareform(matrix, checks=False), "single")[:, 2] if len(matrix) > 1 else np.empty(0)
    return np.column_stack([np.zeros_like(deaths), deaths])


def _outermost_first(distances: Array) -> Single:
    """The same distances with the points in falling order of their mean distance to the others, in float32.

    Engines pair simplices in the order of their vertices: with the outermost first they take up to a third less time
    (500 to 5,000 points, activations and Gaussian clouds).
    """
    order = distances.sum(axis=1).argsort()[::-1]
    return distances.astype(np.float32)[np.ix_(order, order)]


def _gudhi(distances: Single, maxdim: int, threshold: float) -> Diagrams:
    """GUDHI's fork of Ripser, with edge collapses before H2; it releases the GIL.

    H1 goes straight to the compiled function where it is there: the class around it checks a list of clouds in 0.3 ms
    and imports scikit-learn in half a second.
    """
    if maxdim == 1 and (compiled := _compiled()) is not None:
        return compiled(distances, 1, threshold, 2)[1:2] or [np.empty((0, 2))]
    from gudhi.sklearn import RipsPersistence

    rips = RipsPersistence(
        list(range(1, maxdim + 1)),
        threshold=threshold,
        input_type="full distance matrix",
        homology_coeff_field=2,
        n_jobs=1,
    )
    diagrams: Diagrams = rips.fit_transform([distances])[0]
    return diagrams


@cache
def _compiled() -> Callable[[Single, int, float, int], Diagrams] | None:
    """GUDHI's private function: matrix, highest degree, largest scale and coefficient field to diagrams."""
    try:
        from gudhi._ripser_ext import _full
    except ImportError:
        return None
    compute: Callable[[Single, int, float, int], Diagrams] = _full
    return compute


def _ripser(distances: Single, maxdim: int, threshold: float) -> Diagrams:
    """ripser.py; it holds the GIL."""
    from ripser import ripser

    diagrams: Diagrams = ripser(distances, maxdim=maxdim, thresh=threshold, distance_matrix=True)["dgms"][1:]
    return diagrams


ENGINES: dict[str, Callable[[Single, int, float], Diagrams]] = {"gudhi": _gudhi, "ripser": _ripser}
"""Name -> distances, highest degree and largest scale to the diagrams of degrees 1 and above."""


def _tidy(dgm: Array) -> Array:
    """Bars of positive length in a canonical order, float64."""
    dgm = np.asarray(dgm, dtype=np.float64).reshape(-1, 2)
    dgm = dgm[dgm[:, 1] > dgm[:, 0]]
    return dgm[np.lexsort((dgm[:, 1], dgm[:, 0]))]
