"""Diagrams of shapes with known homology, the same from every engine."""

import numpy as np
import pytest
from scipy.sparse.csgraph import minimum_spanning_tree

from tests.core.shapes import octahedron, polygon, rotation, torus
from todacomm.core.clouds import distances
from todacomm.core.homology import ENGINES, persistence, persistence_many, resolve_engine, spanning_tree

ROOT2 = np.sqrt(2.0)
engines = pytest.mark.parametrize("engine", ENGINES)


def assert_bars(dgm, expected):
    np.testing.assert_allclose(dgm, np.reshape(np.asarray(expected, float), (-1, 2)), rtol=1e-6, atol=1e-7)


@engines
def test_unit_square(engine):
    h0, h1 = persistence(distances([[0, 0], [0, 1], [1, 0], [1, 1]]), engine=engine)
    assert_bars(h0, [[0, 1]] * 3)
    assert_bars(h1, [[1, ROOT2]])


@engines
def test_regular_60_gon(engine):
    h0, h1 = persistence(distances(polygon(60)), engine=engine)
    assert_bars(h0, [[0, 2 * np.sin(np.pi / 60)]] * 59)
    assert_bars(h1, [[2 * np.sin(np.pi / 60), np.sqrt(3)]])


@engines
def test_octahedron_is_a_sphere(engine):
    h0, h1, h2 = persistence(distances(octahedron()), maxdim=2, engine=engine)
    assert_bars(h0, [[0, ROOT2]] * 5)
    assert_bars(h1, [])
    assert_bars(h2, [[ROOT2, 2]])


@engines
def test_one_hot_points_have_no_loop(engine):
    h0, h1 = persistence(distances(np.eye(8)), engine=engine)
    assert_bars(h0, [[0, ROOT2]] * 7)
    assert_bars(h1, [])


@engines
def test_torus_has_two_loops(engine):
    points = torus()
    metric = np.maximum(distances(points[:, :2]), distances(points[:, 2:]))
    _, h1 = persistence(metric, engine=engine)
    assert_bars(h1, [[2 * np.sin(np.pi / 12), np.sqrt(3)]] * 2)


@engines
@pytest.mark.parametrize(("n_points", "n_dims"), [(2, 3), (3, 1), (40, 2), (120, 30)])
def test_h0_is_the_minimum_spanning_tree(engine, n_points, n_dims, rng):
    matrix = distances(rng.normal(size=(n_points, n_dims)))
    h0 = persistence(matrix, engine=engine)[0]
    assert h0[:, 1].sum() == pytest.approx(minimum_spanning_tree(matrix).sum(), rel=1e-12)
    assert len(h0) == n_points - 1
    np.testing.assert_allclose(h0[:, 1], np.sort(spanning_tree(matrix)[:, 1]))


def test_engines_agree_on_noise(rng):
    matrix = distances(rng.normal(size=(150, 20)))
    first, second = (persistence(matrix, maxdim=2, engine=engine) for engine in ENGINES)
    for a, b in zip(first, second, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


@engines
def test_every_bar_is_finite_and_positive(engine, rng):
    for dgm in persistence(distances(rng.normal(size=(80, 5))), maxdim=2, engine=engine):
        assert np.isfinite(dgm).all()
        assert (dgm[:, 1] > dgm[:, 0]).all()


@engines
def test_rotation_translation_and_order_change_nothing_and_scale_scales(engine, rng):
    cloud = rng.normal(size=(60, 4))
    base = persistence(distances(cloud), engine=engine)
    moved = (cloud @ rotation(rng, 4) + 7.0)[rng.permutation(60)]
    for dgm, expected in zip(persistence(distances(moved), engine=engine), base, strict=True):
        np.testing.assert_allclose(dgm, expected, rtol=1e-5, atol=1e-6)
    for dgm, expected in zip(persistence(distances(3.0 * cloud), engine=engine), base, strict=True):
        np.testing.assert_allclose(dgm, 3.0 * expected, rtol=1e-5)


@engines
def test_threads_give_the_same_diagrams_in_order(engine, rng):
    matrices = [distances(rng.normal(size=(n, 3))) for n in (20, 30, 40, 50)]
    for many, one in zip(persistence_many(matrices, engine=engine, threads=3), matrices, strict=True):
        np.testing.assert_array_equal(many[1], persistence(one, engine=engine)[1])


@engines
def test_small_clouds_have_small_diagrams(engine):
    assert [len(dgm) for dgm in persistence(np.zeros((1, 1)), engine=engine)] == [0, 0]
    h0, h1 = persistence(distances([[0.0], [2.0]]), engine=engine)
    assert_bars(h0, [[0, 2]])
    assert_bars(h1, [])


def test_what_is_no_distance_and_no_engine_is_said():
    with pytest.raises(ValueError, match="nan or infinity"):
        persistence(np.array([[0.0, np.nan], [np.nan, 0.0]]))
    with pytest.raises(ValueError, match="unknown engine 'dionysus'"):
        resolve_engine("dionysus")
