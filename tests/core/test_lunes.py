"""H1 by lunes: equal to the bit to ripser.py on round, flat, hollow, torn and tied distances."""

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import pdist, squareform

from tests.core.shapes import polygon
from todacomm.core import lune_kernels, lunes
from todacomm.core.homology import h1_bars


def circle(rng, n_points, noise):
    angle = rng.uniform(0.0, 2.0 * np.pi, n_points)
    return np.column_stack([np.cos(angle), np.sin(angle)]) + rng.normal(scale=noise, size=(n_points, 2))


CLOUDS = {
    "gaussian": lambda rng: rng.normal(size=(200, 20)),
    "plane": lambda rng: rng.uniform(size=(200, 2)),
    "circle": lambda rng: circle(rng, 120, 0.05),
    "two circles": lambda rng: np.vstack([circle(rng, 70, 0.1), 5.0 + circle(rng, 70, 0.1)]),
    "torus": lambda rng: np.hstack([circle(rng, 150, 0.0), circle(rng, 150, 0.0)]),
    "sphere": lambda rng: (cloud := rng.normal(size=(150, 3))) / np.linalg.norm(cloud, axis=1, keepdims=True),
    "outliers": lambda rng: rng.standard_t(1, size=(150, 5)),
    "two clusters": lambda rng: rng.normal(size=(100, 3)) + 50.0 * rng.integers(0, 2, size=(100, 1)),
    "a grid": lambda rng: np.stack(np.meshgrid(range(9), range(9)), -1).reshape(-1, 2).astype(float),
    "few values": lambda rng: np.unique(rng.integers(0, 5, size=(150, 3)), axis=0).astype(float),
    "cube": lambda rng: np.stack(np.meshgrid(*[(0.0, 1.0)] * 5), -1).reshape(-1, 5),
    "polygon": lambda rng: polygon(65),
    "a line": lambda rng: rng.normal(size=(80, 1)),
    "one hot": lambda rng: np.eye(30),
    "coincident points": lambda rng: np.vstack([np.repeat(circle(rng, 12, 0.0), 8, axis=0), circle(rng, 30, 0.3)]),
    "four points": lambda rng: rng.normal(size=(4, 2)),
}


def of_points(cloud):
    return squareform(pdist(cloud)).astype(np.float32)


def assert_as_ripser(distances, threshold=np.inf):
    np.testing.assert_array_equal(h1_bars(distances, threshold), h1_bars(distances, threshold, "ripser"))


@pytest.mark.parametrize("name", CLOUDS)
@pytest.mark.parametrize("seed", range(3))
def test_clouds(name, seed):
    assert_as_ripser(of_points(CLOUDS[name](np.random.default_rng(seed))))


@pytest.mark.parametrize("name", CLOUDS)
@pytest.mark.parametrize("share", [0.0, 0.05, 0.2, 0.5, 0.9])
def test_up_to_a_scale_bars_that_are_alive_are_infinite(name, share, rng):
    distances = of_points(CLOUDS[name](rng))
    assert_as_ripser(distances, float(np.quantile(distances, share)))


@settings(max_examples=150, deadline=None)
@given(n_points=st.integers(4, 24), n_values=st.integers(1, 40), seed=st.integers(0, 2**32 - 1))
def test_any_symmetric_matrix_ties_zeros_and_broken_triangles(n_points, n_values, seed):
    rng = np.random.default_rng(seed)
    above = np.triu(rng.integers(0, n_values, size=(n_points, n_points)), 1).astype(np.float32)
    assert_as_ripser(above + above.T, float(rng.integers(0, n_values + 1)))


@settings(max_examples=30, deadline=None)
@given(n_points=st.integers(60, 140), n_dims=st.integers(1, 6), seed=st.integers(0, 2**32 - 1))
def test_rows_of_one_two_and_three_words(n_points, n_dims, seed):
    assert_as_ripser(of_points(np.random.default_rng(seed).normal(size=(n_points, n_dims))))


def test_bars_words_and_paths_by_the_thousand(rng):
    """More than there is room for at first."""
    distances = of_points(rng.normal(size=(600, 30)))
    assert len(h1_bars(distances, np.inf)) > 1000
    assert_as_ripser(distances)
    assert_as_ripser(of_points(circle(rng, 600, 0.0)))


@pytest.mark.parametrize("beyond", [(1.0, 1.001), (1.0, 100.0), (100.0, 2.0)])
def test_the_steps_in_which_edges_enter_change_nothing(beyond, rng, monkeypatch):
    for name in ("gaussian", "circle", "a grid"):
        distances = of_points(CLOUDS[name](rng))
        expected = h1_bars(distances, np.inf)
        with monkeypatch.context() as patch:
            patch.setattr(lunes, "BEYOND_BIRTH", beyond[0])
            patch.setattr(lunes, "BEYOND_SCALE", beyond[1])
            np.testing.assert_array_equal(h1_bars(distances, np.inf), expected)


@pytest.mark.parametrize("name", CLOUDS)
def test_no_bar_is_born_after_the_last_birth(name, rng):
    distances = of_points(CLOUDS[name](rng))
    assert lunes._last_birth(distances) == lunes.h1(distances)[:, 0].max(initial=0.0)


def test_most_edges_of_a_round_cloud_are_never_looked_at(rng, monkeypatch):
    entered = []
    enter = lune_kernels.enter
    monkeypatch.setattr(lune_kernels, "enter", lambda edges, *rest: entered.append(len(edges)) or enter(edges, *rest))
    lunes.h1(of_points(rng.normal(size=(500, 20))))
    assert 0 < sum(entered) < 0.5 * 500 * 499 / 2


def test_more_points_than_an_edge_has_bits_for():
    one_number = np.broadcast_to(np.zeros(1, dtype=np.float32), (65_537, 65_537))
    with pytest.raises(ValueError, match="65,537 points: the engine lunes takes 65,536 at most"):
        lunes.h1(one_number)


def test_another_thread_goes_on_meanwhile(rng):
    """Homology of layers runs in threads."""
    distances = of_points(rng.normal(size=(1500, 30)))
    lunes.h1(distances[:9, :9].copy())
    turns, done = 0, threading.Event()
    worker = threading.Thread(target=lambda: (lunes.h1(distances), done.set()))
    worker.start()
    while not done.wait(0.001):
        turns += 1
    worker.join()
    assert turns > 5
