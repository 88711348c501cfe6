"""Ranks of numbers, without scipy.stats, whose import takes longer than the ranks."""

import numpy as np
from numpy.typing import ArrayLike

from todacomm.core.arrays import Array
from todacomm.core.checks import as_vector


def average_ranks(values: ArrayLike) -> Array:
    """Ranks from 1; equal values share the mean of theirs.

    Parameters
    ----------
    values : array, shape (n,)

    Returns
    -------
    ndarray, shape (n,)

    Raises
    ------
    ValueError
        They are no row of numbers, or hold nan.

    >>> average_ranks([2.0, 9.0, 2.0, -1.0]).tolist()
    [2.5, 4.0, 2.5, 1.0]
    """
    numbers = as_vector(values)
    if np.isnan(numbers).any():
        raise ValueError("the values hold nan, which has no rank: leave such rows out")
    _, place, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    ranks: Array = (np.cumsum(counts) - 0.5 * (counts - 1))[place]
    return ranks
