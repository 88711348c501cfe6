"""From a contrast and its margins to all facts of a comparison, as data."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from todacomm.core.arrays import Array
from todacomm.core.checks import as_cells
from todacomm.core.equivalence.contrasts import Contrast
from todacomm.core.equivalence.power import (
    smallest_difference,
    smallest_margin,
    texts_if_same_in_all,
    texts_to_settle,
)
from todacomm.core.equivalence.simultaneous import DRAWS, Simultaneous, joint_law, simultaneous
from todacomm.core.equivalence.verdicts import Verdicts, cell_verdicts, overall

Row = dict[str, Any]


@dataclass(frozen=True)
class Judgement:
    """Verdicts of a comparison over layers and metrics, with what so many texts could show.

    Attributes
    ----------
    intervals : Simultaneous
        Differences, simultaneous intervals, plain and adjusted p: arrays of shape ``(n_layers, n_metrics)``.
    margin : ndarray, shape (n_layers, n_metrics)
    missing, verdicts : ndarray of str, shape (n_layers, n_metrics)
    layer_verdicts : ndarray of str, shape (n_layers,)
    verdict : str
        Of the run.
    smallest_difference, smallest_margin, texts_to_settle : ndarray, shape (n_layers, n_metrics)
        See :mod:`todacomm.core.equivalence.power`.
    texts_if_same : float
        Number of texts at which a candidate without any difference would be called the same in all cells.
    """

    intervals: Simultaneous
    margin: Array
    missing: NDArray[np.str_]
    verdicts: Verdicts
    layer_verdicts: Verdicts
    verdict: str
    smallest_difference: Array
    smallest_margin: Array
    texts_to_settle: Array
    texts_if_same: float


def judge(
    contrast: Contrast,
    margin: ArrayLike,
    n_texts: int,
    rng: np.random.Generator,
    *,
    n_units: int | None = None,
    draws: int = DRAWS,
) -> Judgement:
    """Judge all layers and metrics of a comparison together.

    Parameters
    ----------
    contrast : Contrast
        Of cells ``(n_layers, n_metrics)``.
    margin : array, broadcast against the cells
        How far a metric may differ and still be the same.
    n_texts : int
        Texts of each run.
    rng : numpy.random.Generator
        Of the joint law; its seed moves the critical value by about half a per cent.
    n_units : int, optional
        What half-samples are halves of, where that is clusters of texts.

    Raises
    ------
    ValueError
        The cells are not layers by metrics, or the margin does not stretch to them.
    """
    if contrast.estimate.ndim != 2:
        raise ValueError(f"cells of shape {contrast.estimate.shape}: expected (n_layers, n_metrics)")
    margin = as_cells(margin, contrast.estimate.shape, "the margin")
    law = joint_law(contrast, n_units or n_texts, rng, draws)
    intervals = simultaneous(contrast, law)
    verdicts = cell_verdicts(intervals, margin)
    return Judgement(
        intervals=intervals,
        margin=margin,
        missing=contrast.missing,
        verdicts=verdicts,
        layer_verdicts=np.array([overall(*layer) for layer in zip(verdicts, contrast.missing, strict=True)], dtype=str),
        verdict=overall(verdicts, contrast.missing),
        smallest_difference=smallest_difference(intervals),
        smallest_margin=smallest_margin(intervals),
        texts_to_settle=texts_to_settle(intervals, margin, n_texts),
        texts_if_same=texts_if_same_in_all(contrast, law, margin, n_texts),
    )


def judgement_rows(judgement: Judgement, layers: Sequence[str], metrics: Sequence[str]) -> list[Row]:
    """One tidy row a layer and metric, layer by layer.

    Returns
    -------
    list of dict
        ``layer, metric, difference, se, lo, hi, p, p_adjusted, margin, verdict, missing, smallest_difference,
        smallest_margin, texts_to_settle``.
    """
    result = judgement.intervals
    columns = {
        "difference": result.estimate, "se": result.se, "lo": result.lo, "hi": result.hi, "p": result.p,
        "p_adjusted": result.p_adjusted, "margin": judgement.margin, "verdict": judgement.verdicts,
        "missing": judgement.missing, "smallest_difference": judgement.smallest_difference,
        "smallest_margin": judgement.smallest_margin, "texts_to_settle": judgement.texts_to_settle,
    }  # fmt: skip
    return [
        {"layer": layer, "metric": metric, **{name: values[i, j].item() for name, values in columns.items()}}
        for i, layer in enumerate(layers)
        for j, metric in enumerate(metrics)
    ]
