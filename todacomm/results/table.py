"""The tidy table in which results travel: one row a run, layer and metric."""

import re
from collections.abc import Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from typing import Any

import pandas as pd

from todacomm.core.streams import kind_of

SCHEMA_VERSION = 4
"""Raised whenever a column is added, removed or changes its meaning."""

COLUMNS = (
    "model", "revision", "weights", "dataset", "control", "layer", "depth", "metric",
    "value", "se", "lo", "hi", "n", "null", "p", "p_adjusted",
)  # fmt: skip
"""``layer`` is the layer's name, or ``run`` for a number of the whole run (its depth is nan). ``depth`` runs from 0
(embedding) to 1 (last layer); what a block's attention and MLP add has the depth of the block. ``null`` names the null
model that ``p`` refers to. ``control`` is empty for the run's own rows; those of a control that was run beside it have
the control's name there, such as ``random_weights``."""

NULL_COLUMNS = (
    "model", "revision", "weights", "dataset", "layer", "depth", "metric", "null", "draws",
    "mean", "sd", "lo", "hi", "difference", "se", "p", "p_adjusted", "family",
)  # fmt: skip
"""One row a layer, metric and null model: the draws' mean, sd and central 95 %, the observed value's difference from
their mean with its standard error, its p, plain and adjusted (of the first draws where one of them reaches the value,
else of all ``draws``), and how many layers share the adjustment (``family``)."""

LOOP_COLUMNS = (
    "layer", "rank", "birth", "death", "lifetime_norm", "ratio", "p", "p_adjusted", "reproduction", "reproduction_lo",
    "prominence", "group_reproduction", "n_on_loop", "verdict",
)  # fmt: skip
"""One row a bar, the longest H1 bars of each layer from rank 1 on, then others with the largest ratios: birth, death,
lifetime in median distances, death over birth, p against the rotations, plain and adjusted over the layers, the share
of its life that is left on half of the texts with its 5 % quantile, the share of halves on which that is the longest
bar (beside other loops at least as long: ``prominence``; 0 for a bar that is not among the longest), the share of its
life that is left on half of the groups of neighbouring texts, and the number of texts on a shortest loop. ``verdict``
is ``loop`` (longer than the covariance explains, reproduced on halves of the texts and of their groups, and the longest
bar there), ``few texts`` (the first and not all others), ``none``, or ``not tested``."""

ASSOCIATION_COLUMNS = (
    "layer", "subject", "rank", "covariate", "kind", "strength", "p", "p_adjusted", "n", "undefined",
)  # fmt: skip
"""One row a loop (its angle) or gap (its two sides) and thing that is known of the texts: strength 0 to 1 corrected for
chance, permutation p, plain and adjusted over the covariates; why it is undefined."""

RUN_LAYER = "run"
LAYER_COLUMNS = ("layer", "layer_a", "layer_b", "layer_candidate")
"""Columns of any table that hold names of layers."""
_TEXT = {
    "model", "revision", "weights", "dataset", "control", "layer", "metric", "null", "verdict", "subject", "covariate",
    "kind", "undefined",
}  # fmt: skip


def tidy(rows: Iterable[Mapping[str, Any]], columns: tuple[str, ...] = COLUMNS) -> pd.DataFrame:
    """Rows as a table with exactly ``columns``: missing numbers are nan, missing words are empty.

    Raises
    ------
    ValueError
        A row has a key that is no column.
    """
    rows = list(rows)
    unknown = sorted({key for row in rows for key in row} - set(columns))
    if unknown:
        raise ValueError(f"unknown columns {', '.join(unknown)}: a table row has {', '.join(columns)}")
    frame = pd.DataFrame(rows, columns=list(columns))
    for column in columns:
        if column in _TEXT:
            frame[column] = frame[column].astype(object).where(frame[column].notna(), "").astype(str)
        else:
            frame[column] = frame[column].astype(float)
    return frame


