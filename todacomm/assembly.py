"""From what was measured to the one tidy table in which it travels."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from todacomm.core.metrics import LAYER_METRICS
from todacomm.observation import Observation
from todacomm.tables import NULL_COLUMNS, RUN_LAYER, tidy

Values = Mapping[str, Mapping[str, float]]
"""Layer -> metric -> number."""


def identity(observed: Observation) -> dict[str, str]:
    """The columns that say which analysis a row belongs to."""
    return {
        "model": observed.model["name"],
        "revision": observed.model["revision"],
        "weights": observed.model["weights"],
        "dataset": observed.texts["name"],
    }


def layer_depths(names: Iterable[str]) -> dict[str, float]:
    """Relative depth of each layer: 0 for the first, 1 for the last.

    >>> layer_depths(["embedding", "layer_0", "final"])
    {'embedding': 0.0, 'layer_0': 0.5, 'final': 1.0}
    """
    names = list(names)
    return {name: index / max(len(names) - 1, 1) for index, name in enumerate(names)}
