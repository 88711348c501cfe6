"""Matrices of models by models, and the tree that joins the nearest first."""

from itertools import combinations

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.cluster.hierarchy import dendrogram

from todacomm.comparison.result import Comparison
from todacomm.core.similarity import linkage
from todacomm.figures.comparison.looks import subtitle
from todacomm.figures.panels import nothing
from todacomm.figures.style import BLUE, FAINT, INK, MUTED, shorten, titled
from todacomm.results.table import records

WIDTH = 15.4
ONE_ROW, WITH_NUMBERS = 6, 14
"""Models up to which the matrices stand in one row, and up to which their cells hold numbers."""


def draw_distances(comparison: Comparison, title: str) -> Figure:
    """Matrices of models by models, and the tree of the first of them."""
    labels = comparison.labels
    matrices = {"Procrustes distance": comparison.tables["model_distances"].to_numpy(dtype=float)}
    shapes = comparison.tables["diagram_distances"]
    for degree in (0, 1):
        rows = shapes[shapes["degree"] == degree]
        matrices[f"H{degree} Wasserstein distance"] = pair_means(rows, "wasserstein", labels)
    matrices["Divergence (RTD)"] = pair_means(comparison.tables["divergences"], "rtd", labels)
    matrices = {name: matrix for name, matrix in matrices.items() if _known(matrix)}
    names = [f"{shorten(label, 26)}  {i}" for i, label in enumerate(labels, start=1)]
    n_panels = len(matrices) + 1
    columns = n_panels if len(labels) <= ONE_ROW else min(3, n_panels)
    room, gap = 0.2 + 0.068 * max(map(len, names)), 0.35  # for the names, before each row and before the tree
    wide = room if n_panels % columns == 0 else 0.0  # the tree's own names take from the row that it stands in
    side = min((WIDTH - room - wide - 0.2 - (columns - 1) * gap) / columns, 4.4)
    n_rows = -(-n_panels // columns)
    height = 1.0 + n_rows * (side + 0.75)
    figure = titled(title, subtitle(comparison), WIDTH, height)
    for i in range(n_panels):
        row, column = divmod(i, columns)
        x, low = room + column * (side + gap), height - 1.0 - row * (side + 0.75) - side
        if i < len(matrices):
            name, matrix = list(matrices.items())[i]
            axes = figure.add_axes((x / WIDTH, low / height, side / WIDTH, side / height))
            _matrix(axes, name, matrix, names if column == 0 else [], side)
        else:
            x += room if column else 0.0
            axes = figure.add_axes((x / WIDTH, low / height, min(WIDTH - 0.2 - x, 1.6 * side) / WIDTH, side / height))
            _tree(axes, matrices.get("Procrustes distance", np.empty((0, 0))), names, side)
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


def _known(matrix: np.ndarray) -> bool:
    """Whether any two different models have a distance."""
    return bool(np.isfinite(matrix[~np.eye(len(matrix), dtype=bool)]).any())


def _matrix(axes: Axes, name: str, matrix: np.ndarray, names: list[str], side: float) -> None:
    n = len(matrix)
    axes.set_title(name, pad=6)
    axes.grid(False)
    diagonal = np.eye(n, dtype=bool)
    size = min(8.0, 62.0 * side / n)
    axes.set_facecolor(FAINT)
    image = axes.imshow(np.where(diagonal, np.nan, matrix), cmap="viridis_r", aspect="auto")
    norm = mpl.colors.Normalize(*image.get_clim())
    for i, j in combinations(range(n) if n <= WITH_NUMBERS else (), 2):
        for row, column in ((i, j), (j, i)):
            if np.isfinite(matrix[row, column]):
                dark = norm(matrix[row, column]) > 0.45
                axes.text(column, row, f"{matrix[row, column]:.2g}", ha="center", va="center", fontsize=size - 1,
                          color="white" if dark else INK)  # fmt: skip
    axes.set_xticks(range(n), [str(i) for i in range(1, n + 1)], fontsize=min(size, 8), rotation=90 if n > 20 else 0)
    axes.tick_params(length=0)
    axes.set_yticks(range(n), names or [""] * n, fontsize=size)
    axes.set_ylim(n - 0.5, -0.5)
    for edge in ("left", "bottom"):
        axes.spines[edge].set_visible(False)


def _tree(axes: Axes, matrix: np.ndarray, names: list[str], side: float) -> None:
    axes.set_title("Nearest joined first", pad=6)
    known = [i for i in range(len(matrix)) if np.isfinite(matrix[i]).sum() > 1]
    while known and not np.isfinite(matrix[np.ix_(known, known)]).all():
        known.remove(min(known, key=lambda i: np.isfinite(matrix[i, known]).sum()))
    if len(known) < 2:
        nothing(axes, "it takes two models with stored clouds")
        return
    dendrogram(
        linkage(matrix[np.ix_(known, known)]), labels=[names[i] for i in known], orientation="right", ax=axes,
        color_threshold=0.0, above_threshold_color=BLUE, leaf_font_size=min(8.0, 62.0 * side / len(known)),
    )  # fmt: skip
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.spines["left"].set_visible(False)
    axes.grid(False, axis="y")
    axes.set_xlabel("Procrustes distance", color=MUTED)
