"""One layer from its cloud to its numbers: health, components, distances, diagrams, metrics, curves."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from todacomm.core import clouds, geometry, summaries
from todacomm.core.homology import AUTO, Diagrams, persistence
from todacomm.core.landmarks import cover_warnings, farthest_points
from todacomm.core.metrics import LAYER_METRICS

Array = NDArray[np.float64]

MIN_DISTINCT = 4
DEGENERATE_SHARE = 0.5
DOUBTFUL_SHARE = 0.9


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
        ``scale`` with ``betti_0``, ``betti_1``, ``euler``; ``id_scale`` with ``id_dimension``; ``eigenvalues``.
    cloud : ndarray, shape (n_points, n_dims)
        The cloud as measured: standardised where that was asked for, float64.
    scores : ndarray, shape (n_points, n_kept)
        The space in which distances are taken.
    distances : ndarray, shape (n_points, n_points)
        Among the landmarks only where there are some: shape (n_landmarks, n_landmarks).
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
    distances: Array
    distinct: NDArray[np.intp]
    landmarks: NDArray[np.intp] | None = None
    warnings: tuple[str, ...] = field(default=())

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

    Parameters
    ----------
    cloud : array, shape (n_points, n_dims)
    pca : int
        Principal components in which distances are taken; 0 keeps every dimension.
    standardize : bool
        Give every dimension variance 1 first.
    landmarks : int
        Take distances and homology among so many points, spread by greedy farthest-point choice; 0: among all. Health,
        components and spectra stay those of the whole cloud. No dimension is read from distances to neighbours
        (``twonn_dimension`` is nan): points spread evenly by choice have none.

    Returns
    -------
    LayerAnalysis
        All nan with a warning where the cloud holds nan or infinity, or has under 4 distinct points.

    >>> angles = np.arange(60) * 2 * np.pi / 60
    >>> circle = analyze_layer(np.column_stack([np.cos(angles), np.sin(angles)]))
    >>> circle.diagrams[1].round(4).tolist()
    [[0.1047, 1.7321]]
    """
    points = np.asarray(cloud, dtype=np.float64)
    broken = ~np.isfinite(points).all(axis=1)
    if broken.any():
        reason = f"{broken.sum()} of {len(points)} rows hold nan or infinity: nothing is measured here"
        return _undefined(points, np.empty(0, dtype=np.intp), reason, {"n_points": float(len(points))}, maxdim)
    distinct = clouds.distinct_rows(points)
    health = clouds.health(points, distinct)
    if standardize:
        points = clouds.standardize(points)
    if len(distinct) < MIN_DISTINCT:
        reason = f"{len(distinct)} distinct points of {len(points)}: no shape to measure"
        return _undefined(points, distinct, reason, health, maxdim)

    components = clouds.principal_components(points, pca)
    warnings = _health_warnings(len(points), len(distinct))
    if landmarks:
        chosen = farthest_points(components.scores, landmarks, metric, distinct)
        distances = among = clouds.distances(components.scores[chosen.rows], metric)
    else:
        distances = clouds.distances(components.scores, metric)
        among = distances[np.ix_(distinct, distinct)]
    pairs = among[np.triu_indices(len(among), 1)]
    diagrams = persistence(among, maxdim, engine)
    metrics = {
        **health,
        **summaries.diagram_metrics(diagrams, len(among), float(np.median(pairs)), float(pairs.max())),
        "median_distance": float(np.median(distances[np.triu_indices(len(distances), 1)])),
        "pca_explained_variance": components.explained_variance,
        "participation_ratio": geometry.participation_ratio(components.eigenvalues),
        "effective_rank": geometry.effective_rank(components.eigenvalues),
        "spectrum_alpha": geometry.spectrum_alpha(components.eigenvalues, *points.shape),
        "twonn_dimension": np.nan if landmarks else geometry.twonn_dimension(among),
    }
    if landmarks:
        metrics["cover_radius"] = chosen.cover_radius
        longest = max(float(np.ptp(dgm, axis=1).max(initial=0.0)) for dgm in diagrams[1:] or diagrams)
        warnings += cover_warnings(chosen.cover_radius, longest, metric, "loop" if maxdim else "gap")
    return LayerAnalysis(
        metrics=metrics,
        diagrams=diagrams,
        curves=_curves(diagrams, among, components.eigenvalues, with_dimension=not landmarks),
        cloud=points,
        scores=components.scores,
        distances=distances,
        distinct=distinct,
        landmarks=chosen.rows if landmarks else None,
        warnings=tuple(warnings),
    )


def _curves(diagrams: Diagrams, among: Array, eigenvalues: Array, with_dimension: bool) -> dict[str, Array]:
    scale = summaries.curve_scale(diagrams)
    betti = [summaries.betti_curve(dgm, scale) for dgm in diagrams]
    id_scale, id_dimension = geometry.dimension_over_scale(among) if with_dimension else (np.empty(0), np.empty(0))
    return {
        "scale": scale,
        **{f"betti_{degree}": curve for degree, curve in enumerate(betti)},
        "euler": summaries.euler_curve(betti),
        "id_scale": id_scale,
        "id_dimension": id_dimension,
        "eigenvalues": eigenvalues,
    }


def _health_warnings(n_points: int, n_distinct: int) -> list[str]:
    share = n_distinct / n_points
    if share < DEGENERATE_SHARE:
        return [
            f"{n_distinct} distinct points of {n_points}: its numbers describe few points many times, and no ratio "
            f"is taken to them"
        ]
    if share < DOUBTFUL_SHARE:
        return [f"{n_distinct} distinct points of {n_points}: texts share their pooled token and position"]
    return []


def _undefined(
    points: Array, distinct: NDArray[np.intp], reason: str, known: dict[str, float], maxdim: int
) -> LayerAnalysis:
    """A layer without a shape: nan for all that is not known, and why."""
    names = ("scale", *(f"betti_{degree}" for degree in range(maxdim + 1)), "euler", "id_scale", "id_dimension")
    return LayerAnalysis(
        metrics={name: known.get(name, np.nan) for name in LAYER_METRICS if name != "cover_radius"},
        diagrams=[np.empty((0, 2)) for _ in range(maxdim + 1)],
        curves=dict.fromkeys((*names, "eigenvalues"), np.empty(0)),
        cloud=points,
        scores=points,
        distances=np.empty((0, 0)),
        distinct=distinct,
        warnings=(reason,),
    )
