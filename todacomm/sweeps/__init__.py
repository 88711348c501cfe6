"""Many analyses: planned, handed out, never done twice, collected below one run."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from todacomm.sweeps.config import SweepConfig, load_sweep

if TYPE_CHECKING:
    from todacomm.sweeps.job import SweepFailed, plan_sweep, sweep
    from todacomm.sweeps.plan import Plan
    from todacomm.sweeps.result import Sweep

__all__ = ["Plan", "Sweep", "SweepConfig", "SweepFailed", "load_sweep", "plan_sweep", "sweep"]

_HOME = {"SweepFailed": "job", "plan_sweep": "job", "sweep": "job", "Plan": "plan", "Sweep": "result"}


def __getattr__(name: str) -> Any:
    """Import what is asked for only then: a command that prints its help needs no tables."""
    if name in _HOME:
        return getattr(import_module(f"todacomm.sweeps.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
