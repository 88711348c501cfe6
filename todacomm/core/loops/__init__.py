"""Loops: which are there on half of the points too, which points make them, and what they go with."""

from todacomm.core.loops.cocycles import LoopBar, longest_bars, loop_bars
from todacomm.core.loops.reproduction import life_left, membership

__all__ = ["LoopBar", "life_left", "longest_bars", "loop_bars", "membership"]
