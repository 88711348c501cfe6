"""Diagrams as vectors: persistence landscapes and persistence images on grids that layers and models share."""

from collections.abc import Sequence

import numpy as np
import scipy
from numpy.typing import ArrayLike

from todacomm.core.arrays import Array
from todacomm.core.checks import as_array, as_diagram, as_vector

LEVELS = 5
CELLS = 20
"""Cells of an image along each axis."""
SCALE = np.linspace(0.0, 1.5, 151)
"""Distances of the landscapes that are recorded, in units of a layer's median distance: the same for every layer."""
SIGMA = 0.05
"""Standard deviation of the images that are recorded, in the same units."""
_ALL_BIRTHS = np.array([-np.inf, np.inf])
_BIRTHS = np.append(np.linspace(0.0, 1.5, 31), np.inf)
_LIFETIMES = np.append(np.linspace(0.0, 1.0, 41), np.inf)


def landscape(dgm: Array, scale: ArrayLike, n_levels: int = LEVELS) -> Array:
    """Persistence landscape: at every distance the highest tents that the bars stand under, the highest first.

    A bar gives the tent ``max(0, min(t - birth, death - t))``, as high as half its lifetime; level ``k`` is the k-th
    largest of all. The order of the bars changes nothing, and no level moves by more than the bottleneck distance.
    (Bubenik 2015, arXiv 1207.6437.)

    Parameters
    ----------
    dgm : ndarray, shape (bars, 2)
        Birth and death, finite.
    scale : array, shape (points,)
        Distances, such as :func:`todacomm.core.curves.curve_scale` of all diagrams to be compared.
    n_levels : int

    Returns
    -------
    ndarray, shape (n_levels, points)
        In units of a distance; levels without a bar are 0.

    Raises
    ------
    ValueError
        The scale is no row of numbers, or as :func:`todacomm.core.checks.as_diagram`.

    >>> landscape(np.array([[0.0, 2.0], [1.0, 2.0]]), [0.0, 0.5, 1.0, 1.5, 2.0], n_levels=2).tolist()
    [[0.0, 0.5, 1.0, 0.5, 0.0], [0.0, 0.0, 0.0, 0.5, 0.0]]
    """
    dgm, distances = as_diagram(dgm), as_vector(scale, "the scale")
    levels = np.zeros((n_levels, len(distances)))
    tents = np.minimum(distances - dgm[:, :1], dgm[:, 1:] - distances).clip(min=0.0)
    tents.sort(axis=0)
    n_filled = min(n_levels, len(dgm))
    levels[:n_filled] = tents[::-1][:n_filled]
    return levels


def image(dgm: Array, birth_grid: ArrayLike, persistence_grid: ArrayLike, sigma: float) -> Array:
    """Persistence image: the bars as Gaussians over birth and lifetime, each with the mass of its lifetime.

    Cells hold exact integrals, so the mass is the total persistence, less what lies beyond the grid; a bar of length 0
    has none. The order of the bars changes nothing; stable in the first Wasserstein distance. (Adams et al. 2017,
    arXiv 1507.06217.)

    Parameters
    ----------
    dgm : ndarray, shape (bars, 2)
        Birth and death, finite.
    birth_grid, persistence_grid : array, shapes (births + 1,) and (lifetimes + 1,)
        Edges of the cells, rising; :func:`image_grids` gives them for many diagrams.
    sigma : float
        Standard deviation in both directions, in units of a distance.

    Returns
    -------
    ndarray, shape (births, lifetimes)
        In units of a distance.

    Raises
    ------
    ValueError
        The standard deviation is not positive, a bar is infinite, or the edges are no rows of numbers.

    >>> image(np.array([[1.0, 3.0]]), [0.0, 1.0, 2.0], [-9.0, 2.0, 9.0], sigma=0.1).round(9).tolist()
    [[0.5, 0.5], [0.5, 0.5]]
    """
    dgm = as_diagram(dgm)
    if not sigma > 0.0:
        raise ValueError(f"a persistence image of standard deviation {sigma}: expected a positive distance")
    births, lifetimes = dgm[:, :1], dgm[:, 1:] - dgm[:, :1]
    over_births, over_lifetimes = (
        np.diff(scipy.special.ndtr((as_vector(edges, "the edges") - centres) / sigma), axis=1)
        for edges, centres in ((birth_grid, births), (persistence_grid, lifetimes))
    )
    cells: Array = (lifetimes * over_births).T @ over_lifetimes
    return cells


