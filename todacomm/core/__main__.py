"""Compile what is in machine code, so that no analysis waits for it.

python -m todacomm.core
"""

import numpy as np

from todacomm.core.inference import infer
from todacomm.core.layer import analyze_layer
<<<<<<< HEAD
from todacomm.core.loops import leading, loop_bars

angles = np.arange(12) * np.pi / 6
circle = analyze_layer(np.column_stack([np.cos(angles), np.sin(angles)]))
all_points = np.ones((1, 12), dtype=np.bool_)
leading(circle.distances, loop_bars(circle.distances), all_points, [circle.diagrams[1]])
=======

angles = np.arange(12) * np.pi / 6
circle = np.column_stack([np.cos(angles), np.sin(angles)])
infer({"circle": analyze_layer(circle)}, {"circle": circle}, replicates=2, nulls=1)
>>>>>>> main
