"""From two analyses to verdicts: shape and places of all layers, judged together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from todacomm.comparison.differences import halves_of, values_of
from todacomm.comparison.identity import DATASETS, MODELS, labels
from todacomm.comparison.matching import matched_names
from todacomm.comparison.settings import differences, refusal
from todacomm.core.clouds import distances, standardize
from todacomm.core.equivalence import (
    DIFFERENT,
    PLACE_MEASURES,
    Contrast,
    judge,
    judgement_rows,
    most_changed,
    neighbours_lost,
    paired_contrast,
    place_contrast,
    place_margins,
    places,
    plan,
    shape_margins,
    side_by_side,
)
from todacomm.core.facts import RunWarning
from todacomm.core.inference import GROWS, INTERVAL_METRICS, half_samples
from todacomm.core.inference.uncertainty import MIN_DEFINED
from todacomm.gates.result import FEWEST_TEXTS, Gate, GatePlan, at_least
from todacomm.results.table import framed, in_depth_order
from todacomm.settings.gate import GateConfig
from todacomm.system.machine import worker_threads
from todacomm.system.progress import Progress, counted, silent

if TYPE_CHECKING:
    from todacomm.tracking import Analysis

Array = np.ndarray
PLACES = "places"
CORRELATIONS = (0.0, 0.9, 0.99)
"""Of a candidate's errors with the base's, for a plan: another model or other texts, a light change, a slight one."""
SHOWN = {"interval_undefined", "metric_undefined", "ratio_undefined"}
"""Warnings of an analysis that a gate's own table shows, or that are about what it does not compare."""
CHANGED = ("rank", "text", "id", "lost", "layer", "lost_in_layer", "ending")


@dataclass(frozen=True)
class Part:
    """One question: values of both sides, their contrast and its margins, all of shape (n_layers, n_metrics)."""

    question: str
    metrics: tuple[str, ...]
    base: Array
    candidate: Array
    contrast: Contrast
    margin: Array
    relative: Array


def gate_pair(base: "Analysis", candidate: "Analysis", config: GateConfig, progress: Progress = silent) -> Gate:
    """Judge two analyses: shape, and where both read the same texts, places.

    Raises
    ------
    ValueError
        They were measured in different ways, or one has no half-samples.
    """
    same_texts = base.dataset.digest == candidate.dataset.digest
    parts, lost = [], None
    warnings: list[RunWarning] = []
    over = MODELS if same_texts else DATASETS
    ours, theirs = labels([base, candidate], over)
    if not same_texts and base.model.name != candidate.model.name:
        ours, theirs = (f"{side.model.name} on {side.dataset.name}" for side in (base, candidate))
    if base.run_id == candidate.run_id:
        ours = theirs = labels([base])[0]
        warnings.append(RunWarning("one_run", "base and candidate are one run"))
    check_pair({ours: base, theirs: candidate}, over)
    layers = layer_pairs(base, candidate)
    if config.metrics:
        parts.append(shape_part(base, candidate, layers, config))
    if config.measures:
        if reason := _no_places(base, candidate, same_texts):
            warnings.append(RunWarning("no_places", f"places are not compared: {reason}"))
        else:
            part, lost = place_part(base, candidate, layers, config, progress)
            parts.append(part)
    if not parts:
        raise ValueError(f"nothing is left to compare: {reason}, and shape is none")
    table, texts_if_same = judged(parts, layers, base, base.dataset.samples, config)
    changed = framed([], CHANGED) if lost is None else changed_texts(base, [own for own, _ in layers], lost)
    warnings += _layers_left(base, candidate, layers) + _named(base, candidate, ours, theirs)
    n_texts = base.dataset.samples
    return Gate(config, (ours, theirs), (base, candidate), table, changed, n_texts, texts_if_same, tuple(warnings))


def judged(
    parts: Sequence[Part], layers: Sequence[tuple[str, str]], base: "Analysis", n_texts: int, config: GateConfig
) -> tuple[pd.DataFrame, float]:
    """The table of a gate, all its cells one family, and how many texts a candidate without any difference takes.

    Where the texts of one side alone lie on a point, as what a silenced MLP adds does, they lie in other places: that
    takes no interval.
    """
    rng = np.random.default_rng(config.analysis.record.seed)
    margin = np.concatenate([part.margin for part in parts], axis=1)
    judgement = judge(side_by_side(*(part.contrast for part in parts)), margin, n_texts, rng)
    verdicts, texts = at_least(judgement.texts_to_settle, judgement.verdicts, n_texts)
    collapsed = np.isin(judgement.missing, ["base", "candidate"]) & [
        part.question == PLACES for part in parts for _ in part.metrics
    ]
    verdicts = np.where(collapsed & (n_texts >= FEWEST_TEXTS), DIFFERENT, verdicts)
    judgement = replace(judgement, verdicts=verdicts, texts_to_settle=texts)
    cells = [(part, i) for part in parts for i in range(len(part.metrics))]
    depths = {name: depth for _, name, depth in base.settings["layers"]}
    rows = judgement_rows(judgement, [own for own, _ in layers], [part.metrics[i] for part, i in cells])
    for place, row in enumerate(rows):
        layer, (part, column) = place // len(cells), cells[place % len(cells)]
        row |= {
            "question": part.question, "layer_candidate": layers[layer][1], "depth": depths[layers[layer][0]],
            "base": part.base[layer, column], "candidate": part.candidate[layer, column],
            "relative": bool(part.relative[column]),
        }  # fmt: skip
    first = ["question", "layer", "layer_candidate", "depth", "metric", "base", "candidate", "difference", "relative"]
    table = pd.DataFrame(rows)
    texts_if_same = float(np.maximum(judgement.texts_if_same, FEWEST_TEXTS))  # nan stays
    table = table[[*first, *(name for name in table if name not in first)]]
    return in_depth_order(table, zip(*layers, strict=True)), texts_if_same


