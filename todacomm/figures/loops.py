"""A loop that is claimed: its layer in the plane in which the loop is round, and twelve of its texts around a clock."""

from textwrap import wrap
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.textpath import TextPath

from todacomm.figures.style import INK, MUTED, cyclic_colors, sheet
from todacomm.results.loops import Loop
from todacomm.results.result import Result
from todacomm.results.texts import shown_text

HOURS = 12
WIDTH, HEIGHT, HEAD, RADIUS = 11.4, 6.75, 0.5, 2.3
"""Of the sheet, of its head and of the clock, in inches."""
RING, REACH = 0.07, 1.09
"""Thickness of the ring, and where the texts begin, in radii of the clock."""
FONT_SIZE, OFFSET, MOST_LINES, MARGIN = 8.0, 14.0, 3, 0.12
COLUMNS = (40, 32, 26, 20)
"""Characters in a line of a text, the most that fit."""


def draw_loop(result: Result, title: str, loop: Loop) -> Figure:
    """The layer's points coloured by their place on the loop, the shortest loop, and a text at every hour.

    Parameters
    ----------
    loop : Loop
        With the place of every text.

    Raises
    ------
    ValueError
        The bar is no loop, so that no text has a place on it.
    """
    if loop.angle is None:
        raise ValueError(
            f"bar {loop.rank} of {loop.layer} is no loop ({loop.verdict}): its texts have no place on it to be drawn"
        )
    angle = loop.angle.to_numpy()
    scores = result.scores(loop.layer)
    if result.config.topology.metric == "cosine":
        lengths = np.linalg.norm(scores, axis=1, keepdims=True)
        scores = np.divide(scores, lengths, out=np.zeros_like(scores), where=lengths > 0.0)
    places = clock_plane(scores, angle)
    on_hours = texts_at_hours(scores, angle)
    which = "" if loop.rank == 1 else f", bar {loop.rank}"
    note = f"line: a shortest loop, {len(loop.texts)} texts     numbers: the texts around it"
    figure = sheet(result, f"{title}: {loop.layer}{which}", WIDTH, HEIGHT, note)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0 - HEAD / HEIGHT))
    axes.set_axis_off()
    half_width, half_height = WIDTH / 2 / RADIUS, (HEIGHT - HEAD) / 2 / RADIUS
    axes.set(xlim=(-half_width, half_width), ylim=(-half_height, half_height))
    places = places * (1.0 - 1.5 * RING) / np.linalg.norm(places, axis=1).max()
    _ring(axes)
    _points(axes, places, angle, loop.texts.index.to_numpy(), list(on_hours.values()))
    for hour, row in on_hours.items():
        axes.annotate(
            str(hour), tuple(places[row]), ha="center", va="center_baseline", fontsize=6.5, color="white",
            fontweight="bold", zorder=6,
        )  # fmt: skip
        _text(axes, hour, shown_text(result.texts.iloc[row]))
    return figure


