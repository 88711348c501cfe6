"""The processes that started this one, as they were when the package was first imported.

Heavy imports take seconds. A parent that ends meanwhile would go unnoticed if it were asked for only afterwards.
"""

import os

_SHELLS = ("bash", "sh")


def parents() -> tuple[int, ...]:
    """Process id of the parent, and of its parent where the parent is the shell that ``mlflow run`` starts."""
    import psutil

    parent = os.getppid()
    try:
        process = psutil.Process(parent)
        return (parent, process.ppid()) if process.name() in _SHELLS else (parent,)
    except psutil.Error:
        return (parent,)


FIRST_PARENTS = parents() if "MLFLOW_RUN_ID" in os.environ else ()
"""Those at the first import, where ``mlflow run`` is among them; else none."""
