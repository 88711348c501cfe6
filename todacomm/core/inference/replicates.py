"""Half-samples: every metric of a layer measured again on random halves of the texts."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from todacomm.core.geometry import effective_rank, participation_ratio, spectrum_alpha, twonn_dimension
from todacomm.core.homology import AUTO, Diagrams
from todacomm.core.inference.measuring import condensed, measure_distances
from todacomm.core.layer import MIN_DISTINCT, LayerAnalysis
from todacomm.core.metrics import LAYER_METRICS
from todacomm.core.threads import in_threads

Array = NDArray[np.float64]
Indices = NDArray[np.intp]

INTERVAL_METRICS = tuple(name for name, metric in LAYER_METRICS.items() if metric.interval)
"""Metrics with an interval, in the order of the columns of :attr:`Replicates.values`."""


@dataclass(frozen=True)
class Replicates:
    """A layer measured on every half-sample.

    Attributes
    ----------
    values : ndarray, shape (replicates, len(INTERVAL_METRICS))
        nan where a metric is undefined on a half-sample.
    diagrams : tuple of list of ndarray, shape (bars, 2)
        Degrees 0 and 1 of the half-samples with at least 4 distinct points.
    """

    values: Array
    diagrams: tuple[Diagrams, ...] = ()

    @property
    def n_degenerate(self) -> int:
        """Half-samples under 4 distinct points."""
        return len(self.values) - len(self.diagrams)


def half_samples(n_points: int, replicates: int, seed: int) -> Indices:
    """Random halves of the texts, drawn without replacement.

    The arguments alone decide them: the layers of a run share theirs, and so do two runs on the same texts, which is
    what makes their differences paired. More replicates begin with the same ones.

    Returns
    -------
    ndarray of int, shape (replicates, n_points // 2)

    >>> half_samples(5, 3, seed=0).shape
    (3, 2)
    """
    rng = np.random.default_rng([seed, n_points])
    shuffled = rng.permuted(np.tile(np.arange(n_points, dtype=np.intp), (replicates, 1)), axis=1)
    return np.sort(shuffled[:, : n_points // 2], axis=1)


def replicate(
    layer: LayerAnalysis,
    raw_cloud: ArrayLike,
    halves: Indices,
    *,
    maxdim: int = 1,
    engine: str = AUTO,
    threads: int = 1,
) -> Replicates:
    """Measure a layer on half-samples of its points.

    Distances are looked up, not computed again: PCA and standardisation stay those of the whole cloud. Spectra are
    those of the half-sample. Homology stops at degree 1: a hundred times H2 would take hours.

    Parameters
    ----------
    raw_cloud : array, shape (n_points, n_dims)
        The layer's cloud before any standardisation: what the metrics of its health refer to.
    halves : ndarray of int, shape (replicates, n_points // 2)
    threads : int
        They change the time and not the numbers.

    Raises
    ------
    ValueError
        The layer has landmarks: half of the texts is no half of them.
    """
    if layer.landmarks is not None:
        raise ValueError("a layer with landmarks has no half-samples: they need the distances of all points")
    columns = {name: column for column, name in enumerate(INTERVAL_METRICS)}
    values = np.full((len(halves), len(columns)), np.nan)
    by_product = _health_of_halves(np.asarray(raw_cloud, dtype=np.float64), halves)
    if layer.defined:
        by_product["pca_explained_variance"] = _variance_kept(layer, halves)
    for name, replicates in by_product.items():
        values[:, columns[name]] = replicates
    if not layer.defined:
        return Replicates(values)

    distances = layer.distances
    representative = layer.distinct[distances[:, layer.distinct].argmin(axis=1)]
    spectrum_of = HalfSpectrum(layer.cloud)
    n_dims = layer.cloud.shape[1]

    def measure(half: Indices) -> tuple[dict[str, float], Diagrams]:
        distinct = np.unique(representative[half])
        if len(distinct) < MIN_DISTINCT:
            return {}, []
        among = distances[np.ix_(distinct, distinct)]
        found, diagrams = measure_distances(among, min(maxdim, 1), engine)
        eigenvalues = spectrum_of(half)
        found |= {
            "median_distance": float(np.median(condensed(distances[np.ix_(half, half)]))),
            "participation_ratio": participation_ratio(eigenvalues),
            "effective_rank": effective_rank(eigenvalues),
            "spectrum_alpha": spectrum_alpha(eigenvalues, len(half), n_dims),
            "twonn_dimension": twonn_dimension(among),
        }
        return found, diagrams

    diagrams = []
    for row, (found, dgms) in enumerate(in_threads(measure, halves, threads)):
        for name in found.keys() & columns.keys():
            values[row, columns[name]] = found[name]
        if found:
            diagrams.append(dgms)
    return Replicates(values, tuple(diagrams))


class HalfSpectrum:
    """Covariance eigenvalues of subsets of a cloud, each from the smaller of two Gram matrices.

    The products of all rows with each other are formed once; a subset needs a look-up and a centring.
    """

    def __init__(self, cloud: Array) -> None:
        self._centred = cloud - cloud.mean(axis=0)
        self._products = self._centred @ self._centred.T if cloud.shape[1] > len(cloud) // 2 else None

    def __call__(self, rows: Indices) -> Array:
        """Eigenvalues, falling, of the sample covariance of these rows: shape (min(n_rows, n_dims),)."""
        if self._products is not None:
            gram = self._products[np.ix_(rows, rows)]
            means = gram.mean(axis=0)
            gram = gram - means - means[:, None] + means.mean()
        else:
            subset = self._centred[rows]
            subset = subset - subset.mean(axis=0)
            gram = subset.T @ subset
        values: Array = np.linalg.eigvalsh(gram)[::-1] / (len(rows) - 1)
        return values.clip(min=0.0)


def _health_of_halves(cloud: Array, halves: Indices) -> dict[str, Array]:
    """The health of a cloud on all half-samples at once; nan where the cloud holds nan or infinity."""
    size = halves.shape[1]
    norms = np.linalg.norm(cloud, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        units = size * _means(cloud / norms[:, None], halves)
        variances = _variances(cloud, halves)
        return {
            "mean_norm": _means(norms, halves),
            "mean_cosine": (np.sum(units**2, axis=1) - size) / (size * (size - 1)),
            "top_dim_variance": variances.max(axis=1) / variances.sum(axis=1),
        }


def _variance_kept(layer: LayerAnalysis, halves: Indices) -> Array:
    """Share of a half-sample's variance in the components of the whole cloud: shape (replicates,)."""
    kept: Array = _variances(layer.scores, halves).sum(axis=1) / _variances(layer.cloud, halves).sum(axis=1)
    return kept


def _variances(cloud: Array, halves: Indices) -> Array:
    """Variance of every coordinate on every half-sample: shape (replicates, n_dims)."""
    centred = cloud - cloud.mean(axis=0)
    return _means(centred**2, halves) - _means(centred, halves) ** 2


def _means(values: Array, halves: Indices) -> Array:
    """Means over the rows of every half-sample by one product of matrices: shape (replicates, ...)."""
    member = np.zeros((len(halves), len(values)))
    np.put_along_axis(member, halves, 1.0, axis=1)
    means: Array = member @ values / halves.shape[1]
    return means
