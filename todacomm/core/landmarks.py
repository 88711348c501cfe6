"""A few points that stand for a large cloud: greedy farthest-point landmarks, and the radius they cover it with."""

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike

from todacomm.core.arrays import Array, Indices
from todacomm.core.checks import as_cloud, as_rows
from todacomm.core.facts import RunWarning


@dataclass(frozen=True, slots=True)
class Landmarks:
    """Points chosen from a cloud.

    Attributes
    ----------
    rows : ndarray of int, shape (n_landmarks,)
        Which rows of the cloud they are, in the order in which they were chosen: the first k are the choice of k.
    distances : ndarray, shape (n_points,)
        Distance of each point of the cloud to its nearest landmark.
    """

    rows: Indices
    distances: Array

    @property
    def cover_radius(self) -> float:
        """Largest distance of a point of the cloud to its nearest landmark."""
        return float(self.distances.max())


def farthest_points(
    cloud: ArrayLike, n_landmarks: int, metric: str = "euclidean", among: Indices | None = None
) -> Landmarks:
    """Landmarks by greedy farthest-point (maxmin) choice: each is the point farthest from those before it.

    The first is the point farthest from the centroid, so that nothing is random and the order of the rows matters for
    ties only. The cover radius is at most twice the best that as many points can have (Gonzalez 1985,
    doi 10.1016/0304-3975(85)90224-5), and no two landmarks are closer than it. One row of distances is held at a time:
    time grows as ``n_points * n_landmarks``, memory as ``n_points``.

    Parameters
    ----------
    cloud : array, shape (n_points, n_dims)
        In the space in which distances are taken.
    n_landmarks : int
        All candidates are taken where there are no more of them.
    among : ndarray of int, optional
        Rows that may be chosen, such as one of each group of duplicates; all rows are covered whatever it holds.

    Returns
    -------
    Landmarks
        * ``cover_radius``: ``max over points of min over landmarks of d`` (Chazal, de Silva and Oudot 2014,
          arXiv 1207.3885: what it bounds).

    Raises
    ------
    ValueError
        The cloud is no matrix of finite numbers, under one landmark, more of them than points, or candidates that are
        no rows of the cloud.

    >>> chosen = farthest_points([[0.0], [1.0], [5.0], [9.0], [10.0]], 3)
    >>> chosen.rows.tolist(), chosen.cover_radius
    ([0, 4, 2], 1.0)
    """
    points = as_cloud(cloud, finite=True)
    if not 1 <= n_landmarks <= len(points):
        raise ValueError(f"{n_landmarks} landmarks of {len(points)} points: expected 1 to {len(points)}")
    candidates = np.arange(len(points)) if among is None else as_rows(among, len(points), "the candidates", 1)
    n_chosen = min(n_landmarks, len(candidates))
    rows = np.empty(n_chosen, dtype=np.intp)
    nearest = np.full(len(points), np.inf)
    farthest_first = np.linalg.norm(points - points.mean(axis=0), axis=1)
    for place in range(n_chosen):
        distance = nearest if place else farthest_first
        rows[place] = candidates[distance[candidates].argmax()]
        np.minimum(nearest, scipy.spatial.distance.cdist(points[rows[place], None], points, metric)[0], out=nearest)
    return Landmarks(rows, nearest)


def cover_warnings(cover_radius: float, longest_bar: float, metric: str, bar: str = "H1 bar") -> list[RunWarning]:
    """What the cover radius leaves open; nothing where the longest bar is sure to be one of the whole cloud.

    Points move by at most the cover radius ``r`` when each is replaced by its landmark, and distances by ``2 r``: a
    bar of the landmarks longer than ``2 r`` is one of the whole cloud, born and dead at most ``2 r`` earlier, and the
    two diagrams have a bottleneck distance of at most ``2 r`` (Chazal, de Silva and Oudot 2014, arXiv 1207.3885).
    That rests on the triangle inequality, which the cosine distance lacks.

    Parameters
    ----------
    longest_bar : float
        Above degree 0 where that was computed: an H0 bar of landmarks is never shorter than their cover radius.
    bar : str
        What such a bar is called.

    >>> cover_warnings(0.1, 0.5, "euclidean")
    []
    """
    if metric == "cosine":
        text = "the cover radius of the landmarks bounds no bar: the cosine distance has no triangle inequality"
        return [RunWarning("cover_radius_bounds_nothing", text)]
    if 2.0 * cover_radius < longest_bar:
        return []
    part = "" if cover_radius > longest_bar else "half of "
    text = (
        f"the cover radius of the landmarks exceeds {part}their longest {bar}: none of them is sure to be one of the "
        "whole cloud; take more landmarks, or means over random subsamples"
    )
    return [RunWarning("cover_radius_large", text)]
