"""One layer from its cloud to its numbers: health, components, distances, diagrams, metrics, curves."""

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike

from todacomm.core import clouds, curves
from todacomm.core.arrays import Array, Indices
from todacomm.core.checks import SPREADS, as_cloud, as_distances, require_paired
from todacomm.core.facts import RunWarning
from todacomm.core.homology import AUTO, Diagrams
from todacomm.core.landmarks import cover_warnings, farthest_points
from todacomm.core.metrics import COUNTS, layer_metrics, measure, metric_of
from todacomm.core.metrics.dimension import dimension_over_scale, near_twins, spectrum_ranks
from todacomm.core.rogue import rogue_warnings
from todacomm.core.view import CloudView

MIN_DISTINCT = 4
"""Distinct points without which a cloud has no shape."""
DEGENERATE_SHARE = 0.5
DOUBTFUL_SHARE = 0.9
TWINS_SHARE = 0.02
"""Shares of distinct rows under which a layer is no denominator, and under which a warning says so; share of near-twins
above which one does."""


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
        The cloud as measured: standardised where that was asked for, float64; nan, shape (n_points, 1), where distances
        alone are known.
    scores : ndarray, shape (n_points, n_kept)
        The space in which distances are taken, centred; the distances where they alone are known.
    metric : str
        The distance between points; ``precomputed`` where distances alone are known.
    distinct : ndarray of int
        One row of each group of coinciding rows.
    landmarks : ndarray of int or None
        The rows that distances and diagrams are of, where they are not of all.
    engine : str
        Of the homology.
    warnings : tuple of RunWarning
        What a reader must know, without the layer's name.
    """

    metrics: dict[str, float]
    diagrams: Diagrams
    curves: dict[str, Array]
    cloud: Array
    scores: Array
    metric: str
    distinct: Indices
    landmarks: Indices | None = None
    engine: str = AUTO
    warnings: tuple[RunWarning, ...] = ()

    @property
    def maxdim(self) -> int:
        """Highest degree of its homology."""
        return len(self.diagrams) - 1

    @property
    def distances(self) -> Array:
        """Distances between all points, or among the landmarks: shape (n_points, n_points), empty without a shape.

        Taken again on every call: the layers of a run would hold 7 GB of them at 5,000 points.
        """
        if not self.defined:
            return np.empty((0, 0))
        return self.scores if self.metric == clouds.PRECOMPUTED else self.among(self.landmarks)

    def among(self, rows: Indices | None) -> Array:
        """Distances between some of the points, shape (n_rows, n_rows); None: between all."""
        if self.metric == clouds.PRECOMPUTED:
            return self.scores if rows is None else self.scores[np.ix_(rows, rows)]
        return clouds.distances(self.scores if rows is None else self.scores[rows], self.metric)

    def nearest(self, rows: Indices) -> Indices:
        """For each point the place in ``rows`` of the one nearest to it, shape (n_points,)."""
        known = self.metric == clouds.PRECOMPUTED
        to_rows = self.scores[:, rows] if known else scipy.spatial.distance.cdist(self.scores, self.scores[rows])
        place: Indices = to_rows.argmin(axis=1)
        return place

    @property
    def defined(self) -> bool:
        """Whether it was measured: there are points enough for any number of shape, and distances between them."""
        return bool(np.isfinite(self.unit))

    @property
    def degenerate(self) -> bool:
        """Whether under half of the rows are distinct: its values cannot be a denominator."""
        return is_degenerate(len(self.distinct), len(self.cloud))

    @property
    def unit(self) -> float:
        """Median distance among distinct points, by which scale-free numbers are divided; nan without a shape."""
        return self.metrics["unit_distance"]

    def view(self, raw: ArrayLike) -> CloudView:
        """The layer as metrics read it, to be measured again in parts: up to degree 1, a hundred times H2 takes hours.

        Parameters
        ----------
        raw : array, shape (n_points, n_dims)
            The cloud before any standardisation.

        Raises
        ------
        ValueError
            It has other rows than the layer, or the layer has landmarks: half of the texts is no half of them.
        """
        if self.landmarks is not None:
            raise ValueError("a layer with landmarks has no half-samples: they need the distances of all points")
        points = self.cloud if self.metric == clouds.PRECOMPUTED else as_cloud(raw, "the raw cloud")
        require_paired(points, self.cloud, ("the raw cloud", "the layer"))
        known = self.curves["eigenvalues"], self.distinct, self.metric, min(self.maxdim, 1), self.engine
        return CloudView(points, self.cloud, self.scores, *known)


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
    ``mean_cosine`` and ``top_dim_variance``; scale multiplies what has the units of a distance. Of points that
    coincide the first stands for all: where one far point makes others coincide that do not, their order counts too.

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
        Distance between points: ``euclidean``, ``cosine`` (about the centroid), ``cityblock``, ``chebyshev``.
    landmarks : int
        Take distances and homology among so many points, spread by greedy farthest-point choice; 0: among all. Health,
        components and spectra stay those of the whole cloud. No dimension is read from distances to neighbours
        (``twonn_dimension`` is nan): points spread evenly by choice have none.

    Returns
    -------
    LayerAnalysis
        All nan with a warning where the cloud holds nan or infinity, or has under 4 distinct points.

    Raises
    ------
    ValueError
        The cloud is no matrix of numbers, or has no row or no column; or landmarks are too few to have a shape.

    >>> angles = np.arange(60) * 2 * np.pi / 60
    >>> circle = analyze_layer(np.column_stack([np.cos(angles), np.sin(angles)]))
    >>> circle.diagrams[1].round(4).tolist()
    [[0.1047, 1.7321]]
    """
    points = raw = as_cloud(cloud, "the cloud of a layer")
    if 0 < landmarks < MIN_DISTINCT:
        raise ValueError(f"landmarks is {landmarks}: expected 0, or {MIN_DISTINCT} at least")
    broken = ~np.isfinite(points).all(axis=1)
    if broken.any():
        warning = RunWarning(
            "not_finite", f"{broken.sum()} of {len(points)} rows hold nan or infinity: nothing is measured here"
        )
        return _undefined(points, np.empty(0, dtype=np.intp), warning, maxdim, metric)
    if why := _out_of_range(np.ptp(points, axis=0).max()):
        return _undefined(points, np.empty(0, dtype=np.intp), why, maxdim, metric)
    distinct = clouds.distinct_rows(points)
    if len(distinct) < MIN_DISTINCT:
        return _undefined(points, distinct, _without_shape(len(distinct), len(points)), maxdim, metric)
    if standardize:
        points = clouds.standardize(points)

    components = clouds.principal_components(points, pca)
    distinct = clouds.distinct_points(raw, components.scores, metric)
    if metric == "cosine":
        if (why := _without_directions(components.scores, len(distinct))) is not None:
            return _undefined(points, distinct, why, maxdim, metric)
    elif len(distinct) < MIN_DISTINCT:
        return _undefined(points, distinct, _without_shape(len(distinct), len(points)), maxdim, metric)
    chosen = farthest_points(components.scores, landmarks, metric, distinct) if landmarks else None
    view = CloudView(
        raw, points, components.scores, components.eigenvalues, distinct, metric, maxdim, engine, chosen
    )  # fmt: skip
    warnings = [] if standardize else rogue_warnings(raw)
    if pca > len(components.eigenvalues):
        text = f"pca={pca} keeps all {len(components.eigenvalues)} components: there are no more"
        warnings.append(RunWarning("pca_keeps_all", text))
    return _measured(view, warnings)


