"""A finished analysis without a model: clouds drawn from a seed, measured, tested and assembled as any other."""

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from todacomm.analysis.assembly import assemble
from todacomm.analysis.inference import RANDOM_WEIGHTS, Control, Uncertainty, control_replicates, infer_uncertainty
from todacomm.analysis.shape import measure_shape
from todacomm.core.facts import RunWarning
from todacomm.core.inference import control_rows
from todacomm.core.layer import LayerAnalysis
from todacomm.results.facts import ModelFacts, TextFacts
from todacomm.results.observation import Observation
from todacomm.results.result import Result
from todacomm.results.table import NULL_COLUMNS, RUN_LAYER, tidy
from todacomm.results.texts import text_table
from todacomm.settings.analysis import AnalysisConfig

HALVES, ROTATIONS, DIMS = 8, 19, 16


def make_result(
    n_layers: int = 5,
    n_points: int = 60,
    seed: int = 0,
    degenerate_embedding: bool = False,
    control: bool = True,
    warnings: tuple[str, ...] = (),
    **options: Any,
) -> Result:
    """The analysis of noisy circles that grow with depth, in 16 dimensions.

    Parameters
    ----------
    n_layers : int
        Layers in all: ``embedding``, ``layer_0`` ..., ``final``.
    degenerate_embedding : bool
        All points of the embedding coincide: its numbers are nan, with a warning.
    control : bool
        Add a control: Gaussian clouds of the same widths in the place of random weights.
    warnings : tuple of str
        Further ones, of the whole run.
    options
        Settings by their flat names, such as ``model="gpt2"``.
    """
    few = {"samples": n_points, "pca": 0, "seed": seed, "replicates": HALVES, "nulls": ROTATIONS}
    config = AnalysisConfig.from_flat({**few, **options})
    inference = config.inference
    observed, shapes, uncertainty = _measured(
        n_layers, n_points, seed, degenerate_embedding, control, config.topology.maxdim, inference.replicates,
        inference.nulls, inference.loops,
    )  # fmt: skip
    described = replace(
        observed,
        model=replace(
            observed.model, name=config.model.model, source=f"bundled:{config.model.model}",
            revision=config.model.revision, weights=config.model.weights,
        ),
        dataset=replace(observed.dataset, name=config.texts.dataset, source=f"bundled:{config.texts.dataset}"),
        warnings=tuple(RunWarning("note", text) for text in warnings),
    )  # fmt: skip
    if uncertainty.control is not None:
        random = replace(described, model=replace(described.model, weights="random"), warnings=())
        uncertainty = replace(uncertainty, control=replace(uncertainty.control, observed=random))
    seconds = {"extraction": 1.5, "homology": 0.8, "inference": 2.25}
    return assemble(config, described, shapes, uncertainty, seconds)


@lru_cache(maxsize=64)
def _measured(
    n_layers: int,
    n_points: int,
    seed: int,
    degenerate: bool,
    control: bool,
    maxdim: int,
    replicates: int,
    nulls: int,
    loops: int,
) -> tuple[Observation, dict[str, LayerAnalysis], Uncertainty]:
    """The numbers, which names of models and texts do not change: computed once a session."""
    config = AnalysisConfig.from_flat(
        {
            "samples": n_points, "pca": 0, "seed": seed, "replicates": replicates, "nulls": nulls, "maxdim": maxdim,
            "threads": 1, "loops": loops,
        }
    )  # fmt: skip
    rng = np.random.default_rng(seed)
    names = ("embedding", *(f"layer_{i}" for i in range(n_layers - 2)), "final")[:n_layers]
    clouds = {name: _circle(rng, n_points, 1.0 + index) for index, name in enumerate(names)}
    if degenerate:
        clouds["embedding"] = np.ones_like(clouds["embedding"])
    observed = _observation(clouds, rng)
    shapes = measure_shape(config, clouds)
    uncertainty = infer_uncertainty(config, observed, shapes)
    if control:
        uncertainty = _with_control(config, observed, shapes, uncertainty, rng)
    return observed, shapes, uncertainty


def _circle(rng: np.random.Generator, n_points: int, radius: float) -> np.ndarray:
    angle = rng.uniform(0, 2 * np.pi, n_points)
    circle = np.zeros((n_points, DIMS))
    circle[:, 0], circle[:, 1] = np.cos(angle), np.sin(angle)
    return (radius * (circle + 0.15 * rng.standard_normal((n_points, DIMS)) + 0.3)).astype(np.float32)


def _observation(clouds: dict[str, np.ndarray], rng: np.random.Generator) -> Observation:
    n_points = len(clouds["embedding"])
    ids = tuple(f"topics/{i}:0" for i in range(n_points))
    return Observation(
        model=ModelFacts(
            name="", source="", family="gpt2", kind="decoder", n_layers=max(len(clouds) - 2, 1), width=DIMS,
            n_parameters=1_750_000, context_length=512, pooling="last", weights_digest="0123456789abcdef",
            head="causal", dtype="float32", device="cpu", n_predicted=60 * n_points,
        ),
        dataset=TextFacts(
            name="", source="", revision="3.11.13", unit="passage", samples=n_points, digest="fedcba9876543210",
            n_documents=n_points, ids=ids,
        ),
        clouds=clouds,
        likelihood={"perplexity": 21.5, "bits_per_byte": 1.25},
        pooled_tokens=rng.integers(0, 20, n_points),
        texts=text_table(
            ids, [f"The words of text {i}, which end here." for i in range(n_points)],
            documents=[f"topics/{i // 5}" for i in range(n_points)], positions=rng.uniform(0, 1, n_points),
            n_tokens=rng.integers(40, 80, n_points), nll=rng.normal(3.0, 0.5, n_points),
        ),
        truncated_fraction=0.0,
        token_embeddings=clouds["embedding"],
    )  # fmt: skip


def _with_control(
    config: AnalysisConfig,
    observed: Observation,
    shapes: dict[str, LayerAnalysis],
    uncertainty: Uncertainty,
    rng: np.random.Generator,
) -> Uncertainty:
    """The same with one draw of a control, and the paired differences from it."""
    drawn = {name: (cloud.std() * rng.standard_normal(cloud.shape)).astype(np.float32) for name, cloud in
             observed.clouds.items()}  # fmt: skip
    control = Control(RANDOM_WEIGHTS, replace(observed, clouds=drawn), measure_shape(config, drawn))
    halves = control_replicates(config, control)
    rows = control_rows(RANDOM_WEIGHTS, shapes, [control.shapes], uncertainty.replicates, halves)
    return replace(uncertainty, control=control, null_rows=[*uncertainty.null_rows, *rows])


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
    residual_layers = list(own) if residual else []
    order = [name for layer in own for name in (*(new for new, old in renamed.items() if old == layer), layer)]
    order = [name for name in order if name in renamed or name in residual_layers]

    def rows(table: pd.DataFrame) -> pd.DataFrame:
        parts = [table[table["layer"] == renamed.get(name, name)].assign(layer=name) for name in order]
        return pd.concat([*parts, table[table["layer"] == RUN_LAYER]], ignore_index=True)

    layers = [replace(own[renamed.get(name, name)], name=name, index=index) for index, name in enumerate(order)]
    clouds = {name: result.clouds[renamed.get(name, name)] * shares.get(name.rpartition("_")[2], 1) for name in order}
    return replace(result, table=rows(result.table), nulls=rows(result.nulls), layers=tuple(layers), clouds=clouds)


def empty_nulls() -> pd.DataFrame:
    """The null table of an analysis with ``nulls=0``."""
    return tidy([], NULL_COLUMNS)
