"""todacomm: language models compared by the topology of their activations."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from todacomm.system.parent import FIRST_PARENTS as FIRST_PARENTS

if TYPE_CHECKING:
    from todacomm.analysis.estimator import LayerTopology
    from todacomm.comparison.result import Comparison
    from todacomm.convergence.result import Convergence
    from todacomm.gates.result import Gate
    from todacomm.jobs.analyze import analyze, analyze_clouds
    from todacomm.jobs.compare import compare
    from todacomm.jobs.converge import converge
    from todacomm.jobs.gate import gate
    from todacomm.jobs.sweep import sweep
    from todacomm.jobs.training import TopologyCallback
    from todacomm.sweeps.result import Sweep
    from todacomm.tracking import Analysis, load_analysis, search_analyses

__all__ = [
    "Analysis", "Comparison", "Convergence", "Gate", "LayerTopology", "Sweep", "TopologyCallback", "analyze",
    "analyze_clouds", "compare", "converge", "gate", "load_analysis", "search_analyses", "sweep",
]  # fmt: skip

_HOME = {
    "analyze": "todacomm.jobs.analyze",
    "analyze_clouds": "todacomm.jobs.analyze",
    "Analysis": "todacomm.tracking",
    "Comparison": "todacomm.comparison.result",
    "compare": "todacomm.jobs.compare",
    "Convergence": "todacomm.convergence.result",
    "converge": "todacomm.jobs.converge",
    "Gate": "todacomm.gates.result",
    "gate": "todacomm.jobs.gate",
    "LayerTopology": "todacomm.analysis.estimator",
    "load_analysis": "todacomm.tracking",
    "search_analyses": "todacomm.tracking",
    "Sweep": "todacomm.sweeps.result",
    "sweep": "todacomm.jobs.sweep",
    "TopologyCallback": "todacomm.jobs.training",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for only then: a command that prints its help needs neither torch nor MLflow."""
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
