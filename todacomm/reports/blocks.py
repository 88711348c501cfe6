"""The parts of an analysis' report that are tables: what was analysed, the layers, the glossary."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from todacomm.core.metrics import LAYER_METRICS, RUN_METRICS, metric_of
from todacomm.reports.findings import EMBEDDING, PARTS, undefined_by_construction
from todacomm.reports.formats import UNDEFINED, count, listing, number, p_value, plus_minus, share, signed
from todacomm.reports.verdicts import Z
from todacomm.results.depth import ROTATION, Depth, degrees, read_depth
from todacomm.results.facts import ModelFacts, TextFacts
from todacomm.results.result import Provenance, Result
from todacomm.results.table import RUN_LAYER, own_rows
from todacomm.settings.analysis import AnalysisConfig, deviations
from todacomm.settings.protocols import load_protocol

OF_EMBEDDING = {"expansion_ratio", "expansion_ratio_norm", "expansion_ratio_published"}
"""Numbers of the run that have the embedding's as denominator."""
HEALTH_CAPTION = (
    "Whether the clouds can be read at all. Distinct points are what is left after merging those that coincide."
)
RAW_CAPTION = "In units of distance: these follow the norm of the activations first and their shape second."
GEOMETRY_CAPTION = "Dimensions and spectra of the same clouds: the baselines that topology has to beat."
CONTROL_CAPTION = (
    "The same architecture and texts with random weights; difference: model less control, ± 1.96 standard errors of "
    "the paired difference where it has one."
)
STREAM_CAPTION = "What each block's {part} adds to the residual stream, as a cloud of its own."
GEOMETRY = ("twonn_dimension", "participation_ratio", "effective_rank", "spectrum_alpha")


