"""One layer from its cloud to its numbers: health, components, distances, diagrams, metrics, curves."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.distance import squareform

from todacomm.core import clouds, geometry, summaries
from todacomm.core.homology import AUTO, Diagrams, Filtration
from todacomm.core.landmarks import cover_warnings, farthest_points
from todacomm.core.metrics import LAYER_METRICS

Array = NDArray[np.float64]

MIN_DISTINCT = 4
DEGENERATE_SHARE = 0.5
DOUBTFUL_SHARE = 0.9
COUNTS = ("n_points", "n_distinct", "duplicate_fraction")
"""All that is said of a layer without a shape."""
REASONS = {
    "mean_cosine": "a row is zero",
    "h0_entropy": "it takes two bars",
    "h1_entropy": "it takes two bars",
    "h2_entropy": "it takes two bars",
    "spectrum_alpha": f"it takes {geometry.MIN_RANKS} eigenvalues from rank {geometry.FIRST_RANK} to half of them",
}
"""Why a metric may be nan in a layer that has a shape."""


@dataclass(frozen=True)
class LayerAnalysis:
    """What one cloud gives, and what inference goes on from.

    Attributes
    ----------
    metrics : dict of float
        Every layer metric by name; nan where it is undefined.
    diagrams : list of ndarray, shape (bars, 2)
        By degree, of the distinct rows; empty where nothing is defined.
    curves : dict of ndarray
        ``scale`` with ``betti_0``, ``betti_1`` (``betti_2``) and ``euler``; ``id_scale`` with ``id_dimension``;
        ``eigenvalues``, and in ``spectrum_ranks`` the first and last rank that ``spectrum_alpha`` is fitted to.
    cloud : ndarray, shape (n_points, n_dims)
        The cloud as measured: standardised where that was asked for, float64.
    scores : ndarray, shape (n_points, n_kept)
        The space in which distances are taken, centred.
    metric : str
        The distance between points.
    distinct : ndarray of int
        One row of each group of coinciding rows.
    landmarks : ndarray of int or None
        The rows that distances and diagrams are of, where they are not of all.
    warnings : tuple of str
        What a reader must know, without the layer's name.
    """

    metrics: dict[str, float]
    diagrams: Diagrams
    curves: dict[str, Array]
    cloud: Array
    scores: Array
    metric: str
    distinct: NDArray[np.intp]
    landmarks: NDArray[np.intp] | None = None
    warnings: tuple[str, ...] = field(default=())

    @property
    def distances(self) -> Array:
        """Distances between all points, or among the landmarks: shape (n_points, n_points), empty without a shape.

        Taken again on every call: the layers of a run would hold 7 GB of them at 5,000 points.
        """
        if not self.defined:
            return np.empty((0, 0))
        return clouds.distances(self.scores if self.landmarks is None else self.scores[self.landmarks], self.metric)

    @property
    def defined(self) -> bool:
        """Whether there are points enough for any number of shape."""
        return len(self.distinct) >= MIN_DISTINCT

    @property
    def degenerate(self) -> bool:
        """Whether under half of the rows are distinct: its values cannot be a denominator."""
        return len(self.distinct) < max(DEGENERATE_SHARE * len(self.cloud), MIN_DISTINCT)


def analyze_layer(
    cloud: ArrayLike,
    *,
    pca: int = 50,
    standardize: bool = False,
    maxdim: int = 1,
    metric: str = "euclidean",
    engine: str = AUTO,
    landmarks: int = 0,
) -> LayerAnalysis:
    """Measure one cloud.

    With Euclidean distances, rotation, translation and the order of the rows change nothing but ``mean_norm``,
    ``mean_cosine`` and ``top_dim_variance``; scale multiplies what has the units of a distance.

    Parameters
    ----------
    cloud : array, shape (n_points, n_dims)
    pca : int
        Principal components in which distances are taken; 0 keeps every dimension, and so does a number beyond them.
    standardize : bool
        Give every dimension variance 1 first; health is of the cloud as it came.
    maxdim, engine : int, str
        As in :func:`todacomm.core.homology.persistence`.
    metric : str
        Distance between points: ``euclidean``, ``cosine`` (as seen from the centroid), ``cityblock``, ``chebyshev``.
    landmarks : int
        Take distances and homology among so many points, spread by greedy farthest-point choice; 0: among all. Health,
        components and spectra stay those of the whole cloud. No dimension is read from distances to neighbours
        (``twonn_dimension`` is nan): points spread evenly by choice have none.

    Returns
    -------
    LayerAnalysis
        All nan with a warning where the cloud holds nan or infinity, or has under 4 distinct points. Of its metrics two
        are its own, from distances ``d`` and the covariance's eigenvalues ``lambda``.

        * ``median_distance``: ``median(d)`` over the pairs of points.
        * ``pca_explained_variance``: ``sum(lambda kept) / sum(lambda)``.

    >>> angles = np.arange(60) * 2 * np.pi / 60
    >>> circle = analyze_layer(np.column_stack([np.cos(angles), np.sin(angles)]))
    >>> circle.diagrams[1].round(4).tolist()
    [[0.1047, 1.7321]]
    """
    points = np.asarray(cloud, dtype=np.float64)
    broken = ~np.isfinite(points).all(axis=1)
    if broken.any():
        reason = f"{broken.sum()} of {len(points)} rows hold nan or infinity: nothing is measured here"
        return _undefined(points, np.empty(0, dtype=np.intp), reason, {"n_points": float(len(points))}, maxdim, metric)
    distinct = clouds.distinct_rows(points)
    health = clouds.health(points, distinct)
    if standardize:
        points = clouds.standardize(points)
    if len(distinct) < MIN_DISTINCT:
        reason = f"{len(distinct)} distinct points of {len(points)}: no shape to measure"
        return _undefined(points, distinct, reason, health, maxdim, metric)

    components = clouds.principal_components(points, pca)
    chosen = farthest_points(components.scores, landmarks, metric, distinct) if landmarks else None
    seen = _see_distances(components.scores, metric, maxdim, distinct, None if chosen is None else chosen.rows)
    diagrams = seen.filtration.persistence(engine)
    metrics = {
        **health,
        **summaries.diagram_metrics(diagrams, seen.n_distinct, seen.median_of_distinct, seen.diameter),
        "median_distance": seen.median,
        "pca_explained_variance": components.explained_variance,
        "participation_ratio": geometry.participation_ratio(components.eigenvalues),
        "effective_rank": geometry.effective_rank(components.eigenvalues),
        "spectrum_alpha": geometry.spectrum_alpha(components.eigenvalues, *points.shape),
        "twonn_dimension": seen.twonn_dimension,
    }
    warnings = _health_warnings(len(points), len(distinct))
    if pca > len(components.eigenvalues):
        warnings.append(f"pca={pca} keeps all {len(components.eigenvalues)} components: there are no more")
    if chosen is not None:
        metrics["cover_radius"] = chosen.cover_radius
        longest = max(float(np.ptp(dgm, axis=1).max(initial=0.0)) for dgm in diagrams[1:] or diagrams)
        warnings += cover_warnings(chosen.cover_radius, longest, metric, "loop" if maxdim else "gap")
    return LayerAnalysis(
        metrics=metrics,
        diagrams=diagrams,
        curves=_betti_curves(diagrams) | seen.dimension_curve | _spectrum(components.eigenvalues, points),
        cloud=points,
        scores=components.scores,
        metric=metric,
        distinct=distinct,
        landmarks=None if chosen is None else chosen.rows,
        warnings=(*warnings, *_reasons(metrics)),
    )


class _Seen(NamedTuple):
    """What is wanted of a layer's distances, which are not kept beside their homology."""

    filtration: Filtration
    n_distinct: int
    median: float
    median_of_distinct: float
    diameter: float
    twonn_dimension: float
    dimension_curve: dict[str, Array]


