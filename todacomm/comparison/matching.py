"""Which layers of two models stand beside each other, and the rows of the table that they have."""

from typing import TYPE_CHECKING

import pandas as pd

from todacomm.core.similarity import matched_layers
from todacomm.core.streams import RESIDUAL, kind_of
from todacomm.results.table import RUN_LAYER, own_rows

if TYPE_CHECKING:
    from todacomm.tracking import Analysis


def own_layers(analysis: "Analysis") -> pd.DataFrame:
    """The rows of the tidy table that are the run's own, of layers along the residual stream."""
    return along_residual(own_rows(analysis.tables.layers))


def along_residual(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of layers of the residual stream."""
    wanted = {name: name != RUN_LAYER and kind_of(name) == RESIDUAL for name in table["layer"].unique()}
    return table[table["layer"].map(wanted).astype(bool)]


def residual_depths(analysis: "Analysis") -> dict[str, float]:
    """Relative depth of the layers along the residual stream."""
    return {name: depth for _, name, depth in analysis.settings["layers"] if kind_of(name) == RESIDUAL}


def matched_names(first: "Analysis", second: "Analysis") -> list[tuple[str, str]]:
    """Layers at the nearest relative depth: one pair for each layer of the model that has fewer."""
    depths = [residual_depths(analysis) for analysis in (first, second)]
    names = [list(layers) for layers in depths]
    pairs = matched_layers(*(list(layers.values()) for layers in depths))
    return [(names[0][i], names[1][j]) for i, j in pairs]
