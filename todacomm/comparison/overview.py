"""Tables that the numbers of the runs are enough for: ranking, curves over depth, families, correlates."""

import math
from itertools import permutations

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from todacomm.comparison.gathering import LABEL, MODELS, Gathered
from todacomm.core.inference import MIN_DRAWS
from todacomm.core.metrics import COMPARED
from todacomm.core.streams import RESIDUAL, kind_of
from todacomm.results.table import RUN_LAYER, framed

RANKED = (*COMPARED, "expansion_ratio_norm")
LIKELIHOODS = ("bits_per_byte", "perplexity")
MIN_MODELS = 5
GRID = np.linspace(0.0, 1.0, 21)
"""Relative depths at which curves of models of different depth are compared."""
_ENDS = ("embedding", "final")
"""Layers of the residual stream that are no block's output."""
_Z = 1.959963984540054
_EXACT = 8
_DRAWS, _DEALS = 20_000, 499


def ranking(gathered: Gathered, metrics: tuple[str, ...] = RANKED) -> pd.DataFrame:
    """Analyses by a metric's mean over the blocks, or by a number of the whole run; largest first.

    The standard error of a mean over blocks is the mean of the blocks' own: blocks read the same texts, and it is the
    largest it can be, whatever ties them together. ``rank_lo`` and ``rank_hi`` are the ranks that the intervals leave
    open: one more than the analyses whose intervals lie wholly above, and all but those wholly below.

    Returns
    -------
    DataFrame
        ``metric, rank, rank_lo, rank_hi, label, value, se, lo, hi, blocks``; analyses in which the metric is not
        defined are left out.
    """
    tables = []
    means = numbers(gathered)
    for metric in metrics:
        frame = means[means["metric"] == metric]
        frame = frame.sort_values("value", ascending=False, kind="stable", ignore_index=True)
        lo, hi = (np.sort(frame[bound].fillna(frame["value"]).to_numpy()) for bound in ("lo", "hi"))
        above = len(frame) - np.searchsorted(lo, frame["hi"].fillna(frame["value"]), side="right")
        below = np.searchsorted(hi, frame["lo"].fillna(frame["value"]), side="left")
        ranks = {"rank": np.arange(1, len(frame) + 1), "rank_lo": 1 + above, "rank_hi": len(frame) - below}
        tables.append(pd.DataFrame({"metric": metric, **ranks, **frame.drop(columns="metric")}))
    return pd.concat(tables, ignore_index=True)


def numbers(gathered: Gathered) -> pd.DataFrame:
    """One number for each analysis and metric: the mean over the blocks, or that of the whole run.

    Returns
    -------
    DataFrame
        ``label, metric, value, se, lo, hi, blocks``; without those that are not defined.
    """
    table = gathered.table[np.isfinite(gathered.table["value"])]
    whole = table[table["layer"] == RUN_LAYER].assign(blocks=0)
    along = _along(table)
    blocks = along[~along["layer"].isin(_ENDS)]
    grouped = blocks.groupby([LABEL, "metric"], sort=False)
    means = grouped[["value", "se"]].mean()
    means["blocks"] = grouped.size()
    means["se"] = means["se"].where(grouped["se"].count() == means["blocks"])
    means["lo"], means["hi"] = means["value"] - _Z * means["se"], means["value"] + _Z * means["se"]
    columns = [LABEL, "metric", "value", "se", "lo", "hi", "blocks"]
    return pd.concat([means.reset_index()[columns], whole[columns]], ignore_index=True)


def depth_curves(gathered: Gathered, metrics: tuple[str, ...] | None = None) -> pd.DataFrame:
    """Every metric over relative depth: ``label, metric, layer, depth, value, lo, hi, p_adjusted``."""
    table = gathered.table[gathered.table["layer"] != RUN_LAYER]
    if metrics is not None:
        table = table[table["metric"].isin(metrics)]
    columns = [LABEL, "metric", "layer", "depth", "value", "lo", "hi", "p_adjusted"]
    return table[columns].reset_index(drop=True)


def families(gathered: Gathered, metrics: tuple[str, ...] = COMPARED) -> pd.DataFrame:
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
        for metric in metrics:
            distance = curve_distances(gathered, metric)
            known = np.isfinite(distance).sum(axis=1) > 1
            groups, among = names[known], distance[np.ix_(known, known)]
            within, between = _split(among, groups)
            if np.isfinite(within) and np.isfinite(between):
                rows.append({
                    "grouping": grouping, "metric": metric, "groups": ", ".join(sorted(set(groups))),
                    "within": within, "between": between, "ratio": within / between if between else np.nan,
                    "p": _dealt_p(among, groups),
                })  # fmt: skip
    return framed(rows, ["grouping", "metric", "groups", "within", "between", "ratio", "p"])


def correlates(gathered: Gathered, metrics: tuple[str, ...] = COMPARED) -> pd.DataFrame:
    """Spearman's correlation of topology with how well the models predict, one row a metric, one point a *model*.

    Trained decoders with a likelihood only; of several revisions of a model the first. ``p`` is two-sided,
    over all permutations up to 8 models and over 20,000 of them beyond.

    Returns
    -------
    DataFrame
        ``likelihood, metric, models, spearman, p``; empty under 5 models: with four, no arrangement is rarer than 1 in
        12. :func:`correlates_refused` says so.
    """
    rows = []
    means = numbers(gathered).pivot(index=LABEL, columns="metric", values="value")
    for likelihood in LIKELIHOODS:
        points = _with_likelihood(gathered, likelihood)
        for metric in metrics:
            of_models = means.reindex(points.index).get(metric, pd.Series(dtype=float)).dropna()
            if len(of_models) < MIN_MODELS:
                continue
            x, y = of_models.to_numpy(), points.loc[of_models.index].to_numpy()
            rho, p = spearman(x, y)
            rows.append({"likelihood": likelihood, "metric": metric, "models": len(x), "spearman": rho, "p": p})
    return framed(rows, ["likelihood", "metric", "models", "spearman", "p"])


