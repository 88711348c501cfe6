"""Training in pictures: metrics over depth and step, rate of change, shape and spectrum against perplexity."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from todacomm.comparison.trajectory import LIKELIHOODS, Trajectory, numbered
from todacomm.core.metrics import LAYER_METRICS
from todacomm.figures.panels import legend, log_axis, nothing, panel, plain_number, short_layer
from todacomm.figures.style import DEGREES, FAINT, OTHERS, drawing, ordered_looks, save, shorten, titled
from todacomm.results.table import RUN_LAYER

MAPPED = ("h0_total_norm", "h1_max_norm", "twonn_dimension", "participation_ratio")
AGAINST = ("h0_total_norm", "h1_max_norm", "participation_ratio", "effective_rank")
FIGURES = {
    "trajectory_depth": (
        "Depth by training",
        "One row a layer, one column a checkpoint: where in the model a number moves, and when.",
    ),
    "trajectory_change": (
        "Rate of topological change",
        "How much the diagrams of two consecutive checkpoints differ, in units of each layer's own median distance, by "
        "1,000 steps; one curve a layer, dark to light with depth. A slow fall is training that settles.",
    ),
    "trajectory_perplexity": (
        "Shape and spectrum against perplexity",
        "One point a checkpoint, joined in the order of training, means over layers: topological numbers above, "
        "spectral ones below. Consecutive points are not independent: the picture shows a path, and no test.",
    ),
}
"""Name -> title and how to read it."""
_MOST_TICKS, _MOST_NAMES = 8, 12
_WIDE = 20.0
"""Range of values, as a ratio, from which an axis is logarithmic."""
_ROOM = (0.07, 0.05)
"""Width and height of a step's name, as shares of a panel."""


def draw_trajectories(several: Sequence[Trajectory], folder: Path) -> dict[str, Path]:
    """The figures of every trajectory as PNG and SVG under ``folder/plots``, by path."""
    if not several:
        return {}
    draw = {"trajectory_depth": _depth, "trajectory_change": _change, "trajectory_perplexity": _perplexity}
    files: dict[str, Path] = {}
    with drawing():
        for suffix, one in numbered(several).items():
            for name, figure in draw.items():
                files |= save(figure(one), folder, name + suffix)
    return files


def _depth(training: Trajectory) -> Figure:
    figure = _sheet(training, "trajectory_depth", 8.4)
    for axes, metric in zip(_grid(figure), MAPPED, strict=True):
        rows = training.table[(training.table["metric"] == metric) & (training.table["layer"] != RUN_LAYER)]
        axes.set_title(shorten(LAYER_METRICS[metric].label, 60), pad=6)
        axes.grid(False)
        values = _by_step(rows, training.steps)
        if not np.isfinite(values.to_numpy(dtype=float)).any():
            nothing(axes, "not defined")
            continue
        axes.set_facecolor(FAINT)
        image = axes.imshow(values, aspect="auto", origin="lower", cmap="viridis", interpolation="nearest")
        figure.colorbar(image, ax=axes, format=plain_number, pad=0.02)
        _step_ticks(axes, training.steps)
        chosen = _some(len(values), _MOST_TICKS)
        axes.set_yticks(chosen, [short_layer(str(values.index[i])) for i in chosen])
    return figure


def _change(training: Trajectory) -> Figure:
    degrees = sorted(set(training.change["degree"]))
    figure = _sheet(training, "trajectory_change", 4.6)
    grid = figure.subplots(1, max(len(degrees), 1), squeeze=False)[0]
    figure.subplots_adjust(left=0.06, right=0.98, bottom=0.14, top=0.76, wspace=0.2)
    if not degrees:
        nothing(grid[0], "no two consecutive checkpoints have diagrams")
    for axes, degree in zip(grid, degrees, strict=False):
        rows = training.change[training.change["degree"] == degree]
        panel(axes, f"H{degree}", "training step", "median distances by 1,000 steps")
        layers = list(dict.fromkeys(rows.sort_values("depth")["layer"]))
        curves = []
        for layer, look in zip(layers, ordered_looks(len(layers)), strict=True):
            own = rows[rows["layer"] == layer]
            curves += axes.plot(own["step"], own["rate"], color=look.color, marker=look.marker, linestyle=look.dash)
        if (rows["rate"] > 0).all() and rows["rate"].max() > _WIDE * rows["rate"].min():
            log_axis(axes, "y")
        _step_scale(axes, training.steps)
        named = _some(len(layers), _MOST_NAMES)
        legend(axes, [curves[i] for i in named], [short_layer(layers[i]) for i in named], columns=_MOST_NAMES)
    return figure


