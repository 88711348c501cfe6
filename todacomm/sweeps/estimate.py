"""What an analysis will cost, roughly: time and memory, from the model's size and the settings."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from todacomm.analysis.memory import needed_memory
from todacomm.comparison.differences import MOST_PAIRED
from todacomm.comparison.divergence import divergence_cost
from todacomm.core.nulls import NULLS
from todacomm.core.streams import STREAMS
from todacomm.models.layers import ALL
from todacomm.settings.analysis import AnalysisConfig
from todacomm.settings.comparison import ComparisonConfig
from todacomm.sweeps.checks import ModelSize

_START_SECONDS = 6.0
_FIGURE_SECONDS = 0.2
"""Starting and recording an analysis, and drawing one layer."""
_COMPARISON_SECONDS = 10.0
"""Reading, drawing and recording a comparison of a few analyses."""
_PASSAGE_TOKENS, _LINE_TOKENS = 100, 40
_FLOPS = 6e10
"""Multiplications and additions a second of one processor in a forward pass."""
_HOMOLOGY_SECONDS = 0.07
"""H0 and H1 of a cloud of 500 points; it grows with about the square of their number."""
_PROCESS_BYTES = 1_200_000_000
"""Python with torch, transformers and MLflow."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds on one processor, bytes in memory, bytes to download."""

    seconds: float
    memory: int
    download: int


def estimate(config: AnalysisConfig, size: ModelSize) -> Cost:
    """The cost of one analysis on one processor, right within a factor of about three; an accelerator is not counted.

    A forward pass takes two operations a parameter and token; clouds, distances and logits come on top of the weights.
    """
    texts, topology, inference = config.texts, config.topology, config.inference
    n_layers, n_points = count_layers(config.model.layers, size.n_layers), texts.samples
    tokens = n_points * min(texts.max_length or 10**6, _PASSAGE_TOKENS if texts.unit == "passage" else _LINE_TOKENS)
    passes = 1 + inference.control_draws * sum(NULLS[kind].needs_pass for kind in inference.null_kinds)
    one = _HOMOLOGY_SECONDS * ((topology.landmarks or n_points) / 500) ** 2 * (8 if topology.maxdim == 2 else 1)
    draws = config.null_draws * sum(NULLS[kind].space == "scores" for kind in inference.null_kinds)
    homology = n_layers * one * (passes + config.has_intervals * inference.replicates / 4 + draws)
    seconds = _START_SECONDS + n_layers * _FIGURE_SECONDS + passes * 2 * size.n_parameters * tokens / _FLOPS + homology
    clouds = n_layers * n_points * size.width * 4
    memory = _PROCESS_BYTES + 5 * size.n_parameters + 2 * clouds + needed_memory(topology, n_points)
    return Cost(seconds, memory, size.download)


def count_layers(layers: Iterable[str], n_blocks: int) -> int:
    """How many clouds ``layers`` asks for of a model with an embedding, ``n_blocks`` blocks and a final norm.

    >>> count_layers(["all"], 12), count_layers(["all", "attention", "ffn"], 12), count_layers(["embedding"], 12)
    (14, 38, 1)
    """
    several = {ALL: n_blocks + 2, **dict.fromkeys(STREAMS, n_blocks)}
    return sum(several.get(name, 1) for name in layers)


def comparison_seconds(compared: Sequence[tuple[AnalysisConfig, ModelSize]], threads: int) -> float:
    """What comparing analyses of one data set takes, right within a factor of about three.

    Most of it are divergences, of every two models layer by layer; models of several data sets are not paired.
    """
    if len(compared) < 2:
        return 0.0
    options = ComparisonConfig()
    n_pairs = len(compared) * (len(compared) - 1) // 2 if len(compared) <= MOST_PAIRED else 0
    n_layers = sum(size.n_layers for _, size in compared) / len(compared) + 2
    points = min([options.rtd_points, *(config.texts.samples for config, _ in compared)])
    return _COMPARISON_SECONDS + n_pairs * n_layers * divergence_cost(points, options.rtd_permutations) / threads


def total(costs: Iterable[Cost], workers: int) -> Cost:
    """The cost of analyses that ``workers`` share: time divided, memory of the largest ones at once."""
    costs = list(costs)
    memory = sorted((cost.memory for cost in costs), reverse=True)[:workers]
    return Cost(sum(cost.seconds for cost in costs) / max(workers, 1), sum(memory), sum(c.download for c in costs))
