"""The process that started this one, as it was when the package was first imported.

Heavy imports take seconds. A parent that ends meanwhile would go unnoticed if it were asked for only afterwards.
"""

import os

FIRST_PARENT = os.getppid()
"""Process id of the parent at the first import."""
