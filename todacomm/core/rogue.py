"""Rogue coordinates: one that carries most of the variance, and the rows that it stands out in."""

import numpy as np
from numpy.typing import ArrayLike

from todacomm.core.checks import as_cloud
from todacomm.core.facts import RunWarning

ROGUE = "rogue_coordinate"
"""Code of the warning."""
ROGUE_SHARE = 0.5
"""Share of the variance from which one coordinate decides most distances, where no other has half as much."""
MIN_DIMS = 10
"""Coordinates from which on that is remarkable."""
HELD = 0.9
"""Share of a coordinate's variance that the rows named hold together."""
MOST_ROWS = 5


def rogue_warnings(cloud: ArrayLike) -> list[RunWarning]:
    """A warning where one of many coordinates carries most of the variance: its index, and rows if few hold it.

    Rows count from 0, as the texts of a run do. (Timkey and van Schijndel 2021, arXiv 2109.04404.)

    Parameters
    ----------
    cloud : array, shape (n_points, n_dims)

    Raises
    ------
    ValueError
        The cloud is no matrix of finite numbers.

    >>> cloud = np.random.default_rng(0).normal(size=(50, 12))
    >>> cloud[7, 3] = 100.0
    >>> print(*rogue_warnings(cloud))
    coordinate 3 carries most of the variance, nearly all of it in row 7: standardize=true weighs all coordinates alike
    """
    points = as_cloud(cloud, finite=True)
    squares = (points - points.mean(axis=0)) ** 2
    by_coordinate = squares.sum(axis=0)
    if points.shape[1] < MIN_DIMS:
        return []
    rogue = int(by_coordinate.argmax())
    second = np.partition(by_coordinate, -2)[-2]
    if not by_coordinate[rogue] > max(ROGUE_SHARE * by_coordinate.sum(), 2.0 * second):
        return []
    order = np.argsort(-squares[:, rogue], kind="stable")
    n_rows = 1 + int(np.searchsorted(np.cumsum(squares[order, rogue]), HELD * by_coordinate[rogue]))
    rows = sorted(order[:n_rows].tolist())
    noun = "row" if n_rows == 1 else "rows"
    held = f", nearly all of it in {noun} {', '.join(map(str, rows))}" if n_rows <= MOST_ROWS else ""
    text = f"coordinate {rogue} carries most of the variance{held}: standardize=true weighs all coordinates alike"
    return [RunWarning(ROGUE, text)]
