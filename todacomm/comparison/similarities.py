"""Paired geometry of stored clouds: every similarity of every two layers of two models, beside chance."""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from todacomm.comparison.differences import Pair, every_pair
from todacomm.comparison.gathering import Gathered
from todacomm.comparison.identity import MODELS
from todacomm.comparison.matching import matched_names, residual_depths
from todacomm.core.clouds import standardize
from todacomm.core.facts import RunWarning
from todacomm.core.similarity import SIMILARITIES, Prepared, prepare_all, similarity_grid
from todacomm.core.similarity.chance import PERMUTATIONS, draws_of, judged, permuted_grids, relative_order
from todacomm.results.table import framed
from todacomm.system.progress import Progress, counted, silent

if TYPE_CHECKING:
    from todacomm.tracking import Analysis

MOST_TEXTS = 1000
"""Texts of which similarity is measured at most: every layer of every model keeps a table of them by them in memory."""
COLUMNS = [
    "label_a", "label_b", "layer_a", "layer_b", "depth_a", "depth_b", "measure", "value", "chance", "p", "p_adjusted",
    "permutations",
]  # fmt: skip


def similarity(
    gathered: Gathered,
    threads: int = 1,
    progress: Progress = silent,
    *,
    permutations: int = PERMUTATIONS,
    seed: int = 42,
) -> tuple[pd.DataFrame, tuple[RunWarning, ...]]:
    """Every measure of :data:`todacomm.core.similarity.SIMILARITIES` of every layer of every two models, beside chance.

    Of at most 1,000 texts, the same for all, chosen at random. Chance is what texts paired at random give: every model
    has its texts in an order of its own, the same for all its layers and partners. ``p`` is one-sided (closer than
    chance), ``p_adjusted`` over all layers and models of a measure together (step-down max-T), so that the closest of
    many pairs is compared with the closest of each permutation. Procrustes is permuted at matched depth only and 19
    times at most (``most_draws``); chance and p of its other pairs are nan.

    Parameters
    ----------
    permutations : int
        0: no chance.
    seed : int
        Of the permutations.

    Returns
    -------
    DataFrame, tuple of RunWarning
        ``label_a, label_b, layer_a, layer_b, depth_a, depth_b, measure, value, chance, p, p_adjusted, permutations``
        with ``chance`` the mean over the permutations, and what could not be compared.
    """
    pairs = same_texts(gathered)
    labels = list(dict.fromkeys(label for pair in pairs for label in pair))
    prepared, warnings = _prepared(gathered, labels, threads)
    orders = {
        label: [np.random.default_rng([seed, place, draw]).permutation(_n_texts(prepared[label]))
                for draw in range(permutations)]
        for place, label in enumerate(labels)
    }  # fmt: skip
    pairs = [(a, b) for a, b in pairs if _n_texts(prepared[a]) and _n_texts(prepared[b])]
    frames: dict[str, list[pd.DataFrame]] = {measure: [] for measure in SIMILARITIES}
    draws: dict[str, list[np.ndarray]] = {measure: [] for measure in SIMILARITIES}
    for a, b in counted(pairs, "similarity", len(pairs), progress):
        for measure in SIMILARITIES:
            grid = similarity_grid(prepared[a], prepared[b], measure, threads)
            wanted = np.isfinite(grid) & (_matched(gathered, a, b) if SIMILARITIES[measure].most_draws else True)
            count = draws_of(measure, permutations)
            relative = [relative_order(*both) for both in zip(orders[a][:count], orders[b][:count], strict=True)]
            permuted = permuted_grids(prepared[a], prepared[b], measure, relative, wanted, threads)
            draws[measure].append(permuted.reshape(count, grid.size))
            frames[measure].append(_long(gathered, a, b, measure, grid))
    tables = [_beside_chance(pd.concat(frames[name], ignore_index=True), draws[name], name) for name in frames if pairs]
    return pd.concat(tables, ignore_index=True) if tables else framed([], COLUMNS), warnings


def model_distances(gathered: Gathered, similarities: pd.DataFrame) -> pd.DataFrame:
    """Mean Procrustes distance of layers at matched depth for every two models: labels by labels, zero on the diagonal.

    An angle in radians, 0 where layers are equal up to rotation and scale; nan where no layer can be compared.
    """
    place = {label: index for index, label in enumerate(gathered.labels)}
    matrix = np.where(np.eye(len(place), dtype=bool), 0.0, np.nan)
    rows = similarities[similarities["measure"] == "procrustes"]
    by_pair = {
        pair: own.set_index(["layer_a", "layer_b"])["value"] for pair, own in rows.groupby(["label_a", "label_b"])
    }
    for a, b in same_texts(gathered):
        if (a, b) in by_pair:
            matched = matched_names(gathered.analyses[a], gathered.analyses[b])
            known = [value for layers in matched if np.isfinite(value := by_pair[a, b].get(layers, np.nan))]
            matrix[place[a], place[b]] = matrix[place[b], place[a]] = np.mean(known) if known else np.nan
    return pd.DataFrame(matrix, index=gathered.labels, columns=gathered.labels)


