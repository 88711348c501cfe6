"""The last birth of H1, and homology that stops soon after it: equal to the bit to homology in full."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform

from todacomm.core import homology
from todacomm.core.births import last_birth
from todacomm.core.homology import ENGINES, Filtration

CLOUDS = {
    "gaussian": lambda rng: rng.normal(size=(150, 20)),
    "plane": lambda rng: rng.uniform(size=(150, 2)),
    "circle, a loop that lasts": lambda rng: circle(rng, 120, 0.05),
    "outliers": lambda rng: rng.standard_t(1, size=(100, 5)),
    "two clusters": lambda rng: rng.normal(size=(100, 3)) + 50.0 * rng.integers(0, 2, size=(100, 1)),
    "grid, distances equal": lambda rng: np.stack(np.meshgrid(range(9), range(9)), -1).reshape(-1, 2).astype(float),
    "few values, many ties": lambda rng: np.unique(rng.integers(0, 5, size=(150, 3)), axis=0).astype(float),
    "a line, no cycle": lambda rng: rng.normal(size=(80, 1)),
    "three points": lambda rng: rng.normal(size=(3, 2)),
}


def circle(rng, n_points, noise):
    angle = rng.uniform(0.0, 2.0 * np.pi, n_points)
    return np.column_stack([np.cos(angle), np.sin(angle)]) + rng.normal(scale=noise, size=(n_points, 2))


@pytest.mark.parametrize("name", CLOUDS)
@pytest.mark.parametrize("seed", range(3))
def test_no_bar_is_born_later_and_one_is_born_then(name, seed):
    filtration = Filtration.of(squareform(pdist(CLOUDS[name](np.random.default_rng(seed)))))
    last = last_birth(filtration.distances, filtration.components[:, 1])
    births = filtration.persistence()[1][:, 0]
    assert last >= births.max(initial=0.0)
    if "equal" not in name and "ties" not in name:
        assert last == births.max(initial=0.0)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", CLOUDS)
def test_stopping_early_changes_nothing(monkeypatch, name, engine, rng):
    filtration = Filtration.of(squareform(pdist(CLOUDS[name](rng))))
    in_full = filtration.persistence(engine)
    monkeypatch.setattr(homology, "WORTH_IT", 3)
    for stretches in ((1.0,), (1.05, 1.12), (1.0, 1.5)):
        monkeypatch.setattr(homology, "STRETCHES", stretches)
        for early, full in zip(filtration.persistence(engine), in_full, strict=True):
            np.testing.assert_array_equal(early, full)


def test_most_of_the_complex_is_left_out_and_a_loop_that_lasts_is_not_cut(monkeypatch, rng):
    asked = []
    gudhi = ENGINES["gudhi"]
    monkeypatch.setitem(ENGINES, "gudhi", lambda *given: asked.append(given[2]) or gudhi(*given))
    gaussian = Filtration.of(squareform(pdist(rng.normal(size=(500, 20)))))
    bars = gaussian.persistence("gudhi")[1]
    assert np.isfinite(asked[0])
    assert (gaussian.distances <= asked[0]).mean() < 0.5
    assert np.isfinite(bars).all()
    assert len(bars) > 100
    asked.clear()
    ring = Filtration.of(squareform(pdist(circle(rng, 500, 0.02)))).persistence("gudhi")[1]
    assert asked[-1] == np.inf
    assert np.ptp(ring, axis=1).max() > 1.5
