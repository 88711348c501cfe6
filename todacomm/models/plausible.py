"""Whether a model's config describes anything that can be built, asked before anything is built."""

from typing import Any

from torch import nn

from todacomm.system.machine import available_memory

MOST_BLOCKS = 2_000
_NEEDED = ("num_hidden_layers", "hidden_size", "vocab_size")
_SIZES = (*_NEEDED, "num_attention_heads", "num_key_value_heads", "head_dim", "intermediate_size")
_NO_LIMIT = -1
GIB = 2**30


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


def check_room(model: nn.Module, bytes_each: int, where: str) -> None:
    """Whether a model fits into memory.

    Parameters
    ----------
    model : Module
        Its tensors may hold nothing.
    bytes_each : int
        Bytes of a parameter.

    Raises
    ------
    ValueError
        It does not fit.
    """
    n_parameters = sum(parameter.numel() for parameter in model.parameters())
    needed, free = n_parameters * bytes_each, available_memory()
    if needed > free:
        raise ValueError(
            f"the config in {where} describes {n_parameters:,} parameters, which take {needed / GIB:,.1f} GiB; "
            f"{free / GIB:,.1f} GiB are free: set placement=stream, or take a smaller model"
        )


def check_largest(model: nn.Module, bytes_each: int, where: str) -> None:
    """Whether a model's largest tensor fits into memory twice: being made, and as it is used.

    Raises
    ------
    ValueError
        It does not.
    """
    largest = max((parameter.numel() for parameter in model.parameters()), default=0)
    needed, free = 2 * largest * bytes_each, available_memory()
    if needed > free:
        raise ValueError(
            f"the config in {where} describes a tensor of {largest:,} numbers, for which {needed / GIB:,.1f} GiB are "
            f"needed; {free / GIB:,.1f} GiB are free: take a smaller model"
        )
