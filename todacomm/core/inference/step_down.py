"""Plain and adjusted p-values by one rule, from joint draws of many statistics."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from todacomm.core.arrays import Array
from todacomm.core.checks import as_cloud, as_replicates, as_vector, require_choice
from todacomm.core.metrics import Tail

TAILS: tuple[Tail, ...] = ("upper", "two-sided")


def max_t(observed: ArrayLike, draws: ArrayLike, tail: Tail) -> tuple[Array, Array]:
    """Plain and step-down adjusted p of many statistics, both by one rule, so that no adjusted one is smaller.

    ``z = (T - mean) / sd`` of every cell, mean and sd over the draws *and* the observed value; two-sided, ``|z|``
    stands for z. Exact where observed value and draws can be exchanged; the adjusted p is that of
    :func:`todacomm.core.inference.step_down_max_t`.

    Parameters
    ----------
    observed : array, shape (n_cells,)
    draws : ndarray, shape (draws, n_cells)
        Joint over the cells.
    tail : str
        ``upper`` or ``two-sided``.

    Returns
    -------
    plain, adjusted : ndarray, shape (n_cells,)
        At least ``1 / (draws + 1)``.

    Raises
    ------
    ValueError
        An unknown tail, or draws without a column for each cell.

    >>> plain, adjusted = max_t([9.0, 1.0], np.array([[1.0, 0.0], [2.0, 1.0], [0.0, 2.0]]), "upper")
    >>> plain.tolist(), adjusted.tolist()
    ([0.25, 0.75], [0.25, 0.75])
    """
    require_choice("tail", tail, TAILS)
    values = as_vector(observed, "the observed values")
    z = standardized(np.vstack([values, as_replicates(draws, values.shape, "the draws")]))
    if tail == "two-sided":
        z = np.abs(z)
    return step_down(z[0], z[1:])


def step_down(observed: ArrayLike, law: ArrayLike) -> tuple[Array, Array]:
    """Plain and step-down adjusted p of statistics that are large where there is something.

    Parameters
    ----------
    observed : ndarray, shape (n_cells,)
    law : ndarray, shape (draws, n_cells)
        Joint draws where there is nothing.

    Returns
    -------
    plain, adjusted : ndarray, shape (n_cells,)
        ``(1 + #{draws at least as large}) / (draws + 1)``; the adjusted one from the largest over the cells still in,
        and never below that of a cell that left before.

    Raises
    ------
    ValueError
        The draws have no column for each cell.

    >>> plain, adjusted = step_down(np.array([3.0, 1.0]), np.array([[0.0, 2.0], [1.0, 0.0], [2.0, 4.0]]))
    >>> plain.tolist(), adjusted.tolist()
    ([0.25, 0.75], [0.5, 0.75])
    """
    values = as_vector(observed, "the observed values")
    draws = as_replicates(law, values.shape, "the draws")
    order = np.argsort(-values, kind="stable")
    # the largest over a cell and those after it: one pass from the last to the first for all draws at once
    still_in = np.maximum.accumulate(draws[:, order[::-1]], axis=1)[:, ::-1]
    plain = (1.0 + (draws >= values).sum(axis=0)) / (len(draws) + 1)
    adjusted = np.empty(len(order))
    exceeded = (1.0 + (still_in >= values[order]).sum(axis=0)) / (len(draws) + 1)
    adjusted[order] = np.maximum.accumulate(exceeded)
    return plain, adjusted


def in_stages(p_values: Callable[[Array], tuple[Array, Array]], draws: Array, first: int) -> tuple[Array, Array]:
    """Plain and adjusted p from draws that were continued where none of the first reached a value.

    A p that the first draws leave above their floor, ``1 / (first + 1)``, stands; one at the floor is that of all
    draws. Above their floor no claim is made that the first draws refuse, and up to it none that all draws refuse: no
    level is exceeded, wherever the draws are continued (after Besag and Clifford 1991).

    Parameters
    ----------
    p_values : callable
        Draws of shape (draws, ...) to plain and adjusted p, each of shape (n_cells,).
    first : int
        Draws before it was decided whether to go on; as many as there are: no others were made.

    >>> law = np.array([[0.0], [1.0], [2.0], [5.0], [1.0]])
    >>> [in_stages(lambda drawn: step_down(np.array([value]), drawn), law, 3)[0].tolist() for value in (3.0, 2.0)]
    [[0.3333333333333333], [0.5]]
    """
    plain, adjusted = p_values(draws[:first])
    if len(draws) > first:
        floor, (plain_of_all, adjusted_of_all) = 1.0 / (first + 1), p_values(draws)
        plain = np.where(plain > floor, plain, plain_of_all)
        adjusted = np.maximum(np.where(adjusted > floor, adjusted, adjusted_of_all), plain)
    return plain, adjusted


def standardized(values: ArrayLike) -> Array:
    """``(T - mean) / sd`` of every column, mean and sd over observed value *and* draws; 0 where nothing varies.

    Parameters
    ----------
    values : ndarray, shape (1 + draws, n_cells)
        The observed values, which can be exchanged with the draws where there is nothing, and the draws.

    Raises
    ------
    ValueError
        They are no matrix of numbers.

    >>> standardized(np.array([[4.0, 1.0], [2.0, 1.0]])).tolist()
    [[1.0, 0.0], [-1.0, 0.0]]
    """
    rows = as_cloud(values, "the values")
    spread = rows.std(axis=0)
    z: Array = np.divide(rows - rows.mean(axis=0), spread, out=np.zeros_like(rows), where=spread > 0.0)
    return z
