"""Any Hugging Face transformer: from a name to a model that can be read layer by layer.

Naming and listing models is quick; torch and transformers are imported with the first model loaded.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from todacomm.models.layers import choose_layers, layer_names
from todacomm.models.presets import PRESETS, Preset

if TYPE_CHECKING:
    from todacomm.models.loading import LoadedModel, load_model

__all__ = ["PRESETS", "LoadedModel", "Preset", "choose_layers", "layer_names", "load_model"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module("todacomm.models.loading"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