def own_rows(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of the run itself, without those of its controls."""
    return table[table["control"] == ""]


def by_layer(table: pd.DataFrame, control: str = "") -> pd.DataFrame:
    """Values of the run itself, or of a control: one row a layer in the order of depth, one column a metric."""
    rows = table[(table["layer"] != RUN_LAYER) & (table["control"] == control)]
    wide = rows.pivot_table(index=["depth", "layer"], columns="metric", values="value", dropna=False, sort=False)
    return wide.dropna(how="all").sort_index(level="depth", sort_remaining=False, kind="stable").reset_index("depth")


def of_layers(table: pd.DataFrame, layers: Iterable[str]) -> pd.DataFrame:
    """A table as its reader gets it: layers are ordered by depth, and their ``stream`` stands beside them.

    Parameters
    ----------
    layers : iterable of str
        All layers in the order of depth; ``run`` comes after them, in no stream.

    >>> rows = tidy([{"layer": "layer_10"}, {"layer": "layer_2_ffn"}], ("layer",))
    >>> of_layers(rows, ["layer_2_ffn", "layer_10"]).sort_values("layer").to_numpy().tolist()
    [['layer_2_ffn', 'ffn'], ['layer_10', 'residual']]
    """
    frame = in_depth_order(table, [layers]).reset_index(drop=True)
    streams = ["" if name == RUN_LAYER else kind_of(name) for name in table["layer"]]
    frame.insert(list(frame).index("layer") + 1, "stream", pd.Series(streams, dtype=object))
    return frame


def in_depth_order(table: pd.DataFrame, orders: Iterable[Iterable[str]]) -> pd.DataFrame:
    """A table whose columns of layers are ordered by depth: one ordered categorical for all of them.

    Parameters
    ----------
    orders : iterable of iterable of str
        All layers of each model in the order of depth; ``run`` comes after them. Where two models have the same names
        in different orders, there is no one order, and names stay plain text.

    >>> rows = pd.DataFrame({"layer_a": ["final", "layer_2"], "layer_b": ["layer_10", "layer_2"]})
    >>> ordered = in_depth_order(rows, [["layer_2", "final"], ["layer_2", "layer_10", "final"]])
    >>> list(ordered["layer_a"].cat.categories), bool(ordered["layer_a"].dtype == ordered["layer_b"].dtype)
    (['layer_2', 'layer_10', 'final'], True)
    >>> in_depth_order(rows, [["layer_2", "final"], ["final", "layer_2"]]) is rows
    True
    """
    columns = [name for name in LAYER_COLUMNS if name in table]
    there = set[str]().union(*(table[name] for name in columns))
    sorter = TopologicalSorter[str]()
    for names in orders:
        for before, after in pairwise(dict.fromkeys([*names, RUN_LAYER])):
            sorter.add(after, before)
    try:
        order = [name for name in sorter.static_order() if name in there]
    except CycleError:
        return table
    return table.assign(**{name: pd.Categorical(table[name], order, ordered=True) for name in columns})


def framed(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> pd.DataFrame:
    """Rows as a table with these columns; one without rows has numbers where names of words are not expected.

    >>> framed([], ["label", "value"]).dtypes.astype(str).to_dict()
    {'label': 'object', 'value': 'float64'}
    """
    rows = list(rows)
    if rows:
        return pd.DataFrame(rows, columns=list(columns))
    words = re.compile(r"label|layer|metric|measure|group|likelihood|setting|kind")
    return pd.DataFrame({name: pd.Series(dtype=object if words.match(name) else float) for name in columns})


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table, each as a dictionary."""
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def run_values(table: pd.DataFrame) -> dict[str, float]:
    """The run's own numbers of the whole run by name."""
    rows = own_rows(table)
    rows = rows[rows["layer"] == RUN_LAYER]
    return dict(zip(rows["metric"], rows["value"].astype(float), strict=True))
