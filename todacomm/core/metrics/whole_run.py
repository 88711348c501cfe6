"""Numbers of a whole run: ratios over depth, the published ratio, and how well a model predicts its texts."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from todacomm.core.checks import as_cloud, as_vector, require_length
from todacomm.core.clouds import distances, principal_components
from todacomm.core.facts import RunWarning
from todacomm.core.homology import spanning_tree
from todacomm.core.metrics.row import RunMetric

Layers = Mapping[str, Mapping[str, float]]
"""Layer -> metric -> value, in the order of depth."""


def peak_ratio(layers: Layers, degenerate: Sequence[str], metric: str, start: str) -> float:
    """``max over layers of T / T of the start``; nan where the start is missing, degenerate or 0.

    Parameters
    ----------
    degenerate : sequence of str
        Layers that cannot be a denominator.
    metric, start : str
        What is read in every layer, ``T``, and the layer whose value is divided by.

    >>> peak_ratio({"embedding": {"h0_mean_lifetime": 2.0}, "layer_0": {"h0_mean_lifetime": 5.0}}, [],
    ...            "h0_mean_lifetime", "embedding")
    2.5
    """
    values = [layer.get(metric, np.nan) for layer in layers.values()]
    denominator = layers.get(start, {}).get(metric, np.nan)
    defined = start not in degenerate and denominator > 0.0
    return float(np.nanmax(values) / denominator) if defined else np.nan


def published_h0_total(cloud: ArrayLike, pca: int = 50) -> float:
    """H0 total as todacomm 0.1.0 counts it: the essential bar enters as ``max(birth) + 1``, that is 1.

    PCA to 50 components where there are more dimensions, duplicates left in. It works in float32 and draws 500 points
    of more; here all are taken, in float64.

    Raises
    ------
    ValueError
        The cloud is no matrix of finite numbers.

    >>> published_h0_total([[0.0], [3.0], [4.0]])
    5.0
    """
    points = as_cloud(cloud, finite=True)
    if points.shape[1] > pca:
        points = principal_components(points, pca).scores
    return float(spanning_tree(distances(points))[:, 1].sum()) + 1.0


def published_ratio(token_embeddings: ArrayLike, layers: Iterable[ArrayLike], pca: int = 50) -> float:
    """todacomm 0.1.0's expansion ratio: the largest of its H0 totals over that of the token embeddings.

    ``max(H0 totals) / H0 total of the token embeddings``, with 1 added to every total for the bar that never dies.

    Parameters
    ----------
    token_embeddings : array, shape (n_points, n_dims)
        Rows of the embedding matrix at the pooled tokens, without positions: its layer ``embedding``.
    layers : iterable of array, shape (n_points, n_dims)
        Its other layers, Transformers' ``hidden_states[1:]``: the output of every block, of the last one after the
        final norm where there is one.

    Returns
    -------
    float
        At least 1, since its peak may be the embedding itself.

    Raises
    ------
    ValueError
        A cloud is no matrix of finite numbers.

    >>> published_ratio([[0.0], [1.0]], [[[0.0], [3.0]]])
    2.0
    """
    start = published_h0_total(token_embeddings, pca)
    return max([start, *(published_h0_total(cloud, pca) for cloud in layers)]) / start


def perplexity(loss: float, n_predicted: int) -> float:
    """``exp(loss / predicted tokens)`` of the summed negative log-likelihood in nats.

    Only of one tokenizer: a token more or less is another unit. Special tokens are not predicted, and what is not
    predicted does not count: one rule for tokenizers with and without a first token.

    >>> round(perplexity(3.0 * np.log(7.0), 3), 9)
    7.0
    """
    return _exp(loss / n_predicted)


def bits_per_byte(loss: float, n_bytes: int) -> float:
    """``loss / (ln 2 * bytes that the predicted tokens cover)`` (Gao et al. 2020, arXiv 2101.00027).

    >>> bits_per_byte(8.0 * np.log(2.0), 4)
    2.0
    """
    return float(loss / (np.log(2) * n_bytes))


def pseudo_perplexity(losses: ArrayLike, weights: ArrayLike) -> float:
    """``exp(mean negative log-likelihood of tokens masked one at a time)`` (Salazar et al. 2020, arXiv 1910.14659).

    Parameters
    ----------
    losses : array, shape (n_masked,)
        Negative log-likelihood in nats of each token masked.
    weights : array, shape (n_masked,)
        Tokens of its text for which it stands.

    Raises
    ------
    ValueError
        They are no rows of numbers, or there is no weight for each loss.

    >>> round(pseudo_perplexity(np.log([2.0, 8.0]), [1.0, 1.0]), 9)
    4.0
    """
    of_tokens, stand_for = as_vector(losses, "the losses"), as_vector(weights, "the weights")
    require_length(stand_for, len(of_tokens), "the weights", "losses")
    return _exp(float(np.average(of_tokens, weights=stand_for)))


RUN_METRICS: dict[str, RunMetric] = {
    "expansion_ratio": RunMetric(
        compute=peak_ratio, peak_of="h0_mean_lifetime", start="embedding", label="Expansion ratio",
        meaning="Peak over layers of the H0 mean lifetime, divided by its value at the embedding. Follows the norm "
        "first.",
        reading="A model with random weights reaches a high ratio too: read `expansion_ratio_norm`.",
        twin="expansion_ratio_norm"),
    "expansion_ratio_block": RunMetric(
        compute=peak_ratio, peak_of="h0_mean_lifetime", start="layer_0", label="Expansion ratio from the first block",
        meaning="Peak over layers of the H0 mean lifetime, divided by its value at the first block."),
    "expansion_ratio_norm": RunMetric(
        compute=peak_ratio, peak_of="h0_total_norm", start="embedding", label="Expansion ratio, scale-free",
        short="Scale-free expansion",
        meaning="Peak over layers of the H0 mean lifetime in median distances, divided by its value at the embedding: "
        "the growth without scale."),
    "expansion_ratio_published": RunMetric(
        compute=published_ratio, label="Expansion ratio as published",
        meaning="todacomm 0.1.0's own arithmetic, for comparison with its published table only.",
        reading="Only to be compared with the published package's own table."),
    "perplexity": RunMetric(
        compute=perplexity, label="Perplexity",
        meaning="exp of the mean negative log-likelihood of the predicted tokens."),
    "bits_per_byte": RunMetric(
        compute=bits_per_byte, label="Bits per byte", source=("arXiv 2101.00027",),
        meaning="Negative log-likelihood in bits per byte of text: comparable between tokenizers."),
    "pseudo_perplexity": RunMetric(
        compute=pseudo_perplexity, label="Pseudo-perplexity", source=("arXiv 1910.14659",),
        meaning="exp of the mean negative log-likelihood of tokens masked one at a time."),
}  # fmt: skip

EXPANSION_RATIOS = tuple(name for name, metric in RUN_METRICS.items() if metric.peak_of)
"""Ratios over depth: all need the layers' numbers alone, and have an interval by half-samples."""


