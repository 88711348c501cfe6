"""A finished analysis without a model: clouds drawn from a seed, their real diagrams, and every table column filled."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from ripser import ripser
from scipy.spatial.distance import pdist, squareform

from todacomm.core.facts import RunWarning
from todacomm.core.inference import INTERVAL_METRICS
from todacomm.core.metrics import LAYER_METRICS
from todacomm.results.facts import ModelFacts, TextFacts
from todacomm.results.layer import LayerResult
from todacomm.results.result import Result
from todacomm.results.table import NULL_COLUMNS, RUN_LAYER, tidy
from todacomm.settings.analysis import AnalysisConfig


def make_result(
    n_layers: int = 5,
    n_points: int = 60,
    seed: int = 0,
    degenerate_embedding: bool = False,
    control: bool = True,
    warnings: tuple[str, ...] = (),
    **options: Any,
) -> Result:
    """A result with real clouds, diagrams and numbers; intervals and nulls have the right form only.

    Parameters
    ----------
    n_layers : int
        Layers in all: ``embedding``, ``layer_0`` ..., ``final``.
    degenerate_embedding : bool
        All points of the embedding coincide: its numbers are nan, with a warning.
    control : bool
        Add the rows of the random-weights control.
    options
        Settings by their flat names, such as ``model="gpt2"``.
    """
    config = AnalysisConfig.from_flat({"samples": n_points, "pca": 0, "seed": seed, **options})
    rng = np.random.default_rng(seed)
    names = ("embedding", *(f"layer_{i}" for i in range(n_layers - 2)), "final")[:n_layers]
    clouds = {name: _cloud(rng, n_points, index) for index, name in enumerate(names)}
    if degenerate_embedding:
        clouds["embedding"] = np.ones_like(clouds["embedding"])
    who = _who(config)

    layers, rows, nulls = [], [], []
    replicates = {}
    for index, (name, cloud) in enumerate(clouds.items()):
        layer, values = _analyze(name, index, index / max(n_layers - 1, 1), cloud)
        layers.append(layer)
        rows += _rows(who, layer, values)
        replicates[name] = _replicates(rng, values)
        if control:
            rows += _control_rows(who, layer, values)
        nulls += _null_rows(who, layer, values)
    warned = tuple(warning for layer in layers for warning in layer.warnings)
    for metric, value in _run_values(layers, rows, who["weights"]).items():
        rows.append({**who, "layer": RUN_LAYER, "metric": metric, "value": value, "n": n_points})

    return Result(
        config=config,
        model=_model(config, n_layers, clouds["embedding"].shape[1]),
        texts=_texts(config, n_points),
        table=tidy(rows),
        nulls=tidy(nulls, NULL_COLUMNS),
        layers=tuple(layers),
        clouds=clouds,
        replicates=replicates if config.has_intervals else {},
        warnings=(*(RunWarning("note", text) for text in warnings), *warned),
        seconds={"extraction": 1.5, "homology": 0.8, "inference": 2.25},
    )


def _replicates(rng: np.random.Generator, values: dict[str, float], n: int = 12) -> np.ndarray:
    """Twelve half-samples that spread by a twentieth."""
    own = np.array([values.get(name, np.nan) for name in INTERVAL_METRICS])
    return own * (1.0 + 0.05 * rng.standard_normal((n, len(own))))


def add_streams(result: Result, residual: bool = True) -> Result:
    """The same result with what attention and MLPs add: a third and a half of each block's cloud, and its numbers.

    Parameters
    ----------
    residual : bool
        Keep the residual stream too.
    """
    shares = {"attention": 1 / 3, "ffn": 1 / 2}
    blocks = [layer.name for layer in result.layers if layer.name.startswith("layer_")]
    renamed = {f"{name}_{kind}": name for name in blocks for kind in shares}
    own = {layer.name: layer for layer in result.layers}
    kept = list(own) if residual else []
    order = [name for layer in own for name in (*(new for new, old in renamed.items() if old == layer), layer)]
    order = [name for name in order if name in renamed or name in kept]

    def rows(table: pd.DataFrame) -> pd.DataFrame:
        parts = [table[table["layer"] == renamed.get(name, name)].assign(layer=name) for name in order]
        return pd.concat([*parts, table[table["layer"] == RUN_LAYER]], ignore_index=True)

    layers = [replace(own[renamed.get(name, name)], name=name, index=index) for index, name in enumerate(order)]
    clouds = {name: result.clouds[renamed.get(name, name)] * shares.get(name.rpartition("_")[2], 1) for name in order}
    return replace(result, table=rows(result.table), nulls=rows(result.nulls), layers=tuple(layers), clouds=clouds)


def _cloud(rng: np.random.Generator, n_points: int, index: int) -> np.ndarray:
    """A noisy circle that grows with depth, in 16 dimensions."""
    angle = rng.uniform(0, 2 * np.pi, n_points)
    circle = np.zeros((n_points, 16))
    circle[:, 0], circle[:, 1] = np.cos(angle), np.sin(angle)
    return ((1 + index) * (circle + 0.15 * rng.standard_normal((n_points, 16)) + 0.3)).astype(np.float32)


def _analyze(name: str, index: int, depth: float, cloud: np.ndarray) -> tuple[LayerResult, dict[str, float]]:
    distances = squareform(pdist(cloud.astype(np.float64)))
    n_points = len(cloud)
    n_distinct = len(np.unique(cloud, axis=0))
    health = {"n_points": n_points, "n_distinct": n_distinct, "duplicate_fraction": 1 - n_distinct / n_points}
    if n_distinct < 4:
        values = {m: float(health.get(m, np.nan)) for m in LAYER_METRICS}
        empty = [np.empty((0, 2)), np.empty((0, 2))]
        text = f"{n_distinct} of {n_points} points are distinct: its numbers are not defined"
        return LayerResult(name, index, depth, empty, {}, (RunWarning("no_shape", text, name),)), values

    h0, h1 = (np.asarray(dgm, dtype=np.float64) for dgm in ripser(distances, distance_matrix=True)["dgms"])
    diagrams = [h0[np.isfinite(h0[:, 1])], h1]
    eigenvalues = np.linalg.eigvalsh(np.cov(cloud.T.astype(np.float64)))[::-1].clip(0)
    values = {m: float("nan") for m in LAYER_METRICS} | _values(cloud, distances, diagrams, eigenvalues) | health
    scale = np.linspace(0, distances.max(), 64)
    betti = [((d[:, :1] <= scale) & (scale < d[:, 1:])).sum(axis=0).astype(float) for d in diagrams]
    curves = {
        "scale": scale,
        "betti_0": betti[0],
        "betti_1": betti[1],
        "betti_1_lo": np.floor(0.8 * betti[1]),
        "betti_1_hi": np.ceil(1.2 * betti[1]),
        "euler": betti[0] + 1 - betti[1],
        "id_scale": np.array([1.0, 2.0, 4.0, 8.0]),
        "id_dimension": np.array([9.0, 7.0, 4.0, 2.5]),
        "eigenvalues": eigenvalues,
    }
    return LayerResult(name, index, depth, diagrams, curves), values


def _values(
    cloud: np.ndarray, distances: np.ndarray, diagrams: list[np.ndarray], eigenvalues: np.ndarray
) -> dict[str, float]:
    median = float(np.median(distances[np.triu_indices_from(distances, 1)]))
    values: dict[str, float] = {"median_distance": median, "unit_distance": median}
    for degree, dgm in enumerate(diagrams):
        lifetimes = dgm[:, 1] - dgm[:, 0]
        share = lifetimes / lifetimes.sum()
        values |= {
            f"h{degree}_total_persistence": lifetimes.sum(),
            f"h{degree}_max_lifetime": lifetimes.max(),
            f"h{degree}_count": len(lifetimes),
            f"h{degree}_max_norm": lifetimes.max() / median,
            f"h{degree}_entropy": -(share * np.log(share)).sum() / np.log(len(share)),
        }
    values |= {
        "h0_mean_lifetime": values["h0_total_persistence"] / (len(cloud) - 1),
        "h0_total_norm": values["h0_total_persistence"] / (len(cloud) - 1) / median,
        "h1_total_norm": values["h1_total_persistence"] / len(cloud) / median,
        "h1_max_ratio": float((diagrams[1][:, 1] / diagrams[1][:, 0]).max()),
        "h1_count_long": float((np.ptp(diagrams[1], axis=1) > 0.03 * distances.max()).sum()),
        "top_token_fraction": 0.05,
        "truncated_fraction": 0.0,
        "mean_norm": float(np.linalg.norm(cloud, axis=1).mean()),
        "top_dim_variance": float(cloud.var(axis=0).max() / cloud.var(axis=0).sum()),
        "mean_cosine": 0.4,
        "pca_explained_variance": 1.0,
        "participation_ratio": eigenvalues.sum() ** 2 / (eigenvalues**2).sum(),
        "effective_rank": 12.0,
        "spectrum_alpha": float("nan"),
        "twonn_dimension": 9.5,
    }
    return {name: float(value) for name, value in values.items()}


def _rows(who: dict[str, Any], layer: LayerResult, values: dict[str, float]) -> list[dict[str, Any]]:
    rows = []
    for name, value in values.items():
        metric = LAYER_METRICS[name]
        row = {
            **who,
            "layer": layer.name,
            "depth": layer.depth,
            "metric": name,
            "value": value,
            "n": values["n_points"],
        }
        if metric.interval:
            row |= {"se": 0.05 * abs(value), "lo": value - 0.098 * abs(value), "hi": value + 0.098 * abs(value)}
        if metric.null_tail and np.isfinite(value):
            row |= {"null": "rotation", "p": 0.025, "p_adjusted": min(1.0, 0.025 * (layer.index + 1))}
        rows.append(row)
    return rows


def _control_rows(who: dict[str, Any], layer: LayerResult, values: dict[str, float]) -> list[dict[str, Any]]:
    where = {
        **who,
        "weights": "random",
        "control": "random_weights",
        "layer": layer.name,
        "depth": layer.depth,
        "n": values["n_points"],
    }
    return [
        {**where, "metric": name, "value": value if LAYER_METRICS[name].group == "cloud" else 0.9 * value}
        for name, value in values.items()
    ]


def _null_rows(who: dict[str, Any], layer: LayerResult, values: dict[str, float]) -> list[dict[str, Any]]:
    rows = []
    for name, value in values.items():
        if LAYER_METRICS[name].null_tail is None or not np.isfinite(value):
            continue
        mean = 0.8 * value
        rows.append({
            **who, "layer": layer.name, "depth": layer.depth, "metric": name, "null": "rotation", "draws": 39,
            "mean": mean, "sd": 0.05 * value, "lo": 0.7 * value, "hi": 0.9 * value, "difference": value - mean,
            "se": 0.06 * value, "p": 0.025, "p_adjusted": min(1.0, 0.025 * (layer.index + 1)), "family": 5,
        })  # fmt: skip
    return rows


def _run_values(layers: list[LayerResult], rows: list[dict[str, Any]], weights: str) -> dict[str, float]:
    def ratio(metric: str, denominator: int) -> float:
        values = [r["value"] for r in rows if r["metric"] == metric and "control" not in r]
        finite = [v for v in values if np.isfinite(v)]
        return max(finite) / values[denominator] if finite else float("nan")

    return {
        "expansion_ratio": ratio("h0_mean_lifetime", 0),
        "expansion_ratio_block": ratio("h0_mean_lifetime", min(1, len(layers) - 1)),
        "expansion_ratio_norm": ratio("h0_total_norm", 0),
        "perplexity": 21.5,
        "bits_per_byte": 1.25,
    }


def _who(config: AnalysisConfig) -> dict[str, Any]:
    return {
        "model": config.model.model,
        "revision": config.model.revision,
        "weights": config.model.weights,
        "dataset": config.texts.dataset,
    }


def _model(config: AnalysisConfig, n_layers: int, width: int) -> ModelFacts:
    return ModelFacts(
        name=config.model.model, source=f"bundled:{config.model.model}", revision=config.model.revision,
        family="gpt2", kind="decoder", n_layers=n_layers - 2, width=width, n_parameters=1_750_000,
        context_length=512, pooling="last", weights=config.model.weights, weights_digest="0123456789abcdef",
        head="causal", dtype="float32", device="cpu",
    )  # fmt: skip


def _texts(config: AnalysisConfig, n_points: int) -> TextFacts:
    return TextFacts(
        name=config.texts.dataset, source=f"bundled:{config.texts.dataset}", revision="3.11.13",
        unit=config.texts.unit, samples=n_points, digest="fedcba9876543210", n_documents=n_points,
        ids=tuple(f"topics/{i}:0" for i in range(n_points)),
    )  # fmt: skip


def empty_nulls() -> pd.DataFrame:
    """The null table of an analysis with ``nulls=0``."""
    return tidy([], NULL_COLUMNS)
