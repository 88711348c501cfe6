"""From distances to persistence diagrams: reduced Vietoris-Rips homology over Z/2."""

import importlib.util
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Diagrams = list[Array]

AUTO = "auto"


def persistence(distances: Array, maxdim: int = 1, engine: str = AUTO) -> Diagrams:
    """Persistence diagrams of the Vietoris-Rips filtration.

    H0 is reduced: the one essential bar says nothing about a cloud and is left out, and every other bar dies by the
    enclosing radius. H0 comes from the minimum spanning tree, in float64 whatever the engine; the engines work in
    float32 for the rest. The order of the points changes nothing.

    Parameters
    ----------
    distances : ndarray, shape (n_points, n_points)
        Symmetric, zero diagonal.
    maxdim : int
        Highest degree.
    engine : str
        ``gudhi``, ``ripser``, or ``auto``: GUDHI where it is installed.

    Returns
    -------
    list of ndarray, shape (bars, 2)
        Birth and death by degree, bars of length 0 left out, sorted by birth and death.

    Raises
    ------
    ValueError
        An unknown engine, one that is not installed, or distances that are not finite.

    >>> side = np.sqrt(2.0)
    >>> square = np.array([[0, 1, side, 1], [1, 0, 1, side], [side, 1, 0, 1], [1, side, 1, 0]])
    >>> h0, h1 = persistence(square)
    >>> h0.tolist(), h1.round(3).tolist()
    ([[0.0, 1.0], [0.0, 1.0], [0.0, 1.0]], [[1.0, 1.414]])
    """
    name = resolve_engine(engine)
    if not np.isfinite(distances).all():
        raise ValueError("distances hold nan or infinity: leave such points out before asking for their homology")
    components = _tidy(spanning_tree(distances))
    if maxdim == 0:
        return [components]
    if len(distances) < 3:
        return [components, *(np.empty((0, 2)) for _ in range(maxdim))]
    return [components, *(_tidy(dgm) for dgm in ENGINES[name](distances, maxdim))]


def persistence_many(
    matrices: Iterable[Array], maxdim: int = 1, engine: str = AUTO, threads: int = 1
) -> list[Diagrams]:
    """Diagrams of several distance matrices, in their order; threads help where the engine releases the GIL (GUDHI)."""
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(partial(persistence, maxdim=maxdim, engine=engine), matrices))


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
        raise ValueError(f"the engine {engine} is not installed: install it with pip, or use engine={AUTO}")
    return engine


def spanning_tree(distances: Array) -> Array:
    """H0 of a cloud: one bar from 0 for every edge of the minimum spanning tree (Prim, one row at a time).

    >>> spanning_tree(np.abs(np.subtract.outer([0.0, 1.0, 4.0], [0.0, 1.0, 4.0]))).tolist()
    [[0.0, 1.0], [0.0, 3.0]]
    """
    n_points = len(distances)
    deaths = np.empty(max(n_points - 1, 0))
    nearest = distances[0].copy() if n_points else np.empty(0)
    outside = np.arange(1, n_points)
    nearest = nearest[1:]
    for step in range(n_points - 1):
        closest = int(nearest.argmin())
        deaths[step] = nearest[closest]
        joined = outside[closest]
        outside[closest], nearest[closest] = outside[-1], nearest[-1]
        outside, nearest = outside[:-1], nearest[:-1]
        np.minimum(nearest, distances[joined, outside], out=nearest)
    return np.column_stack([np.zeros_like(deaths), deaths])


def _gudhi(distances: Array, maxdim: int) -> Diagrams:
    """GUDHI's fork of Ripser; it releases the GIL and cuts at the enclosing radius by itself."""
    from gudhi.sklearn import RipsPersistence

    rips = RipsPersistence(
        list(range(1, maxdim + 1)), input_type="full distance matrix", homology_coeff_field=2, n_jobs=1
    )
    diagrams: Diagrams = rips.fit_transform([distances])[0]
    return diagrams


def _ripser(distances: Array, maxdim: int) -> Diagrams:
    from ripser import ripser

    diagrams: Diagrams = ripser(distances, maxdim=maxdim, distance_matrix=True)["dgms"][1:]
    return diagrams


ENGINES: dict[str, Callable[[Array, int], Diagrams]] = {"gudhi": _gudhi, "ripser": _ripser}
"""Name -> distances and highest degree to the diagrams of degrees 1 and above."""


def _tidy(dgm: Array) -> Array:
    """Bars of positive length in a canonical order, float64."""
    dgm = np.asarray(dgm, dtype=np.float64).reshape(-1, 2)
    dgm = dgm[dgm[:, 1] > dgm[:, 0]]
    return dgm[np.lexsort((dgm[:, 1], dgm[:, 0]))]