def shape_part(base: "Analysis", candidate: "Analysis", layers: Sequence[tuple[str, str]], config: GateConfig) -> Part:
    """Paired differences of the metrics, from the half-samples that both analyses recorded."""
    columns = [INTERVAL_METRICS.index(metric) for metric in config.metrics]
    own, other = zip(*layers, strict=True)
    ours, theirs = (
        (values_of(side, names)[:, columns], halves_of(side, names)[:, :, columns])
        for side, names in ((base, own), (candidate, other))
    )
    return part_of_shape(ours[0], theirs[0], ours[1], theirs[1], config)


def part_of_shape(base: Array, candidate: Array, ours: Array, theirs: Array, config: GateConfig) -> Part:
    """Shape from values (n_layers, n_metrics) and half-samples (replicates, n_layers, n_metrics) of two sides."""
    given = config.margins()
    margins = shape_margins(config.metrics, {name: given[name] for name in config.metrics})
    grows = GROWS[[INTERVAL_METRICS.index(metric) for metric in config.metrics]]
    contrast = paired_contrast(base, candidate, ours, theirs, grows=grows, relative=margins.relative)
    neither = [np.isfinite(halves).mean(axis=0) < MIN_DEFINED for halves in (ours, theirs)]
    missing = np.where((contrast.missing == "half-samples") & neither[0] & neither[1], "both", contrast.missing)
    contrast = replace(contrast, missing=missing)
    return Part(
        "shape", config.metrics, base, candidate, contrast, np.broadcast_to(margins.size, base.shape), margins.relative
    )


def place_part(
    base: "Analysis",
    candidate: "Analysis",
    layers: Sequence[tuple[str, str]],
    config: GateConfig,
    progress: Progress = silent,
) -> tuple[Part, Array]:
    """Distances between the same texts of both, and each text's neighbours lost, shape (n_layers, n_texts)."""
    rng = np.random.default_rng(config.analysis.record.seed)
    inference, topology = base.config.inference, base.config.topology
    halves = half_samples(base.dataset.samples, inference.replicates, base.config.record.seed)
    options: dict[str, Any] = {"engine": topology.engine, "threads": worker_threads(config.analysis.topology.threads)}
    given = config.margins()
    columns = [PLACE_MEASURES.index(measure) for measure in config.measures]
    measured, margins, lost = [], [], []
    for own, other in counted(layers, "places", len(layers), progress):
        first, second = _cloud(base, own), _cloud(candidate, other)
        measured.append(places(first, second, halves, measures=config.measures, **options))
        row = np.full(len(PLACE_MEASURES), np.nan)
        for share in sorted({given[measure] for measure in config.measures}):
            these = [measure for measure in config.measures if given[measure] == share]
            margin = place_margins(first, rng, share=share, measures=these, **options)
            row = np.where(np.isin(PLACE_MEASURES, these), margin, row)
        margins.append(row)
        nothing = np.full(len(first), np.nan)
        lost.append(nothing if measured[-1].missing else neighbours_lost(distances(first), distances(second)))
    whole = place_contrast(measured)
    contrast = Contrast(*(getattr(whole, name)[..., columns] for name in ("estimate", "halves", "se", "missing")))
    nothing = np.full(contrast.estimate.shape, np.nan)
    relative = np.zeros(len(columns), dtype=bool)
    part = Part(PLACES, config.measures, nothing, nothing, contrast, np.array(margins)[:, columns], relative)
    return part, np.array(lost)


def changed_texts(base: "Analysis", layers: Sequence[str], lost: Array) -> pd.DataFrame:
    """The texts whose neighbours changed most, with what is known of them."""
    texts = base.texts
    rows = [
        row
        | {"id": texts["id"].iloc[row["text"]], "ending": " ".join(str(texts["text"].iloc[row["text"]]).split()[-8:])}
        for row in most_changed(lost, layers)
    ]
    return in_depth_order(framed([row for row in rows if row["lost"] > 0.0], CHANGED), [layers])


