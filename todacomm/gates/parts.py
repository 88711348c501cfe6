"""The two aspects of a gate: values of both sides, their contrast and its margins."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from todacomm.comparison.differences import halves_of, values_of
from todacomm.core.clouds import distances, standardize
from todacomm.core.equivalence import (
    PLACE_MEASURES,
    Contrast,
    neighbours_lost,
    paired_contrast,
    place_contrast,
    place_margins,
    places,
    shape_margins,
)
from todacomm.core.inference import GROWS, INTERVAL_METRICS, half_samples
from todacomm.core.inference.uncertainty import MIN_DEFINED
from todacomm.core.similarity.representations import NEIGHBOURS
from todacomm.settings.gate import GateConfig
from todacomm.system.machine import worker_threads
from todacomm.system.progress import Progress, counted, silent

if TYPE_CHECKING:
    from todacomm.tracking import Analysis

Array = np.ndarray
SHAPE, PLACES = "shape", "places"


@dataclass(frozen=True)
class Part:
    """One aspect: values of both sides, their contrast and its margins, all of shape (n_layers, n_metrics)."""

    aspect: str
    metrics: tuple[str, ...]
    base: Array
    candidate: Array
    contrast: Contrast
    margin: Array
    relative: Array


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
        SHAPE, config.metrics, base, candidate, contrast, np.broadcast_to(margins.size, base.shape), margins.relative
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
    halves = half_samples(base.dataset.samples, inference.replicates, base.config.record.seed, base.clusters)
    options: dict[str, Any] = {"engine": topology.engine, "threads": worker_threads(config.analysis.topology.threads)}
    given = config.margins()
    columns = [list(PLACE_MEASURES).index(measure) for measure in config.measures]
    measured, margins, lost = [], [], []
    for own, other in counted(layers, "places", len(layers), progress):
        first, second = _cloud(base, own), _cloud(candidate, other)
        measured.append(places(first, second, halves, measures=config.measures, **options))
        row = np.full(len(PLACE_MEASURES), np.nan)
        for share in sorted({given[measure] for measure in config.measures}):
            these = [measure for measure in config.measures if given[measure] == share]
            margin = place_margins(first, rng, share=share, measures=these, **options)
            row = np.where(np.isin(list(PLACE_MEASURES), these), margin, row)
        margins.append(row)
        nothing = np.full(len(first), np.nan)
        k = min(NEIGHBOURS, len(first) - 1)
        lost.append(nothing if measured[-1].missing else neighbours_lost(distances(first), distances(second), k))
    whole = place_contrast(measured)
    contrast = Contrast(*(getattr(whole, name)[..., columns] for name in ("estimate", "halves", "se", "missing")))
    nothing = np.full(contrast.estimate.shape, np.nan)
    relative = np.zeros(len(columns), dtype=bool)
    part = Part(PLACES, config.measures, nothing, nothing, contrast, np.array(margins)[:, columns], relative)
    return part, np.array(lost)


def _cloud(analysis: "Analysis", layer: str) -> Array:
    cloud = np.asarray(analysis.cloud(layer), dtype=np.float64)
    return standardize(cloud) if analysis.config.topology.standardize else cloud