def correlates_refused(gathered: Gathered) -> str:
    """Why there is no table of correlates; empty where there is one."""
    if gathered.over != MODELS:
        return "one model over data sets has one likelihood a data set: it says how hard the texts are, not the model"
    n = max(len(_with_likelihood(gathered, name)) for name in LIKELIHOODS)
    if n >= MIN_MODELS:
        return ""
    who = "model has" if n == 1 else "models have"
    return (
        f"{n} trained {who} a likelihood here: a rank correlation needs {MIN_MODELS} at least, for with four no "
        "arrangement is rarer than 1 in 12"
    )


def spearman(x: np.ndarray, y: np.ndarray, seed: int = 0) -> tuple[float, float]:
    """Spearman's rank correlation and its two-sided permutation p: exact up to 8 points.

    >>> spearman(np.arange(5.0), np.arange(5.0) ** 3)
    (1.0, 0.016666666666666666)
    """
    a, b = rankdata(x), rankdata(y)
    a, b = a - a.mean(), b - b.mean()
    norm = float(np.sqrt((a @ a) * (b @ b)))
    if norm == 0.0:
        return math.nan, math.nan
    observed = float(a @ b) / norm
    if len(a) <= _EXACT:
        draws = np.array([b[list(order)] for order in permutations(range(len(b)))])
        extra = 0
    else:
        draws = np.random.default_rng(seed).permuted(np.tile(b, (_DRAWS, 1)), axis=1)
        extra = 1
    as_far = np.sum(np.abs(draws @ a) / norm >= abs(observed) - 1e-12)
    return observed, float((as_far + extra) / (len(draws) + extra))


def curve_distances(gathered: Gathered, metric: str) -> np.ndarray:
    """Mean absolute difference of the curves of every two analyses over relative depth, relative to their mean.

    Returns
    -------
    ndarray, shape (n_analyses, n_analyses)
        nan where two share no depth at which both are defined.
    """
    table = gathered.table[(gathered.table["metric"] == metric) & np.isfinite(gathered.table["value"])]
    by_label = dict(iter(_along(table).groupby(LABEL)))
    curves = np.array([_on_grid(by_label.get(label)) for label in gathered.labels])
    known = curves[np.isfinite(curves)]
    unit = float(np.abs(known).mean()) if len(known) else np.nan
    apart = np.abs(curves[:, None] - curves[None, :])
    count = np.isfinite(apart).sum(axis=2)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(count > 0, np.nansum(apart, axis=2) / count / unit, np.nan)


def _along(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of layers of the residual stream."""
    wanted = {name: name != RUN_LAYER and kind_of(name) == RESIDUAL for name in table["layer"].unique()}
    return table[table["layer"].map(wanted).astype(bool)]


def _on_grid(rows: pd.DataFrame | None) -> np.ndarray:
    """A curve at the depths of :data:`GRID`; nan beyond the layers in which it is defined."""
    if rows is None or len(rows) < 2:
        return np.full(len(GRID), np.nan)
    rows = rows.sort_values("depth")
    return np.interp(GRID, rows["depth"], rows["value"], left=np.nan, right=np.nan)


def _with_likelihood(gathered: Gathered, likelihood: str) -> pd.Series:
    """Likelihood of trained models by label, one entry a model."""
    runs = gathered.runs
    if gathered.over != MODELS or likelihood not in runs:
        return pd.Series(dtype=float)
    runs = runs[(runs["weights"] == "trained") & np.isfinite(runs[likelihood].astype(float))]
    return runs.drop_duplicates("model").set_index(LABEL)[likelihood].astype(float)


def _split(distance: np.ndarray, groups: np.ndarray) -> tuple[float, float]:
    """Mean distance of two members of one group, and of different ones."""
    known = np.isfinite(distance) & ~np.eye(len(groups), dtype=bool)
    same = groups[:, None] == groups
    within, between = (distance[known & pairs] for pairs in (same, ~same))
    return tuple(float(part.mean()) if len(part) else np.nan for part in (within, between))  # type: ignore[return-value]


def _dealt_p(distance: np.ndarray, groups: np.ndarray, seed: int = 0) -> float:
    """Share of the ways to deal the groups out in which their members are as alike, those that differ counted once."""
    codes = np.unique(groups, return_inverse=True)[1]
    sizes = np.bincount(codes)
    ways = math.factorial(len(codes)) // math.prod(math.factorial(int(size)) for size in sizes)
    if ways < MIN_DRAWS + 1:
        return math.nan
    if len(codes) <= _EXACT:
        deals, extra = [np.array(deal) for deal in sorted(set(permutations(codes.tolist())))], 0
    else:
        rng = np.random.default_rng(seed)
        deals, extra = [rng.permutation(codes) for _ in range(_DEALS)], 1
    within, between = _split(distance, codes)
    lower = sum(1 for deal in deals if np.subtract(*_split(distance, deal)) <= within - between + 1e-12)
    return (lower + extra) / (len(deals) + extra)
