"""Loops: which are there on half of the points too, which points make them, and what they go with."""

from todacomm.core.loops.cocycles import LoopBar, longest_bars, loop_bars
from todacomm.core.loops.representatives import ShortestLoop, shortest_loop
from todacomm.core.loops.reproduction import life_left, membership, prominence
from todacomm.core.loops.verdict import Verdict, bar_p_values, verdict

__all__ = [
    "LoopBar",
    "ShortestLoop",
    "Verdict",
    "bar_p_values",
    "life_left",
    "longest_bars",
    "loop_bars",
    "membership",
    "prominence",
    "shortest_loop",
    "verdict",
]
