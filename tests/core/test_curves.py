"""Betti and Euler curves: what they count."""

from itertools import combinations

import numpy as np

from todacomm.core.clouds import distances
from todacomm.core.curves import betti_curve, euler_curve
from todacomm.core.homology import persistence


def test_betti_curve_counts_bars_that_are_alive():
    dgm = np.array([[0.0, 2.0], [1.0, 3.0], [1.0, 1.5]])
    scale = np.linspace(0, 4, 81)
    alive = [((dgm[:, 0] <= e) & (e < dgm[:, 1])).sum() for e in scale]
    np.testing.assert_array_equal(betti_curve(dgm, scale), alive)


def test_euler_curve_is_the_alternating_count_of_cliques(rng):
    """On 7 points no Rips complex has homology above degree 2: its Euler characteristic counts its simplices."""
    matrix = distances(rng.normal(size=(7, 3)))
    scale = np.linspace(0.0, matrix.max(), 50)
    cliques = [
        (matrix[np.ix_(c, c)].max(), (-1) ** (len(c) - 1)) for k in range(1, 8) for c in combinations(range(7), k)
    ]
    counted = [sum(sign for diameter, sign in cliques if diameter <= e * (1 + 1e-6)) for e in scale]
    betti = [betti_curve(dgm, scale * (1 + 1e-6)) for dgm in persistence(matrix, maxdim=2)]
    np.testing.assert_array_equal(euler_curve(betti), counted)


def test_euler_characteristic_of_a_circle_is_zero_while_its_loop_lives():
    edge = 2 * np.sin(np.pi / 60)
    scale = np.array([0.0, 1.0, 1.9])
    betti = [betti_curve(np.array([[0.0, edge]] * 59), scale), betti_curve(np.array([[edge, np.sqrt(3)]]), scale)]
    np.testing.assert_array_equal(euler_curve(betti), [60, 0, 1])
