"""Loops: which are there on half of the points too, which points make them, and what they go with."""

from todacomm.core.loops.association import Association, explain_angle, explain_sides
from todacomm.core.loops.cocycles import LoopBar, longest_bars, loop_bars
from todacomm.core.loops.coordinates import SmoothedAngle, circular_coordinate, circular_correlation, smoothed_angle
from todacomm.core.loops.gaps import Gap, gaps
from todacomm.core.loops.groups import halves_of_groups, left_on_groups
from todacomm.core.loops.layers import LayerLoops, layer_loops
from todacomm.core.loops.representatives import ShortestLoop, shortest_loop
from todacomm.core.loops.reproduction import leading, life_left, membership, prominence
from todacomm.core.loops.verdict import Evidence, Verdict, bar_p_values, verdict
