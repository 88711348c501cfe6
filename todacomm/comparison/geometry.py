"""Paired geometry from the stored clouds and diagrams: similarity grids, divergences, distances, a tree of models."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from todacomm.comparison.differences import every_pair
from todacomm.comparison.gathering import MODELS, Gathered
from todacomm.comparison.matching import matched_names, residual_depths
from todacomm.core.clouds import distances, standardize
from todacomm.core.inference import MIN_DRAWS
from todacomm.core.similarity import (
    SIMILARITIES,
    Prepared,
    bottleneck,
    prepare_all,
    rtd,
    rtd_null,
    scaled,
    similarity_grid,
    wasserstein,
)
from todacomm.core.threads import in_threads
from todacomm.core.vectors import SCALE, vector_distances
from todacomm.results.table import framed, own_rows
from todacomm.settings.comparison import ComparisonConfig
from todacomm.system.progress import Progress, silent

if TYPE_CHECKING:
    from todacomm.tracking import Analysis

MEASURES = tuple(SIMILARITIES)
MOST_TEXTS = 1000
"""Texts of which similarity is measured at most: every layer of every model keeps a table of them by them in memory."""
SECONDS_A_DIVERGENCE = 4.0 / 500**3
"""Of one pair of layers with so many texts, cubed: measured at 200 to 500."""


def similarity(gathered: Gathered, threads: int = 1, progress: Progress = silent) -> tuple[pd.DataFrame, list[str]]:
    """CKA, Procrustes distance and neighbour overlap of every layer of every two models.

    Of at most 1,000 texts, the same for all, chosen at random.

    Returns
    -------
    DataFrame, list of str
        ``label_a, label_b, layer_a, layer_b, depth_a, depth_b, measure, value``, and what could not be compared.
    """
    frames = []
    pairs = _pairs(gathered)
    prepared, warned = _prepared(gathered, list(dict.fromkeys(label for pair in pairs for label in pair)), threads)
    for done, (a, b) in enumerate(pairs, start=1):
        if prepared[a] and prepared[b]:
            depths = [residual_depths(gathered.analyses[label]) for label in (a, b)]
            for measure in MEASURES:
                grid = similarity_grid(prepared[a], prepared[b], measure, threads)
                frames.append(_long(a, b, depths[0], depths[1], measure, grid))
        progress("similarity", done, len(pairs))
    columns = ["label_a", "label_b", "layer_a", "layer_b", "depth_a", "depth_b", "measure", "value"]
    return pd.concat(frames, ignore_index=True) if frames else framed([], columns), warned


def divergences(gathered: Gathered, config: ComparisonConfig, progress: Progress = silent) -> pd.DataFrame:
    """Representation topology divergence of layers at matched depth, or of all under ``geometry=grid``.

    Of the first ``rtd_points`` texts of a random order that is the same for every pair. ``null`` is its mean over
    permuted pairings: how far apart two clouds of these shapes are when no text stands for itself. ``p`` (lower
    tail: more alike than by chance) needs 19 permutations.

    Returns
    -------
    DataFrame
        ``label_a, label_b, layer_a, layer_b, points, rtd, null, permutations, p``.
    """
    todo = list(_layer_pairs(gathered, config.geometry == "grid")) if config.rtd_points else []
    tables = {label: _distance_tables(gathered, label, config) for label in gathered.labels} if todo else {}

    def measure(task: tuple[int, tuple[str, str, str, str]]) -> dict[str, object] | None:
        number, (a, b, layer_a, layer_b) = task
        first, second = tables[a].get(layer_a), tables[b].get(layer_b)
        if first is None or second is None:
            return None
        value = rtd(first, second)
        draws = rtd_null(first, second, config.rtd_permutations, np.random.default_rng([config.seed, number]))
        p = (1 + np.sum(draws <= value)) / (len(draws) + 1) if len(draws) >= MIN_DRAWS else np.nan
        return {
            "label_a": a, "label_b": b, "layer_a": layer_a, "layer_b": layer_b, "points": len(first), "rtd": value,
            "null": float(draws.mean()) if len(draws) else np.nan, "permutations": len(draws), "p": p,
        }  # fmt: skip

    rows = []
    for done, row in enumerate(in_threads(measure, list(enumerate(todo)), config.threads or 1), start=1):
        rows += [row] if row else []
        progress("divergence", done, len(todo))
    columns = ["label_a", "label_b", "layer_a", "layer_b", "points", "rtd", "null", "permutations", "p"]
    return framed(rows, columns)


def diagram_distances(
    gathered: Gathered, grid: bool = False, threads: int = 1, progress: Progress = silent
) -> pd.DataFrame:
    """Bottleneck and Wasserstein distance between diagrams in units of each layer's median distance, at matched depth.

    They compare shape alone, text by text nothing: models on different texts have them too, if of equally many.

    Returns
    -------
    DataFrame
        ``label_a, label_b, layer_a, layer_b, depth, degree, bottleneck, wasserstein``.
    """
    read = {label: scaled_diagrams(analysis) for label, analysis in gathered.analyses.items()}
    depths = {label: residual_depths(analysis) for label, analysis in gathered.analyses.items()}
    todo = list(_layer_pairs(gathered, grid, all_pairs=True))

    def measure(task: tuple[str, str, str, str]) -> list[dict[str, object]]:
        a, b, layer_a, layer_b = task
        both = zip(read[a].get(layer_a, []), read[b].get(layer_b, []), strict=False)
        return [
            {
                "label_a": a, "label_b": b, "layer_a": layer_a, "layer_b": layer_b, "depth": depths[a][layer_a],
                "degree": degree, "bottleneck": bottleneck(first, second), "wasserstein": wasserstein(first, second),
            }
            for degree, (first, second) in enumerate(both)
        ]  # fmt: skip

    rows = []
    for done, found in enumerate(in_threads(measure, todo, threads), start=1):
        rows += found
        progress("diagrams", done, len(todo))
    columns = ["label_a", "label_b", "layer_a", "layer_b", "depth", "degree", "bottleneck", "wasserstein"]
    return framed(rows, columns)


def nearest_layers(gathered: Gathered, degree: int = 1) -> pd.DataFrame:
    """For each layer of an analysis the layer of another whose persistence landscape is nearest to its own.

    L2 distance of landscapes in units of each layer's median distance; the image's distance to the same layer stands
    beside it. A layer without a shape has none.

    Returns
    -------
    DataFrame
        ``label_a, layer_a, depth_a, label_b, layer_b, depth_b, degree, landscape_distance, image_distance``.
    """
    read = {label: _vectors(analysis, degree) for label, analysis in gathered.analyses.items()}
    depths = {label: residual_depths(analysis) for label, analysis in gathered.analyses.items()}
    rows = []
    for a, b in ((a, b) for pair in every_pair(gathered) for a, b in (pair, pair[::-1])):
        if not read[a] or not read[b]:
            continue
        apart = vector_distances(
            [pair[0] for pair in read[a].values()], [pair[0] for pair in read[b].values()], SCALE[1]
        )
        for layer_a, row in zip(read[a], apart, strict=True):
            layer_b = list(read[b])[int(row.argmin())]
            pictures = [read[a][layer_a][1]], [read[b][layer_b][1]]
            rows.append({
                "label_a": a, "layer_a": layer_a, "depth_a": depths[a][layer_a],
                "label_b": b, "layer_b": layer_b, "depth_b": depths[b][layer_b], "degree": degree,
                "landscape_distance": float(row.min()), "image_distance": vector_distances(*pictures).item(),
            })  # fmt: skip
    columns = [
        "label_a", "layer_a", "depth_a", "label_b", "layer_b", "depth_b", "degree", "landscape_distance",
        "image_distance",
    ]  # fmt: skip
    return framed(rows, columns)


def model_distances(gathered: Gathered, found: pd.DataFrame) -> pd.DataFrame:
    """Mean Procrustes distance of layers at matched depth for every two models: labels by labels, zero on the diagonal.

    An angle in radians from 0 (equal up to rotation and scale) to pi/2; nan where no layer can be compared.
    """
    place = {label: index for index, label in enumerate(gathered.labels)}
    matrix = np.where(np.eye(len(place), dtype=bool), 0.0, np.nan)
    rows = found[found["measure"] == "procrustes"]
    for a, b in _pairs(gathered):
        pair = rows[(rows["label_a"] == a) & (rows["label_b"] == b)].set_index(["layer_a", "layer_b"])["value"]
        matched = [pair.get(layers, np.nan) for layers in matched_names(gathered.analyses[a], gathered.analyses[b])]
        known = [value for value in matched if np.isfinite(value)]
        matrix[place[a], place[b]] = matrix[place[b], place[a]] = np.mean(known) if known else np.nan
    return pd.DataFrame(matrix, index=gathered.labels, columns=gathered.labels)


def geometry_seconds(gathered: Gathered, config: ComparisonConfig) -> float:
    """What the divergences will take, about: they are the dear part, and are told before they begin."""
    if config.geometry == "none" or not config.rtd_points:
        return 0.0
    n_pairs = sum(1 for _ in _layer_pairs(gathered, config.geometry == "grid"))
    points = min(config.rtd_points, int(gathered.runs["points"].min()))
    return n_pairs * (1 + config.rtd_permutations) * SECONDS_A_DIVERGENCE * points**3


def _pairs(gathered: Gathered) -> list[tuple[str, str]]:
    """Labels of every two analyses of the same texts; none where they are too many, see :func:`every_pair`."""
    if gathered.over != MODELS:
        return []
    digest = {label: analysis.texts.digest for label, analysis in gathered.analyses.items()}
    return [(a, b) for a, b in every_pair(gathered) if digest[a] == digest[b]]


def _layer_pairs(gathered: Gathered, grid: bool, all_pairs: bool = False) -> Iterator[tuple[str, str, str, str]]:
    for a, b in every_pair(gathered) if all_pairs else _pairs(gathered):
        first, second = gathered.analyses[a], gathered.analyses[b]
        if grid:
            layers = [(i, j) for i in residual_depths(first) for j in residual_depths(second)]
        else:
            layers = matched_names(first, second)
        yield from ((a, b, i, j) for i, j in layers)


def _prepared(
    gathered: Gathered, labels: list[str], threads: int
) -> tuple[dict[str, dict[str, Prepared | None]], list[str]]:
    """The layers of some analyses, ready for any measure, and what a reader must know of them."""
    prepared: dict[str, dict[str, Prepared | None]] = {}
    warned, left_out = [], []
    for label in labels:
        clouds = _clouds(gathered.analyses[label], MOST_TEXTS)
        if not clouds:
            warned.append(f"{label} kept no clouds: no paired geometry with it (keep_clouds=true keeps them)")
        prepared[label], without = prepare_all(clouds, threads)
        left_out += [f"{layer} of {label}" for layer in without]
    if labels and gathered.runs["points"].max() > MOST_TEXTS:
        warned.append(f"similarity is measured on {MOST_TEXTS} of the texts, chosen at random")
    if left_out:
        warned.append(f"no similarity to {', '.join(left_out)}: under 4 distinct points, or not finite")
    return prepared, warned


def _clouds(analysis: "Analysis", most: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Clouds before PCA, of the first texts of an order that their number and the seed decide; empty without any."""
    if not analysis.settings["options"]["keep_clouds"]:
        return {}
    prepare = standardize if analysis.config.topology.standardize else partial(np.asarray, dtype=np.float64)
    chosen = np.random.default_rng(seed).permutation(analysis.texts.samples)[:most]
    return {layer: prepare(analysis.cloud(layer))[chosen] for layer in residual_depths(analysis)}


