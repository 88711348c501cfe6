"""The tables of an analysis' report: the whole run, and every layer."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from todacomm.core.inference.uncertainty import Z
from todacomm.core.metrics import LAYER_METRICS, MAIN, RUN_METRICS, layer_metrics, metric_of
from todacomm.core.nulls import NULLS, RANDOM_WEIGHTS
from todacomm.reports.formats import UNDEFINED, listing, number, p_value, plus_minus, share, signed
from todacomm.reports.sentences import PARTS
from todacomm.results.depth import Depth
from todacomm.results.findings.soundness import EMBEDDING, undefined_by_construction
from todacomm.results.result import Result
from todacomm.results.table import RUN_LAYER, own_rows

HEALTH_CAPTION = (
    "Whether the clouds can be interpreted. Distinct points are those left after merging points that coincide."
)
RAW_CAPTION = "In units of distance: these numbers follow the norm of the activations first and their shape second."
GEOMETRY_CAPTION = "Dimensions and spectra of the same clouds: the baselines that topology has to exceed."
CONTROL_CAPTION = (
    "The same architecture and texts with random weights. Difference: model less control, ± 1.96 standard errors of "
    "the paired difference where it has one."
)
STREAM_CAPTION = "What the {part} of each block adds to the residual stream, as a cloud of its own."
OF_STREAMS = ("mean_norm", *MAIN, "twonn_dimension")
"""Metrics that the table of an added stream shows."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table ready to print; the first column is text, the others are numbers."""

    title: str
    caption: str
    header: list[str]
    rows: list[list[str]]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table by layer: its head and a cell for every layer, empty where there is nothing to show."""

    head: str
    cells: list[str]


def run_table(result: Result) -> list[tuple[str, str, str]]:
    """Numbers of the whole run: name, value and meaning."""
    rows = own_rows(result.table)
    run = rows[rows["layer"] == RUN_LAYER].set_index("metric")
    table = []
    for name, metric in RUN_METRICS.items():
        if name in run.index:
            value, lo, hi = (float(run[column].astype(float)[name]) for column in ("value", "lo", "hi"))
            shown = plus_minus(value, (hi - lo) / 2) if np.isfinite(lo) else number(value)
            table.append((name, shown + (_why_undefined(result, name) if np.isnan(value) else ""), metric.meaning))
    return table


def _why_undefined(result: Result, name: str) -> str:
    """Why a ratio to the embedding has no value."""
    if RUN_METRICS[name].start not in (EMBEDDING, "") and name != "expansion_ratio_published":
        return ""
    depth = result.depth
    if EMBEDDING not in depth.names:
        return " (no embedding)"
    return "" if depth.sound[depth.names.index(EMBEDDING)] else " (the embedding is degenerate)"


def layer_tables(result: Result) -> list[Table]:
    """The tables by layer, health first; a column without a single number is left out."""
    depth = result.depth
    tables = [
        _table("Health of the clouds", HEALTH_CAPTION, depth, _health(result, depth)),
        *(
            _table(f"H{k} in units of the median distance", _shape_caption(depth, k), depth, _shape(result, depth, k))
            for k in result.degrees
        ),
        _table("Raw persistence", RAW_CAPTION, depth, _metrics(depth, _names(result, "raw"))),
        _table("Dimension and spectrum", GEOMETRY_CAPTION, depth, _metrics(depth, _names(result, "geometry"))),
        _table("Against random weights", CONTROL_CAPTION, depth, _control(depth)),
        *(_stream_table(kind, stream) for kind, stream in depth.streams.items()),
    ]
    return [table for table in tables if len(table.header) > 1]


def _names(result: Result, table: str, degree: int | None = None) -> list[str]:
    """Metrics of a table of the report, in the order of their degrees and of the registry."""
    topology = result.config.topology
    rows = {name: metric_of(name) for name in layer_metrics(topology.maxdim, landmarks=bool(topology.landmarks))}
    return [
        name
        for name, metric in rows.items()
        if metric.table == table and metric.of != "texts" and (degree is None or metric.degree == degree)
    ]


def _health(result: Result, depth: Depth) -> list[Column]:
    names = [name for name in _names(result, "health") if name not in ("n_points", "n_distinct")]
    return [_distinct(depth), *_metrics(depth, names)]


def _distinct(depth: Depth) -> Column:
    points, distinct = depth.curve("n_points").value, depth.curve("n_distinct").value
    counted = [f"{number(d)} of {number(n)}" if np.isfinite(d) else "" for d, n in zip(distinct, points, strict=True)]
    return Column("Distinct points", counted)


def _shape(result: Result, depth: Depth, degree: int) -> list[Column]:
    return [column for name in _names(result, "shape", degree) for column in _judged(depth, name)]


def _shape_caption(depth: Depth, degree: int) -> str:
    names = [name for name in LAYER_METRICS if metric_of(name).degree == degree and metric_of(name).table == "shape"]
    parts = []
    if any(np.isfinite(depth.curve(name).lo).any() for name in names):
        parts.append("± is half the width of the 95 % interval.")
    if any(depth.null(name).defined for name in names):
        parts.append("null: mean of the rotated clouds. adj. p: against them, adjusted over the layers.")
    return " ".join(parts)


def _judged(depth: Depth, metric: str) -> list[Column]:
    """A metric and, where it is tested, the mean of its rotation null and its p."""
    columns = [_metric(depth, metric)]
    if metric_of(metric).null_tail:
        p, draws = depth.against(metric, "p_adjusted"), depth.against(metric, "draws")
        cells = [p_value(*pair) if np.isfinite(pair[0]) else "" for pair in zip(p, draws, strict=True)]
        columns += [_cells("null", depth.null(metric).value, number), Column("adj. p", cells)]
    return columns


def _stream_table(kind: str, depth: Depth) -> Table:
    """Health, shape and dimension of what is added, in one table."""
    columns = [_distinct(depth), *(column for name in OF_STREAMS for column in _judged(depth, name))]
    family = " p is adjusted over the layers of this table." if any(depth.null(m).defined for m in MAIN) else ""
    return _table(f"Added by the {PARTS[kind]}", STREAM_CAPTION.format(part=PARTS[kind]) + family, depth, columns)


def _control(depth: Depth) -> list[Column]:
    columns = []
    for metric in MAIN:
        control, own = depth.control(metric).value, depth.curve(metric).value
        if not np.isfinite(control).any():
            continue
        paired = depth.against(metric, "difference", RANDOM_WEIGHTS)
        half = Z * depth.against(metric, "se", RANDOM_WEIGHTS)
        difference = np.where(np.isfinite(paired), paired, own - control)
        differences = [signed(*pair) for pair in zip(difference, half, strict=True)]
        columns += [
            _metric(depth, metric),
            _cells(NULLS[RANDOM_WEIGHTS].label, control, number),
            Column("difference", [text if text != UNDEFINED else "" for text in differences]),
        ]
    return columns


def _metrics(depth: Depth, names: Iterable[str]) -> list[Column]:
    return [_metric(depth, name) for name in names]


def _metric(depth: Depth, name: str) -> Column:
    """A metric's column, with the half-width of its interval where it has one."""
    curve, metric = depth.curve(name), metric_of(name)
    percent = metric.units == "0..1" and metric.group == "cloud"
    cells = []
    for value, half in zip(curve.value, curve.half_width, strict=True):
        if not np.isfinite(value):
            cells.append("")
        elif percent:
            cells.append(f"{plus_minus(100 * value, 100 * half)} %" if np.isfinite(half) else share(value))
        else:
            cells.append(plus_minus(value, half))
    return Column(metric.short, cells)


