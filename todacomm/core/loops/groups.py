"""Random halves of the groups of neighbouring points: whether a loop is one of many places, or of a few clusters."""

from collections.abc import Sequence

import numpy as np
import scipy
from numpy.typing import ArrayLike

from todacomm.core.arrays import Array, Bools
from todacomm.core.checks import as_cloud, as_distances
from todacomm.core.clouds import condensed
from todacomm.core.loops.cocycles import LoopBar
from todacomm.core.loops.reproduction import life_left

GROUP_WIDTH = 0.7
"""Mean distance within a group, in births of the bar: a cluster between two gaps of the loop is one group."""


def left_on_groups(distances: ArrayLike, bars: Sequence[LoopBar], n_halves: int, seed: int = 0) -> Array:
    """Share of every bar's life that is left on random halves of the groups of neighbouring points.

    Halves of the texts keep a part of every cluster, so that a gap between a few clusters is left on all of them: they
    ask for other texts of the same clusters. Halves of the groups ask for other clusters. Where points lie in no
    clusters a group is a point or few, and both ask the same. A group is a cluster of average linkage, cut at
    :data:`GROUP_WIDTH` of the bar's birth: the bar itself says what is near.

    Parameters
    ----------
    distances : ndarray, shape (n_points, n_points)
        Those that the bars are of.
    bars : sequence of LoopBar
        Over Z/2.

    Returns
    -------
    ndarray, shape (n_bars, n_halves)
        0 to 1, as :func:`todacomm.core.loops.life_left`.

    Raises
    ------
    ValueError
        As :func:`todacomm.core.checks.as_distances`.

    >>> from todacomm.core.loops.cocycles import loop_bars
    >>> corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]).repeat(5, axis=0) + np.linspace(0, 0.01, 20)[:, None]
    >>> from scipy.spatial.distance import cdist
    >>> distances = cdist(corners, corners)
    >>> left_on_groups(distances, loop_bars(distances)[:1], 3).tolist()
    [[0.0, 0.0, 0.0]]
    """
    matrix = as_distances(distances)
    left = np.zeros((len(bars), n_halves))
    if not left.size:
        return left
    tree = scipy.cluster.hierarchy.linkage(condensed(matrix), "average")
    rng = np.random.default_rng([seed, len(matrix)])
    for row, bar in enumerate(bars):
        left[row] = life_left(matrix, (bar,), halves_of_groups(tree, GROUP_WIDTH * bar.birth, n_halves, rng))[0]
    return left


def halves_of_groups(tree: ArrayLike, width: float, n_halves: int, rng: np.random.Generator) -> Bools:
    """Which points are in each of many random halves of the groups, rounded down.

    Parameters
    ----------
    tree : ndarray, shape (n_points - 1, 4)
        From :func:`scipy.cluster.hierarchy.linkage`.
    width : float
        Height at which it is cut.

    Returns
    -------
    ndarray of bool, shape (n_halves, n_points)

    Raises
    ------
    ValueError
        The tree has not four columns of finite numbers.

    >>> line = scipy.cluster.hierarchy.linkage([[0.0], [0.1], [5.0], [5.1]], "average")
    >>> halves_of_groups(line, 1.0, 1, np.random.default_rng(1)).tolist()
    [[False, False, True, True]]
    """
    joins = as_cloud(tree, "the tree", finite=True)
    if joins.shape[1] != 4:
        raise ValueError(f"the tree has shape {joins.shape}: expected (n_points - 1, 4), as scipy's linkage gives it")
    group = scipy.cluster.hierarchy.fcluster(joins, width, "distance") - 1
    picked = np.zeros((n_halves, int(group.max()) + 1), dtype=np.bool_)
    picked[:, : picked.shape[1] // 2] = True
    halves: Bools = rng.permuted(picked, axis=1)[:, group]
    return halves
