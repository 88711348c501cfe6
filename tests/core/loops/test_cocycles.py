"""Bars with cocycles: those of the other engine, and cocycles in the strict sense."""

from importlib.util import find_spec

import numpy as np
import pytest
from ripser import ripser

from tests.core.shapes import noisy_circle, polygon, torus
from todacomm.core.clouds import distances
from todacomm.core.homology import persistence
from todacomm.core.loops import longest_bars, loop_bars
from todacomm.core.loops.cocycles import over_prime

both_engines = pytest.mark.skipif(not find_spec("gudhi"), reason="gudhi is not installed")


def cloud(kind: str, n_points: int = 80) -> np.ndarray:
    rng = np.random.default_rng(4)
    if kind == "circle":
        return noisy_circle(rng, n_points, 10)
    if kind == "two circles":
        return np.vstack([noisy_circle(rng, n_points // 2, 10), 5.0 + noisy_circle(rng, n_points // 2, 10)])
    if kind == "rounded":  # many equal distances
        return np.unique(rng.integers(0, 9, size=(n_points, 3)), axis=0)
    return rng.normal(size=(n_points, 6))


def matrix(bar, n_points: int) -> np.ndarray:
    """The cocycle from every point to every other."""
    values = np.zeros((n_points, n_points), dtype=np.int64)
    u, v = bar.edges.T
    values[u, v], values[v, u] = bar.values, -bar.values
    return values


def coboundary(bar, rounded: np.ndarray, coeff: int) -> np.ndarray:
    """Values of the cocycle's coboundary on all triangles shorter than the death."""
    n_points = len(rounded)
    values = matrix(bar, n_points)
    i, j, k = np.array([(i, j, k) for i in range(n_points) for j in range(i) for k in range(j)]).T
    inside = np.maximum.reduce([rounded[i, j], rounded[j, k], rounded[i, k]]) < bar.death
    i, j, k = i[inside], j[inside], k[inside]
    return (values[i, j] + values[j, k] + values[k, i]) % coeff


@both_engines
@pytest.mark.parametrize("kind", ["circle", "rounded", "gaussian"])
def test_bars_are_the_longest_of_the_other_engine_to_the_bit(kind):
    among = distances(cloud(kind))
    dgm = persistence(among, engine="gudhi")[1]
    bars = loop_bars(among, dgm, n_longest=8)
    longest = np.sort(dgm[:, 1] - dgm[:, 0])[::-1][:8]
    np.testing.assert_array_equal([bar.lifetime for bar in bars], longest)
    assert {(bar.birth, bar.death) for bar in bars} <= set(map(tuple, dgm.tolist()))


def test_without_a_diagram_the_same_bars():
    among = distances(cloud("circle"))
    with_it, without = loop_bars(among, persistence(among)[1]), loop_bars(among)
    for one, other in zip(with_it, without, strict=True):
        assert (one.birth, one.death) == (other.birth, other.death)
        np.testing.assert_array_equal(one.edges, other.edges)


@pytest.mark.parametrize("coeff", [2, 47])
@pytest.mark.parametrize("kind", ["circle", "rounded", "gaussian"])
def test_coboundary_vanishes_below_the_death_and_support_begins_at_the_birth(kind, coeff):
    among = distances(cloud(kind, 40))
    rounded = among.astype(np.float32)
    bars = loop_bars(among)
    assert len(bars) == 5
    if coeff != 2:
        bars = [over_prime(among, bar, coeff) for bar in bars]
    for bar in bars:
        assert not coboundary(bar, rounded, coeff).any()
        lengths = rounded[tuple(bar.edges.T)]
        assert lengths.min() == bar.birth
        assert lengths.max() < bar.death
        assert np.abs(bar.values).min() >= 1
        assert np.abs(bar.values).max() <= coeff // 2


@pytest.mark.parametrize("prime", [2, 3, 47])
@pytest.mark.parametrize("kind", ["circle", "two circles", "gaussian"])
def test_cocycles_are_those_of_ripser_where_no_other_bar_ends_with_theirs(kind, prime):
    among = distances(cloud(kind))
    rounded = among.astype(np.float32)
    compared = 0
    for bar in loop_bars(among):
        computed = ripser(rounded, thresh=bar.death, coeff=prime, distance_matrix=True, do_cocycles=True)
        bars, columns = computed["dgms"][1], computed["cocycles"][1]
        if (bars[:, 1] == bar.death).sum() > 1:
            continue
        whole = bar if prime == 2 else over_prime(among, bar, prime)
        (place,) = np.flatnonzero(bars[:, 0] == bar.birth)
        assert whole.death == min(bars[place, 1], bar.death)
        u, v, values = columns[place].astype(np.int64).T
        theirs = np.zeros(rounded.shape, dtype=np.int64)
        theirs[u, v], theirs[v, u] = values, -values
        theirs[rounded >= whole.death] = 0
        assert any(not ((matrix(whole, len(among)) - turn * theirs) % prime).any() for turn in (1, -1))
        compared += 1
    assert compared >= 3


@pytest.mark.parametrize("prime", [2, 47])
@pytest.mark.parametrize("kind", ["circle", "gaussian"])
def test_the_order_of_the_points_changes_no_cocycle(rng, kind, prime):
    among = distances(cloud(kind))
    order = rng.permutation(len(among))
    elsewhere = among[np.ix_(order, order)]
    for bar, moved in zip(loop_bars(among), loop_bars(elsewhere), strict=True):
        if prime != 2:
            bar, moved = over_prime(among, bar, prime), over_prime(elsewhere, moved, prime)
        before, after = matrix(bar, len(among)), matrix(moved, len(among))
        assert any(not ((before[np.ix_(order, order)] - turn * after) % prime).any() for turn in (1, -1))


@pytest.mark.parametrize("prime", [1, 4, 0, -3, 32771])
def test_what_is_no_prime_is_refused(prime):
    among = distances(polygon(7))
    (bar,) = loop_bars(among)
    with pytest.raises(ValueError, match=f"the prime is {prime}: expected a prime number below 32,768"):
        over_prime(among, bar, prime)


@pytest.mark.parametrize("n_points", [5, 9, 20])
def test_a_bar_of_other_distances_is_refused(n_points):
    (bar,) = loop_bars(distances(polygon(9)))
    with pytest.raises(ValueError, match="is none over Z/47"):
        over_prime(distances(noisy_circle(np.random.default_rng(1), n_points)), bar, 47)


def test_equal_bars_are_two_classes():
    first, second = distances(torus()[:, :2]), distances(torus()[:, 2:])
    one, other = loop_bars(np.maximum(first, second), n_longest=2)
    assert (one.birth, one.death) == (other.birth, other.death)
    assert one.death == pytest.approx(np.sqrt(3.0))
    assert {*map(tuple, one.edges.tolist())} != {*map(tuple, other.edges.tolist())}


def test_the_longest_come_first_and_of_equal_ones_the_earlier_born():
    dgm = np.array([[2.0, 3.0], [4.0, 7.0], [1.0, 2.0], [5.0, 5.5]])
    assert longest_bars(dgm, 3)[0].tolist() == [[4.0, 7.0], [1.0, 2.0], [2.0, 3.0]]


def test_no_loop_no_bar():
    assert loop_bars(distances(np.arange(9.0)[:, None])) == ()


def test_diagram_of_other_distances_is_refused():
    dgm = persistence(distances(polygon(7)))[1]
    with pytest.raises(ValueError, match="in these distances: give the diagram of the same distances"):
        loop_bars(distances(polygon(9)), dgm)


def test_torsion_is_refused_over_another_prime():
    """The projective plane on six points, subdivided so that it is the complex of a metric: its H1 is Z/2 over Z/2, and
    0 over every other prime."""
    faces = [
        (0, 1, 2),
        (0, 2, 3),
        (0, 3, 4),
        (0, 4, 5),
        (0, 5, 1),
        (1, 2, 4),
        (2, 3, 5),
        (3, 4, 1),
        (4, 5, 2),
        (5, 1, 3),
    ]
    simplices = sorted({tuple(sorted(s)) for face in faces for s in _subsets(face)}, key=lambda s: (len(s), s))
    related = np.array([[set(a) <= set(b) or set(b) <= set(a) for b in simplices] for a in simplices])
    among = np.where(related, 1.0, 2.0) - np.eye(len(simplices))
    (bar,) = loop_bars(among)
    assert (bar.birth, bar.death) == (1.0, 2.0)
    with pytest.raises(ValueError, match="is none over Z/3"):
        over_prime(among, bar, 3)


def test_other_fields_may_pair_in_another_way():
    """A curve on a torus that comes near itself as the edge of a Moebius band does."""
    turns = np.arange(100) * 2.0 * np.pi / 100
    curve = [np.cos(2 * turns), np.sin(2 * turns), 0.9 * np.sin(3 * turns), 0.9 * np.cos(3 * turns)]
    among = distances(np.column_stack(curve))
    bar = loop_bars(among, n_longest=1)[0]
    for prime in (3, 47):
        whole = over_prime(among, bar, prime)
        assert whole.birth == bar.birth
        assert bar.middle < whole.death <= bar.death
        assert not coboundary(whole, among.astype(np.float32), prime).any()


def _subsets(face):
    a, b, c = face
    return [(a,), (b,), (c,), (a, b), (b, c), (a, c), face]
