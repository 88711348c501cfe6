"""What a model is called wherever it is named: in runs, tags, tables, figures and on the console."""

from pathlib import Path

from todacomm.models.presets import PRESETS
from todacomm.settings.values import OBJECT, OWN_CLOUDS

_PLAIN = {"model", "models", "checkpoint", "best", "final", "last", "output", "hf"}
"""Names of folders that say nothing of the model in them."""
_OF_HUB_IDS = {preset.hub_id: preset.name for preset in PRESETS.values() if preset.hub_id}


def model_name(model: str) -> str:
    """The short name of a model: its preset's, else the last part of its hub id or path.

    A folder called ``model`` or the like has its parent's name; clouds of one's own have the name of their file.

    >>> model_name("google-bert/bert-base-uncased"), model_name("microsoft/phi-1_5"), model_name("gpt2")
    ('bert', 'phi-1_5', 'gpt2')
    >>> model_name("/data/stories260K/"), model_name("/data/minilm/model"), model_name("clouds:acts/base.v2.npz")
    ('stories260K', 'minilm', 'base.v2')
    """
    if model in PRESETS:
        return model
    if (name := model.removeprefix(OWN_CLOUDS)).startswith(OBJECT):
        return name.removeprefix(OBJECT)
    if model.startswith(OWN_CLOUDS):
        return Path(name).stem
    if model in _OF_HUB_IDS:
        return _OF_HUB_IDS[model]
    path = Path(model)
    if path.name in ("", ".", "..") or path.name in _PLAIN or model.startswith("~"):
        path = path.expanduser().resolve()
    return (path.parent.name if path.name in _PLAIN else path.name.removesuffix(".gguf")) or model


def with_adapter(name: str, adapter: str) -> str:
    """The name of a model with the adapter that is read on top of it, where there is one.

    >>> with_adapter("gpt2", ""), with_adapter("gpt2", "tuned/lora-1")
    ('gpt2', 'gpt2+lora-1')
    """
    return f"{name}+{Path(adapter).name}" if adapter else name
