"""Ranks of numbers, without scipy.stats, whose import takes longer than the ranks."""

import numpy as np
from numpy.typing import ArrayLike

from todacomm.core.arrays import Array


def average_ranks(values: ArrayLike) -> Array:
    """Ranks from 1; equal values share the mean of theirs.

    Parameters
    ----------
    values : array, shape (n,)
        Without nan.

    Returns
    -------
    ndarray, shape (n,)

    >>> average_ranks([2.0, 9.0, 2.0, -1.0]).tolist()
    [2.5, 4.0, 2.5, 1.0]
    """
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: Array = (np.cumsum(counts) - 0.5 * (counts - 1))[place]
    return ranks
