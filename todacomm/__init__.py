"""todacomm: language models compared by the topology of their activations."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from todacomm.comparison import Comparison, compare
    from todacomm.pipeline import analyze
    from todacomm.sweeps import Sweep, sweep
    from todacomm.tracking import Analysis, load_analysis, search_analyses

__all__ = ["Analysis", "Comparison", "Sweep", "analyze", "compare", "load_analysis", "search_analyses", "sweep"]

_HOME = {
    "analyze": "todacomm.pipeline",
    "Analysis": "todacomm.tracking",
    "Comparison": "todacomm.comparison",
    "compare": "todacomm.comparison",
    "load_analysis": "todacomm.tracking",
    "search_analyses": "todacomm.tracking",
    "Sweep": "todacomm.sweeps",
    "sweep": "todacomm.sweeps",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for only then: a command that prints its help needs neither torch nor MLflow."""
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