def expansion_ratios(layers: Layers, degenerate: Sequence[str] = ()) -> dict[str, float]:
    """The ratios over depth by name, see :func:`peak_ratio`.

    The first two follow the scale of the activations; ``expansion_ratio_norm`` is what is left without it.

    >>> depth = {"embedding": {"h0_mean_lifetime": 2.0}, "layer_0": {"h0_mean_lifetime": 5.0}, "final": {}}
    >>> expansion_ratios(depth)
    {'expansion_ratio': 2.5, 'expansion_ratio_block': 1.0, 'expansion_ratio_norm': nan}
    """
    rows = {name: RUN_METRICS[name] for name in EXPANSION_RATIOS}
    return {name: row.compute(layers, degenerate, row.peak_of, row.start) for name, row in rows.items()}


def expansion_warnings(layers: Layers, degenerate: Sequence[str] = ()) -> list[RunWarning]:
    """Why a ratio of :func:`expansion_ratios` is nan: one warning for each denominator that cannot be one.

    >>> [warning.text for warning in expansion_warnings({"embedding": {"h0_mean_lifetime": 2.0, "h0_total_norm": 0.5}})]
    ['expansion_ratio_block is not defined: layer_0 is not among the layers']
    """
    undefined = [name for name, value in expansion_ratios(layers, degenerate).items() if np.isnan(value)]
    warnings = []
    for start in dict.fromkeys(RUN_METRICS[name].start for name in undefined):
        names = [name for name in undefined if RUN_METRICS[name].start == start]
        if start not in layers:
            reason = f"{start} is not among the layers"
        elif start in degenerate:
            reason = f"the cloud of {start} is degenerate"
        else:
            reason = f"{start} has no H0 to divide by"
        verb = "is" if len(names) == 1 else "are"
        warnings.append(RunWarning("ratio_undefined", f"{' and '.join(names)} {verb} not defined: {reason}"))
    if missing := without(layers):
        taken = [name for name in EXPANSION_RATIOS if name not in undefined]
        text = f"taken without {', '.join(missing)}, where nothing could be measured"
        warnings += [RunWarning("ratio_without", f"{' and '.join(taken)}: {text}")] if taken else []
    return warnings


def without(layers: Layers) -> list[str]:
    """Layers past which the peak of a ratio is taken, since they have none; the embedding is its start.

    >>> without({"embedding": {}, "layer_0": {"h0_mean_lifetime": np.nan}, "final": {"h0_mean_lifetime": 2.0}})
    ['layer_0']
    """
    peaks = {RUN_METRICS[name].peak_of for name in EXPANSION_RATIOS}
    return [
        name
        for name, metrics in layers.items()
        if name != "embedding" and any(metric in metrics and np.isnan(metrics[metric]) for metric in peaks)
    ]


def _exp(mean_loss: float) -> float:
    with np.errstate(over="ignore"):
        return float(np.exp(mean_loss))
