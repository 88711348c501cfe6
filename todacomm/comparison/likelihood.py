"""Topology against likelihood: rank correlations over trained models."""

import math
from itertools import permutations

import numpy as np
import pandas as pd

from todacomm.comparison.gathering import LABEL, Gathered
from todacomm.comparison.identity import MODELS
from todacomm.comparison.means import numbers
from todacomm.comparison.metrics import compared_metrics
from todacomm.core.ranks import average_ranks
from todacomm.results.table import framed

LIKELIHOODS = ("bits_per_byte", "perplexity")
MIN_MODELS = 5
_EXACT = 8
"""Models up to which every order is tried."""
_DRAWS = 20_000


def correlates(gathered: Gathered) -> pd.DataFrame:
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
        for metric in compared_metrics():
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
        return "one model on several data sets has one likelihood for each, which describes the texts and not the model"
    n = max(len(_with_likelihood(gathered, name)) for name in LIKELIHOODS)
    if n >= MIN_MODELS:
        return ""
    models = "1 trained model has" if n == 1 else f"{n} trained models have"
    return (
        f"{models} a likelihood here, and a rank correlation needs {MIN_MODELS} at least: with four models no order is "
        "rarer than 1 in 12"
    )


def spearman(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Spearman's rank correlation and its two-sided permutation p: exact up to 8 points.

    >>> spearman(np.arange(5.0), np.arange(5.0) ** 3)
    (1.0, 0.016666666666666666)
    """
    a, b = average_ranks(x), average_ranks(y)
    a, b = a - a.mean(), b - b.mean()
    norm = float(np.sqrt((a @ a) * (b @ b)))
    if norm == 0.0:
        return math.nan, math.nan
    observed = float(a @ b) / norm
    if len(a) <= _EXACT:
        draws = np.array([b[list(order)] for order in permutations(range(len(b)))])
        extra = 0
    else:
        draws = np.random.default_rng(0).permuted(np.tile(b, (_DRAWS, 1)), axis=1)
        extra = 1
    as_far = np.sum(np.abs(draws @ a) / norm >= abs(observed) - 1e-12)
    return observed, float((as_far + extra) / (len(draws) + extra))


def _with_likelihood(gathered: Gathered, likelihood: str) -> pd.Series:
    """Likelihood of trained models by label, one entry a model."""
    runs = gathered.runs
    if gathered.over != MODELS or likelihood not in runs:
        return pd.Series(dtype=float)
    runs = runs[(runs["weights"] == "trained") & np.isfinite(runs[likelihood].astype(float))]
    return runs.drop_duplicates("model").set_index(LABEL)[likelihood].astype(float)