def planned(base: "Analysis", config: GateConfig) -> GatePlan:
    """What the base's texts can show of its shape, for several correlations with a candidate."""
    check_half_samples({base.run_name: base})
    layers = [(name, name) for name in base.layer_names]
    part = shape_part(base, base, layers, config)
    halves = halves_of(base, base.layer_names)[:, :, [INTERVAL_METRICS.index(metric) for metric in part.metrics]]
    grows = GROWS[[INTERVAL_METRICS.index(metric) for metric in part.metrics]]
    n_texts, rows = base.dataset.samples, []
    for correlation in CORRELATIONS:
        rng = np.random.default_rng(config.analysis.record.seed)
        one = plan(
            part.base, halves, part.margin, n_texts, rng, grows=grows, relative=part.relative, correlation=correlation
        )
        worst = {name: _largest(getattr(one, name)) for name in ("smallest_difference", "smallest_margin")}
        texts = np.maximum(_largest(one.texts_if_same), FEWEST_TEXTS)
        for i, metric in enumerate(part.metrics):
            rows.append({
                "metric": metric, "correlation": correlation, "texts": texts[i],
                "margin": part.margin[0, i], "relative": bool(part.relative[i]),
                **{name: values[i] for name, values in worst.items()},
            })  # fmt: skip
        every = np.fmax.reduce([one.texts_if_same_in_all, *texts])  # no cell is settled later than all of them
        rows.append({"metric": "all", "correlation": correlation, "texts": every, "relative": False})
    columns = ["metric", "correlation", "margin", "relative", "smallest_difference", "smallest_margin", "texts"]
    return GatePlan(config, base, framed(rows, columns), n_texts)


def _largest(values: Array) -> Array:
    """Over the layers; nan where none has a value."""
    return np.asarray(np.fmax.reduce(values, axis=0))


def layer_pairs(base: "Analysis", candidate: "Analysis") -> list[tuple[str, str]]:
    """Layers of the same name where both have the same ones, added streams among them, else those of equal depth."""
    if base.layer_names == candidate.layer_names:
        return [(name, name) for name in base.layer_names]
    return matched_names(base, candidate)


def _layers_left(base: "Analysis", candidate: "Analysis", layers: Sequence[tuple[str, str]]) -> list[RunWarning]:
    """A warning where the two have different layers: which stand beside each other, and how many are left out."""
    if base.layer_names == candidate.layer_names:
        return []
    pairs = ", ".join(f"{own} with {other}" for own, other in layers if own != other) or "all of one name"
    left = len(base.layer_names) - len(layers), len(candidate.layer_names) - len(layers)
    return [
        RunWarning(
            "other_layers",
            "the two have different layers, and those of the nearest relative depth are compared, the base's first: "
            f"{pairs}; {left[0]} of the base's and {left[1]} of the candidate's layers are in no pair",
        )
    ]


def check_pair(analyses: "dict[str, Analysis]", over: str) -> None:
    """Whether two analyses were measured in one way, on half-samples that both have.

    Raises
    ------
    ValueError
        They were not; the message lists the settings.
    """
    differing = differences(analyses, over)
    if len(differing):
        raise ValueError(
            refusal(differing, []).partition("choose some of them")[0] + "analyse both with equal settings"
        )
    check_half_samples(analyses)
    inferences = {(one.config.inference.replicates, one.config.record.seed) for one in analyses.values()}
    if len(inferences) > 1:
        raise ValueError(
            f"the numbers of half-samples or the seeds differ ({inferences}): analyse both with equal ones"
        )


def check_half_samples(analyses: "Mapping[str, Analysis]") -> None:
    """Whether intervals can be had of each; a ValueError names one that has none."""
    for label, analysis in analyses.items():
        if not analysis.config.has_intervals:
            raise ValueError(f"{label} has no half-samples: analyse it again with replicates=100 and no landmarks")


def _no_places(base: "Analysis", candidate: "Analysis", same_texts: bool) -> str:
    """Why texts cannot be held against each other; empty where they can."""
    if not same_texts:
        return "the two read different texts"
    without = [
        f"run {side.run_id} has no clouds ({side.config.no_clouds})"
        for side in (base, candidate)
        if side.config.no_clouds
    ]
    return without[0] if without else ""


def _cloud(analysis: "Analysis", layer: str) -> Array:
    cloud = np.asarray(analysis.cloud(layer), dtype=np.float64)
    return standardize(cloud) if analysis.config.topology.standardize else cloud


def _named(base: "Analysis", candidate: "Analysis", base_name: str, candidate_name: str) -> list[RunWarning]:
    """Warnings of both sides, each with the side's name, what both say once."""
    ours, theirs = (
        [str(warning) for warning in side.warnings if warning.code not in SHOWN] for side in (base, candidate)
    )
    both = [RunWarning("both", text) for text in ours if text in theirs]
    own = [RunWarning("base", f"{base_name}: {text}") for text in ours if text not in theirs]
    return both + own + [RunWarning("candidate", f"{candidate_name}: {text}") for text in theirs if text not in ours]
