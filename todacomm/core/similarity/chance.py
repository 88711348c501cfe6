"""What chance gives: similarities of layers whose texts are paired at random."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from todacomm.core.inference.step_down import max_t
from todacomm.core.similarity.grid import Prepared, similarity_grid
from todacomm.core.threads import in_threads

Array = NDArray[np.float64]
Indices = NDArray[np.intp]
Mask = NDArray[np.bool_]
Pairs = Sequence[tuple[int, int]]

PERMUTATIONS = {"cka": 199, "knn_overlap": 199, "procrustes": 19}
"""Draws by measure. For 14 x 14 layers of 500 texts one takes .03 s with CKA, .01 s with neighbours, and 5 to 13 s with
the singular values of Procrustes: give that one matched layers (.5 s a draw) to draw more."""
CLOSER = {"cka": 1.0, "knn_overlap": 1.0, "procrustes": -1.0}
"""Which sign of a measure means closer."""
FEWEST_FOR_THRESHOLD = 19


@dataclass(frozen=True)
class Chance:
    """A grid of similarities beside what texts paired at random give.

    Attributes
    ----------
    value : ndarray, shape (n_layers, other_layers)
        nan where a layer cannot be compared, or a pair was not asked for.
    mean, sd : ndarray, shape (n_layers, other_layers)
        Of the permutations; the sd is nan with one.
    p, p_adjusted : ndarray, shape (n_layers, other_layers)
        One-sided: closer than chance. Step-down max-T over all pairs of layers for the adjusted one.
    closest : tuple of int
        The pair with the highest similarity, or the smallest distance; (-1, -1) without any pair.
    closest_value, closest_p : float
        Its value, and the share of {observed, permutations} whose own closest pair is at least as close: a search over
        many pairs finds close ones by chance.
    threshold : float
        What the closest pair has to reach: the .95 quantile of the permutations' closest pairs (for distances the .05
        quantile); nan under 19 permutations.
    permutations : int
    """

    value: Array
    mean: Array
    sd: Array
    p: Array
    p_adjusted: Array
    closest: tuple[int, int]
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
    gives (Gröger, Wen and Brbić 2026, arXiv 2602.14486). A permutation of a prepared layer is an index into its Gram
    matrix, its neighbours or its rows; nothing is prepared again.

    Parameters
    ----------
    first, second : mapping
        Layer -> what :func:`todacomm.core.similarity.grid.prepare` gives.
    measure : str
        ``cka``, ``knn_overlap`` or ``procrustes``.
    permutations : int, optional
        By default :data:`PERMUTATIONS`.
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
    draws = PERMUTATIONS[measure] if permutations is None else permutations
    if draws < 1:
        raise ValueError(f"{draws} permutations: expected 1 at least, 19 for a p of .05")
    wanted = np.isfinite(value)
    if pairs is not None:
        chosen = np.zeros_like(wanted)
        chosen[tuple(np.array(pairs, dtype=np.intp).reshape(-1, 2).T)] = True
        wanted &= chosen
    value = np.where(wanted, value, np.nan)
    permuted = np.full((draws, *value.shape), np.nan)
    if wanted.any():
        rows, columns = np.flatnonzero(wanted.any(axis=1)), np.flatnonzero(wanted.any(axis=0))
        ours, theirs = _chosen(first, rows), _chosen(second, columns)
        n_texts = ours[0].n_points
        orders = [rng.permutation(n_texts) for _ in range(draws)]
        grids = DRAWN[measure](ours, theirs, wanted[np.ix_(rows, columns)], orders, threads)
        permuted[:, rows[:, None], columns] = np.array(list(grids))
        permuted[:, ~wanted] = np.nan
    return _summary(value, permuted, CLOSER[measure])


def _chosen(layers: Mapping[str, Prepared | None], places: Indices) -> list[Prepared]:
    every = list(layers.values())
    return [layer for layer in (every[place] for place in places) if layer is not None]


def _summary(value: Array, permuted: Array, sign: float) -> Chance:
    """Facts of a grid beside its permutations, shape (permutations, n_layers, other_layers)."""
    draws = len(permuted)
    known = np.isfinite(value) & np.isfinite(permuted).all(axis=0)
    p, adjusted = np.full((2, *value.shape), np.nan)
    closest, closest_value, closest_p, threshold = (-1, -1), np.nan, np.nan, np.nan
    if known.any():
        values = sign * np.concatenate([value[None], permuted])[:, known]
        p[known], adjusted[known] = max_t(values[0], values[1:], "upper")
        largest = values.max(axis=1)
        row, column = np.argwhere(known)[values[0].argmax()]
        closest, closest_value = (int(row), int(column)), float(value[row, column])
        closest_p = float((1.0 + (largest[1:] >= largest[0]).sum()) / (draws + 1))
        if draws >= FEWEST_FOR_THRESHOLD:
            threshold = float(sign * np.quantile(largest[1:], 0.95))
    return Chance(
        value=value,
        mean=permuted.mean(axis=0),
        sd=permuted.std(axis=0, ddof=1) if draws > 1 else np.full_like(value, np.nan),
        p=p,
        p_adjusted=adjusted,
        closest=closest,
        closest_value=closest_value,
        closest_p=closest_p,
        threshold=threshold,
        permutations=draws,
    )


def _permuted_cka(
    ours: Sequence[Prepared], theirs: Sequence[Prepared], wanted: Mask, orders: Sequence[Indices], threads: int
) -> Iterator[Array]:
    """Grids of every permutation: products of one side's matrices, looked up, with all of the other's at once."""
    n = ours[0].n_points
    above = np.triu_indices(n, 1)  # Gram matrices are symmetric with a zero diagonal
    norms = [np.array([np.linalg.norm(layer.values["cka"][above]) for layer in side]) for side in (ours, theirs)]
    others = np.column_stack([layer.values["cka"][above] for layer in theirs])  # (pairs of texts, other_layers)

    def grid(order: Indices) -> Array:
        look_up = order[above[0]] * n + order[above[1]]
        products = np.array([layer.values["cka"].ravel()[look_up] @ others for layer in ours])
        return np.asarray(products / np.outer(*norms))

    return in_threads(grid, orders, threads)


def _permuted_overlap(
    ours: Sequence[Prepared], theirs: Sequence[Prepared], wanted: Mask, orders: Sequence[Indices], threads: int
) -> Iterator[Array]:
    """Grids of every permutation: the neighbours of one side, renamed, counted among those of the other."""
    n, k = ours[0].values["knn_overlap"].shape
    member = np.zeros((n, n, len(theirs)), dtype=bool)
    for column, layer in enumerate(theirs):
        member[np.arange(n)[:, None], layer.values["knn_overlap"], column] = True

    def grid(order: Indices) -> Array:
        place = np.argsort(order)  # text order[i] stands in row i
        rows = np.arange(n)[:, None]
        return np.array(
            [member[rows, place[layer.values["knn_overlap"][order]]].sum(axis=(0, 1)) / (n * k) for layer in ours]
        )

    return in_threads(grid, orders, threads)


def _permuted_angles(
    ours: Sequence[Prepared], theirs: Sequence[Prepared], wanted: Mask, orders: Sequence[Indices], threads: int
) -> Iterator[Array]:
    """Grids of every permutation, only the pairs asked for: each takes the singular values of a product."""

    def grid(order: Indices) -> Array:
        angles = np.full(wanted.shape, np.nan)
        for i, j in np.argwhere(wanted):
            product = ours[i].values["procrustes"][order].T @ theirs[j].values["procrustes"]
            smaller = product @ product.T if len(product) <= product.shape[1] else product.T @ product
            nuclear = np.sqrt(np.linalg.eigvalsh(smaller).clip(min=0.0)).sum()  # half of the time of an SVD
            angles[i, j] = np.arccos(min(nuclear, 1.0))
        return angles

    return in_threads(grid, orders, threads)


DRAWN: dict[str, Callable[..., Iterator[Array]]] = {
    "cka": _permuted_cka,
    "knn_overlap": _permuted_overlap,
    "procrustes": _permuted_angles,
}
"""Measure -> grids of it under permutations of the first side's texts."""