def _see_distances(
    scores: Array, metric: str, maxdim: int, distinct: NDArray[np.intp], landmarks: NDArray[np.intp] | None
) -> _Seen:
    distances = clouds.distances(scores if landmarks is None else scores[landmarks], metric)
    all_differ = landmarks is not None or len(distinct) == len(scores)
    among = distances if all_differ else distances[np.ix_(distinct, distinct)]
    neighbours = among if landmarks is None else np.empty((0, 0))
    median, diameter = _median_and_largest(among)
    return _Seen(
        filtration=Filtration.of(among, maxdim),
        n_distinct=len(among),
        median=median if all_differ else _median_and_largest(distances)[0],
        median_of_distinct=median,
        diameter=diameter,
        twonn_dimension=geometry.twonn_dimension(neighbours),
        dimension_curve=_dimension_curve(neighbours),
    )


def _median_and_largest(distances: Array) -> tuple[float, float]:
    pairs = squareform(distances, checks=False)
    return float(np.median(pairs)), float(pairs.max())


def _betti_curves(diagrams: Diagrams) -> dict[str, Array]:
    scale = summaries.curve_scale(diagrams)
    betti = [summaries.betti_curve(dgm, scale) for dgm in diagrams]
    return {
        "scale": scale,
        **{f"betti_{degree}": curve for degree, curve in enumerate(betti)},
        "euler": summaries.euler_curve(betti),
    }


