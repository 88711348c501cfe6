"""The numeric core: arrays in, numbers out; needs numpy and scipy, never torch, mlflow or matplotlib."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from todacomm.core.layer import analyze_distances, analyze_layer

__all__ = ["analyze_distances", "analyze_layer"]


def __getattr__(name: str) -> Any:
    """Import what measures a layer only when it is asked for: facts and names need no scipy."""
    if name in __all__:
        from todacomm.core import layer

        return getattr(layer, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
