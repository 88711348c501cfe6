"""Names for the arrays that the core takes and gives."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Single = NDArray[np.float32]
Bools = NDArray[np.bool_]
Indices = NDArray[np.intp]
"""Row numbers."""
Words = NDArray[np.uint64]
"""Bits, 64 a word."""
