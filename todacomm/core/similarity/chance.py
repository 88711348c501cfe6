"""What chance gives: similarities of layers whose texts are paired at random."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from todacomm.core.arrays import Array, Bools, Indices
from todacomm.core.inference.step_down import max_t
from todacomm.core.similarity.grid import Prepared, similarity_grid
from todacomm.core.similarity.representations import SIMILARITIES

Pairs = Sequence[tuple[int, int]]

PERMUTATIONS = 99
FEWEST_FOR_THRESHOLD = 19


@dataclass(frozen=True)
class Chance:
    """Similarities beside what texts paired at random give.

    Attributes
    ----------
    value : ndarray, shape (n_layers, other_layers), or (n_cells,)
        nan where a layer cannot be compared, or a pair was not asked for.
    mean, sd : ndarray, the same shape
        Of the permutations; the sd is nan with one, both are without any.
    p, p_adjusted : ndarray, the same shape
        One-sided: closer than chance. Step-down max-T over all cells for the adjusted one.
    closest : tuple of int
        The cell with the highest similarity, or the smallest distance; -1 without any.
    closest_value, closest_p : float
        Its value, and the share of {observed, permutations} whose own closest cell is at least as close: a search over
        many pairs finds close ones by chance.
    threshold : float
        What the closest pair has to reach: the .95 quantile of the permutations' closest pairs (for distances the .05
        quantile); nan under 19 permutations.
    """

    value: Array
    mean: Array
    sd: Array
    p: Array
    p_adjusted: Array
    closest: tuple[int, ...]
    closest_value: float
    closest_p: float
    threshold: float
    permutations: int


def chance(
    first: Mapping[str, Prepared | None],
    second: Mapping[str, Prepared | None],
    measure: str,
    rng: np.random.Generator,
    *,
    permutations: int | None = None,
    pairs: Pairs | None = None,
    threads: int = 1,
) -> Chance:
    """A measure of every layer with every other against permutations of the texts, the same for all pairs.

    Width inflates the single values and depth the largest of them, so that neither can be read without what chance
    gives (Gröger, Wen and Brbić 2026, arXiv 2602.14486).

    Parameters
    ----------
    first, second : mapping
        Layer -> what :func:`todacomm.core.similarity.grid.prepare` gives.
    measure : str
        ``cka``, ``knn_overlap`` or ``procrustes``.
    permutations : int, optional
        By default what :func:`draws_of` gives.
    pairs : sequence of (int, int), optional
        Positions of the layers to compare, such as :func:`todacomm.core.similarity.matched_layers` gives; all without.

    Raises
    ------
    ValueError
        An unknown measure, no permutation, or clouds of different numbers of texts.

    >>> from todacomm.core.similarity import prepare_all
    >>> cloud = np.random.default_rng(0).normal(size=(60, 3))
    >>> layers, _ = prepare_all({"layer_0": cloud})
    >>> result = chance(layers, layers, "cka", np.random.default_rng(0), permutations=99)
    >>> result.closest_p, bool(abs(result.mean[0, 0]) < 0.05)
    (0.01, True)
    """
    value = similarity_grid(first, second, measure, threads)
    draws = draws_of(measure) if permutations is None else permutations
    if draws < 1:
        raise ValueError(f"{draws} permutations: expected 1 at least, 19 for a p of .05")
    if pairs is not None:
        chosen = np.zeros(value.shape, dtype=bool)
        chosen[tuple(np.array(pairs, dtype=np.intp).reshape(-1, 2).T)] = True
        value = np.where(chosen, value, np.nan)
    n_texts = next((layer.n_points for layer in first.values() if layer is not None), 0)
    orders = [rng.permutation(n_texts) for _ in range(draws)]
    return judged(value, permuted_grids(first, second, measure, orders, np.isfinite(value), threads), measure)


def draws_of(measure: str, permutations: int = PERMUTATIONS) -> int:
    """Permutations of a measure where so many are asked for: fewer for the dear ones, none where it has no way to.

    >>> draws_of("cka", 200), draws_of("procrustes", 200)
    (200, 19)
    """
    row = SIMILARITIES[measure]
    return min(permutations, row.most_draws or permutations) if row.permuted else 0


def relative_order(ours: Indices, theirs: Indices) -> Indices:
    """The order of our texts against which theirs stand as they are, where each side has an order of its own.

    With one order for each of several models the draws of all pairs are joint: no two models stay paired.

    >>> relative_order(np.array([2, 0, 1]), np.array([2, 0, 1])).tolist()
    [0, 1, 2]
    """
    order: Indices = ours[np.argsort(theirs)]
    return order


def permuted_grids(
    first: Mapping[str, Prepared | None],
    second: Mapping[str, Prepared | None],
    measure: str,
    orders: Sequence[Indices],
    wanted: Bools,
    threads: int = 1,
) -> Array:
    """A measure of every layer with every other, the first side's texts in these orders.

    Parameters
    ----------
    orders : sequence of ndarray of int, shape (n_texts,)
    wanted : ndarray of bool, shape (n_layers, other_layers)
        Pairs to compare; both layers of each can be.

    Returns
    -------
    ndarray, shape (orders, n_layers, other_layers)
        nan in pairs that are not wanted.
    """
    permuted, draw = np.full((len(orders), *wanted.shape), np.nan), SIMILARITIES[measure].permuted
    if draw and wanted.any() and orders:
        rows, columns = np.flatnonzero(wanted.any(axis=1)), np.flatnonzero(wanted.any(axis=0))
        ours, theirs = _chosen(first, rows, measure), _chosen(second, columns, measure)
        grids = draw(ours, theirs, wanted[np.ix_(rows, columns)], orders, threads)
        permuted[:, rows[:, None], columns] = np.array(list(grids))
        permuted[:, ~wanted] = np.nan
    return permuted


def _chosen(layers: Mapping[str, Prepared | None], places: Indices, measure: str) -> list[Any]:
    every = list(layers.values())
    return [layer.values[measure] for layer in (every[place] for place in places) if layer is not None]


def judged(value: Array, permuted: Array, measure: str) -> Chance:
    """Values of a measure beside their permutations, all cells one family.

    Parameters
    ----------
    value : ndarray, any shape
    permuted : ndarray, shape (permutations, *value.shape)
        Joint over the cells; nan where a cell was not permuted.

    >>> judged(np.array([0.9, 0.1]), np.array([[0.0, 0.2]] * 19), "cka").p_adjusted.tolist()
    [0.05, 1.0]
    """
    draws, sign = len(permuted), float(SIMILARITIES[measure].alike)
    known = np.isfinite(value) & np.isfinite(permuted).all(axis=0) & (draws > 0)
    mean, sd, p, adjusted = np.full((4, *value.shape), np.nan)
    closest, closest_value, closest_p, threshold = (-1,) * value.ndim, np.nan, np.nan, np.nan
    if known.any():
        mean[known] = permuted[:, known].mean(axis=0)
        if draws > 1:
            sd[known] = permuted[:, known].std(axis=0, ddof=1)
        values = sign * np.concatenate([value[None], permuted])[:, known]
        p[known], adjusted[known] = max_t(values[0], values[1:], "upper")
        largest = values.max(axis=1)
        closest = tuple(int(place) for place in np.argwhere(known)[values[0].argmax()])
        closest_value = float(value[closest])
        closest_p = float((1.0 + (largest[1:] >= largest[0]).sum()) / (draws + 1))
        if draws >= FEWEST_FOR_THRESHOLD:
            threshold = float(sign * np.quantile(largest[1:], 0.95))
    return Chance(value, mean, sd, p, adjusted, closest, closest_value, closest_p, threshold, draws)
