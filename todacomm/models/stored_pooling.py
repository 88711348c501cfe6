"""How a model's own files say that it is pooled: sentence-transformers' ``1_Pooling/config.json``."""

import json
from pathlib import Path

from todacomm.system.foreign import foreign_file

FILE = "1_Pooling/config.json"
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