def _distance_tables(gathered: Gathered, label: str, config: ComparisonConfig) -> dict[str, np.ndarray]:
    """Distances between the texts chosen, layer by layer; a layer that holds nan or a single point has none."""
    tables = {}
    for layer, cloud in _clouds(gathered.analyses[label], config.rtd_points, config.seed).items():
        table = distances(cloud) if np.isfinite(cloud).all() else np.zeros(0)
        if table.any():
            tables[layer] = table
    return tables


def _vectors(analysis: "Analysis", degree: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Landscape and image of a degree by layer, as recorded; none for layers without a shape."""
    names = f"landscape_{degree}", f"image_{degree}"
    recorded = {layer: analysis.curves(layer) for layer in residual_depths(analysis)}
    return {
        layer: (curves[names[0]], curves[names[1]])
        for layer, curves in recorded.items()
        if all(name in curves for name in names)
    }


def scaled_diagrams(analysis: "Analysis") -> dict[str, list[np.ndarray]]:
    """Diagrams by layer and degree in units of the median distance; none for layers without one."""
    own = own_rows(analysis.layers)
    wide = own.pivot_table(index="layer", columns="metric", values="value")
    found = {}
    for layer in residual_depths(analysis):
        mean, share = (wide.get(name, pd.Series(dtype=float)).get(layer, np.nan) for name in
                       ("h0_mean_lifetime", "h0_total_norm"))  # fmt: skip
        unit = mean / share if share else np.nan
        if np.isfinite(unit) and unit > 0:
            found[layer] = [scaled(dgm, unit) for dgm in analysis.diagrams(layer)]
    return found


def _long(
    a: str, b: str, depths_a: dict[str, float], depths_b: dict[str, float], measure: str, grid: np.ndarray
) -> pd.DataFrame:
    """A grid of layers as rows."""
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
