"""Compile what is in machine code, so that no analysis waits for it.

python -m todacomm.core
"""

import numpy as np

from todacomm.core.layer import analyze_layer
from todacomm.core.loops import life_left, loop_bars

angles = np.arange(12) * np.pi / 6
circle = analyze_layer(np.column_stack([np.cos(angles), np.sin(angles)]))
life_left(circle.distances, loop_bars(circle.distances), np.ones((1, 12), dtype=np.bool_))
