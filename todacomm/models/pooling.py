"""The pooling of a model: the one asked for, else that of its own files, else what its kind goes with."""

import json
from pathlib import Path
from typing import Any

from todacomm.settings.values import AUTO
from todacomm.system.foreign import foreign_file

FILE = "1_Pooling/config.json"
"""Of sentence-transformers."""
_MODES = {"cls_token": "cls", "mean_tokens": "mean", "lasttoken": "last", "cls": "cls", "mean": "mean"}
"""sentence-transformers' words for a pooling -> ours; older files have one switch each, newer ones one word."""


def stored_pooling(folder: Path) -> str | None:
    """``cls``, ``mean`` or ``last`` as a model's folder says; None where it says nothing, or a pooling of another kind.

    Raises
    ------
    ValueError
        The file is there and cannot be read.
    """
    path = folder / FILE
    if not path.exists():
        return None
    with foreign_file(path, "the pooling of a sentence-transformers model", "give pooling=cls, mean or last"):
        stored = dict(json.loads(path.read_text(encoding="utf-8")))
    switches = [name.removeprefix("pooling_mode_") for name, value in stored.items() if value is True]
    words = [stored["pooling_mode"]] if isinstance(stored.get("pooling_mode"), str) else switches
    modes = [word for word in words if word in _MODES or word.endswith(("tokens", "token"))]
    return _MODES.get(modes[0]) if len(modes) == 1 else None


def pick_pooling(wanted: str, kind: str, tokenizer: Any, stored: str | None = None) -> str:
    """The pooling asked for; ``auto`` is that of the model's own files, ``stored``, where they name one.

    Else it is last for decoders, cls for encoders that have such a token, mean otherwise.

    Raises
    ------
    ValueError
        ``cls`` is asked for and the tokenizer has no such token.
    """
    has_cls = tokenizer.cls_token_id is not None
    if wanted == AUTO:
        wanted = stored or ("last" if kind == "decoder" else "cls" if kind == "encoder" and has_cls else "mean")
    if wanted == "cls" and not has_cls:
        raise ValueError(
            "pooling=cls needs a CLS token, which this model's tokenizer does not have: choose last or mean"
        )
    return wanted
