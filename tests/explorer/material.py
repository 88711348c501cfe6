"""Data for pages: clouds with a known loop, among noise, over some layers."""

from itertools import combinations

import numpy as np
import pandas as pd
from scipy.spatial.distance import squareform

from todacomm.core.layer import LayerAnalysis, analyze_layer
from todacomm.explorer import (
    Band,
    ComparisonData,
    ExplorerData,
    ExplorerLayer,
    Graph,
    Loop,
    Metric,
    MetricValue,
    ModelSide,
    SimilarityMap,
    layer_graph,
)
from todacomm.results.texts import text_table

METRICS = (
    Metric("h0_total_norm", "H0 mean lifetime / median distance"),
    Metric("h1_max_norm", "H1 longest lifetime / median distance"),
    Metric("twonn_dimension", "Intrinsic dimension (TwoNN)", "dimensions"),
)
WORDS = (
    "model", "layer", "loop", "circle", "token", "text", "point", "cloud", "distance", "scale", "birth",
    "death", "bar", "tree", "edge", "gap", "ring", "path", "sum", "mean", "rate", "norm", "rank", "axis",
    "plane", "turn", "list", "word", "line", "page", "row", "key", "value", "name",
)  # fmt: skip
CORNERS = 9


def some_texts(rng: np.random.Generator, n: int, words: int = 64) -> pd.DataFrame:
    """Passages of random words."""
    passages = [" ".join(rng.choice(WORDS, words)) for _ in range(n)]
    return text_table(
        [f"made/document_{row // 5}#w{row}" for row in range(n)],
        passages,
        documents=[f"document_{row // 5}" for row in range(n)],
        last_tokens=[" " + passage.rsplit(" ", 1)[1] for passage in passages],
        n_tokens=rng.integers(70, 130, n),
        nll=rng.gamma(9.0, 0.4, n),
        columns={"subject": rng.choice(["physics", "law", "music"], n), "year": rng.integers(1900, 2020, n)},
    )


