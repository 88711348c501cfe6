"""What is seen of a model before any geometry: one cloud a layer, and what is known of the texts behind its rows."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from todacomm.config import AnalysisConfig
from todacomm.progress import Progress, silent

OWN_CLOUDS = "clouds:"


@dataclass(frozen=True)
class Observation:
    """The clouds of one model on one set of texts.

    Attributes
    ----------
    model, texts : dict
        Facts for the record: name, revision, family, width ...; name, source, digest, ids ...
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
    """

    model: dict[str, Any]
    texts: dict[str, Any]
    clouds: dict[str, np.ndarray]
    likelihood: dict[str, float] = field(default_factory=dict)
    pooled_tokens: np.ndarray | None = None
    truncated_fraction: float = float("nan")
    token_embeddings: np.ndarray | None = None
    warnings: tuple[str, ...] = ()


def observe(config: AnalysisConfig, progress: Progress = silent) -> Observation:
    """Run the model on the texts, or read clouds that somebody else took (``model=clouds:FILE``).

    Raises
    ------
    ValueError
        The model, the texts or the file of clouds is not there or not usable.
    """
    if config.model.model.startswith(OWN_CLOUDS):
        from todacomm.own_clouds import read_clouds

        return read_clouds(Path(config.model.model.removeprefix(OWN_CLOUDS)))
    return run_model(config, progress)


def run_model(config: AnalysisConfig, progress: Progress = silent, shuffle_seed: int | None = None) -> Observation:
    """One forward pass of the model over the texts."""
