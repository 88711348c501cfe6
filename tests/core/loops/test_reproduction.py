"""Life left on subsets: exact on the whole, equal to union-find with parities, calibrated where the truth is known."""

import numpy as np
import pytest

from tests.core.shapes import noisy_circle, polygon, rotation
from todacomm.core.clouds import distances
from todacomm.core.homology import persistence, spanning_tree
from todacomm.core.inference import half_samples
from todacomm.core.layer import analyze_layer
from todacomm.core.loops import layer_loops, leading, life_left, loop_bars, membership, prominence
from todacomm.core.loops.reproduction import Restrictions
from todacomm.core.matrices import spanning_trees


def clouds():
    rng = np.random.default_rng(7)
    return {
        "circle": noisy_circle(rng, 90, 20),
        "gaussian": rng.normal(size=(90, 5)),
        "rounded": np.unique(rng.integers(0, 8, size=(90, 3)), axis=0),
        "clusters": rng.normal(size=(7, 6))[rng.integers(7, size=90)] + 0.1 * rng.normal(size=(90, 6)),
    }


class Parities:
    """Union-find in which every point knows its parity against its root: the definition, edge by edge."""

    def __init__(self, points):
        self.parent = {point: (point, 0) for point in points}

    def root(self, point):
        parity = 0
        while self.parent[point][0] != point:
            point, step = self.parent[point]
            parity ^= step
        return point, parity

    def closes_odd_cycle(self, u, v, a):
        (root_u, p), (root_v, q) = self.root(u), self.root(v)
        if root_u == root_v:
            return p ^ q ^ a == 1
        self.parent[root_u] = (root_v, p ^ q ^ a)
        return False


def by_definition(among, bar, rows):
    rounded = among.astype(np.float32)
    odd = {tuple(edge) for edge in bar.edges.tolist()}
    edges = sorted((rounded[u, v], u, v) for u in rows for v in rows if u < v and rounded[u, v] < bar.death)
    cover = Parities(rows)
    for length, u, v in edges:
        if cover.closes_odd_cycle(u, v, int((u, v) in odd)):
            return (bar.death - float(length)) / bar.lifetime
    return 0.0


@pytest.mark.parametrize("name", clouds())
def test_every_bar_is_born_on_all_points_where_the_diagram_says(name):
    among = distances(clouds()[name])
    bars = loop_bars(among, n_longest=10_000)
    assert len(bars) == len(persistence(among)[1])
    everything = np.ones((1, len(among)), dtype=bool)
    assert (life_left(among, bars, everything) == 1.0).all()


@pytest.mark.parametrize("name", clouds())
def test_equal_to_union_find_with_parities(name):
    among = distances(clouds()[name])
    bars = loop_bars(among, n_longest=6)
    rng = np.random.default_rng(0)
    subsets = [np.sort(rng.choice(len(among), size, replace=False)) for size in (2, 5, 30, 45, 45, 80)]
    left = life_left(among, bars, membership(subsets, len(among)))
    expected = [[by_definition(among, bar, rows.tolist()) for rows in subsets] for bar in bars]
    np.testing.assert_array_equal(left, expected)
    assert left.max() > 0.0


def test_subset_has_a_loop_wherever_life_is_left():
    among = distances(clouds()["circle"])
    (bar, *_) = loop_bars(among)
    halves = half_samples(len(among), 10, seed=0)
    for half, left in zip(halves, life_left(among, (bar,), membership(halves, len(among)))[0], strict=True):
        at = bar.death - left * bar.lifetime
        dgm = persistence(among[np.ix_(half, half)])[1]
        assert ((dgm[:, 0] <= at + 1e-6) & (dgm[:, 1] > at)).any() == (left > 0.0)


def test_more_points_leave_more_life():
    """The cover of a subset is one of the whole: b_A falls as A grows."""
    among = distances(clouds()["gaussian"])
    bars = loop_bars(among)
    order = np.random.default_rng(1).permutation(len(among))
    nested = membership([order[:size] for size in range(2, len(among) + 1)], len(among))
    left = life_left(among, bars, nested)
    assert (np.diff(left, axis=1) >= 0.0).all()
    assert (left[:, -1] == 1.0).all()


