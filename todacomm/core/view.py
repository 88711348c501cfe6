"""A cloud as metrics read it: each part is computed when it is first asked for, and once.

A metric names what it takes (:attr:`todacomm.core.metrics.Metric.needs`), and a view has an attribute of that name. A
whole cloud and a part of its rows (:mod:`todacomm.core.parts`) have the same attributes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

import numpy as np

from todacomm.core.arrays import Array, Indices
from todacomm.core.clouds import PRECOMPUTED, distances
from todacomm.core.homology import AUTO, Diagrams, Filtration
from todacomm.core.landmarks import Landmarks
from todacomm.core.matrices import median_and_largest

Value = TypeVar("Value")


class Once(Generic[Value]):
    """An attribute that is computed when it is first asked for.

    It is a ``functools.cached_property`` without that one's lock, which up to Python 3.11 is one for all objects of a
    class: threads with a view each would wait for each other's homology.
    """

    def __init__(self, compute: Callable[[Any], Value]) -> None:
        self._compute, self.__doc__ = compute, compute.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, view: Any, owner: type) -> Any:
        if view is None:
            return self
        value = self._compute(view)
        view.__dict__[self._name] = value
        return value


def once(compute: Callable[[Any], Value]) -> Value:
    """:class:`Once` for type checkers: one view computes what another is given."""
    return cast(Value, Once(compute))


@dataclass(frozen=True)
class Bars:
    """A diagram of one degree with what its numbers are measured in.

    Attributes
    ----------
    dgm : ndarray, shape (bars, 2)
        Birth and death, finite.
    n_vertices : int
        Points whose distances it is of: the distinct ones, or the landmarks.
    unit, diameter : float
        Median and largest distance between two of them.
    """

    dgm: Array
    n_vertices: int
    unit: float
    diameter: float

    @once
    def lifetimes(self) -> Array:
        """Death less birth, shape (bars,)."""
        lifetimes: Array = self.dgm[:, 1] - self.dgm[:, 0]
        return lifetimes


class View:
    """What metrics read of a cloud, whole or in part.

    Attributes
    ----------
    raw, points : ndarray, shape (n_points, n_dims)
        The cloud as it came, and as it is measured: standardised where that was asked for.
    scores : ndarray, shape (n_points, n_kept)
        The space in which distances are taken.
    distinct : ndarray of int, shape (n_distinct,)
        One row of each group of coinciding rows.
    maxdim, engine : int, str
        Highest degree and engine of the homology.
    landmarks : Landmarks or None
        Points among which distances are taken, where they are not taken among all.
    norms : ndarray, shape (n_points,)
        Lengths of the rows before centring.
    mean_direction : ndarray, shape (n_dims,)
        Mean over the rows before centring of the row over its length; nan where a row is zero.
    variances : ndarray, shape (n_dims,)
        Variance of every coordinate as it came.
    scores_variance : float
        Sum over the scores of their variance.
    eigenvalues : ndarray, shape (min(n_points, n_dims),)
        Of the sample covariance of ``points``, falling.
    distances : ndarray, shape (n_points, n_points)
        Between all points or among the landmarks.
    """

    raw: Array
    points: Array
    scores: Array
    distinct: Indices
    maxdim: int
    engine: str
    landmarks: Landmarks | None
    norms: Array
    mean_direction: Array
    variances: Array
    scores_variance: float
    eigenvalues: Array
    distances: Array
    among: Array

    @property
    def n_points(self) -> int:
        """Rows of the cloud."""
        return len(self.points)

    @property
    def n_dims(self) -> int:
        """Coordinates of the cloud."""
        return int(self.points.shape[1])

    @property
    def n_distinct(self) -> int:
        """Rows left after merging those that coincide."""
        return len(self.distinct)

    @property
    def total_variance(self) -> float:
        """Sum over the coordinates of ``points`` of their variance."""
        return float(self.eigenvalues.sum()) * (self.n_points - 1) / self.n_points

    @property
    def to_landmark(self) -> Array:
        """Distance of every point to its nearest landmark, shape (n_points,); nan without landmarks."""
        return np.full(self.n_points, np.nan) if self.landmarks is None else self.landmarks.distances

    @property
    def neighbours(self) -> Array:
        """Distances from which neighbours may be read: none among landmarks, which are spread evenly by choice."""
        return self.among if self.landmarks is None else np.empty((0, 0))

    @once
    def n_vertices(self) -> int:
        """Points whose distances the diagrams are of: the distinct ones, or the landmarks."""
        return len(self.among)

    @once
    def median(self) -> float:
        """Median distance between two points or landmarks, duplicates included."""
        return self.unit if self.among is self.distances else median_and_largest(self.distances)[0]

    @property
    def unit(self) -> float:
        """Median distance between two distinct points or landmarks."""
        return self._unit_and_diameter[0]

    @property
    def diameter(self) -> float:
        """Largest distance between two of them."""
        return self._unit_and_diameter[1]

    @once
    def diagrams(self) -> Diagrams:
        """Persistence diagrams by degree.

        The distances are let go before homology begins, which saves a third of its peak memory; asked for again, they
        are taken again.
        """
        _ = self.n_vertices, self._unit_and_diameter
        filtration = Filtration.of(self.among, self.maxdim)
        for matrix in ("among", "distances"):
            self.__dict__.pop(matrix, None)
        return filtration.persistence(self.engine)

    def bars(self, degree: int) -> Bars:
        """The diagram of a degree, with what its numbers are measured in."""
        return Bars(self.diagrams[degree], self.n_vertices, self.unit, self.diameter)

    @once
    def _unit_and_diameter(self) -> tuple[float, float]:
        return median_and_largest(self.among)


@dataclass(frozen=True)
class CloudView(View):
    """A whole cloud; its components, eigenvalues and distinct rows are known when it is made.

    Attributes
    ----------
    metric : str
        Distance between points; ``precomputed`` where ``scores`` are the distances, and the points nan.
    """

    raw: Array
    points: Array
    scores: Array
    eigenvalues: Array
    distinct: Indices
    metric: str = "euclidean"
    maxdim: int = 1
    engine: str = AUTO
    landmarks: Landmarks | None = None

    @once
    def norms(self) -> Array:
        norms: Array = np.linalg.norm(self.raw, axis=1)
        return norms

    @once
    def mean_direction(self) -> Array:
        with np.errstate(divide="ignore", invalid="ignore"):
            mean: Array = (self.raw / self.norms[:, None]).mean(axis=0)
        return mean

    @once
    def variances(self) -> Array:
        variances: Array = self.raw.var(axis=0)
        return variances

    @once
    def scores_variance(self) -> float:
        return float(self.scores.var(axis=0).sum())

    @once
    def distances(self) -> Array:
        if self.metric == PRECOMPUTED:
            return self.scores
        return distances(self.scores if self.landmarks is None else self.scores[self.landmarks.rows], self.metric)

    @once
    def among(self) -> Array:
        if self.landmarks is not None or self.n_distinct == self.n_points:
            return self.distances
        return self.distances[np.ix_(self.distinct, self.distinct)]