def at_matched_depth(gathered: Gathered, similarities: pd.DataFrame) -> pd.DataFrame:
    """The rows of a table of similarities whose layers stand beside each other."""
    pairs = similarities[["label_a", "label_b"]].drop_duplicates().itertuples(index=False, name=None)
    matched = {
        (a, b, *layers) for a, b in pairs for layers in matched_names(gathered.analyses[a], gathered.analyses[b])
    }
    keys = zip(*(similarities[name] for name in ("label_a", "label_b", "layer_a", "layer_b")), strict=True)
    return similarities[[key in matched for key in keys]]


def same_texts(gathered: Gathered) -> list[Pair]:
    """Labels of every two analyses of the same texts; none where they are too many to be paired."""
    if gathered.over != MODELS:
        return []
    digest = {label: analysis.dataset.digest for label, analysis in gathered.analyses.items()}
    return [(a, b) for a, b in every_pair(gathered) if digest[a] == digest[b]]


def stored_clouds(analysis: "Analysis", most: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Clouds before PCA, of the first texts of an order that their number and the seed decide; empty without any."""
    if analysis.config.no_clouds:
        return {}
    prepare = standardize if analysis.config.topology.standardize else partial(np.asarray, dtype=np.float64)
    chosen = chosen_texts(analysis, most, seed)
    return {layer: prepare(analysis.cloud(layer))[chosen] for layer in residual_depths(analysis)}


def chosen_texts(analysis: "Analysis", most: int, seed: int = 0) -> np.ndarray:
    """Rows of the texts that are compared."""
    return np.random.default_rng(seed).permutation(analysis.dataset.samples)[:most]


def _prepared(
    gathered: Gathered, labels: list[str], threads: int
) -> tuple[dict[str, dict[str, Prepared | None]], tuple[RunWarning, ...]]:
    """The layers of some analyses, ready for any measure, and what a reader must know of them."""
    prepared: dict[str, dict[str, Prepared | None]] = {}
    warnings, left_out = [], []
    for label in labels:
        clouds = stored_clouds(gathered.analyses[label], MOST_TEXTS)
        if not clouds:
            why = gathered.analyses[label].config.no_clouds
            text = f"{label} stored no clouds: no paired geometry with it ({why})"
            warnings.append(RunWarning("no_clouds", text))
        prepared[label], without = prepare_all(clouds, threads)
        left_out += [f"{layer} of {label}" for layer in without]
    if labels and gathered.runs["points"].max() > MOST_TEXTS:
        text = f"similarity is measured on {MOST_TEXTS} of the texts, chosen at random"
        warnings.append(RunWarning("similarity_of_some_texts", text))
    if left_out:
        text = f"no similarity to {' and '.join(left_out)}: under 4 distinct points, or not finite"
        warnings.append(RunWarning("no_similarity", text))
    return prepared, tuple(warnings)


def _n_texts(layers: Mapping[str, Prepared | None]) -> int:
    return next((layer.n_points for layer in layers.values() if layer is not None), 0)


def _matched(gathered: Gathered, a: str, b: str) -> np.ndarray:
    """Which pairs of layers stand beside each other: shape (layers of a, layers of b)."""
    first, second = gathered.analyses[a], gathered.analyses[b]
    matched = set(matched_names(first, second))
    return np.array([[(i, j) in matched for j in residual_depths(second)] for i in residual_depths(first)])


def _beside_chance(table: pd.DataFrame, draws: list[np.ndarray], measure: str) -> pd.DataFrame:
    """The rows of a measure with their chance; all of them are one family."""
    facts = judged(table["value"].to_numpy(dtype=float), np.concatenate(draws, axis=1), measure)
    return table.assign(
        chance=facts.mean, p=facts.p, p_adjusted=facts.p_adjusted,
        permutations=np.where(np.isfinite(facts.p), facts.permutations, 0),
    )  # fmt: skip


def _long(gathered: Gathered, a: str, b: str, measure: str, grid: np.ndarray) -> pd.DataFrame:
    """A grid of layers as rows."""
    depths_a, depths_b = (residual_depths(gathered.analyses[label]) for label in (a, b))
    rows, columns = np.indices(grid.shape)
    return pd.DataFrame({
        "label_a": a,
        "label_b": b,
        "layer_a": np.array(list(depths_a), dtype=object)[rows.ravel()],
        "layer_b": np.array(list(depths_b), dtype=object)[columns.ravel()],
        "depth_a": np.array(list(depths_a.values()))[rows.ravel()],
        "depth_b": np.array(list(depths_b.values()))[columns.ravel()],
        "measure": measure,
        "value": grid.ravel(),
    })  # fmt: skip
