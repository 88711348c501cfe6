"""What a loop is made of, as tables: the texts on it in order, and where every text lies on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from todacomm.core.loops.verdict import LOOP
from todacomm.core.loops.whole_run import LoopPoints
from todacomm.results.layer import LayerResult
from todacomm.results.texts import free_name

if TYPE_CHECKING:
    from todacomm.results.result import Result


@dataclass(frozen=True, eq=False)
class Loop:
    """One H1 bar of a layer and the texts that make it.

    Attributes
    ----------
    rank : int
        1 for the longest bar of the layer.
    verdict : str
        ``loop``, ``few texts``, ``none`` or ``not tested``.
    texts : DataFrame
        The texts on a shortest loop of the bar's class, in order around it; other loops are nearly as short.
    angle : Series or None
        Place of every text on the loop in radians, by the texts' own order; None for a bar that is no loop.
    """

    layer: str
    rank: int
    birth: float
    death: float
    reproduction: float
    p_adjusted: float
    verdict: str
    texts: pd.DataFrame
    angle: pd.Series | None


def pick_loop(loops: pd.DataFrame, points: Sequence[LoopPoints], texts: pd.DataFrame, layer: str, rank: int) -> Loop:
    """One bar with its texts.

    Raises
    ------
    ValueError
        There is no such bar; the message names those there are.
    """
    rows = loops[(loops["layer"] == layer) & (loops["rank"] == rank)]
    if not len(rows):
        ranks = loops.loc[loops["layer"] == layer, "rank"].astype(int).tolist()
        there = f"ranks {', '.join(map(str, ranks))}" if ranks else "no bars"
        raise ValueError(f"{layer} has no bar of rank {rank}: it has {there}")
    row = rows.iloc[0]
    own = next(one for one in points if (one.layer, one.rank) == (layer, rank))
    angle = None if own.angle is None else pd.Series(own.angle, index=texts.index, name="angle")
    numbers = {name: float(row[name]) for name in ("birth", "death", "reproduction", "p_adjusted")}
    return Loop(layer, rank, **numbers, verdict=str(row["verdict"]), texts=texts.iloc[own.points], angle=angle)


def loop_pictures(result: "Result") -> dict[str, Loop]:
    """Loops that have a picture, those of whose texts the place is known, by its path without the ending."""
    layers = {layer.name: layer for layer in result.layers}
    pictures = {}
    for _, row in result.loops[result.loops["verdict"] == LOOP].iterrows():
        loop = pick_loop(result.loops, result.loop_points, result.texts, str(row["layer"]), int(row["rank"]))
        if loop.angle is not None:
            pictures[picture_of_loop(layers[loop.layer], loop.rank)] = loop
    return pictures


def picture_of_loop(layer: LayerResult, rank: int) -> str:
    """Path of a loop's picture under the folder of a run, without the ending: ``plots/loops/01_layer_0_1``."""
    return f"plots/loops/{layer.file}_{rank}"


def loop_texts(points: Sequence[LoopPoints], texts: pd.DataFrame) -> pd.DataFrame:
    """The texts on every loop, one row each, in order around it: bar, place, row of the cloud, angle, and the text.

    A column of the user's with one of the first names, such as ``angle``, has an underscore more.
    """
    frames = []
    for one in points:
        place = pd.DataFrame({
            "layer": one.layer,
            "rank": one.rank,
            "place": np.arange(1, len(one.points) + 1),
            "row": one.points,
            "angle": np.nan if one.angle is None else one.angle[one.points],
        })  # fmt: skip
        known = texts.iloc[one.points].reset_index(drop=True) if len(texts) else pd.DataFrame()
        known.columns = [free_name(str(name), place) for name in known.columns]
        frames.append(pd.concat([place, known], axis=1))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
