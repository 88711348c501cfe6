"""What a loop and a gap go with: the place of every text on them against what is known of the texts."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from todacomm.core.layer import LayerAnalysis
from todacomm.core.loops.association import Association, explain_angle, explain_sides
from todacomm.core.loops.gaps import Gap, gaps
from todacomm.core.loops.whole_run import LoopPoints
from todacomm.core.streams import RESIDUAL, kind_of
from todacomm.results.texts import user_columns

LOOP, GAP = "loop", "gap"
KNOWN = ("n_tokens", "last_token", "position", "document", "nll")
"""Columns of the table of texts that are tried, beside the user's own."""
MIN_SIDE = 5
"""Texts on the smaller side of a gap from which on it is asked what separates the sides."""


def covariates(table: pd.DataFrame) -> dict[str, np.ndarray]:
    """What is known of the texts and differs between them, by name: numbers, or words for groups."""
    tried = {}
    for name in (*KNOWN, *user_columns(table)):
        if name not in table:
            continue
        column = table[name]
        if column.dtype.kind == "f":
            values = column.to_numpy(dtype=float)
            if len(np.unique(values[np.isfinite(values)])) > 1:
                tried[name] = values
        elif column.astype(bool).any() and column.nunique() > 1:
            tried[name] = np.array([word or None for word in column], dtype=object)
    return tried


def explain_loops(
    points: Sequence[LoopPoints], table: pd.DataFrame, seed: int, clusters: Sequence[str] | None = None
) -> list[dict[str, Any]]:
    """Association of every claimed loop's angle with what is known of the texts, strongest first.

    Columns are :data:`todacomm.results.table.ASSOCIATION_COLUMNS`; the p is adjusted over the covariates of a loop.

    Parameters
    ----------
    clusters : sequence of str, optional
        Which cluster each text is of, where what is found is to hold for other clusters.
    """
    known = covariates(table)
    rows: list[dict[str, Any]] = []
    for index, loop in enumerate(points):
        if loop.angle is not None and known:
            explained = explain_angle(loop.angle, known, np.random.default_rng([seed, index]), clusters=clusters)
            rows += _rows(loop.layer, LOOP, loop.rank, explained)
    return rows


def explain_gaps(
    layers: Mapping[str, LayerAnalysis], table: pd.DataFrame, seed: int, clusters: Sequence[str] | None = None
) -> list[dict[str, Any]]:
    """Association of the two sides of a layer's three widest gaps with what is known of the texts.

    Of the layers of the residual stream; gaps with under five texts on their smaller side are left out. ``clusters`` as
    in :func:`explain_loops`.
    """
    known = covariates(table)
    rows: list[dict[str, Any]] = []
    for index, (name, layer) in enumerate(layers.items()):
        if not known or not layer.defined or kind_of(name) != RESIDUAL:
            continue
        for rank, gap in enumerate(layer_gaps(layer), start=1):
            if gap.side.sum() >= MIN_SIDE:
                rng = np.random.default_rng([seed, index, rank])
                rows += _rows(name, GAP, rank, explain_sides(gap.side, known, rng, clusters=clusters))
    return rows


def layer_gaps(layer: LayerAnalysis) -> tuple[Gap, ...]:
    """The three widest gaps of a layer, their sides carried to all rows of the cloud."""
    rows = layer.distinct if layer.landmarks is None else layer.landmarks
    among = gaps(layer.among(rows))
    if len(rows) == len(layer.scores):
        return among
    nearest = layer.nearest(rows)
    return tuple(
        replace(gap, side=gap.side[nearest], edge=(int(rows[gap.edge[0]]), int(rows[gap.edge[1]]))) for gap in among
    )


def _rows(layer: str, subject: str, rank: int, associations: Sequence[Association]) -> list[dict[str, Any]]:
    return [
        {
            "layer": layer,
            "subject": subject,
            "rank": rank,
            "covariate": one.covariate,
            "kind": one.kind,
            "strength": one.strength,
            "p": one.p,
            "p_adjusted": one.p_adjusted,
            "n": one.n_points,
            "undefined": one.undefined,
        }
        for one in associations
    ]
