"""One thing that the numbers of an analysis or of a comparison say."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from todacomm.results.depth import Depth


@dataclass(frozen=True)
class Finding:
    """A fact that follows from the tables.

    Attributes
    ----------
    kind : str
        Which fact, such as ``long_bars``: the key of its words in :mod:`todacomm.reports`.
    layers : tuple of str
        Where it holds, in the order of depth; empty for one of the whole run.
    values : mapping
        Its numbers and names.
    labels : tuple of str
        The analyses of a comparison that it is about.
    """

    kind: str
    layers: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    labels: tuple[str, ...] = ()


def named(depth: Depth, chosen: np.ndarray) -> tuple[str, ...]:
    """The names of the chosen layers."""
    return tuple(depth.names[i] for i in np.flatnonzero(chosen))
