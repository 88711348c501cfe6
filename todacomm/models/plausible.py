"""Whether a model's config describes anything that can be built, asked before anything is built."""

from typing import Any

from todacomm.system.machine import available_memory
from todacomm.system.units import format_bytes

MOST_BLOCKS = 2_000
_NEEDED = ("num_hidden_layers", "hidden_size", "vocab_size")
_SIZES = (*_NEEDED, "num_attention_heads", "num_key_value_heads", "head_dim", "intermediate_size")
_NO_LIMIT = -1


def check_sizes(settings: Any, where: str) -> None:
    """Whether the sizes of a config are whole numbers from 1 on, and its blocks not beyond all measure.

    Parameters
    ----------
    settings : PreTrainedConfig
        Its text part where it has several.
    where : str
        The config's place, for the message.

    Raises
    ------
    ValueError
        One is missing or is no such number.
    """
    for name in _NEEDED:
        if getattr(settings, name, None) is None:
            raise ValueError(f"the config in {where} gives no {name}: expected that of a transformer that reads text")
    for name in _SIZES:
        value = getattr(settings, name, None)
        by_block = value if isinstance(value, list) and value and name not in _NEEDED else [value]
        for one in by_block:
            if one is not None and not _is_size(one):
                raise ValueError(f"the config in {where} has {name}={value!r}: expected a whole number from 1 on")
    positions = getattr(settings, "max_position_embeddings", None)
    if positions is not None and not _is_size(positions) and positions != _NO_LIMIT:
        raise ValueError(
            f"the config in {where} has max_position_embeddings={positions!r}: expected a whole number from 1 on"
        )
    if settings.num_hidden_layers > MOST_BLOCKS:
        raise ValueError(
            f"the config in {where} has num_hidden_layers={settings.num_hidden_layers:,}: "
            f"expected at most {MOST_BLOCKS:,}"
        )


def _is_size(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def check_room(n_numbers: int, bytes_each: int, what: str, where: str, remedy: str) -> None:
    """Whether something that a config describes fits into memory.

    Parameters
    ----------
    what : str
        What the numbers are, in words.

    Raises
    ------
    ValueError
        It does not.
    """
    needed, free = n_numbers * bytes_each, available_memory()
    if needed > free:
        raise ValueError(
            f"the config in {where} describes {what} of {n_numbers:,} numbers, which takes {format_bytes(needed)}; "
            f"{format_bytes(free)} are free: {remedy}"
        )
