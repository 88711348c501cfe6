"""From distances to persistence diagrams: reduced Vietoris-Rips homology over Z/2."""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike

from todacomm.core.arrays import Array, Indices, Single
from todacomm.core.checks import as_distances, as_lengths
from todacomm.core.matrices import reordered, tree_lengths

Diagrams = list[Array]

AUTO = "auto"
PEAK_BYTES = {"lunes": (11, 14), "gudhi": (11, 21, 66), "ripser": (11, 90, 4300)}
"""Bytes for each entry of the distance matrix at the peak of a layer's analysis, by ``maxdim``.
Measured on clouds in 50 dimensions: 2,000 and 5,000 points, for H2 up to 1,000 (GUDHI) and 600 (ripser.py)."""


def persistence(distances: ArrayLike, maxdim: int = 1, engine: str = AUTO) -> Diagrams:
    """Persistence diagrams of the Vietoris-Rips filtration, from one matrix of distances.

    H0 is reduced: the one essential bar says nothing about a cloud and is left out. No other bar is infinite, because
    beyond the enclosing radius the complex is a cone. The order of the points changes nothing. H0 is the minimum
    spanning tree, in float64; higher degrees are computed from the distances rounded to float32, which ripser.py does
    by itself and which takes a third off GUDHI's memory: the engines then agree to the bit.

    Parameters
    ----------
    distances : ndarray, shape (n_points, n_points)
        Symmetric, zero diagonal. Of distinct points: those that coincide cost time and add no bar.
    maxdim : int
        Highest degree. Without H1 (``maxdim=0``) no simplex is built.
    engine : str
        ``lunes`` (:mod:`todacomm.core.lunes`, up to H1), ``gudhi``, ``ripser``, or ``auto``: lunes, and for H2 GUDHI
        where it is installed.

    Returns
    -------
    list of ndarray, shape (bars, 2)
        Birth and death by degree, bars of length 0 left out, sorted by birth and death.

    Raises
    ------
    ValueError
        An unknown engine, one that is not installed, or as :func:`todacomm.core.checks.as_lengths`.

    >>> side = np.sqrt(2.0)
    >>> square = np.array([[0, 1, side, 1], [1, 0, 1, side], [side, 1, 0, 1], [1, side, 1, 0]])
    >>> h0, h1 = persistence(square)
    >>> h0.tolist(), h1.round(3).tolist()
    ([[0.0, 1.0], [0.0, 1.0], [0.0, 1.0]], [[1.0, 1.414]])
    """
    resolve_engine(engine, maxdim)
    return Filtration.of(as_lengths(distances), maxdim).persistence(engine)


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
    """What the engines need of a matrix of distances: a caller that lets go of the matrix saves a third of the peak.

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
        higher = reordered(distances, outermost_first(distances)) if maxdim else np.empty((0, 0), dtype=np.float32)
        return cls(_tidy(_spanning_tree(distances)), higher, maxdim)

    def persistence(self, engine: str = AUTO) -> Diagrams:
        """Its diagrams, as :func:`persistence` returns them."""
        if len(self.distances) < 3:
            return [self.components, *(np.empty((0, 2)) for _ in range(self.maxdim))]
        compute = ENGINES[resolve_engine(engine, self.maxdim)]
        return [self.components, *map(_tidy, compute(self.distances, self.maxdim, np.inf))]


def memory_estimate(n_points: int, maxdim: int = 1, engine: str = AUTO) -> int:
    """Bytes that one cloud's distances and their homology take at the peak, to refuse beforehand what will not fit.

    >>> round(memory_estimate(5000, engine="ripser") / 2**30, 1)
    2.1
    """
    return n_points**2 * PEAK_BYTES[resolve_engine(engine, maxdim)][maxdim]


def resolve_engine(engine: str, maxdim: int = 1) -> str:
    """The engine that a name stands for on this machine, up to a degree.

    Raises
    ------
    ValueError
        Unknown, not installed, or for lower degrees.
    """
    if engine == AUTO:
        return "lunes" if maxdim <= 1 else "gudhi" if importlib.util.find_spec("gudhi") else "ripser"
    if engine not in ENGINES:
        raise ValueError(f"unknown engine {engine!r}: choose {', '.join((AUTO, *ENGINES))}")
    if engine == "lunes":
        if maxdim > 1:
            raise ValueError(f"the engine lunes goes up to H1, and H{maxdim} is asked for: use engine={AUTO}")
    elif not importlib.util.find_spec(engine):
        raise ValueError(f"the engine {engine} is not installed: pip install {engine}, or use engine={AUTO}")
    return engine


def spanning_tree(distances: ArrayLike) -> Array:
    """H0 of a cloud: one bar from 0 for every edge of the minimum spanning tree.

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
    """:func:`spanning_tree` of a matrix that has been checked."""
    deaths = tree_lengths(matrix)
    return np.column_stack([np.zeros_like(deaths), deaths])


def outermost_first(distances: Array) -> Indices:
    """The points in falling order of their mean distance to the others.

    All engines pair simplices in the order of their vertices: with the outermost first GUDHI and ripser.py take up to a
    third less time (500 to 5,000 points, activations and Gaussian clouds).
    """
    order: Indices = distances.sum(axis=1).argsort()[::-1]
    return order


def _lunes(distances: Single, maxdim: int, threshold: float) -> Diagrams:
    """Our own, for H1; it releases the GIL."""
    from todacomm.core.lunes import h1

    return [h1(distances, threshold)]


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


ENGINES: dict[str, Callable[[Single, int, float], Diagrams]] = {"lunes": _lunes, "gudhi": _gudhi, "ripser": _ripser}
"""Name -> distances, highest degree and largest scale to the diagrams of degrees 1 and above."""


def _tidy(dgm: Array) -> Array:
    """Bars of positive length in a canonical order, float64."""
    dgm = np.asarray(dgm, dtype=np.float64).reshape(-1, 2)
    dgm = dgm[dgm[:, 1] > dgm[:, 0]]
    return dgm[np.lexsort((dgm[:, 1], dgm[:, 0]))]
