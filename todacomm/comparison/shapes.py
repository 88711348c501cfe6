"""Distances between the diagrams of two analyses, and the layers whose diagrams are nearest: shape alone."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from todacomm.comparison.differences import every_pair
from todacomm.comparison.divergence import LayerPair, layer_pairs
from todacomm.comparison.gathering import Gathered
from todacomm.comparison.matching import own_layers, residual_depths
from todacomm.core.similarity import DIAGRAM_DISTANCES, scaled
from todacomm.core.threads import in_threads
from todacomm.core.vectors import SCALE, vector_distances
from todacomm.results.table import framed
from todacomm.system.progress import Progress, counted, silent

if TYPE_CHECKING:
    from todacomm.tracking import Analysis


def diagram_distances(
    gathered: Gathered, grid: bool = False, threads: int = 1, progress: Progress = silent
) -> pd.DataFrame:
    """Every distance between diagrams of its registry, in units of each layer's median distance, at matched depth.

    They compare shape alone and no single text: models on different texts have them too, if of equally many.

    Returns
    -------
    DataFrame
        ``label_a, label_b, layer_a, layer_b, depth, degree`` and the names of
        :data:`todacomm.core.similarity.DIAGRAM_DISTANCES`.
    """
    diagrams = {label: scaled_diagrams(analysis) for label, analysis in gathered.analyses.items()}
    depths = {label: residual_depths(analysis) for label, analysis in gathered.analyses.items()}
    todo = list(layer_pairs(gathered, every_pair(gathered), grid))

    def measure(task: LayerPair) -> list[dict[str, object]]:
        a, b, layer_a, layer_b = task
        both = zip(diagrams[a].get(layer_a, []), diagrams[b].get(layer_b, []), strict=False)
        return [
            {
                "label_a": a, "label_b": b, "layer_a": layer_a, "layer_b": layer_b, "depth": depths[a][layer_a],
                "degree": degree, **{name: row.measure(first, second) for name, row in DIAGRAM_DISTANCES.items()},
            }
            for degree, (first, second) in enumerate(both)
        ]  # fmt: skip

    rows = []
    for measured in counted(in_threads(measure, todo, threads), "diagrams", len(todo), progress):
        rows += measured
    columns = ["label_a", "label_b", "layer_a", "layer_b", "depth", "degree", *DIAGRAM_DISTANCES]
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
    vectors = {label: _vectors(analysis, degree) for label, analysis in gathered.analyses.items()}
    depths = {label: residual_depths(analysis) for label, analysis in gathered.analyses.items()}
    rows = []
    for a, b in ((a, b) for pair in every_pair(gathered) for a, b in (pair, pair[::-1])):
        if not vectors[a] or not vectors[b]:
            continue
        landscapes = vector_distances(
            [pair[0] for pair in vectors[a].values()], [pair[0] for pair in vectors[b].values()], SCALE[1]
        )
        for layer_a, row in zip(vectors[a], landscapes, strict=True):
            layer_b = list(vectors[b])[int(row.argmin())]
            pictures = [vectors[a][layer_a][1]], [vectors[b][layer_b][1]]
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


def scaled_diagrams(analysis: "Analysis") -> dict[str, list[np.ndarray]]:
    """Diagrams by layer and degree in units of the median distance among distinct points; none for layers without."""
    own = own_layers(analysis)
    units = own[own["metric"] == "unit_distance"].set_index("layer")["value"]
    known = [layer for layer in residual_depths(analysis) if units.get(layer, np.nan) > 0.0]
    return {layer: [scaled(dgm, units[layer]) for dgm in analysis.diagrams(layer)] for layer in known}


def _vectors(analysis: "Analysis", degree: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Landscape and image of a degree by layer, as recorded; none for layers without a shape."""
    names = f"landscape_{degree}", f"image_{degree}"
    recorded = {layer: analysis.curves(layer) for layer in residual_depths(analysis)}
    return {
        layer: (curves[names[0]], curves[names[1]])
        for layer, curves in recorded.items()
        if all(name in curves for name in names)
    }
