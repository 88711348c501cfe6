"""Heat maps of layers by layers and of models by models, and the tree of models."""

from itertools import combinations

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.cluster.hierarchy import dendrogram

from todacomm.comparison.result import Comparison
from todacomm.core.similarity import linkage
from todacomm.figures.comparison.overlays import subtitle
from todacomm.figures.panels import nothing, short_layer
from todacomm.figures.style import BLUE, FAINT, INK, MUTED, shorten, titled
from todacomm.results.table import records

MOST_PAIRS = 28
_SCALES = {
    "cka": (0.0, 1.0, "viridis"),
    "procrustes": (0.0, np.pi / 2, "viridis_r"),
    "knn_overlap": (0.0, 1.0, "viridis"),
}


def draw_similarity(found: Comparison, title: str, measure: str) -> Figure:
    """One panel a pair of models: layers of the one by layers of the other."""
    table = found.tables["similarity"]
    table = table[table["measure"] == measure]
    pairs = list(dict.fromkeys(zip(table["label_a"], table["label_b"], strict=True)))
    shown = pairs[:MOST_PAIRS]
    columns = min(5, len(shown))
    lines = -(-len(shown) // columns)
    note = f"the first {MOST_PAIRS} of {len(pairs)} pairs" if len(pairs) > len(shown) else ""
    width, height = 2.0 + 2.6 * columns, 1.2 + 2.7 * lines
    figure = titled(title, subtitle(found), width, height, note)
    grid = np.atleast_1d(figure.subplots(lines, columns, squeeze=False)).ravel()
    figure.subplots_adjust(left=0.7 / width, right=1 - 1.0 / width, bottom=0.6 / height, top=1 - 1.0 / height,
                           wspace=0.5, hspace=0.55)  # fmt: skip
    low, high, colours = _SCALES[measure]
    image = None
    for axes, (a, b) in zip(grid, shown, strict=False):
        rows = table[(table["label_a"] == a) & (table["label_b"] == b)]
        matrix = rows.pivot(index="layer_a", columns="layer_b", values="value")
        matrix = matrix.reindex(
            index=list(dict.fromkeys(rows["layer_a"])), columns=list(dict.fromkeys(rows["layer_b"]))
        )
        axes.set_facecolor(FAINT)
        image = axes.imshow(matrix.to_numpy(), vmin=low, vmax=high, cmap=colours, origin="lower", aspect="auto")
        _layer_axis(axes, "x", list(matrix.columns), b)
        _layer_axis(axes, "y", list(matrix.index), a)
    for axes in grid[len(shown) :]:
        axes.set_axis_off()
    if image is not None:
        bar = figure.add_axes((1 - 0.62 / width, 0.6 / height, 0.16 / width, 1 - 1.7 / height))
        figure.colorbar(image, cax=bar)
        bar.tick_params(labelsize=8)
    return figure


def draw_distances(found: Comparison, title: str) -> Figure:
    """Matrices of models by models, and the tree of the first of them."""
    size = max(2.2, 0.4 * len(found.labels))
    room = 0.085 * max(len(shorten(label, 22)) for label in found.labels)
    width, height = 5 * size + 2 * room + 1.6, size + 1.3 + room
    figure = titled(title, subtitle(found), width, height)
    panels = figure.subplots(1, 5)
    figure.subplots_adjust(left=(0.2 + room) / width, right=1 - (0.2 + room) / width, bottom=(0.2 + room) / height,
                           top=1 - 0.95 / height, wspace=0.14)  # fmt: skip
    matrices = {"Procrustes distance": found.tables["model_distances"].to_numpy(dtype=float)}
    shapes = found.tables["diagram_distances"]
    for degree in (0, 1):
        rows = shapes[shapes["degree"] == degree]
        matrices[f"H{degree} Wasserstein"] = pair_means(rows, "wasserstein", found.labels)
    matrices["Divergence (RTD)"] = pair_means(found.tables["divergences"], "rtd", found.labels)
    for i, (axes, (name, matrix)) in enumerate(zip(panels, matrices.items(), strict=False)):
        _matrix(axes, name, matrix, found.labels, first=i == 0)
    _tree(panels[-1], matrices["Procrustes distance"], found.labels)
    return figure


def pair_means(rows: pd.DataFrame, column: str, labels: list[str]) -> np.ndarray:
    """Mean of a column for every two analyses: symmetric, zero on the diagonal, nan where there is none."""
    place = {label: index for index, label in enumerate(labels)}
    matrix = np.full((len(labels), len(labels)), np.nan)
    np.fill_diagonal(matrix, 0.0)
    for row in records(rows.groupby(["label_a", "label_b"])[column].mean().reset_index()):
        i, j = place[row["label_a"]], place[row["label_b"]]
        matrix[i, j] = matrix[j, i] = row[column]
    return matrix


def _layer_axis(axes: Axes, which: str, layers: list[str], label: str) -> None:
    axis = axes.xaxis if which == "x" else axes.yaxis
    step = max(1, -(-len(layers) // 8))
    places = list(range(0, len(layers), step))
    axis.set_ticks(places, [short_layer(layers[i]) for i in places], fontsize=7)
    axis.set_label_text(shorten(label, 24), fontsize=8)
    axes.grid(False)


def _matrix(axes: Axes, name: str, matrix: np.ndarray, labels: list[str], first: bool) -> None:
    axes.set_title(name, pad=6)
    axes.grid(False)
    off = matrix[~np.eye(len(labels), dtype=bool)]
    if not np.isfinite(off).any():
        nothing(axes, "not measured")
        return
    shown = np.where(np.eye(len(labels), dtype=bool), np.nan, matrix)
    axes.set_facecolor(FAINT)
    image = axes.imshow(shown, cmap="viridis_r")
    names = [shorten(label, 22) for label in labels]
    axes.set_xticks(range(len(labels)), names, rotation=60, ha="right", fontsize=8)
    axes.set_yticks(range(len(labels)), names if first else [""] * len(labels), fontsize=8)
    norm = mpl.colors.Normalize(*image.get_clim())
    for i, j in combinations(range(len(labels)), 2):
        for row, column in ((i, j), (j, i)):
            if np.isfinite(matrix[row, column]):
                dark = norm(matrix[row, column]) > 0.45
                axes.text(column, row, f"{matrix[row, column]:.2g}", ha="center", va="center", fontsize=7,
                          color="white" if dark else INK)  # fmt: skip


def _tree(axes: Axes, matrix: np.ndarray, labels: list[str]) -> None:
    axes.set_title("Nearest first", pad=6)
    known = [i for i in range(len(labels)) if np.isfinite(matrix[i]).sum() > 1]
    while known and not np.isfinite(matrix[np.ix_(known, known)]).all():
        known.remove(min(known, key=lambda i: np.isfinite(matrix[i, known]).sum()))
    if len(known) < 2:
        nothing(axes, "it takes two models with stored clouds")
        return
    names = [shorten(labels[i], 22) for i in known]
    dendrogram(
        linkage(matrix[np.ix_(known, known)]), labels=names, orientation="left", ax=axes,
        color_threshold=0.0, above_threshold_color=BLUE, leaf_font_size=8,
    )  # fmt: skip
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.spines["left"].set_visible(False)
    axes.grid(False, axis="y")
    axes.set_xlabel("Procrustes distance", color=MUTED)