def image_grids(diagrams: Sequence[Array], sigma: float, cells: int = CELLS) -> tuple[Array, Array]:
    """Edges of cells that hold every bar of these diagrams: from 0 to three deviations beyond the largest.

    Where all births are 0, as in degree 0, there is one column of births.

    Parameters
    ----------
    diagrams : sequence of ndarray, shape (bars, 2)
    sigma : float
        As :func:`image` will take it.

    Returns
    -------
    births, lifetimes : ndarray, shapes (cells + 1,) or (2,), and (cells + 1,)

    Raises
    ------
    ValueError
        As :func:`todacomm.core.checks.as_diagram`.
    """
    margin = 3.0 * sigma
    diagrams = [as_diagram(dgm) for dgm in diagrams]
    birth = max((float(dgm[:, 0].max()) for dgm in diagrams if len(dgm)), default=0.0)
    lifetime = max((float(np.ptp(dgm, axis=1).max()) for dgm in diagrams if len(dgm)), default=0.0)
    births = np.linspace(0.0, birth + margin, cells + 1) if birth > 0.0 else np.array([-margin, margin])
    return births, np.linspace(0.0, lifetime + margin, cells + 1)


def vector_distances(first: Sequence[ArrayLike], second: Sequence[ArrayLike], step: float = 1.0) -> Array:
    """L2 distances between landscapes or images on one grid: ``sqrt(step * sum (a - b)^2)``.

    Parameters
    ----------
    first, second : sequence of ndarray
        Of one shape all, such as those of the layers of two models.
    step : float
        Of the scale of landscapes, whose integral over distances this then is; 1 for images, as Adams et al. have it.

    Returns
    -------
    ndarray, shape (len(first), len(second))

    Raises
    ------
    ValueError
        They are no numbers, or their shapes differ.

    >>> vector_distances([np.zeros((2, 2))], [np.ones((2, 2)), np.zeros((2, 2))]).tolist()
    [[2.0, 0.0]]
    """
    sides = [[as_array(vector, "the vectors") for vector in side] for side in (first, second)]
    shapes = sorted({vector.shape for side in sides for vector in side})
    if len(shapes) > 1:
        raise ValueError(f"vectors of shapes {' and '.join(map(str, shapes))}: expected one grid for all")
    width = int(np.prod(shapes[0])) if shapes else 0
    rows, columns = (np.reshape(side, (len(side), width)) for side in sides)
    return np.asarray(np.sqrt(step) * scipy.spatial.distance.cdist(rows, columns))


def recorded_vectors(diagrams: Sequence[Array], unit: float) -> dict[str, Array]:
    """Landscapes and images of a layer's diagrams on grids that all layers and models share.

    Parameters
    ----------
    diagrams : sequence of ndarray, shape (bars, 2)
        By degree.
    unit : float
        Median distance among the layer's distinct points, by which bars are divided: scale changes nothing.

    Returns
    -------
    dict of ndarray
        ``landscape_0``, shape ``(5, 151)`` over :data:`SCALE`, and ``image_0``, births by lifetimes, the last cells
        holding all beyond; the same of the other degrees. Empty where the unit is not positive.

    Raises
    ------
    ValueError
        As :func:`todacomm.core.checks.as_diagram`.
    """
    if not unit > 0.0:
        return {}
    vectors = {}
    for degree, dgm in enumerate(diagrams):
        bars = as_diagram(dgm) / unit
        vectors[f"landscape_{degree}"] = landscape(bars, SCALE)
        vectors[f"image_{degree}"] = image(bars, _BIRTHS if degree else _ALL_BIRTHS, _LIFETIMES, SIGMA)
    return vectors
