"""Two groups of texts in one model: the same metrics at equal numbers of texts, and labels permuted."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from todacomm.core.arrays import Array, Bools, Indices
from todacomm.core.checks import as_array, as_bools, as_replicates
from todacomm.core.inference.replicates import replicate
from todacomm.core.inference.step_down import max_t
from todacomm.core.layer import LayerAnalysis
from todacomm.core.metrics import INTERVAL_METRICS

SMALLEST_GROUP = 8
PERMUTATIONS = 99
REPLICATES = 100


@dataclass(frozen=True)
class GroupRows:
    """Which rows of a cloud are measured; all layers of a model share them.

    Attributes
    ----------
    observed : ndarray of int, shape (2, size)
        As many texts of each group: all of the smaller one, a random choice of the larger.
    permuted : ndarray of int, shape (permutations, 2, size)
        The same with the labels of all texts permuted.
    halves : ndarray of int, shape (replicates, 2, size // 2)
        Half-samples of the two chosen groups, drawn independently.
    """

    observed: Indices
    permuted: Indices
    halves: Indices


@dataclass(frozen=True)
class GroupValues:
    """One layer's metrics of two groups: columns as in :data:`todacomm.core.inference.INTERVAL_METRICS`.

    Attributes
    ----------
    observed : ndarray, shape (2, n_metrics)
    permuted : ndarray, shape (permutations, 2, n_metrics)
    halves : ndarray, shape (replicates, 2, n_metrics)
    """

    observed: Array
    permuted: Array
    halves: Array


def group_rows(
    in_second: ArrayLike, rng: np.random.Generator, *, permutations: int = PERMUTATIONS, replicates: int = REPLICATES
) -> GroupRows:
    """Rows of two groups at equal size, with permutations of the labels and half-samples.

    Parameters
    ----------
    in_second : array of bool, shape (n_points,)
        Which texts are the second group; the others are the first.

    Raises
    ------
    ValueError
        A group has under 8 texts, or they are not True or False for each text.

    >>> rows = group_rows(np.arange(30) >= 20, np.random.default_rng(0), permutations=3, replicates=2)
    >>> rows.observed.shape, rows.permuted.shape, rows.halves.shape
    ((2, 10), (3, 2, 10), (2, 2, 5))
    """
    second = as_bools(in_second, "the labels")
    sizes = int((~second).sum()), int(second.sum())
    if min(sizes) < SMALLEST_GROUP:
        raise ValueError(f"groups of {sizes[0]} and {sizes[1]} texts: expected {SMALLEST_GROUP} at least in each")
    size = min(sizes)

    def split(labels: Bools) -> Indices:
        members = (np.flatnonzero(~labels), np.flatnonzero(labels))
        return np.array([np.sort(rng.choice(rows, size, replace=False)) for rows in members])

    observed = split(second)
    permuted = np.array([split(rng.permutation(second)) for _ in range(permutations)], dtype=np.intp)
    halves = np.array(
        [[np.sort(rng.choice(rows, size // 2, replace=False)) for rows in observed] for _ in range(replicates)],
        dtype=np.intp,
    )
    permuted, halves = permuted.reshape(-1, 2, size), halves.reshape(-1, 2, size // 2)
    return GroupRows(observed, permuted, halves)


def measure_groups(
    layer: LayerAnalysis,
    raw_cloud: ArrayLike,
    rows: GroupRows,
    *,
    threads: int = 1,
) -> GroupValues:
    """Measure one layer of all texts on both groups, on permuted ones and on half-samples.

    Distances are looked up: both groups lie in the components of the whole cloud.

    Parameters
    ----------
    raw_cloud : array, shape (n_points, n_dims)
        The layer's cloud before any standardisation.

    Raises
    ------
    ValueError
        The layer has landmarks.
    """
    pairs = np.concatenate([rows.observed[None], rows.permuted])

    def measured(subsets: Indices) -> Array:
        flat = subsets.reshape(-1, subsets.shape[-1])
        result = replicate(layer, raw_cloud, flat, threads=threads)
        return result.values.reshape(len(subsets), 2, len(INTERVAL_METRICS))

    values = measured(pairs)
    return GroupValues(values[0], values[1:], measured(rows.halves))


def label_p_values(observed: ArrayLike, permuted: ArrayLike) -> tuple[Array, Array]:
    """Chance of differences as large as these if labels meant nothing, plain and adjusted over layers and metrics.

    Step-down max-T over the permutations of the labels, which all layers share; exact where both groups are drawn from
    one law, for any law. ``|z|`` of the differences, mean and sd over the permutations *and* the observed labels.

    Parameters
    ----------
    observed : array, shape (n_layers, 2, n_metrics)
    permuted : ndarray, shape (permutations, n_layers, 2, n_metrics)

    Returns
    -------
    p, p_adjusted : ndarray, shape (n_layers, n_metrics)
        At least ``1 / (permutations + 1)``; nan where a value is undefined, or was so under a permutation.

    Raises
    ------
    ValueError
        The values are not those of two groups, or the permuted ones have another shape.
    """
    given = as_array(observed)
    if given.ndim != 3 or given.shape[1] != 2:
        raise ValueError(f"the values have shape {given.shape}: expected (n_layers, 2, n_metrics)")
    drawn = as_replicates(permuted, given.shape, "the permuted values")
    values = np.concatenate([given[None], drawn])
    differences = values[:, :, 1] - values[:, :, 0]
    shape = differences.shape[1:]
    differences = differences.reshape(len(differences), -1)
    known = np.isfinite(differences).all(axis=0) & (len(drawn) > 0)
    p, adjusted = np.full((2, differences.shape[1]), np.nan)
    if known.any():
        p[known], adjusted[known] = max_t(differences[0, known], differences[1:, known], "two-sided")
    return p.reshape(shape), adjusted.reshape(shape)