def circle(rng: np.random.Generator, n: int, noise: float = 0.1, dims: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """A noisy unit circle in a plane of a larger space, and the angle of every point."""
    angles = rng.uniform(0.0, 2.0 * np.pi, n)
    cloud = rng.normal(scale=noise, size=(n, dims))
    cloud[:, 0] += np.cos(angles)
    cloud[:, 1] += np.sin(angles)
    return cloud, angles


def around(angles: np.ndarray, corners: int = CORNERS) -> np.ndarray:
    """Rows nearest to the corners of a polygon, in order: a loop through few points of a circle."""
    wanted = np.arange(corners) * 2.0 * np.pi / corners
    return np.array([np.abs(np.angle(np.exp(1j * (angles - place)))).argmin() for place in wanted])


def shaped_layer(
    name: str,
    index: int,
    depth: float,
    shape: LayerAnalysis,
    loops: tuple[Loop, ...] = (),
    n_components: int = 6,
) -> ExplorerLayer:
    """A layer of a page from a layer's analysis."""
    values = shape.metrics
    graph = Graph()
    if shape.defined:
        unit = float(np.median(squareform(shape.distances[np.ix_(shape.distinct, shape.distinct)], checks=False)))
        graph = layer_graph(shape.distances, shape.distinct, unit)
    shares = shape.scores.var(axis=0) / max(shape.scores.var(axis=0).sum(), 1e-12)
    metrics = {
        "h0_total_norm": around_value(values["h0_total_norm"], 0.02, null=0.62, p=0.025),
        "h1_max_norm": around_value(values["h1_max_norm"], 0.05, null=0.12, p=0.025 if loops else 0.6),
        "twonn_dimension": around_value(values["twonn_dimension"], 0.8),
    }
    scale = shape.curves["scale"]
    bands = {
        degree: Band(
            scale, np.maximum(0.0, 0.9 * shape.curves[f"betti_{degree}"]), 1.1 * shape.curves[f"betti_{degree}"]
        )
        for degree in range(len(shape.diagrams))
        if len(scale)
    }
    return ExplorerLayer(
        name=name, index=index, depth=depth, scores=shape.scores[:, :n_components], explained=shares[:n_components],
        diagrams=shape.diagrams, graph=graph, loops=loops, metrics=metrics, bands=bands, degenerate=shape.degenerate,
        warnings=[warning.text for warning in shape.warnings],
    )  # fmt: skip


def around_value(value: float, half: float, null: float = float("nan"), p: float = float("nan")) -> MetricValue:
    return MetricValue(value, value - half, value + half, null, null - 0.02, null + 0.02, p)


def circle_loops(shape: LayerAnalysis, angles: np.ndarray, verdict: str = "loop") -> tuple[Loop, ...]:
    """The longest H1 bar as the circle that was put there, and the next two as noise without angles."""
    dgm = shape.diagrams[1]
    order = np.argsort(dgm[:, 0] - dgm[:, 1], kind="stable")[:3]
    first, *others = ((float(dgm[bar, 0]), float(dgm[bar, 1])) for bar in order)
    rows = around(angles)
    noise = [Loop(rank, *bar, "none", 0.1, rows[:4]) for rank, bar in enumerate(others, start=2)]
    return (Loop(1, *first, verdict, 0.84, rows, angles), *noise)


def layers_of_circles(
    rng: np.random.Generator, n: int, n_layers: int, degenerate: bool = True, noise: float = 0.15
) -> list[ExplorerLayer]:
    """Layers of one circle, noisier and larger with depth; the first of few points, many times, where asked for."""
    layers = []
    for index in range(n_layers):
        depth = index / max(1, n_layers - 1)
        name = "embedding" if index == 0 else f"layer_{index - 1}"
        layer_rng = np.random.default_rng(7)  # the same angles in every layer
        cloud, angles = circle(layer_rng, n, noise=noise + 0.1 * depth)
        if index == 0 and degenerate:
            cloud = cloud[rng.integers(0, n // 3, n)]
            layers.append(shaped_layer(name, index, depth, analyze_layer(cloud)))
            continue
        shape = analyze_layer(cloud * (1.0 + 9.0 * depth))
        verdict = "loop" if depth < 0.7 else "few texts"
        layers.append(shaped_layer(name, index, depth, shape, circle_loops(shape, angles, verdict)))
    return layers


def analysis_data(n: int = 120, n_layers: int = 4, seed: int = 0, **changes: object) -> ExplorerData:
    """An analysis of circles."""
    rng = np.random.default_rng(seed)
    values = {
        "title": "a circle in noise",
        "facts": {"model": "made", "texts": f"{n} of random words", "pooling": "last token"},
        "texts": some_texts(rng, n),
        "metrics": METRICS,
        "layers": layers_of_circles(rng, n, n_layers),
        "warnings": ("made from random numbers",),
    }
    return ExplorerData(**{**values, **changes})  # type: ignore[arg-type]


def comparison_data(n: int = 120, n_layers: int = 4, seed: int = 0, n_models: int = 2) -> ComparisonData:
    """Models whose circles agree in the first layers and part with depth, each a layer deeper than the one before."""
    rng = np.random.default_rng(seed)
    names = ("calm", "noisy", "noisier")[:n_models]
    sides = [
        ModelSide(name, layers_of_circles(rng, n, n_layers + more, degenerate=False, noise=0.1 + 0.1 * more))
        for more, name in enumerate(names)
    ]
    maps = []
    for left, right in combinations(range(n_models), 2):
        steps = np.abs(np.subtract.outer(*(np.linspace(0, 1, len(sides[at].layers)) for at in (left, right))))
        chance, p = np.full(steps.shape, 0.05), np.where(steps > 0.6, 0.4, 0.01)
        maps += [
            SimilarityMap("cka", "CKA", 0.95 - 0.7 * steps, left, right, chance=chance, p=p),
            SimilarityMap("rtd", "RTD", 4.0 * steps, left, right, higher_is_alike=False),
        ]
    facts = {"texts": f"{n} of random words"}
    return ComparisonData("some circles", facts, some_texts(rng, n), sides, maps)


def training_data(n: int = 60, steps: tuple[int, ...] = (0, 100, 1000)) -> ComparisonData:
    """A training in which a circle comes out of noise, and the similarity of each checkpoint with the others."""
    rng = np.random.default_rng(3)
    sides = [
        ModelSide(f"made@{step}", layers_of_circles(rng, n, 3, degenerate=False, noise=0.6 / (1 + at)), "made", step)
        for at, step in enumerate(steps)
    ]
    maps = [
        SimilarityMap("cka", "CKA", np.full((3, 3), 0.1 * (left + right)), left, right)
        for left, right in combinations(range(len(steps)), 2)
    ]
    return ComparisonData("a circle that is learnt", {}, some_texts(rng, n), sides, maps)
