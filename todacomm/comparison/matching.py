"""Which layers of two models stand beside each other."""

from typing import TYPE_CHECKING

from todacomm.core.similarity import matched_layers
from todacomm.core.streams import RESIDUAL, kind_of

if TYPE_CHECKING:
    from todacomm.tracking import Analysis


def residual_depths(analysis: "Analysis") -> dict[str, float]:
    """Relative depth of the layers along the residual stream."""
    return {name: depth for _, name, depth in analysis.settings["layers"] if kind_of(name) == RESIDUAL}


def matched_names(first: "Analysis", second: "Analysis") -> list[tuple[str, str]]:
    """Layers at the nearest relative depth: one pair for each layer of the model that has fewer."""
    depths = [residual_depths(analysis) for analysis in (first, second)]
    names = [list(layers) for layers in depths]
    pairs = matched_layers(*(list(layers.values()) for layers in depths))
    return [(names[0][i], names[1][j]) for i, j in pairs]