def _perplexity(training: Trajectory) -> Figure:
    figure = _sheet(training, "trajectory_perplexity", 8.4)
    series = training.over_training()
    likelihood = next((name for name in LIKELIHOODS if name in series), None)
    for axes, metric in zip(_grid(figure), AGAINST, strict=True):
        panel(axes, shorten(LAYER_METRICS[metric].label, 60), (likelihood or "").replace("_", "-"), "mean over layers")
        own = series.get(f"mean_{metric}")
        if likelihood is None or own is None:
            nothing(axes, "no perplexity" if likelihood is None else "not defined")
            continue
        both = pd.concat([series[likelihood], own], axis=1, keys=["x", "y"]).dropna()
        look = DEGREES[0] if LAYER_METRICS[metric].degree is not None else OTHERS[0]
        axes.plot(both["x"], both["y"], color=look.color, marker=look.marker, linewidth=0.8)
        if both["x"].max() > _WIDE * both["x"].min():
            log_axis(axes, "x")
        _name_steps(axes, both)
    return figure


def _name_steps(axes: Axes, points: pd.DataFrame) -> None:
    """The training step beside each point that has room for it, the first and the last before the others."""
    places = axes.transAxes.inverted().transform(axes.transData.transform(points[["x", "y"]]))
    named: list[int] = []
    for i in dict.fromkeys([0, len(points) - 1, *range(len(points))]):
        if all(abs(places[i] - places[j])[0] > _ROOM[0] or abs(places[i] - places[j])[1] > _ROOM[1] for j in named):
            named.append(i)
    for i in named:
        axes.annotate(
            f"{points.index[i]:,}", tuple(points.iloc[i]), xytext=(4, 4), textcoords="offset points", fontsize=7
        )


def _sheet(training: Trajectory, name: str, height: float) -> Figure:
    first, last = training.steps[0], training.steps[-1]
    line = f"{shorten(training.name, 60)} · {len(training.steps)} checkpoints, step {first:,} to {last:,}"
    return titled(FIGURES[name][0], line, 14.6, height)


def _grid(figure: Figure) -> Sequence[Axes]:
    grid = figure.subplots(2, 2)
    figure.subplots_adjust(left=0.06, right=0.98, bottom=0.08, top=0.86, wspace=0.16, hspace=0.42)
    return list(grid.flat)


def _by_step(rows: pd.DataFrame, steps: Sequence[int]) -> pd.DataFrame:
    """Layers in the order of depth by steps."""
    order = rows.drop_duplicates("layer").sort_values("depth")["layer"]
    return rows.pivot_table(index="layer", columns="step", values="value", dropna=False).reindex(
        index=list(order), columns=list(steps)
    )


def _step_ticks(axes: Axes, steps: Sequence[int]) -> None:
    chosen = _some(len(steps), _MOST_TICKS)
    axes.set_xticks(chosen, [f"{steps[i]:,}" for i in chosen])
    axes.set_xlabel("training step")


def _step_scale(axes: Axes, steps: Sequence[int]) -> None:
    """Logarithmic where checkpoints are, as Pythia's: close together at first, far apart later."""
    if len(steps) > 2 and steps[-1] > 50 * max(steps[1], 1):
        axes.set_xscale("symlog", linthresh=max(steps[1], 1))
        axes.xaxis.set_major_formatter(plain_number)


def _some(n: int, most: int) -> list[int]:
    """Places spread evenly over ``n``, both ends among them.

    >>> _some(3, 8), _some(100, 3)
    ([0, 1, 2], [0, 50, 99])
    """
    return [int(i) for i in np.unique(np.linspace(0, n - 1, most).round())]
