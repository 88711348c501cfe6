"""Both directions of the representation topology divergence, each on its own."""

import numpy as np
from numpy.typing import NDArray

from todacomm.core.homology import AUTO, persistence
from todacomm.core.similarity.rtd import normalised

Array = NDArray[np.float64]


def rtd_directions(first: Array, second: Array, engine: str = AUTO) -> tuple[float, float]:
    """The two directions whose mean is :func:`todacomm.core.similarity.rtd`; both 0 for equal clouds.

    Each is the sum of the lengths of the H1 bars of ``[[0, r], [r, min(r1, r2)]]``, ``r`` the distances over their
    .9-quantile of the first cloud, then of the second. The first direction is large where points that are far from each
    other in the first cloud are near in the second: what the second has joined. They can differ by a factor of six.
    (Barannikov et al. 2022, arXiv 2201.00058.)

    Parameters
    ----------
    first, second : ndarray, shape (n_points, n_points)
        Distances of the same texts in the same order.

    Raises
    ------
    ValueError
        The matrices differ in shape, or nine tenths of one of them are zero.

    >>> points = np.arange(6.0)
    >>> line = np.abs(points[:, None] - points)
    >>> rtd_directions(line, 3.0 * line)
    (0.0, 0.0)
    """
    if first.shape != second.shape:
        raise ValueError(f"distances of {len(first)} and of {len(second)} texts: expected the same texts in both")
    r1, r2 = normalised(first), normalised(second)
    both = np.minimum(r1, r2)
    return _loops(r1, both, engine), _loops(r2, both, engine)


def _loops(distances: Array, both: Array, engine: str) -> float:
    """Sum of the H1 lengths of the doubled cloud."""
    n = len(distances)
    doubled = np.zeros((2 * n, 2 * n))
    doubled[:n, n:] = doubled[n:, :n] = distances
    doubled[n:, n:] = both
    return float(np.ptp(persistence(doubled, 1, engine)[1], axis=1).sum())
