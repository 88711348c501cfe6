"""Numbers printed by the authors of RTD: github.com/IlyaTrofimov/RTD, `experiments/MetricsTest.ipynb`, commit 38b9239.

Two clouds of 100 points in the unit cube of ten dimensions, and the lengths of three barcodes: how many bars there are,
the longest, the middle one and the one at .976. They were computed in single precision on a GPU.
"""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from todacomm.core.homology import persistence
from todacomm.core.similarity.rtd import normalised

ENGINES = ("lunes", "ripser", "gudhi")
RTOL = 1e-6
"""Single precision of the published numbers."""


@pytest.fixture(scope="module")
def clouds():
    np.random.seed(7)  # noqa: NPY002 - the published values hang on this stream
    return np.random.rand(100, 10), np.random.rand(100, 10)  # noqa: NPY002


def lengths(distances, degree, engine):
    """Number of bars; the longest, the middle one, and the one at .976."""
    if engine == "gudhi":
        pytest.importorskip("gudhi")
    ordered = np.sort(np.ptp(persistence(distances, 1, engine)[degree], axis=1))
    n = len(ordered)
    return n, *(ordered[at] for at in (-1, n // 2, n * 976 // 1000))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("degree", "published"),
    [(0, (99, 1.0294499397, 0.7081250548, 0.8890487552)), (1, (103, 0.2140095830, 0.0468185544, 0.1764146090))],
)
def test_the_barcode_of_one_cloud(clouds, engine, degree, published):
    assert lengths(cdist(clouds[0], clouds[0]), degree, engine) == pytest.approx(published, rel=RTOL)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_barcode_of_the_divergence_in_one_direction(clouds, engine):
    first, second = (normalised(cdist(cloud, cloud)) for cloud in clouds)
    doubled = np.block([[np.zeros_like(first), first], [first, np.minimum(first, second)]])
    assert lengths(doubled, 1, engine) == pytest.approx((149, 0.3688220084, 0.0489893258, 0.2792401612), rel=RTOL)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("degree", "published"),
    [(0, (100, 0.8050577641, 0.6483409405, 0.7955049276)), (1, (79, 0.1616462469, 0.0495516062, 0.1602267623))],
)
def test_the_cross_barcode(clouds, engine, degree, published):
    """The first cloud's points are one point for each other, and only add to the second's."""
    first, second = clouds
    across = cdist(second, first)
    distances = np.block([[np.zeros((100, 100)), across.T], [across, cdist(second, second)]])
    assert lengths(distances, degree, engine) == pytest.approx(published, rel=RTOL)
