"""From the data of a page to the one JSON object that its script reads."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, astuple
from typing import Any

import numpy as np
import pandas as pd

from todacomm.core.loops.verdict import VERDICTS
from todacomm.explorer.alignment import turns_over_depth
from todacomm.explorer.data import ComparisonData, ExplorerData
from todacomm.explorer.encoding import number, quantised, rows, single
from todacomm.explorer.layer_data import Edges, ExplorerLayer, Loop, MetricValue
from todacomm.results.texts import user_columns

MAX_COMPONENTS = 6
SHOWN = {"words": "text", "document": "document", "ending": "last_word", "last_token": "last_token"}
"""What a page calls the columns of the table of texts that hold words."""
FORMAT = 2
"""Raised whenever the page's script must read something else."""


def payload(data: ExplorerData | ComparisonData) -> dict[str, Any]:
    """The JSON object of a page; ``kind`` says which page it is: ``layers`` or ``comparison``."""
    shared = {
        "format": FORMAT,
        "title": data.title,
        "facts": [[label, value] for label, value in data.facts.items()],
        "warnings": list(data.warnings),
        "texts": texts_object(data.texts),
    }
    if isinstance(data, ComparisonData):
        return shared | comparison_object(data)
    return shared | {
        "kind": "layers",
        "metrics": [asdict(metric) for metric in data.metrics],
        "layers": turned_layers(data.layers, component_count(data.layers), layer_object),
    }


def turned_layers(
    layers: Sequence[ExplorerLayer], count: int, make: Callable[[ExplorerLayer, np.ndarray], dict[str, Any]]
) -> list[dict[str, Any]]:
    """Every layer with its scores in ``count`` components, and how its planes are turned along the depth."""
    scores = [first_components(layer, count) for layer in layers]
    turns = turns_over_depth(scores)
    return [make(layer, own) | {"turns": single(turn)} for layer, own, turn in zip(layers, scores, turns, strict=True)]


def comparison_object(data: ComparisonData) -> dict[str, Any]:
    """What a comparison's page has beside its texts; its layers are points, neighbours and loops alone."""
    count = component_count([layer for side in data.sides for layer in side.layers])
    sides = [
        {
            "name": side.name,
            "training": side.training,
            "step": number(side.step, 9),
            "layers": turned_layers(side.layers, count, points_object),
        }
        for side in data.sides
    ]
    return {
        "kind": "comparison",
        "sides": sides,
        "similarities": [
            {
                "name": one.name,
                "label": one.label,
                "left": one.left,
                "right": one.right,
                "values": _grid(one.values, 4),
                "higher": one.higher_is_alike,
                "chance": None if one.chance is None else _grid(one.chance, 3),
                "p": None if one.p is None else _grid(one.p, 3),
            }
            for one in data.similarities
        ],
    }


def texts_object(table: pd.DataFrame) -> dict[str, Any]:
    """The texts, each once; a column that is empty throughout is left out."""
    lengths = table["n_tokens"]
    return {
        "ids": _words(table["id"]),
        **{name: _words(table[column]) if table[column].astype(bool).any() else None for name, column in SHOWN.items()},
        "tokens": lengths.astype(np.int64).tolist() if lengths.notna().any() else None,
        "likelihood": _numbers(table["nll"], 5) if table["nll"].notna().any() else None,
        "columns": [
            {"name": name, "numbers": _numbers(table[name], 6)}
            if table[name].dtype.kind in "fiu"
            else {"name": name, "words": _words(table[name])}
            for name in user_columns(table)
        ],
    }


def layer_object(layer: ExplorerLayer, scores: np.ndarray) -> dict[str, Any]:
    """One layer with the scores that are handed over."""
    graph = layer.graph
    return points_object(layer, scores) | {
        "unit": number(graph.unit, 9),
        "tree": _edges(graph.tree),
        "bars": [single(dgm) for dgm in layer.diagrams[1:]],
        "edges": _edges(graph.edges),
        "quantiles": single(graph.quantiles),
        "pairs": graph.n_pairs,
        "nearness": quantised(graph.neighbour_distances.reshape(-1)),
        "metrics": {name: _metric(value) for name, value in layer.metrics.items()},
        "bands": {
            str(degree): {name: single(values) for name, values in vars(band).items()}
            for degree, band in layer.bands.items()
        },
    }


def points_object(layer: ExplorerLayer, scores: np.ndarray) -> dict[str, Any]:
    """What is shown of a layer's points: where they lie, their neighbours and loops."""
    tested = len(layer.diagrams) > 1 or len(layer.loops) > 0
    return {
        "name": layer.name,
        "index": layer.index,
        "depth": number(layer.depth),
        "stream": layer.stream,
        "degenerate": layer.degenerate,
        "warnings": list(layer.warnings),
        "verdict": strongest(layer.loops) if tested else None,
        "scores": quantised(scores),
        "explained": [number(share) for share in _padded(layer.explained, scores.shape[1]).tolist()],
        "neighbours": rows(layer.graph.neighbours),
        "loops": [_loop(loop) for loop in layer.loops],
    }


def strongest(loops: Sequence[Loop]) -> str:
    """The strongest verdict among a layer's bars; ``none`` without any.

    >>> strongest([Loop(1, 0.0, 1.0, "none"), Loop(2, 0.0, 0.5, "few texts")])
    'few texts'
    """
    return min((loop.verdict for loop in loops), key=VERDICTS.index, default="none")


def component_count(layers: Sequence[ExplorerLayer]) -> int:
    """Components that every layer has, at least the two of a plane, at most ``MAX_COMPONENTS``."""
    return max(2, min(MAX_COMPONENTS, *(layer.scores.shape[1] for layer in layers)))


def first_components(layer: ExplorerLayer, count: int) -> np.ndarray:
    """Scores of the first components; zero in those that a layer of one dimension lacks."""
    missing = max(0, count - layer.scores.shape[1])
    return np.pad(np.asarray(layer.scores[:, :count], dtype=np.float64), ((0, 0), (0, missing)))


def _padded(shares: np.ndarray, count: int) -> np.ndarray:
    shares = np.asarray(shares, dtype=np.float64)[:count]
    return np.pad(shares, (0, count - len(shares)))


def _grid(values: np.ndarray, digits: int) -> list[list[float | None]]:
    return [_numbers(line, digits) for line in values.tolist()]


def _edges(edges: Edges) -> dict[str, Any]:
    return {"first": rows(edges.first), "second": rows(edges.second), "length": single(edges.length)}


def _loop(loop: Loop) -> dict[str, Any]:
    return {
        "rank": loop.rank,
        "birth": number(loop.birth, 9),
        "death": number(loop.death, 9),
        "verdict": loop.verdict,
        "reproduction": number(loop.reproduction, 4),
        "rows": [int(row) for row in loop.rows],
        "angles": None if loop.angles is None else quantised(np.mod(loop.angles, 2.0 * np.pi)),
    }


def _metric(value: MetricValue) -> list[float | None]:
    return [number(one) for one in astuple(value)]


def _words(column: pd.Series) -> list[str]:
    return [str(word) for word in column]


def _numbers(values: Any, digits: int) -> list[float | None]:
    return [number(float(value), digits) for value in values]
