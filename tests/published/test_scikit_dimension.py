"""Reference values that scikit-dimension 0.5 ships (`skdim/tests/reference/fixtures.json`): those of DADApy, d729b88.

Its clouds are drawn from seeds, and so they are here: a ball of five dimensions in ten, a sphere of four in five, 300
points each. The tolerance is the one that the package holds itself to; DADApy bisects Gride to 1e-7.
"""

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.special import gammainc

from todacomm.core.metrics.dimension import dimension_over_scale, twonn_dimension

N_POINTS, RTOL = 300, 1e-6
TWONN = {"ball5_in10": 4.113138917297787, "sphere4_in5": 3.3280716110069095}
GRIDE = {
    "ball5_in10": (4.113138928, 4.666933918, 4.312444554, 4.398278300, 4.275310956, 3.838468776),
    "sphere4_in5": (3.328071628, 3.971152424, 3.887875098, 3.813707262, 3.733098522, 3.589143961),
}
"""Neighbours 1 and 2, 2 and 4, ... 32 and 64."""


@pytest.fixture(params=TWONN)
def reference(request):
    """Name of a cloud and its distances."""
    cloud = {"ball5_in10": ball, "sphere4_in5": sphere}[request.param]()
    return request.param, cdist(cloud, cloud)


def ball():
    """Uniform in the unit ball of five dimensions: Gaussian directions, and norms by the law of their squares."""
    points = np.random.RandomState(0).normal(size=(N_POINTS, 5))
    squares = (points**2).sum(axis=1)
    norms = gammainc(2.5, squares / 2.0) ** (1.0 / 5.0)
    return np.hstack([points * (norms / np.sqrt(squares))[:, None], np.zeros((N_POINTS, 5))])


def sphere():
    """Uniform on the unit sphere of four dimensions."""
    points = np.random.RandomState(1).normal(size=(N_POINTS, 5))
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def test_twonn(reference):
    name, distances = reference
    assert twonn_dimension(distances) == pytest.approx(TWONN[name], rel=RTOL)


def test_gride_over_scale(reference):
    name, distances = reference
    _, dimension = dimension_over_scale(distances)
    np.testing.assert_allclose(dimension, GRIDE[name][: len(dimension)], rtol=RTOL)
    assert len(dimension) == 6
