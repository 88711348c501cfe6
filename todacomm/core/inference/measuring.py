"""What half-samples and null models share: the numbers of a distance matrix."""

import numpy as np
from numpy.typing import NDArray

from todacomm.core.homology import Diagrams, persistence
from todacomm.core.summaries import diagram_metrics

Array = NDArray[np.float64]


def measure_distances(among: Array, maxdim: int, engine: str) -> tuple[dict[str, float], Diagrams]:
    """Metrics and diagrams of distinct points from the distances among them.

    >>> metrics, _ = measure_distances(1.0 - np.eye(5), 1, "auto")
    >>> metrics["h0_mean_lifetime"], metrics["h1_count"]
    (1.0, 0.0)
    """
    pairs = condensed(among)
    diagrams = persistence(among, maxdim, engine)
    return diagram_metrics(diagrams, len(among), float(np.median(pairs)), float(pairs.max())), diagrams


def condensed(distances: Array) -> Array:
    """The distances above the diagonal, shape ``(n_points * (n_points - 1) / 2,)``."""
    above: Array = distances[np.triu_indices(len(distances), 1)]
    return above