def analyze_distances(distances: ArrayLike, *, maxdim: int = 1, engine: str = AUTO) -> LayerAnalysis:
    """Measure points of which distances alone are known, whether these obey the triangle inequality or not.

    The order of the points changes nothing; scale multiplies what has the units of a distance. Points coincide by the
    rule of :func:`todacomm.core.clouds.distinct_rows`: the root mean square distance to a centroid is that of all pairs
    over the root of 2.

    Parameters
    ----------
    distances : array, shape (n_points, n_points)
        Symmetric, zero diagonal.
    maxdim, engine : int, str
        As in :func:`todacomm.core.homology.persistence`.

    Returns
    -------
    LayerAnalysis
        nan for what needs coordinates: norms, cosines, variances, spectra. All nan under 4 distinct points.

    Raises
    ------
    ValueError
        As :func:`todacomm.core.checks.as_distances`.

    >>> ring = np.minimum(np.arange(6), 6 - np.arange(6))[np.subtract.outer(range(6), range(6)) % 6]
    >>> analyze_distances(ring).diagrams[1].tolist()  # six points on a circle, by the steps between them
    [[1.0, 2.0]]
    """
    matrix = as_distances(distances)
    unknown = np.full((len(matrix), 1), np.nan)
    if why := _out_of_range(matrix.max(initial=0.0)):
        return _undefined(unknown, np.empty(0, dtype=np.intp), why, maxdim, clouds.PRECOMPUTED)
    distinct = clouds.first_of_joined(matrix <= clouds.MERGE_RADIUS * np.sqrt(np.mean(matrix**2) / 2.0))
    if len(distinct) < MIN_DISTINCT:
        return _undefined(unknown, distinct, _without_shape(len(distinct), len(matrix)), maxdim, clouds.PRECOMPUTED)
    return _measured(CloudView(unknown, unknown, matrix, np.empty(0), distinct, clouds.PRECOMPUTED, maxdim, engine), [])


