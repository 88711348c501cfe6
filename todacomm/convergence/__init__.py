"""How many points are enough: every metric against the number of points and of principal components.

Settings are quick to read; numpy and pandas are imported with the first measurement.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from todacomm.convergence.config import ConvergenceConfig

if TYPE_CHECKING:
    from todacomm.convergence.job import converge
    from todacomm.convergence.measure import measure_convergence
    from todacomm.convergence.result import Convergence

__all__ = ["Convergence", "ConvergenceConfig", "converge", "measure_convergence"]

_HOME = {"Convergence": "result", "converge": "job", "measure_convergence": "measure"}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"todacomm.convergence.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
