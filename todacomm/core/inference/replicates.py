"""Half-samples: every metric of a layer measured again on random halves of the texts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from todacomm.core.arrays import Array, Indices
from todacomm.core.checks import as_rows
from todacomm.core.homology import Diagrams
from todacomm.core.layer import MIN_DISTINCT, LayerAnalysis
from todacomm.core.metrics import INTERVAL_METRICS, LAYER_METRICS, measure
from todacomm.core.parts import Parts, PartView
from todacomm.core.threads import in_threads
from todacomm.system.progress import Progress, counted, silent


@dataclass(frozen=True)
class Replicates:
    """A layer measured on every half-sample.

    Attributes
    ----------
    values : ndarray, shape (replicates, len(INTERVAL_METRICS))
        nan where a metric is undefined on a half-sample, and everywhere for a layer without a shape.
    diagrams : tuple of list of ndarray, shape (bars, 2)
        Degrees 0 and 1 of the half-samples with at least 4 distinct points.
    """

    values: Array
    diagrams: tuple[Diagrams, ...] = ()

    @property
    def n_degenerate(self) -> int:
        """Half-samples under 4 distinct points."""
        return len(self.values) - len(self.diagrams)


def half_samples(n_points: int, replicates: int, seed: int, clusters: Sequence[object] | None = None) -> Indices:
    """Random halves of the texts, drawn without replacement.

    The arguments alone decide them: the layers of a run share theirs, and so do two runs on the same texts, which is
    what makes their differences paired. More replicates begin with the same ones.

    Parameters
    ----------
    clusters : sequence, length n_points, optional
        Which cluster each text is of, such as its document. A half is then one of the clusters, each with all of its
        texts but for the last one, of which as many as are missing: what is inferred speaks of other clusters, not of
        other texts of these (clustered standard errors for language models: Miller 2024, arXiv 2411.00640).

    Returns
    -------
    ndarray of int, shape (replicates, n_points // 2)

    Raises
    ------
    ValueError
        Under two points, a negative number of replicates, or not a cluster for each point.

    >>> half_samples(5, 3, seed=0).shape
    (3, 2)
    >>> half_samples(4, 3, seed=0, clusters="abba").tolist()
    [[0, 3], [0, 3], [1, 2]]
    """
    if n_points < 2 or replicates < 0:
        raise ValueError(f"{replicates} halves of {n_points} points: expected at least 0 of at least 2")
    rng = np.random.default_rng([seed, n_points])
    if clusters is None:
        shuffled = rng.permuted(np.tile(np.arange(n_points, dtype=np.intp), (replicates, 1)), axis=1)
    else:
        cluster = numbered(clusters)
        if len(cluster) != n_points:
            raise ValueError(f"{len(cluster)} clusters of {n_points} points: expected one for each")
        turns = rng.permuted(np.tile(np.arange(cluster.max() + 1), (replicates, 1)), axis=1)
        shuffled = np.argsort(turns[:, cluster], axis=1, kind="stable")
    return np.sort(shuffled[:, : n_points // 2], axis=1)


def effective_clusters(clusters: Sequence[object]) -> float:
    """How many clusters of one size would say as much: ``n^2 / sum(m_i^2)``, their number where they are of one size.

    The design effect of unequal sizes (Kish 1965, Survey Sampling).

    >>> effective_clusters("aabbcc"), round(effective_clusters("aaaabc"), 2)
    (3.0, 2.0)
    """
    sizes = np.bincount(numbered(clusters))
    return float(sizes.sum() ** 2 / (sizes**2).sum())


def numbered(groups: Sequence[object]) -> Indices:
    """Groups by number: each point's, counted from 0 in the order of the groups' names.

    >>> numbered("baab").tolist()
    [1, 0, 0, 1]
    """
    return np.asarray(np.unique(np.asarray(list(groups)), return_inverse=True)[1], dtype=np.intp)


def replicate(
    layer: LayerAnalysis, raw_cloud: ArrayLike, halves: ArrayLike, *, threads: int = 1, progress: Progress = silent
) -> Replicates:
    """Measure a layer on half-samples of its points.

    Distances are looked up, not computed again: PCA and standardisation stay those of the whole cloud. Spectra are
    those of the half-sample. Homology stops at degree 1: a hundred times H2 would take hours.

    Parameters
    ----------
    raw_cloud : array, shape (n_points, n_dims)
        The layer's cloud before any standardisation: what the metrics of its health refer to.
    halves : ndarray of int, shape (replicates, n_points // 2)
        From :func:`half_samples`.
    threads : int
        They change the time and not the numbers.

    Raises
    ------
    ValueError
        The layer has landmarks: half of the texts is no half of them; or the raw cloud has other rows than the layer,
        or the halves are no rows of it.
    """
    halves = as_rows(halves, len(layer.cloud), "the halves")
    if not layer.defined:
        return Replicates(np.full((len(halves), len(INTERVAL_METRICS)), np.nan))
    names = [name for name in INTERVAL_METRICS if (LAYER_METRICS[name].degree or 0) <= layer.maxdim]
    without_shape = [name for name in names if not LAYER_METRICS[name].needs_shape]

    def measured(half: PartView) -> tuple[dict[str, float], Diagrams | None]:
        if half.n_distinct < MIN_DISTINCT:
            return measure(half, without_shape), None
        return measure(half, names), half.diagrams

    values, diagrams = [], []
    # a half at a time: its distances are let go before the next is measured
    tasks = in_threads(measured, Parts(layer.view(raw_cloud), halves), threads)
    for metrics, dgms in counted(tasks, "half-samples", len(halves), progress):
        values.append([metrics.get(name, np.nan) for name in INTERVAL_METRICS])
        if dgms is not None:
            diagrams.append(dgms)
    return Replicates(np.reshape(values, (len(halves), len(INTERVAL_METRICS))), tuple(diagrams))