def clock_plane(cloud: np.ndarray, angle: np.ndarray) -> np.ndarray:
    """The two principal components of a loop, turned so that every point lies where its angle is on a clock.

    They are the components of the means of the points in each twelfth of the way around, not of single points: of
    six to eight points on a shortest loop the components are half noise (squared cosine with the true plane .6 on
    circles of 300 points under noise of .2 in 50 dimensions, against .98), and those of the whole cloud miss a loop
    that is small beside wider directions.

    Parameters
    ----------
    cloud : ndarray, shape (n_points, n_dims)
    angle : ndarray, shape (n_points,)
        Radians; nan for points without a place.

    Returns
    -------
    ndarray, shape (n_points, 2)
        Angle 0 is at the top, and angles grow to the right.

    >>> angle = np.arange(36) * np.pi / 18
    >>> circle = np.column_stack([np.cos(angle), np.zeros(36), np.sin(angle)])
    >>> (clock_plane(circle, angle)[[0, 9]].round(6) + 0.0).tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    known = np.isfinite(angle)
    hours = _hours(angle)
    means = np.array([cloud[hours == hour].mean(axis=0) for hour in np.unique(hours[known])])
    own = means if len(means) > 2 else cloud[known]
    directions = np.linalg.svd(own - own.mean(axis=0), full_matrices=False)[2][:2]
    plane = (cloud - own.mean(axis=0)) @ directions.T
    clock = np.column_stack([np.sin(angle), np.cos(angle)])[known]
    left, _, right = np.linalg.svd(plane[known].T @ clock)
    return plane @ (left @ right)


def texts_at_hours(cloud: np.ndarray, angle: np.ndarray) -> dict[int, int]:
    """For every hour of the clock, 12 at the top, the row that stands best for it.

    Of the points within a quarter of an hour, else of all around it, the one nearest to the mean of those around it:
    the nearer a point is in all dimensions, the less noise there is in its angle.

    >>> angle = np.array([0.0, 0.1, 0.12, 0.4, np.pi / 2])
    >>> texts_at_hours(np.column_stack([np.sin(angle), np.cos(angle)]), angle)
    {12: 1, 1: 3, 3: 4}
    """
    hours = _hours(angle)
    off_centre = np.abs(np.angle(np.exp(1j * (angle - hours * 2.0 * np.pi / HOURS))))
    chosen = {}
    for hour in np.unique(hours[hours >= 0]):
        around = hours == hour
        central = around & (off_centre <= np.pi / HOURS / 2)
        rows = np.flatnonzero(central if central.any() else around)
        away = np.linalg.norm(cloud[rows] - cloud[around].mean(axis=0), axis=1)
        chosen[int(hour) or HOURS] = int(rows[away.argmin()])
    return chosen


def _hours(angle: np.ndarray) -> np.ndarray:
    """The nearest hour of every angle, 0 to 11; -1 where there is none."""
    known = np.isfinite(angle)
    turns = np.where(known, angle, 0.0) / (2.0 * np.pi)
    return np.where(known, np.round(turns * HOURS).astype(int) % HOURS, -1)


def _ring(axes: Axes) -> None:
    """The colours of the angle around the clock, with a tick at every hour."""
    edges = np.linspace(0.0, 2.0 * np.pi, 10 * HOURS + 1)
    outer, inner = (np.column_stack([np.sin(edges), np.cos(edges)]) * radius for radius in (1.0, 1.0 - RING))
    parts = np.stack([outer[:-1], outer[1:], inner[1:], inner[:-1]], axis=1)
    colors = cyclic_colors((edges[:-1] + edges[1:]) / 2.0)
    ring = PolyCollection(list(parts), facecolors=colors, edgecolors=colors, linewidths=0.4)
    axes.add_collection(ring, autolim=False)


def _points(axes: Axes, places: np.ndarray, angle: np.ndarray, on_loop: np.ndarray, on_hours: list[int]) -> None:
    """All points, the shortest loop as a closed line, and the points whose texts are shown."""
    known = np.isfinite(angle)
    x, y = places.T
    axes.scatter(x[~known], y[~known], s=11, color=MUTED, alpha=0.35, linewidths=0)
    axes.scatter(x[known], y[known], s=15, color=cyclic_colors(angle[known]), alpha=0.8, linewidths=0, zorder=2)
    around = [*on_loop, on_loop[0]]
    axes.plot(x[around], y[around], color=INK, linewidth=1.1, zorder=3)
    axes.scatter(x[on_loop], y[on_loop], s=26, color="white", edgecolors=INK, linewidths=1.1, zorder=4)
    colors = cyclic_colors(angle[on_hours])
    axes.scatter(x[on_hours], y[on_hours], s=118, color=colors, edgecolors="white", linewidths=0.9, zorder=5)


def _text(axes: Axes, hour: int, text: str) -> None:
    """A text outside its hour, beside the hour's number."""
    turn = 2.0 * np.pi * hour / HOURS
    x, y = REACH * np.sin(turn), REACH * np.cos(turn)
    side, up = (0, int(np.sign(y))) if hour % 6 == 0 else (int(np.sign(x)), 0)
    at_side: dict[str, Any] = {"ha": ("center", "left", "right")[side], "va": ("center", "bottom", "top")[up]}
    room = WIDTH / 2 - MARGIN - OFFSET / 72 - abs(x) * RADIUS if side else RADIUS * REACH
    axes.annotate(
        str(hour), (x, y), fontsize=FONT_SIZE, fontweight="bold", color=cyclic_colors(np.array([turn]))[0], **at_side
    )
    axes.annotate(
        fitted(text, room), (x, y), xytext=(OFFSET * side, OFFSET * up), textcoords="offset points",
        fontsize=FONT_SIZE, color=INK, linespacing=1.15, multialignment=at_side["ha"], **at_side,
    )  # fmt: skip


def fitted(text: str, room: float) -> str:
    """A text on few lines that are at most ``room`` inches long: its end, where it does not fit.

    Characters that the font lacks are boxes.
    """
    font = FontProperties(size=FONT_SIZE)
    known = get_font(findfont(font)).get_charmap()
    text = "".join(letter if ord(letter) in known else "□" for letter in text)
    for width in COLUMNS:
        lines = wrap(text, width)
        if all(_fits(TextPath((0, 0), line, prop=font), 72 * room) for line in lines):
            break
    return "\n".join(lines if len(lines) <= MOST_LINES else [f"… {lines[-MOST_LINES]}", *lines[1 - MOST_LINES :]])


def _fits(path: TextPath, width: float) -> bool:
    """Whether letters are at most so wide: their control points are never narrower, and known without the curves."""
    return bool(np.ptp(path.vertices[:, 0]) <= width) or path.get_extents().width <= width
