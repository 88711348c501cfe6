"""Ranks equal to the bit to those of scipy.stats."""

import numpy as np
import pytest
from scipy.stats import rankdata

from todacomm.core.ranks import average_ranks


@pytest.mark.parametrize("n", [1, 2, 7, 200])
@pytest.mark.parametrize("levels", [1, 3, 10**6])
def test_they_are_those_of_scipy(rng, n, levels):
    values = rng.integers(0, levels, n) / 7.0
    values[-1] = np.inf
    assert np.array_equal(average_ranks(values), rankdata(values))
