"""Kernel alignment, Procrustes distance and common neighbours as theorems, over seeds and shapes."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform

from tests.core.shapes import rotation
from todacomm.core.similarity import cka, knn_overlap, procrustes
from todacomm.core.similarity.representations import nearest, nearest_among

SHAPES = [(30, 3), (40, 40), (25, 120)]


def distances(cloud: np.ndarray) -> np.ndarray:
    return squareform(pdist(cloud))


@pytest.mark.parametrize(("n", "d"), SHAPES)
def test_rotation_translation_scale_and_a_common_order_change_nothing(n, d, rng):
    cloud, other = rng.normal(size=(2, n, d))
    moved = 3.0 * cloud @ rotation(rng, d) + rng.normal(size=d)
    order = rng.permutation(n)
    for measure in (cka, procrustes):
        assert measure(moved, other) == pytest.approx(measure(cloud, other), abs=1e-9)
        assert measure(cloud[order], other[order]) == pytest.approx(measure(cloud, other), abs=1e-9)
        assert measure(cloud, other) == pytest.approx(measure(other, cloud), abs=1e-12)
    assert cka(cloud, moved) == pytest.approx(1.0)
    assert procrustes(cloud, moved) == pytest.approx(0.0, abs=1e-6)
    assert knn_overlap(distances(cloud), distances(moved)) == 1.0


def test_unrelated_noise_has_no_alignment_where_the_biased_form_sees_much():
    """The biased form reads .91 on 75 points in 768 dimensions."""
    rng = np.random.default_rng(5)
    debiased, biased = [], []
    for _ in range(12):
        x, y = rng.normal(size=(2, 75, 768))
        debiased.append(cka(x, y))
        k, m = (c @ c.T for c in (x - x.mean(axis=0), y - y.mean(axis=0)))
        biased.append(np.vdot(k, m) / np.sqrt(np.vdot(k, k) * np.vdot(m, m)))
    assert np.mean(biased) == pytest.approx(0.91, abs=0.01)
    assert abs(np.mean(debiased)) < 3 * np.std(debiased, ddof=1) / np.sqrt(12)
    assert np.abs(debiased).max() < 0.1


def test_procrustes_distance_is_a_metric(rng):
    for d in (2, 5, 60):
        x, y, z = rng.normal(size=(3, 30, d))
        assert procrustes(x, z) <= procrustes(x, y) + procrustes(y, z) + 1e-9
        assert 0.0 < procrustes(x, y) < np.pi / 2


def test_procrustes_takes_clouds_of_different_widths_as_if_filled_with_zeros(rng):
    x, y = rng.normal(size=(20, 4)), rng.normal(size=(20, 50))
    filled = np.pad(x, ((0, 0), (0, 46)))
    assert procrustes(x, y) == pytest.approx(procrustes(filled, y), abs=1e-9)
    u = [c - c.mean(axis=0) for c in (filled, y)]
    u = [c / np.linalg.norm(c) for c in u]
    assert procrustes(x, y) == pytest.approx(np.arccos(np.linalg.norm(u[0].T @ u[1], "nuc")), abs=1e-9)


def test_common_neighbours_of_unrelated_clouds_are_those_of_chance():
    rng = np.random.default_rng(0)
    n, k = 60, 6
    shares = [knn_overlap(*(distances(rng.normal(size=(n, 5))) for _ in range(2)), k=k) for _ in range(40)]
    assert np.mean(shares) == pytest.approx(k / (n - 1), abs=4 * np.std(shares) / np.sqrt(40))


def test_ties_are_broken_by_order_and_a_point_is_no_neighbour_of_its_own():
    corners = distances(np.eye(5))
    assert nearest(corners, 2).tolist() == [[1, 2], [0, 2], [0, 1], [0, 1], [0, 1]]
    twins = distances(np.zeros((3, 2)))
    assert nearest(twins, 1).tolist() == [[1], [0], [0]]


def test_too_few_points_are_refused_and_one_point_has_no_similarity():
    with pytest.raises(ValueError, match="3 points: a kernel alignment takes 4"):
        cka(np.ones((3, 2)), np.ones((3, 2)))
    with pytest.raises(ValueError, match="5 nearest neighbours of 4 points: expected 1 to 3"):
        nearest(np.zeros((4, 4)), 5)
    rng = np.random.default_rng(0)
    assert np.isnan(cka(np.ones((6, 2)), rng.normal(size=(6, 2))))
    assert np.isnan(procrustes(np.ones((6, 2)), rng.normal(size=(6, 2))))
    repeated = np.tile(rng.normal(size=768), (501, 1))  # its mean is rounded: the rows are not exactly 0 about it
    assert np.isnan([cka(repeated, repeated), procrustes(repeated, repeated)]).all()


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("steps", [0, 4])
def test_neighbours_are_those_of_a_whole_sort(seed: int, steps: int) -> None:
    """On a lattice of so many steps many are equally near."""
    rng = np.random.default_rng(seed)
    points = rng.integers(steps, size=(80, 2)) if steps else rng.normal(size=(80, 3))
    between = distances(points)
    np.fill_diagonal(between, np.inf)
    for k in (1, 7, 79):
        assert np.array_equal(nearest(between, k), between.argsort(axis=1, kind="stable")[:, :k])


@pytest.mark.parametrize("steps", [0, 4])
def test_neighbours_among_some_rows_are_those_of_their_distances(steps: int) -> None:
    rng = np.random.default_rng(0)
    points = rng.integers(steps, size=(80, 2)) if steps else rng.normal(size=(80, 3))
    between = distances(points)
    rows = np.sort(rng.permutation(80)[:40])
    among = nearest_among(nearest(between, 60), rows, 5)
    assert among is not None
    assert np.array_equal(among, nearest(between[np.ix_(rows, rows)], 5))
    assert nearest_among(nearest(between, 6), rows, 5) is None


def test_clouds_whose_points_are_equally_far_apart_have_no_alignment(rng):
    corners, turned = np.eye(10), np.linalg.qr(rng.normal(size=(10, 10)))[0]
    for one, other in ((corners, corners), (corners, corners @ turned), (corners, 3.0 * corners + 1.0)):
        assert np.isnan(cka(one, other))
    assert np.isnan(cka(corners, rng.normal(size=(10, 3))))
