"""Curves over relative depth, and whether models of one group have more similar ones than those of different groups."""

import math
from itertools import permutations

import numpy as np
import pandas as pd

from todacomm.comparison.gathering import LABEL, Gathered
from todacomm.comparison.matching import along_residual
from todacomm.comparison.metrics import compared_metrics
from todacomm.core.inference import MIN_DRAWS
from todacomm.results.table import RUN_LAYER, framed

GRID = np.linspace(0.0, 1.0, 21)
"""Relative depths at which curves of models of different depth are compared."""
_EXACT = 8
"""Models up to which every way to deal out the groups is tried."""
_DEALS = 499


def depth_curves(gathered: Gathered) -> pd.DataFrame:
    """Every metric over relative depth: ``label, metric, layer, depth, value, lo, hi, p_adjusted``."""
    table = gathered.table[gathered.table["layer"] != RUN_LAYER]
    columns = [LABEL, "metric", "layer", "depth", "value", "lo", "hi", "p_adjusted"]
    return table[columns].reset_index(drop=True)


def families(gathered: Gathered) -> pd.DataFrame:
    """Whether models of one group are more alike than models of different ones, by their curves over depth.

    The distance between two models is the mean absolute difference of their curves over the depths that both have,
    relative to the mean of all values. ``within`` and ``between`` are means over the pairs of one group and of
    different ones; ``p`` is the share of all ways to deal the groups' names out among the models in which ``within -
    between`` is as low: exact up to 8 models, nan where fewer than 20 ways differ.

    Returns
    -------
    DataFrame
        ``grouping`` (``kind``, ``family``, ``weights``), ``metric, groups, within, between, ratio, p``.
    """
    rows = []
    for grouping in ("kind", "family", "weights"):
        names = gathered.runs[grouping].astype(str).to_numpy()
        sizes = pd.Series(names).value_counts()
        if len(sizes) < 2 or sizes.max() < 2:
            continue
        for metric in compared_metrics():
            distance = curve_distances(gathered, metric)
            known = np.isfinite(distance).sum(axis=1) > 1
            members, among = names[known], distance[np.ix_(known, known)]
            within, between = _split(among, members)
            if np.isfinite(within) and np.isfinite(between):
                rows.append({
                    "grouping": grouping, "metric": metric, "groups": ", ".join(sorted(set(members))),
                    "within": within, "between": between, "ratio": within / between if between else np.nan,
                    "p": _dealt_p(among, members),
                })  # fmt: skip
    return framed(rows, ["grouping", "metric", "groups", "within", "between", "ratio", "p"])


def curve_distances(gathered: Gathered, metric: str) -> np.ndarray:
    """Mean absolute difference of the curves of every two analyses over relative depth, relative to their mean.

    Returns
    -------
    ndarray, shape (n_analyses, n_analyses)
        nan where two share no depth at which both are defined.
    """
    table = gathered.table[(gathered.table["metric"] == metric) & np.isfinite(gathered.table["value"])]
    by_label = dict(iter(along_residual(table).groupby(LABEL)))
    curves = np.array([_on_grid(by_label.get(label)) for label in gathered.labels])
    known = curves[np.isfinite(curves)]
    unit = float(np.abs(known).mean()) if len(known) else np.nan
    differences = np.abs(curves[:, None] - curves[None, :])
    count = np.isfinite(differences).sum(axis=2)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(count > 0, np.nansum(differences, axis=2) / count / unit, np.nan)


def _on_grid(rows: pd.DataFrame | None) -> np.ndarray:
    """A curve at the depths of :data:`GRID`; nan beyond the layers in which it is defined."""
    if rows is None or len(rows) < 2:
        return np.full(len(GRID), np.nan)
    rows = rows.sort_values("depth")
    return np.interp(GRID, rows["depth"], rows["value"], left=np.nan, right=np.nan)


def _split(distance: np.ndarray, groups: np.ndarray) -> tuple[float, float]:
    """Mean distance of two members of one group, and of different ones."""
    known = np.isfinite(distance) & ~np.eye(len(groups), dtype=bool)
    same = groups[:, None] == groups
    within, between = (distance[known & pairs] for pairs in (same, ~same))
    return tuple(float(part.mean()) if len(part) else np.nan for part in (within, between))  # type: ignore[return-value]


def _dealt_p(distance: np.ndarray, groups: np.ndarray) -> float:
    """Share of the ways to deal the groups out in which their members are as alike, those that differ counted once."""
    codes = np.unique(groups, return_inverse=True)[1]
    sizes = np.bincount(codes)
    ways = math.factorial(len(codes)) // math.prod(math.factorial(int(size)) for size in sizes)
    if ways < MIN_DRAWS + 1:
        return math.nan
    if len(codes) <= _EXACT:
        deals, extra = [np.array(deal) for deal in sorted(set(permutations(codes.tolist())))], 0
    else:
        rng = np.random.default_rng(0)
        deals, extra = [rng.permutation(codes) for _ in range(_DEALS)], 1
    within, between = _split(distance, codes)
    lower = sum(1 for deal in deals if np.subtract(*_split(distance, deal)) <= within - between + 1e-12)
    return (lower + extra) / (len(deals) + extra)
