"""Compile what is in machine code, so that no analysis waits for it.

python -m todacomm.core
"""

import numpy as np

from todacomm.core.inference import infer
from todacomm.core.layer import analyze_layer

angles = np.arange(12) * np.pi / 6
circle = np.column_stack([np.cos(angles), np.sin(angles)])
infer({"circle": analyze_layer(circle)}, {"circle": circle}, replicates=2, nulls=1)