def test_every_second_corner_of_a_polygon():
    """24 of 48 corners: born at 2 sin(pi / 24) where the whole is at 2 sin(pi / 48), dead at sqrt 3 both."""
    corners = polygon(48)
    bars = loop_bars(distances(corners), n_longest=1)
    left = life_left(distances(corners), bars, membership([np.arange(0, 48, 2)], 48))
    death = np.sqrt(3.0)
    expected = (death - 2.0 * np.sin(np.pi / 24)) / (death - 2.0 * np.sin(np.pi / 48))
    assert left[0, 0] == pytest.approx(expected, rel=1e-6)


def test_half_of_a_circle_has_no_loop():
    bars = loop_bars(distances(polygon(48)), n_longest=1)
    assert life_left(distances(polygon(48)), bars, membership([np.arange(24)], 48))[0, 0] == 0.0


def test_rotation_scale_and_order_change_nothing():
    rng = np.random.default_rng(3)
    cloud = noisy_circle(rng, 120, 20)
    members = membership(half_samples(120, 20, seed=1), 120)
    left = life_left(distances(cloud), loop_bars(distances(cloud)), members).mean(axis=1)
    order = rng.permutation(120)
    moved = distances(3.0 * cloud[order] @ rotation(rng, 20) + 1.0)
    np.testing.assert_allclose(life_left(moved, loop_bars(moved), members[:, order]).mean(axis=1), left, rtol=1e-4)


def test_trees_of_many_subsets_are_those_of_each():
    among = distances(clouds()["gaussian"])
    rng = np.random.default_rng(2)
    subsets = [np.sort(rng.choice(len(among), size, replace=False)) for size in (1, 2, 45, 60)]
    order, parent = spanning_trees(among.astype(np.float32), membership(subsets, len(among)))
    for rows, points, before in zip(subsets, order, parent, strict=True):
        assert sorted(points[: len(rows)]) == rows.tolist()
        lengths = among[points[1 : len(rows)], before[1 : len(rows)]]
        np.testing.assert_allclose(np.sort(lengths), np.sort(spanning_tree(among[np.ix_(rows, rows)])[:, 1]), rtol=1e-6)


def test_nothing_to_reproduce():
    among = distances(polygon(5))
    assert life_left(among, (), np.ones((3, 5), dtype=bool)).shape == (0, 3)
    bars = loop_bars(among)
    assert life_left(among, bars, np.zeros((2, 5), dtype=bool)).tolist() == [[0.0, 0.0]]


@pytest.mark.parametrize("name", clouds())
def test_what_is_left_of_every_bar_is_part_of_one_bar_of_the_half(name):
    among = distances(clouds()[name])
    bars = loop_bars(among, n_longest=5)
    halves = half_samples(len(among), 30, seed=0)
    left = life_left(among, bars, membership(halves, len(among)))
    for half, of_half in zip(halves, left.T, strict=True):
        dgm = persistence(among[np.ix_(half, half)])[1]
        for bar, share in zip(bars, of_half, strict=True):
            birth = np.float32(bar.death - share * bar.lifetime)
            assert share == 0.0 or ((dgm[:, 0] == birth) & (dgm[:, 1] >= bar.death)).any()


def test_all_bars_lead_among_all_points_and_none_among_none():
    among = distances(noisy_circle(np.random.default_rng(0), 60, 6, 0.2))
    dgm = persistence(among)[1]
    bars = loop_bars(among, dgm)
    leads = leading(among, bars, np.array([[True], [False]]).repeat(60, axis=1), [dgm, dgm])
    np.testing.assert_array_equal(leads, np.tile([True, False], (len(bars), 1)))


def test_more_bars_than_a_word_has_bits_for_are_refused_and_a_layer_asks_of_fewer(rng):
    among = distances(rng.normal(size=(120, 3)))
    bars = loop_bars(among, n_longest=40)
    assert len(bars) == 40
    everyone = np.ones((1, 120), dtype=bool)
    with pytest.raises(ValueError, match="40 bars: expected 32 at most, give the longest"):
        leading(among, bars, everyone, [persistence(among)[1]])
    layer = analyze_layer(rng.normal(size=(120, 3)))
    loops = layer_loops(layer, np.arange(120)[None], [layer.diagrams], n_longest=40)
    assert loops.prominence.tolist() == [1.0] * 32 + [0.0] * (len(loops.bars) - 32)


