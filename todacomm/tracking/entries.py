"""What of an analysis stands in the store itself: metrics by step, parameters, tags."""

import dataclasses
import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from todacomm.core.facts import RunWarning
from todacomm.core.loops.verdict import LOOP, NOT_TESTED
from todacomm.core.metrics import COMPARED, MAIN, metric_key
from todacomm.core.nulls import RANDOM_WEIGHTS, ROTATION
from todacomm.core.streams import ENDS, RESIDUAL, groups, places
from todacomm.models.names import model_name, with_adapter
from todacomm.results.result import Result
from todacomm.results.table import RUN_LAYER, SCHEMA_VERSION, own_rows, run_values
from todacomm.settings.analysis import AnalysisConfig, deviations, protocol_tag
from todacomm.settings.values import as_lines, spelled, tags_of
from todacomm.texts.names import dataset_name
from todacomm.tracking.files import resolved

ANALYSIS = "analysis"
INPUTS = "todacomm.inputs"
"""Tag: digest of the files of the model and the texts."""
LONGEST_TAG = 5000
"""Characters of a tag that every MLflow server takes."""

_PLOTTED_OF_STREAMS = (*MAIN, "mean_norm", "twonn_dimension")
"""Metrics of what attention and MLPs add that are charts, of the stream's own."""


class Point(NamedTuple):
    """One value of a metric, at a layer's place in depth."""

    key: str
    value: float
    step: int


def without_infinities(result: Result) -> Result:
    """A result whose tables hold numbers and nan only: infinities become nan, each with a warning."""
    warned: list[RunWarning] = []
    table, nulls = result.table.copy(), result.nulls.copy()
    for rows in (table, nulls):
        numbers = rows.select_dtypes("number").columns
        infinite = np.isinf(rows[numbers])
        for _, row in rows[infinite.any(axis=1)].iterrows():
            layer = "" if row["layer"] == RUN_LAYER else row["layer"]
            warned.append(RunWarning("infinite", f"{row['metric']} is infinite and stands as undefined", layer))
        rows[numbers] = rows[numbers].mask(infinite)
    if not warned:
        return result
    return dataclasses.replace(result, table=table, nulls=nulls, warnings=(*result.warnings, *dict.fromkeys(warned)))


def metrics(result: Result) -> list[Point]:
    """Every metric of a run: series over depth with the layer's place as step, and numbers of the whole run.

    What attention and MLPs add stand in series of their own, at the step of their block. A series without any number,
    and one of a single number over and over, is left out; a nan between numbers stays. The interface lists metrics in
    the order in which they are written: the main ones first, then those to sort runs by.
    """
    place = places(layer.name for layer in result.layers)
    streams = {kind: {name: place[name] for name in names} for kind, names in groups(place).items()}
    steps = streams.pop(RESIDUAL, {})
    own = own_rows(result.table)
    table = own[own["layer"] != RUN_LAYER]
    points = [
        Point("layer/relative_depth", layer.depth, steps[layer.name]) for layer in result.layers if layer.name in steps
    ]
    for name in table["metric"].unique():
        points += _series(table, name, "value", metric_key(name), steps)
    for kind, its_steps in streams.items():
        for name in _PLOTTED_OF_STREAMS:
            points += _series(table, name, "value", f"{kind}/{name}", its_steps)
    control = result.table[result.table["control"] == RANDOM_WEIGHTS]
    for name in MAIN:  # of all others the tables hold intervals, nulls and controls
        for bound in ("lo", "hi"):
            points += _series(table, name, bound, f"interval/{name}_{bound}", steps)
        points += _series(control, name, "value", f"control/random_weights/{name}", steps)
    rotated = result.nulls[result.nulls["null"] == ROTATION]
    for name, column in (("h1_max_norm", "mean"), ("h1_max_norm", "p_adjusted"), ("h0_total_norm", "mean")):
        points += _series(rotated, name, column, f"null/{name}_{column}", steps)
    summary = run_values(own) | over_blocks(result)
    points += [Point(f"summary/{name}", value, 0) for name, value in summary.items()] + seconds_points(result.seconds)
    return sorted(points, key=lambda point: (not point.key.startswith("1_main/"), not point.key.startswith("summary/")))