def _measured(view: CloudView, warnings: list[RunWarning]) -> LayerAnalysis:
    """The numbers of a view that has a shape, and what a reader must know beside what was warned of before."""
    points, distinct, chosen, metric, maxdim = view.points, view.distinct, view.landmarks, view.metric, view.maxdim
    dimension_curve = dict(zip(("id_scale", "id_dimension"), dimension_over_scale(view.neighbours), strict=True))
    metrics = measure(view, layer_metrics(maxdim, landmarks=chosen is not None))
    warnings = [*_health_warnings(len(points), len(distinct)), *warnings]
    warnings += _twin_warnings(view.neighbours)
    if chosen is not None:
        longest = max(float(np.ptp(dgm, axis=1).max(initial=0.0)) for dgm in view.diagrams[1:] or view.diagrams)
        bar = ("gap", "H1 bar", "H1 or H2 bar")[maxdim]
        warnings += cover_warnings(chosen.cover_radius, longest, metric, bar)
    return LayerAnalysis(
        metrics=metrics,
        diagrams=view.diagrams,
        curves=_betti_curves(view.diagrams) | dimension_curve | _spectrum(view.eigenvalues, points),
        cloud=points,
        scores=view.scores,
        metric=metric,
        distinct=distinct,
        landmarks=None if chosen is None else chosen.rows,
        engine=view.engine,
        warnings=(*warnings, *_undefined_metrics(metrics, chosen is not None, metric != clouds.PRECOMPUTED)),
    )


def _betti_curves(diagrams: Diagrams) -> dict[str, Array]:
    scale = curves.curve_scale(diagrams)
    betti = [curves.betti_curve(dgm, scale) for dgm in diagrams]
    return {
        "scale": scale,
        **{f"betti_{degree}": curve for degree, curve in enumerate(betti)},
        "euler": curves.euler_curve(betti),
    }


def _spectrum(eigenvalues: Array, points: Array) -> dict[str, Array]:
    ranks = spectrum_ranks(*points.shape)
    return {"eigenvalues": eigenvalues, "spectrum_ranks": np.array(ranks, dtype=np.float64)}


def is_degenerate(n_distinct: int, n_points: int) -> bool:
    """Whether under half of a cloud's rows are distinct, or too few for a shape."""
    return n_distinct < max(DEGENERATE_SHARE * n_points, MIN_DISTINCT)