def _dimension_curve(distances: Array) -> dict[str, Array]:
    scale, dimension = geometry.dimension_over_scale(distances)
    return {"id_scale": scale, "id_dimension": dimension}


def _spectrum(eigenvalues: Array, points: Array) -> dict[str, Array]:
    ranks = geometry.spectrum_ranks(*points.shape)
    return {"eigenvalues": eigenvalues, "spectrum_ranks": np.array(ranks, dtype=np.float64)}


def _health_warnings(n_points: int, n_distinct: int) -> list[str]:
    share = n_distinct / n_points
    if share < DEGENERATE_SHARE:
        return [
            f"{n_distinct} distinct points of {n_points}: its numbers describe few points many times, and no ratio "
            f"is taken to them"
        ]
    if share < DOUBTFUL_SHARE:
        return [f"{n_distinct} distinct points of {n_points}: the others repeat them, and are left out of its shape"]
    return []


def _reasons(metrics: dict[str, float]) -> list[str]:
    """Why single metrics of a layer that has a shape are nan."""
    return [f"{name} is not defined: {why}" for name, why in REASONS.items() if np.isnan(metrics.get(name, 0.0))]


def _undefined(
    points: Array, distinct: NDArray[np.intp], reason: str, known: dict[str, float], maxdim: int, metric: str
) -> LayerAnalysis:
    """A layer without a shape: its counts, as far as they are known, nan for all else, and why."""
    names = ("scale", *(f"betti_{degree}" for degree in range(maxdim + 1)), "euler", "id_scale", "id_dimension")
    return LayerAnalysis(
        metrics={name: known[name] if name in COUNTS and name in known else np.nan for name in _metric_names(maxdim)},
        diagrams=[np.empty((0, 2)) for _ in range(maxdim + 1)],
        curves=dict.fromkeys((*names, "eigenvalues", "spectrum_ranks"), np.empty(0)),
        cloud=points,
        scores=points,
        metric=metric,
        distinct=distinct,
        warnings=(reason,),
    )


def _metric_names(maxdim: int) -> list[str]:
    """Metrics of a layer up to a degree; those of H2 are named after those of H1."""
    names = [name for name in LAYER_METRICS if name != "cover_radius"]
    of_loops = [name for name in names if name.startswith("h1_")]
    if maxdim == 0:
        return [name for name in names if name not in of_loops]
    return names + [name.replace("h1_", "h2_") for name in of_loops if maxdim == 2]
