"""Runs of known truth for the calibration of the gate: layers of a made-up model on texts, and changes of it."""

import numpy as np

from benchmarks.populations import POPULATIONS
from todacomm.core.inference import half_samples, metric_values, replicate
from todacomm.core.layer import analyze_layer

Array = np.ndarray

N_LAYERS, N_DIMS, REPLICATES = 8, 50, 100
NOISE, OFFSET = 0.3, 0.3
FIRST_CHANGED = 4
"""The layer from which on a change of the model shows."""
_RANKS = np.arange(1, N_DIMS + 1)


def layers(texts: Array, rng: np.random.Generator, bend: float = 0.0) -> list[Array]:
    """Clouds of one model: each layer stretches the one before and adds something of its own; none is turned.

    Parameters
    ----------
    texts : ndarray, shape (n_points, n_dims)
    bend : float
        From layer 4 on direction ``r`` is stretched by ``r^-bend``: another shape.
    """
    cloud, made = texts, []
    for layer in range(N_LAYERS):
        bent = _RANKS ** (-bend if layer >= FIRST_CHANGED else 0.0)
        cloud = (cloud + NOISE * rng.normal(size=cloud.shape)) * _RANKS**-0.1
        made.append((cloud + OFFSET) * bent)
    return made


def pair(rng: np.random.Generator, change: str, size: float, population: str, n_points: int) -> tuple[list[Array], ...]:
    """Base and candidate.

    Parameters
    ----------
    change : str
        ``texts``: the same model on other texts. ``model``: another draw of the model, the same law. ``noise``: the
        same with noise of ``size`` of the spread in every cloud. ``bend``: the same, bent by ``size``. ``none``: the
        same in float32, three times as large.
    """
    texts = POPULATIONS[population](rng, n_points)
    seed = int(rng.integers(2**32))
    base = layers(texts, np.random.default_rng(seed))
    if change == "none":
        return base, [np.float32(3.0 * cloud) for cloud in base]
    if change == "texts":
        return base, layers(POPULATIONS[population](rng, n_points), rng)
    if change == "model":
        return base, layers(texts, rng)
    if change == "noise":
        return base, [cloud + size * cloud.std(axis=0) * rng.normal(size=cloud.shape) for cloud in base]
    return base, layers(texts, np.random.default_rng(seed), bend=size)


def measured(clouds: list[Array], seed: int, maxdim: int, replicates: int = REPLICATES) -> tuple[Array, Array]:
    """Values, shape (n_layers, n_metrics), and half-samples, shape (replicates, n_layers, n_metrics), of a run."""
    halves = half_samples(len(clouds[0]), replicates, seed)
    analyses = [analyze_layer(cloud, maxdim=maxdim) for cloud in clouds]
    replicated = [replicate(layer, cloud, halves).values for layer, cloud in zip(analyses, clouds, strict=True)]
    return np.array([metric_values(layer.metrics) for layer in analyses]), np.stack(replicated, axis=1)