def _health_warnings(n_points: int, n_distinct: int) -> list[RunWarning]:
    share = n_distinct / n_points
    if share < DEGENERATE_SHARE:
        text = (
            f"{n_distinct} distinct points of {n_points}: its numbers describe few points many times, and no ratio "
            "is taken to them"
        )
        return [RunWarning("degenerate", text)]
    if share < DOUBTFUL_SHARE:
        text = f"{n_distinct} distinct points of {n_points}: the others repeat them, and are left out of its shape"
        return [RunWarning("duplicates", text)]
    return []


def _out_of_range(spread: float) -> RunWarning | None:
    """Why nothing is measured where squares would overflow or vanish; None where they do neither."""
    low, high = SPREADS
    if spread == 0.0 or low < spread < high:
        return None
    text = f"points spread over {spread:.2g}, between {low:.0e} and {high:.0e} is expected: scale them by a constant"
    return RunWarning("out_of_range", text)


def _without_directions(scores: Array, n_distinct: int) -> RunWarning | None:
    """Why a cloud has no shape by the cosine distance; None where it has one."""
    if n_distinct < MIN_DISTINCT:
        return RunWarning("no_shape", f"{n_distinct} distinct directions of {len(scores)}: no shape to measure")
    norms = np.linalg.norm(scores, axis=1)
    central = int((norms <= clouds.MERGE_RADIUS * np.sqrt(np.mean(norms**2))).sum())
    if not central:
        return None
    text = f"{central} of {len(scores)} rows stand at the centroid, where the cosine distance is not defined"
    return RunWarning("no_direction", text)


def _twin_warnings(neighbours: Array) -> list[RunWarning]:
    """Near-duplicates: not merged, but neighbours of another kind than the cloud's."""
    twins = near_twins(neighbours)
    if twins <= TWINS_SHARE * len(neighbours):
        return []
    text = (
        f"{twins} of {len(neighbours)} points have a neighbour over 100 times as near as the next: near-duplicates, "
        "which rule the TwoNN dimension and are bars of H0; leave one of each two out"
    )
    return [RunWarning("near_duplicates", text)]


def _undefined_metrics(metrics: dict[str, float], among_landmarks: bool, has_points: bool) -> list[RunWarning]:
    """Why single metrics of a layer that has a shape are nan; that landmarks have no neighbours is no fault of it, nor
    that distances have no coordinates."""
    rows = {name: metric_of(name) for name, value in metrics.items() if np.isnan(value)}
    rows = {name: row for name, row in rows.items() if has_points or not row.needs_coordinates}
    reasons = {name: row.undefined for name, row in rows.items() if not (among_landmarks and "neighbours" in row.needs)}
    return [RunWarning("metric_undefined", f"{name} is not defined: {why}") for name, why in reasons.items() if why]


def _undefined(points: Array, distinct: Indices, why: RunWarning, maxdim: int, metric: str) -> LayerAnalysis:
    """A layer without a shape: its counts, as far as they are known, nan for all else, and why."""
    metrics = dict.fromkeys(layer_metrics(maxdim), np.nan)
    known = {"n_points": len(points)} | ({"n_distinct": len(distinct)} if len(distinct) else {})
    for name in COUNTS:
        row = metric_of(name)
        if known.keys() >= set(row.needs):
            metrics[name] = row.compute(*(known[need] for need in row.needs))
    names = ("scale", *(f"betti_{degree}" for degree in range(maxdim + 1)), "euler", "id_scale", "id_dimension")
    return LayerAnalysis(
        metrics=metrics,
        diagrams=[np.empty((0, 2)) for _ in range(maxdim + 1)],
        curves=dict.fromkeys((*names, "eigenvalues", "spectrum_ranks"), np.empty(0)),
        cloud=points,
        scores=points,
        metric=metric,
        distinct=distinct,
        warnings=(why,),
    )


def _without_shape(n_distinct: int, n_points: int) -> RunWarning:
    points = "point" if n_distinct == 1 else "points"
    return RunWarning("no_shape", f"{n_distinct} distinct {points} of {n_points}: no shape to measure")
