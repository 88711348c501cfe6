"""A layer's shape beyond its numbers."""

import re
from dataclasses import dataclass

import numpy as np

from todacomm.core.facts import RunWarning


@dataclass(frozen=True)
class LayerResult:
    """A layer's diagrams and curves.

    Attributes
    ----------
    index : int
        Its place among all layers of the run, streams included.
    depth : float
        From 0 (embedding) to 1 (last layer).
    diagrams : list of ndarray, shape (bars, 2)
        Birth and death by degree; degree 0 is reduced, every bar finite.
    curves : dict of ndarray
        ``scale`` with ``betti_0``, ``betti_1``, ``euler``; ``id_scale`` with ``id_dimension``; ``eigenvalues``.
        Bands end in ``_lo`` and ``_hi``. Beside them ``landscape_0``, ``image_0`` ... on grids that all runs share,
        see :func:`todacomm.core.vectors.recorded_vectors`.
    """

    name: str
    index: int
    depth: float
    diagrams: list[np.ndarray]
    curves: dict[str, np.ndarray]
    warnings: tuple[RunWarning, ...] = ()

    @property
    def file(self) -> str:
        """Name of its files, see :func:`layer_file`."""
        return layer_file(self.index, self.name)


def layer_file(index: int, name: str) -> str:
    """Name of a layer's files without the ending: its place among the layers, and what it is called.

    >>> layer_file(1, "layer_0"), layer_file(0, "obsm/../X")
    ('01_layer_0', '00_obsm_X')
    """
    return f"{index:02d}_{re.sub(r'[^a-zA-Z0-9]+', '_', name)[:60]}"
