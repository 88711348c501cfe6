"""Gaps are the longest H0 bars, and their sides hang together without them."""

import numpy as np
import pytest
from scipy.sparse.csgraph import connected_components

from todacomm.core.clouds import distances
from todacomm.core.homology import spanning_tree
from todacomm.core.loops import gaps


@pytest.mark.parametrize("seed", range(3))
def test_lengths_are_the_longest_bars(seed):
    among = distances(np.random.default_rng(seed).normal(size=(60, 4)))
    lengths = np.sort(spanning_tree(among)[:, 1])[::-1]
    np.testing.assert_array_equal([gap.length for gap in gaps(among, 5)], lengths[:5])


def test_sides_are_no_closer_than_the_gap_and_meet_at_its_ends():
    among = distances(np.random.default_rng(0).normal(size=(60, 4)))
    for gap in gaps(among, 6):
        across = among[gap.side][:, ~gap.side]
        assert across.min() == gap.length == among[gap.edge]
        assert gap.side[gap.edge[0]]
        assert not gap.side[gap.edge[1]]
        assert gap.side.sum() <= 30


def test_three_clusters_and_a_far_point():
    rng = np.random.default_rng(1)
    centres = np.repeat([0.0, 10.0, 16.0], [20, 12, 30])
    cloud = np.column_stack([centres, np.zeros(62)]) + 0.2 * rng.normal(size=(62, 2))
    far = np.vstack([cloud, [[8.0, 40.0]]])
    single, widest, second = gaps(distances(far), 3)
    assert np.flatnonzero(single.side).tolist() == [62]
    assert np.flatnonzero(widest.side[:62]).tolist() == list(range(20))
    assert not second.side[:32].any() or second.side[:32].all()
    label = connected_components(distances(cloud) < 3.0)[1]
    assert all(len(set(gap.side[:62][label == group])) == 1 for gap in (widest, second) for group in range(3))


def test_equal_sides_are_named_without_point_0():
    (gap,) = gaps(distances([[0.0], [1.0], [9.0], [10.0]]), 1)
    assert gap.side.tolist() == [False, False, True, True]
    assert gap.edge == (2, 1)


def test_fewer_edges_than_asked_for():
    assert len(gaps(distances([[0.0], [1.0]]), 3)) == 1
    assert gaps(distances([[0.0]])) == ()
