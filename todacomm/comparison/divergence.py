"""Representation topology divergence of layers, both directions of it, beside texts that are paired at random."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from todacomm.comparison.differences import Pair
from todacomm.comparison.gathering import Gathered
from todacomm.comparison.matching import matched_names, residual_depths
from todacomm.comparison.similarities import same_texts, stored_clouds
from todacomm.core.clouds import distances
from todacomm.core.inference import MIN_DRAWS
from todacomm.core.similarity import rtd_directions, rtd_null
from todacomm.core.threads import in_threads
from todacomm.results.table import framed
from todacomm.settings.comparison import ComparisonConfig
from todacomm.system.progress import Progress, counted, silent

COLUMNS = [
    "label_a", "label_b", "layer_a", "layer_b", "points", "rtd", "rtd_ab", "rtd_ba", "null", "permutations", "p",
]  # fmt: skip
LayerPair = tuple[str, str, str, str]


def divergences(
    gathered: Gathered, config: ComparisonConfig, threads: int = 1, progress: Progress = silent
) -> pd.DataFrame:
    """Representation topology divergence of layers at matched depth, or of all under ``geometry=grid``.

    Of the first ``rtd_points`` texts of a random order that is the same for every pair. ``rtd`` is the mean of its two
    directions: ``rtd_ab`` is large where texts that are far from each other in ``a`` are near in ``b``, ``rtd_ba`` the
    other way round. ``null`` is the mean of ``rtd`` over texts paired at random: how large it is for clouds of these
    shapes with nothing in common. ``p`` (lower tail: more alike than by chance) takes 19 permutations.

    Returns
    -------
    DataFrame
        ``label_a, label_b, layer_a, layer_b, points, rtd, rtd_ab, rtd_ba, null, permutations, p``.
    """
    todo = list(layer_pairs(gathered, same_texts(gathered), config.geometry == "grid")) if config.rtd_points else []
    tables = {label: _distance_tables(gathered, label, config) for label in gathered.labels} if todo else {}

    def measure(task: tuple[int, LayerPair]) -> dict[str, object] | None:
        number, (a, b, layer_a, layer_b) = task
        first, second = tables[a].get(layer_a), tables[b].get(layer_b)
        if first is None or second is None:
            return None
        one_way, other_way = rtd_directions(first, second)
        value = 0.5 * (one_way + other_way)
        draws = rtd_null(first, second, config.rtd_permutations, np.random.default_rng([config.seed, number]))
        p = (1 + np.sum(draws <= value)) / (len(draws) + 1) if len(draws) >= MIN_DRAWS else np.nan
        return {
            "label_a": a, "label_b": b, "layer_a": layer_a, "layer_b": layer_b, "points": len(first), "rtd": value,
            "rtd_ab": one_way, "rtd_ba": other_way, "null": float(draws.mean()) if len(draws) else np.nan,
            "permutations": len(draws), "p": p,
        }  # fmt: skip

    rows = []
    for row in counted(in_threads(measure, list(enumerate(todo)), threads), "divergence", len(todo), progress):
        rows += [row] if row else []
    return framed(rows, COLUMNS)


def divergence_seconds(gathered: Gathered, config: ComparisonConfig, threads: int = 1) -> float:
    """What the divergences will take, about: they are the longest part of a comparison."""
    if config.geometry == "none" or not config.rtd_points:
        return 0.0
    n_pairs = sum(1 for _ in layer_pairs(gathered, same_texts(gathered), config.geometry == "grid"))
    points = min(config.rtd_points, int(gathered.runs["points"].min()))
    return n_pairs * divergence_cost(points, config.rtd_permutations) / threads


def divergence_cost(n_points: int, permutations: int) -> float:
    """Seconds of one pair of layers and its permutations on one thread, about.

    500 texts take 2.0 to 3.0 s where half of the pairings are at random, in two real clouds; those take three times the
    others.
    """
    return (1 + permutations) * 2.5 * (n_points / 500) ** 3


def layer_pairs(gathered: Gathered, pairs: list[Pair], grid: bool) -> Iterator[LayerPair]:
    """Labels and layers of what is compared with each other: layers at matched depth, or all of them."""
    for a, b in pairs:
        first, second = gathered.analyses[a], gathered.analyses[b]
        every = ((i, j) for i in residual_depths(first) for j in residual_depths(second))
        yield from ((a, b, i, j) for i, j in (every if grid else matched_names(first, second)))


def _distance_tables(gathered: Gathered, label: str, config: ComparisonConfig) -> dict[str, np.ndarray]:
    """Distances between the texts chosen, layer by layer; a layer that holds nan or a single point has none."""
    tables = {}
    for layer, cloud in stored_clouds(gathered.analyses[label], config.rtd_points, config.seed).items():
        table = distances(cloud) if np.isfinite(cloud).all() else np.zeros(0)
        if table.any():
            tables[layer] = table
    return tables
