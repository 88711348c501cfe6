"""What is observed of a model before any geometry: one cloud a layer, and the texts behind its rows."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from todacomm.core.facts import RunWarning
from todacomm.results.facts import ModelFacts, TextFacts


@dataclass(frozen=True)
class Observation:
    """The clouds of one model on one set of texts.

    Attributes
    ----------
    model, dataset : ModelFacts, TextFacts
        What is known of the model and of the texts.
    clouds : dict of ndarray, shape (n_points, n_dims)
        Pooled activations by layer in the order of depth, float32; row i is text i in every layer.
    likelihood : dict of float
        ``perplexity`` and ``bits_per_byte``, or ``pseudo_perplexity``; empty without a head.
    pooled_tokens : ndarray of int, shape (n_points,), or None
        Token id at the pooled position.
    truncated_fraction : float
        Share of the texts cut at ``max_length``; nan where it is unknown.
    token_embeddings : ndarray, shape (n_points, n_dims), or None
        Input embeddings at the pooled position, without positions.
    texts : DataFrame
        What each point read, see :func:`todacomm.results.texts.text_table`.
    """

    model: ModelFacts
    dataset: TextFacts
    clouds: dict[str, np.ndarray]
    likelihood: dict[str, float] = field(default_factory=dict)
    pooled_tokens: np.ndarray | None = None
    truncated_fraction: float = float("nan")
    token_embeddings: np.ndarray | None = None
    texts: pd.DataFrame = field(default_factory=pd.DataFrame)
    warnings: tuple[RunWarning, ...] = ()
