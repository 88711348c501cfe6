"""What a layer's cloud is, in words."""

from collections.abc import Iterable

from todacomm.settings.analysis import TopologyConfig


def cloud_words(topology: TopologyConfig, widths: Iterable[int]) -> str:
    """The coordinates and the distance of the clouds of models of these widths.

    >>> cloud_words(TopologyConfig(), [768])
    '50 principal components, not z-scored, euclidean distance'
    >>> cloud_words(TopologyConfig(), [12])
    'all 12 dimensions (pca=50), not z-scored, euclidean distance'
    """
    if topology.distances:
        return "distances as given, no coordinates"
    scored = "z-scored" if topology.standardize else "not z-scored"
    return f"{_coordinates(topology.pca, set(widths))}, {scored}, {topology.metric} distance"


def _coordinates(pca: int, widths: set[int]) -> str:
    whole = sorted(width for width in widths if width <= pca)
    if not pca:
        return "no PCA"
    if not whole:
        return f"{pca} principal components"
    if len(whole) < len(widths):
        return f"{pca} principal components, or all dimensions where there are no more"
    return f"all {' or '.join(map(str, whole))} dimensions (pca={pca})"