def _cells(head: str, values: Sequence[float] | np.ndarray, write: Callable[[float], str]) -> Column:
    return Column(head, [write(value) if np.isfinite(value) else "" for value in values])


def _table(title: str, caption: str, depth: Depth, columns: list[Column]) -> Table:
    """Columns side by side; those without a number are dropped, single gaps say that they are not defined."""
    shown = [column for column in columns if any(column.cells)]
    rows = [[name, *(column.cells[i] or UNDEFINED for column in shown)] for i, name in enumerate(depth.names)]
    return Table(title, caption, ["Layer", *(column.head for column in shown)], rows)


def gaps(result: Result) -> list[str]:
    """What is not defined and why, as far as it is known."""
    topology, depth = result.config.topology, result.depth
    measured = layer_metrics(topology.maxdim, landmarks=bool(topology.landmarks))
    of_shape = [name for name in measured if metric_of(name).needs_shape]
    shaped = {
        name
        for line in depth.all()
        for name, values in zip(line.names, zip(*(line.curve(m).value for m in of_shape), strict=True), strict=True)
        if np.isfinite(values).any()
    }
    lines = []
    nowhere = [metric_of(name).label for name in measured if not depth.curve(name).defined]
    if nowhere and shaped.intersection(depth.names):
        lines.append(f"In no layer: {listing(nowhere)}.")
    for layer in result.layers:
        if layer.name not in shaped:
            by_construction = layer.name == EMBEDDING and undefined_by_construction(result)
            known = "; ".join(warning.text for warning in layer.warnings) or "the cloud is degenerate"
            lines.append(f"{layer.name}: {'not defined by construction' if by_construction else known}.")
    return lines