def seconds_points(seconds: Mapping[str, float]) -> list[Point]:
    """Wall-clock seconds by stage as numbers of a run."""
    return [Point(f"summary/seconds_{stage}", value, 0) for stage, value in seconds.items()]


def over_blocks(result: Result) -> dict[str, float]:
    """Numbers to sort runs by: mean and maximum over the blocks of each metric without scale, and how many loops.

    A metric that is not defined in one of the blocks has neither.
    """
    table = own_rows(result.table)
    names = groups(table["layer"].unique()).get(RESIDUAL, [])
    blocks = table[table["layer"].isin([name for name in names if name not in (*ENDS, RUN_LAYER)])]
    numbers: dict[str, float] = {}
    for name in COMPARED:
        values = blocks.loc[blocks["metric"] == name, "value"].to_numpy(dtype=float)
        if len(values) and np.isfinite(values).all():
            numbers |= {f"mean_{name}": float(values.mean()), f"max_{name}": float(values.max())}
    tested = len(result.loops) > 0 and not (result.loops["verdict"] == NOT_TESTED).all()
    return numbers | ({"loops": float((result.loops["verdict"] == LOOP).sum())} if tested else {})


def params(result: Result) -> dict[str, str]:
    """Model, data set, and the options that differ from their defaults, as they came out; all of them are in a tag.

    They stand under ``config/``: under ``mlflow run`` the plain names are taken.
    """
    came_out = resolved(result)
    shown = {name: came_out[name] for name in result.config.changed() if name in came_out}
    shown |= {"model": result.model.name, "dataset": result.dataset.name}
    return {f"config/{name}": spelled(value) for name, value in shown.items()}


def first_tags(config: AnalysisConfig) -> dict[str, str]:
    """What is known before any work: enough to find a run that failed."""
    differ = [
        f"{name}={spelled(used)} instead of {spelled(wanted)}" for name, (wanted, used) in deviations(config).items()
    ]
    own = config.model.clouds_file is not None
    return _filled({
        "model": with_adapter(model_name(config.model.model), config.model.adapter),
        "revision": config.model.revision,
        "weights": "" if own else config.model.weights,
        "dataset": "" if own else dataset_name(config.texts.dataset),
        "protocol": protocol_tag(config),
        "deviations": ", ".join(differ),
        "config_hash": config.digest(),
        "settings": fitted(as_lines(config.effective())),
        "schema": str(SCHEMA_VERSION),
    }) | tags_of(config.record.tags)  # fmt: skip


def last_tags(result: Result, headline: str = "") -> dict[str, str]:
    """What the model and the texts turned out to be, the headline, and the warnings."""
    return _filled({
        "headline": fitted(headline),
        "model": result.model.name,
        "revision": result.model.revision,
        "weights_digest": "+".join(filter(None, (result.model.weights_digest, result.model.adapter_digest))),
        "family": result.model.family,
        "dataset": result.dataset.name,
        "texts_digest": result.dataset.digest,
        "settings": fitted(as_lines(resolved(result))),
        "warnings": fitted(warning_lines(result.warnings)),
    })  # fmt: skip


def warning_lines(warnings: Iterable[object]) -> str:
    """Warnings as a tag of a run, a line each."""
    return "\n".join(map(str, warnings))


def fitted(text: str) -> str:
    """A text as long as a tag may be; what is cut says where the rest stands.

    >>> fitted("short")
    'short'
    """
    if len(text) <= LONGEST_TAG:
        return text
    pointer = "\n... the rest is in report.md"
    head = text[: LONGEST_TAG - len(pointer)]
    return (head.rpartition("\n")[0] or head) + pointer


def _series(table: pd.DataFrame, name: str, column: str, key: str, steps: dict[str, int]) -> list[Point]:
    rows = table[(table["metric"] == name) & table["layer"].isin(list(steps))]
    points = [Point(key, float(v), steps[layer]) for layer, v in zip(rows["layer"], rows[column], strict=True)]
    finite = {point.value for point in points if math.isfinite(point.value)}
    return [] if not finite or (len(finite) == 1 and len(points) > 1) else points


def _filled(tags: dict[str, str | None]) -> dict[str, str]:
    return {f"todacomm.{name}": str(value) for name, value in tags.items() if value}