def test_two_loops_of_one_length_are_prominent_together():
    """Two circles of the same size change places from half to half, and no third bar comes between."""
    rng = np.random.default_rng(3)
    both = np.vstack([noisy_circle(rng, 60, 2, 0.1), noisy_circle(rng, 60, 2, 0.1) + [9.0, 0.0]])
    among = distances(both)
    bars = loop_bars(among, n_longest=3)
    halves = half_samples(120, 40, seed=0)
    dgms = [persistence(among[np.ix_(half, half)])[1] for half in halves]
    leads = leading(among, bars, membership(halves, 120), dgms)
    assert leads[0].mean() < 0.9
    assert prominence(leads)[:2].min() >= 0.95
    assert prominence(leads)[2] < 0.5


def test_both_loops_of_a_torus_with_equal_circles_are_prominent():
    """The first cycle of a half is often the one around both, odd for either cocycle."""
    rng = np.random.default_rng(0)
    first, second = rng.uniform(0.0, 2.0 * np.pi, (2, 300))
    among = distances(np.column_stack([np.cos(first), np.sin(first), np.cos(second), np.sin(second)]))
    bars = loop_bars(among, n_longest=4)
    halves = half_samples(300, 40, seed=0)
    members, dgms = membership(halves, 300), [persistence(among[np.ix_(half, half)])[1] for half in halves]
    shared = np.ptp(life_births(bars, life_left(among, bars, members))[:2], axis=0) == 0.0
    assert shared.mean() > 0.1, "one cycle begins both bars there"
    assert (prominence(leading(among, bars, members, dgms))[:2] >= 0.95).all()


def life_births(bars, left):
    return np.array([np.float32(bar.death - share * bar.lifetime) for bar, share in zip(bars, left, strict=True)])


@pytest.mark.parametrize("name", clouds())
def test_the_span_of_one_bar_begins_where_the_bar_does_and_more_bars_have_more_births(name):
    among = distances(clouds()[name]).astype(np.float32)
    bars = loop_bars(among, n_longest=4)
    members = membership(half_samples(len(among), 30, seed=0), len(among))
    births, left = Restrictions(among, bars, members).births_of_spans(4), life_left(among, bars, members)
    alone = np.where(left[0] > 0.0, life_births(bars, left)[0], np.inf)
    np.testing.assert_array_equal(births[0, 0], alone)
    for row in range(1, len(bars)):
        for before, after in zip(births[row - 1].T, births[row].T, strict=True):
            assert set(before[np.isfinite(before)]) <= set(after[np.isfinite(after)])


@pytest.mark.parametrize("name", clouds())
def test_all_points_begin_every_bar_where_it_is_born(name):
    """On all points the span is the diagram's own bars."""
    among = distances(clouds()[name]).astype(np.float32)
    bars = loop_bars(among, n_longest=4)
    births = Restrictions(among, bars, np.ones((1, len(among)), dtype=bool)).births_of_spans(len(bars))
    np.testing.assert_array_equal(births[-1, :, 0], np.array([bar.birth for bar in bars], dtype=np.float32))


def test_gaps_of_a_sphere_are_left_on_halves_and_not_prominent():
    """A surface has no loop; its widest gap stays when points are taken away, among others as wide."""
    rng = np.random.default_rng(5)
    halves = half_samples(200, 30, seed=0)

    def measured(cloud):
        among = distances(cloud)
        bars = loop_bars(among)
        left = life_left(among, bars, membership(halves, 200))
        dgms = [persistence(among[np.ix_(half, half)])[1] for half in halves]
        return left[0].mean(), prominence(leading(among, bars, membership(halves, 200), dgms))[0]

    def sphere():
        cloud = 0.1 * rng.normal(size=(200, 50))
        surface = rng.normal(size=(200, 3))
        cloud[:, :3] += surface / np.linalg.norm(surface, axis=1, keepdims=True)
        return cloud

    left, share = np.mean([measured(sphere()) for _ in range(6)], axis=0)
    assert left > 0.48
    assert share < 0.7
    assert min(measured(noisy_circle(rng, 200, 50, 0.1))) > 0.85
