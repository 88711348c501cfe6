"""Names for the arrays that the core takes and gives."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Indices = NDArray[np.intp]
"""Row numbers."""