@dataclass(frozen=True, slots=True)
class Table:
    """A table ready to print; the first column is text, the others are numbers."""

    title: str
    caption: str
    header: list[str]
    rows: list[list[str]]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table by layer: its head and a cell for every layer, empty where nothing is to be said."""

    head: str
    cells: list[str]


def analysed(result: Provenance) -> list[tuple[str, str]]:
    """What was analysed and how, as pairs of a name and its value."""
    model, texts, config = result.model, result.texts, result.config
    topology, inference = config.topology, config.inference
    revision = f", revision {model.revision}" if model.revision else ""
    weights = f"{model.weights}, digest {model.weights_digest}" if model.weights_digest else model.weights
    edition = f", revision {texts.revision}" if texts.revision else ""
    said = [
        ("Model", f"{model.name}{revision}"),
        ("Architecture", _architecture(model)),
        ("Weights", weights),
        ("Texts", f"{texts.name}{edition}"),
        ("Points", _points(texts)),
        ("Pooling", model.pooling),
        ("Cloud", f"{_pca(topology.pca)}, {'z-scored' if topology.standardize else 'not z-scored'}, {topology.metric}"),
        ("Homology", f"degrees 0 to {topology.maxdim}, engine {topology.engine}"),
        ("Landmarks", number(topology.landmarks) if topology.landmarks else ""),
        ("Intervals", f"{inference.replicates} half-samples" if config.has_intervals else "none"),
        ("Nulls", _nulls(config)),
        ("Protocol", _protocol(result)),
        ("Forward pass", " on ".join(filter(None, (model.dtype, model.device)))),
        ("Likelihood", f"of {number(model.n_predicted)} predicted tokens" if model.n_predicted else ""),
        ("Seed", str(config.record.seed)),
        ("Seconds", ", ".join(f"{stage} {number(seconds, 2)}" for stage, seconds in result.seconds.items())),
    ]
    return [(name, value) for name, value in said if value]


def headline_table(result: Result) -> list[tuple[str, str, str]]:
    """Numbers of the whole run: name, value and meaning."""
    rows = own_rows(result.table)
    run = rows[rows["layer"] == RUN_LAYER].set_index("metric")
    depth = read_depth(result)
    first = EMBEDDING in depth.names and bool(depth.sound[depth.names.index(EMBEDDING)])
    why = "" if first else (" (the embedding is degenerate)" if EMBEDDING in depth.names else " (no embedding)")
    table = []
    for name, metric in RUN_METRICS.items():
        if name in run.index:
            value, lo, hi = (run[column].astype(float)[name] for column in ("value", "lo", "hi"))
            shown = plus_minus(value, (hi - lo) / 2) if np.isfinite(lo) else number(value)
            table.append((name, shown + (why if np.isnan(value) and name in OF_EMBEDDING else ""), metric.meaning))
    return table


def layer_tables(result: Result, depth: Depth) -> list[Table]:
    """The tables by layer, health first; a column without a single number is left out."""
    tables = [
        _table("Health of the clouds", HEALTH_CAPTION, depth, _health(depth)),
        *(_table(f"H{k} with scale divided out", _belief(depth, k), depth, _shape(depth, k)) for k in degrees(result)),
        _table("Raw persistence", RAW_CAPTION, depth, _raw(result, depth)),
        _table("Geometry", GEOMETRY_CAPTION, depth, [_metric(depth, name) for name in GEOMETRY]),
        _table("Against random weights", CONTROL_CAPTION, depth, _control(depth)),
        *(_stream_table(result, kind, stream) for kind, stream in depth.streams.items()),
    ]
    return [table for table in tables if len(table.header) > 1]


def _stream_table(result: Result, kind: str, depth: Depth) -> Table:
    """Health, shape and dimension of what is added, in one table."""
    shape = [*_judged(depth, "h0_total_norm"), *(_judged(depth, "h1_max_norm") if 1 in degrees(result) else [])]
    columns = [_health(depth)[0], _metric(depth, "mean_norm"), *shape, _metric(depth, "twonn_dimension")]
    tested = any(depth.null(metric).defined for metric in ("h0_total_norm", "h1_max_norm"))
    family = " p is adjusted over these clouds alone: they are a family of their own." if tested else ""
    return _table(f"Added by {PARTS[kind]}", STREAM_CAPTION.format(part=PARTS[kind]) + family, depth, columns)


def gaps(result: Result, depth: Depth) -> list[str]:
    """What is not defined and why, as far as it is known."""
    asked_for = set(LAYER_METRICS) if result.config.topology.landmarks else set(LAYER_METRICS) - {"cover_radius"}
    measured = [name for name in LAYER_METRICS if name in asked_for and degree_of(name) in (None, *degrees(result))]
    of_shape = [name for name in measured if LAYER_METRICS[name].group != "cloud"]
    shaped = {
        name
        for stream in (depth, *depth.streams.values())
        for name, values in zip(stream.names, zip(*(stream.curve(m).value for m in of_shape), strict=True), strict=True)
        if np.isfinite(values).any()
    }
    nowhere = [LAYER_METRICS[name].label for name in measured if not depth.curve(name).defined]
    said = [f"In no layer: {listing(nowhere)}."] if nowhere and shaped.intersection(depth.names) else []
    for layer in result.layers:
        if layer.name not in shaped:
            by_construction = layer.name == EMBEDDING and undefined_by_construction(result)
            known = "; ".join(warning.text for warning in layer.warnings) or "the cloud is degenerate"
            said.append(f"{layer.name}: {'not defined by construction' if by_construction else known}.")
    return said


def degree_of(name: str) -> int | None:
    """Homology degree of a metric, None for one that has none.

    >>> degree_of("h1_count"), degree_of("mean_norm")
    (1, None)
    """
    return int(name[1]) if name[0] == "h" and name[1].isdigit() else None


def glossary(result: Result, depth: Depth) -> list[tuple[str, str]]:
    """Every measured number and what it means."""
    names = sorted({str(name) for name in result.table["metric"]} - set(RUN_METRICS))
    known = [name for name in (*LAYER_METRICS, *names) if name.startswith("h2_") or name in LAYER_METRICS]
    chosen = [name for name in dict.fromkeys(known) if depth.curve(name).defined]
    return [(name, metric_of(name).meaning) for name in chosen]


def _architecture(model: ModelFacts) -> str:
    sizes = {
        "layers": model.n_layers,
        "wide": model.width,
        "parameters": model.n_parameters,
        "tokens of context": model.context_length,
    }
    parts = [model.family, model.kind, *(f"{number(size)} {noun}" for noun, size in sizes.items() if size)]
    return ", ".join(filter(None, parts))


def _nulls(config: AnalysisConfig) -> str:
    rotated = config.inference.nulls and ROTATION in config.null_kinds and not config.topology.landmarks
    rotations = [f"{config.inference.nulls} rotations"] if rotated else []
    others = [kind.replace("_", " ") for kind in config.null_kinds if kind != ROTATION]
    draws = [f"{count(config.inference.control_draws, 'draw')} of {listing(others)}"] if others else []
    return "; ".join(rotations + draws) or "none"


def _points(texts: TextFacts) -> str:
    return (
        f"{number(texts.samples)}, one for each {texts.unit} from {number(texts.n_documents)} documents, "
        f"digest {texts.digest}"
    )


def _pca(components: int) -> str:
    return f"{components} principal components" if components else "no PCA"


def _protocol(result: Provenance) -> str:
    changed = deviations(result.config)
    tag = load_protocol(result.config.inference.protocol).tag
    if not changed:
        return tag
    return f"{tag}, with {', '.join(f'{name}={used} (not {wanted})' for name, (wanted, used) in changed.items())}"


def _health(depth: Depth) -> list[Column]:
    points, distinct = depth.curve("n_points").value, depth.curve("n_distinct").value
    counted = [f"{number(d)} of {number(n)}" if np.isfinite(d) else "" for d, n in zip(distinct, points, strict=True)]
    names = ("top_token_fraction", "mean_norm", "median_distance", "cover_radius", "top_dim_variance", "mean_cosine",
             "pca_explained_variance", "truncated_fraction")  # fmt: skip
    return [Column("Distinct points", counted), *(_metric(depth, name) for name in names)]


def _belief(depth: Depth, degree: int) -> str:
    """What the table of a degree says beside its values."""
    metrics = (f"h{degree}_total_norm", f"h{degree}_max_norm")
    said = ["In units of the median distance."]
    if any(np.isfinite(depth.curve(metric).lo).any() for metric in metrics):
        said.append("± is half the width of the 95 % interval.")
    if any(depth.null(metric).defined for metric in metrics):
        said.append("Beside a number that has one: the mean of its rotation null, and its p adjusted over the layers.")
    return " ".join(said)


def _shape(depth: Depth, degree: int) -> list[Column]:
    columns = []
    for metric in (f"h{degree}_total_norm", f"h{degree}_max_norm"):
        columns += _judged(depth, metric)
    return [*columns, _metric(depth, f"h{degree}_entropy")]


def _judged(depth: Depth, metric: str) -> list[Column]:
    """A metric, the mean of its rotation null and its p."""
    null, p = depth.null(metric).value, depth.against(metric, "p_adjusted")
    return [_metric(depth, metric), _cells("null", null, number), _cells("adj. p", p, p_value)]


def _raw(result: Result, depth: Depth) -> list[Column]:
    parts = ("total_persistence", "mean_lifetime", "max_lifetime", "count", "count_long")
    names = [f"h{degree}_{part}" for degree in degrees(result) for part in parts]
    return [_metric(depth, name) for name in names if depth.curve(name).defined]


def _control(depth: Depth) -> list[Column]:
    columns = []
    for metric in ("h0_total_norm", "h1_max_norm"):
        control, own = depth.control(metric).value, depth.curve(metric).value
        paired = depth.against(metric, "difference", "random_weights")
        half = Z * depth.against(metric, "se", "random_weights")
        difference = np.where(np.isfinite(paired), paired, own - control)
        label = LAYER_METRICS[metric].label
        columns.append(_metric(depth, metric))
        columns.append(_cells(f"{label}, random weights", control, number))
        differences = [signed(*pair) for pair in zip(difference, half, strict=True)]
        columns.append(Column("difference", [text if text != UNDEFINED else "" for text in differences]))
    return columns if any(np.isfinite(depth.control(m).value).any() for m in ("h0_total_norm", "h1_max_norm")) else []


def _metric(depth: Depth, name: str) -> Column:
    """A metric's column, with the half-width of its interval where it has one."""
    curve, metric = depth.curve(name), metric_of(name)
    percent = metric.units == "0..1" and not name.endswith("_entropy")
    cells = []
    for value, half in zip(curve.value, (curve.hi - curve.lo) / 2, strict=True):
        if not np.isfinite(value):
            cells.append("")
        elif percent:
            cells.append(f"{plus_minus(100 * value, 100 * half)} %" if np.isfinite(half) else share(value))
        else:
            cells.append(plus_minus(value, half))
    return Column(metric.label, cells)


def _cells(head: str, values: Sequence[float] | np.ndarray, write: Callable[[float], str]) -> Column:
    return Column(head, [write(value) if np.isfinite(value) else "" for value in values])


def _table(title: str, caption: str, depth: Depth, columns: list[Column]) -> Table:
    """Columns side by side; those without a number are dropped, single gaps say that they are not defined."""
    kept = [column for column in columns if any(column.cells)]
    rows = [[name, *(column.cells[i] or UNDEFINED for column in kept)] for i, name in enumerate(depth.names)]
    return Table(title, caption, ["Layer", *(column.head for column in kept)], rows)
