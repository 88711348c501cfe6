"""Compile what is in machine code, so that no analysis waits for it.

python -m todacomm.core
"""

import numpy as np

from todacomm.core.inference import infer
from todacomm.core.layer import analyze_layer
from todacomm.core.loops import circular_coordinate, loop_bars

angles = np.arange(12) * np.pi / 6
circle = np.column_stack([np.cos(angles), np.sin(angles)])
layer = analyze_layer(circle)
infer({"circle": layer}, {"circle": circle}, replicates=2, nulls=1)
circular_coordinate(layer.distances, loop_bars(layer.distances)[0])
