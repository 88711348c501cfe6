"""Null models that need no model: clouds of the same covariance, and of the same coordinates."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import helmert

from todacomm.core.clouds import distances
from todacomm.core.homology import AUTO
from todacomm.core.inference.measuring import measure_distances
from todacomm.core.layer import LayerAnalysis
from todacomm.core.metrics import LAYER_METRICS
from todacomm.core.streams import groups
from todacomm.core.threads import in_threads
from todacomm.system.progress import Progress, silent

Array = NDArray[np.float64]

TESTED_METRICS = tuple(name for name, metric in LAYER_METRICS.items() if metric.null_tail is not None)
"""Metrics that the rotation null judges, in the order of the columns of its draws."""


def rotation(n_points: int, rng: np.random.Generator) -> Array:
    """A random orthogonal matrix that leaves the vector of ones alone, uniform among them.

    The QR decomposition of a column-centred Gaussian matrix gives a uniform frame orthogonal to the ones, once the
    signs of R's diagonal are fixed; the Helmert matrix maps the same space onto its coordinates.
    (Mezzadri 2007, arXiv math-ph/0609050.)

    Returns
    -------
    ndarray, shape (n_points, n_points)
    """
    gaussian = rng.standard_normal((n_points, n_points - 1))
    frame, triangle = np.linalg.qr(gaussian - gaussian.mean(axis=0))
    frame *= np.sign(np.diag(triangle))
    rotated: Array = frame @ helmert(n_points) + 1.0 / n_points
    return rotated


def rotation_draws(
    layers: Mapping[str, LayerAnalysis],
    draws: int,
    rng: np.random.Generator,
    *,
    metric: str = "euclidean",
    maxdim: int = 1,
    engine: str = AUTO,
    threads: int = 1,
    progress: Progress = silent,
) -> dict[str, Array]:
    """The tested metrics of every layer under random rotations of the text axis: the null of a Gaussian cloud.

    ``X* = O X`` in the space in which distances are taken has exactly the mean and the sample covariance of ``X``, and
    its distribution where the rows are Gaussian of any covariance. Draws from N(0, S) would not: they add the sampling
    noise of a covariance a second time. All layers with distinct rows share the rotation of a draw, so that the draws
    are joint over them; a layer with duplicates has one of its own, of its distinct rows. More draws begin with the
    same ones.

    Returns
    -------
    dict of ndarray, shape (draws, len(TESTED_METRICS))
        Layers with at least 4 distinct points; nan where a metric is not computed. Empty without draws.

    Raises
    ------
    ValueError
        A layer has landmarks: the null is one of all points.
    """
    if draws == 0:
        return {}
    if any(layer.landmarks is not None for layer in layers.values()):
        raise ValueError("a layer with landmarks has no rotation null: it needs the distances of all points")
    clouds = {name: layer.scores[layer.distinct] for name, layer in layers.items() if layer.defined}
    joint = [name for name in clouds if shares_rotation(layers[name])]
    alone = [name for members in groups(clouds).values() for name in members if name not in joint]

    def draw(rng: np.random.Generator) -> dict[str, list[float]]:
        shared = rotation(len(clouds[joint[0]]), rng) if joint else np.empty((0, 0))
        rotated = {name: shared @ clouds[name] for name in joint}
        rotated |= {name: rotation(len(clouds[name]), rng) @ clouds[name] for name in alone}
        return {name: measure(cloud) for name, cloud in rotated.items()}

    def measure(cloud: Array) -> list[float]:
        found, _ = measure_distances(distances(cloud, metric), min(maxdim, 1), engine)
        return [found.get(name, np.nan) for name in TESTED_METRICS]

    found = []
    for done, drawn in enumerate(in_threads(draw, rng.spawn(draws) if clouds else [], threads), start=1):
        found.append(drawn)
        progress("rotations", done, draws)
    return {
        name: np.array([drawn[name] for drawn in found]).reshape(len(found), len(TESTED_METRICS)) for name in clouds
    }


def shares_rotation(layer: LayerAnalysis) -> bool:
    """Whether a layer is rotated with the others: all of its rows are distinct."""
    return layer.defined and len(layer.distinct) == len(layer.cloud)


def permuted_dimensions(cloud: ArrayLike, rng: np.random.Generator) -> Array:
    """The cloud with every raw coordinate shuffled over the texts, independently: no dependence between coordinates.

    Descriptive, never with a p: coordinates of real activations do depend on each other, so that the null is known to
    be false; on the scores of a PCA it would fail as N(0, S) does.

    >>> cloud = permuted_dimensions(np.column_stack([np.arange(4.0), np.arange(4.0)]), np.random.default_rng(0))
    >>> np.sort(cloud, axis=0)[:, 1].tolist()
    [0.0, 1.0, 2.0, 3.0]
    """
    return rng.permuted(np.asarray(cloud, dtype=np.float64), axis=0)
