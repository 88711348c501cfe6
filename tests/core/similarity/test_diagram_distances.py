"""Distances between diagrams: known values, theorems, and two libraries that agree."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform

from todacomm.core.homology import persistence
from todacomm.core.similarity import bottleneck, scaled, wasserstein
from todacomm.core.similarity.diagrams import BACKENDS

ONE = np.array([[0.0, 2.0]])


def random_diagram(rng: np.random.Generator, bars: int) -> np.ndarray:
    births = rng.uniform(0.0, 1.0, bars)
    return np.column_stack([births, births + rng.uniform(0.05, 1.0, bars)])


def test_known_values():
    assert wasserstein(ONE, np.array([[1.0, 2.0]])) == pytest.approx(1.0)
    assert bottleneck(ONE, np.array([[0.5, 2.0]])) == pytest.approx(0.5)
    assert wasserstein(ONE, np.empty((0, 2))) == pytest.approx(np.sqrt(2.0))
    assert bottleneck(np.empty((0, 2)), ONE) == 1.0
    assert (bottleneck(np.empty((0, 2)), np.empty((0, 2))), wasserstein(np.empty((0, 2)), np.empty((0, 2)))) == (
        0.0,
        0.0,
    )
    assert scaled(ONE, 4.0).tolist() == [[0.0, 0.5]]
    with pytest.raises(ValueError, match="in units of nan"):
        scaled(ONE, np.nan)


@pytest.mark.parametrize("measure", [bottleneck, wasserstein])
def test_they_are_metrics(measure, rng):
    for _ in range(5):
        a, b, c = (random_diagram(rng, bars) for bars in (6, 9, 4))
        assert measure(a, a) == pytest.approx(0.0, abs=1e-6)
        assert measure(a, b) == pytest.approx(measure(b, a), rel=1e-6)
        assert measure(a, c) <= (measure(a, b) + measure(b, c)) * (1 + 1e-6)
        assert measure(3.0 * a, 3.0 * b) == pytest.approx(3.0 * measure(a, b), rel=1e-6)


def test_both_libraries_agree(rng):
    pytest.importorskip("gudhi")
    for bars in ((5, 5), (12, 3), (1, 8), (90, 70)):
        a, b = (random_diagram(rng, n) for n in bars)
        for gudhi, persim in zip(*BACKENDS.values(), strict=True):
            assert gudhi(a, b) == pytest.approx(persim(a, b), rel=1e-6)


def test_a_small_move_of_the_points_moves_the_diagrams_little(rng):
    """Bottleneck stability: at most twice the largest move (Cohen-Steiner, Edelsbrunner and Harer 2007)."""
    cloud = rng.normal(size=(40, 3))
    moves = rng.normal(size=cloud.shape)
    moves *= 0.05 / np.linalg.norm(moves, axis=1, keepdims=True)
    before, after = (persistence(squareform(pdist(points))) for points in (cloud, cloud + moves))
    for degree in (0, 1):
        assert bottleneck(before[degree], after[degree]) <= 2 * 0.05 + 1e-6
