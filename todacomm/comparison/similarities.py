"""Paired geometry of stored clouds: every similarity of every two layers of two models, beside chance."""

from collections.abc import Mapping, Sequence
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
from todacomm.results.table import framed
from todacomm.system.progress import Progress, silent

if TYPE_CHECKING:
    from todacomm.tracking import Analysis

MOST_TEXTS = 1000
"""Texts of which similarity is measured at most: every layer of every model keeps a table of them by them in memory."""
CHANCE_DRAWS = 3
"""Permutations of the texts that give the level of chance: it varies little from one to the next."""
COLUMNS = ["label_a", "label_b", "layer_a", "layer_b", "depth_a", "depth_b", "measure", "value", "chance"]


def similarity(
    gathered: Gathered, threads: int = 1, progress: Progress = silent
) -> tuple[pd.DataFrame, tuple[RunWarning, ...]]:
    """Every measure of :data:`todacomm.core.similarity.SIMILARITIES` of every layer of every two models.

    Of at most 1,000 texts, the same for all, chosen at random. ``chance`` is the mean over pairings of the texts at
    random, for layers at matched depth; nan for the others.

    Returns
    -------
    DataFrame, tuple of RunWarning
        ``label_a, label_b, layer_a, layer_b, depth_a, depth_b, measure, value, chance``, and what could not be
        compared.
    """
    pairs = same_texts(gathered)
    labels = list(dict.fromkeys(label for pair in pairs for label in pair))
    prepared, warnings = _prepared(gathered, labels, threads)
    frames: dict[Pair, list[pd.DataFrame]] = {}
    for b in labels:
        firsts = [a for a, second in pairs if second == b and prepared[a] and prepared[b]]
        permuted = _permuted(gathered.analyses[b], threads) if firsts else []
        for a in firsts:
            frames[a, b] = [
                _long(gathered, a, b, measure, similarity_grid(prepared[a], prepared[b], measure, threads),
                      _chance(gathered, a, b, measure, prepared[a], permuted))
                for measure in SIMILARITIES
            ]  # fmt: skip
            progress("similarity", len(frames), len(pairs))
    every = [frame for pair in pairs for frame in frames.get(pair, [])]
    return pd.concat(every, ignore_index=True) if every else framed([], COLUMNS), warnings


def model_distances(gathered: Gathered, similarities: pd.DataFrame) -> pd.DataFrame:
    """Mean Procrustes distance of layers at matched depth for every two models: labels by labels, zero on the diagonal.

    An angle in radians from 0 (equal up to rotation and scale) to pi/2; nan where no layer can be compared.
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
    if not analysis.settings["options"]["keep_clouds"]:
        return {}
    prepare = standardize if analysis.config.topology.standardize else partial(np.asarray, dtype=np.float64)
    chosen = np.random.default_rng(seed).permutation(analysis.dataset.samples)[:most]
    return {layer: prepare(analysis.cloud(layer))[chosen] for layer in residual_depths(analysis)}


def _prepared(
    gathered: Gathered, labels: list[str], threads: int
) -> tuple[dict[str, dict[str, Prepared | None]], tuple[RunWarning, ...]]:
    """The layers of some analyses, ready for any measure, and what a reader must know of them."""
    prepared: dict[str, dict[str, Prepared | None]] = {}
    warnings, left_out = [], []
    for label in labels:
        clouds = stored_clouds(gathered.analyses[label], MOST_TEXTS)
        if not clouds:
            text = f"{label} stored no clouds: no paired geometry with it (keep_clouds=true stores them)"
            warnings.append(RunWarning("no_clouds", text))
        prepared[label], without = prepare_all(clouds, threads)
        left_out += [f"{layer} of {label}" for layer in without]
    if labels and gathered.runs["points"].max() > MOST_TEXTS:
        text = f"similarity is measured on {MOST_TEXTS} of the texts, chosen at random"
        warnings.append(RunWarning("similarity_of_some_texts", text))
    if left_out:
        text = f"no similarity to {', '.join(left_out)}: under 4 distinct points, or not finite"
        warnings.append(RunWarning("no_similarity", text))
    return prepared, tuple(warnings)


def _permuted(analysis: "Analysis", threads: int) -> list[dict[str, Prepared | None]]:
    """The layers of an analysis with their texts in some random orders."""
    clouds = stored_clouds(analysis, MOST_TEXTS)
    n_texts = len(next(iter(clouds.values())))
    rng = np.random.default_rng(0)
    orders = [rng.permutation(n_texts) for _ in range(CHANCE_DRAWS)]
    return [prepare_all({layer: cloud[order] for layer, cloud in clouds.items()}, threads)[0] for order in orders]


def _chance(
    gathered: Gathered, a: str, b: str, measure: str, first: Mapping[str, Prepared | None],
    permuted: Sequence[Mapping[str, Prepared | None]],
) -> dict[tuple[str, str], float]:  # fmt: skip
    """The measure by layers at matched depth, mean over the random orders."""
    between = SIMILARITIES[measure].measure
    level = {}
    for layers in matched_names(gathered.analyses[a], gathered.analyses[b]):
        sides = [(first.get(layers[0]), second.get(layers[1])) for second in permuted]
        values = [between(x.values[measure], y.values[measure]) for x, y in sides if x is not None and y is not None]
        level[layers] = float(np.mean(values)) if values else np.nan
    return level


def _long(
    gathered: Gathered, a: str, b: str, measure: str, grid: np.ndarray, level: Mapping[tuple[str, str], float]
) -> pd.DataFrame:
    """A grid of layers as rows."""
    depths_a, depths_b = (residual_depths(gathered.analyses[label]) for label in (a, b))
    rows, columns = np.indices(grid.shape)
    table = pd.DataFrame({
        "label_a": a,
        "label_b": b,
        "layer_a": np.array(list(depths_a), dtype=object)[rows.ravel()],
        "layer_b": np.array(list(depths_b), dtype=object)[columns.ravel()],
        "depth_a": np.array(list(depths_a.values()))[rows.ravel()],
        "depth_b": np.array(list(depths_b.values()))[columns.ravel()],
        "measure": measure,
        "value": grid.ravel(),
    })  # fmt: skip
    layers = zip(table["layer_a"], table["layer_b"], strict=True)
    return table.assign(chance=[level.get(pair, np.nan) for pair in layers])
