"""Where a model's weights go: whole on a device, over several, or through it a block at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal

import torch

from todacomm.models.opening import Opened
from todacomm.system.machine import available_memory
from todacomm.system.units import format_bytes

Kind = Literal["whole", "spread", "stream"]
WORK_SHARE = 0.25
"""Part of the free memory that is left for the work beside the weights."""


@dataclass(frozen=True)
class Placement:
    """A decision, and why.

    Attributes
    ----------
    kind : str
        ``whole`` on one device, ``spread`` over several by accelerate, ``stream``: a block at a time.
    device_map : str, mapping or None
        For accelerate, where the model is spread: ``auto``, or a device for each part.
    reason : str
        For the log.
    """

    kind: Kind
    reason: str = ""
    device_map: str | Mapping[str, str] | None = None


def place(
    wanted: str,
    n_bytes: int,
    free: int,
    *,
    free_elsewhere: Sequence[int] = (),
    cannot_stream: str = "",
    accelerate: bool = True,
) -> Placement:
    """Decide where a model goes.

    Parameters
    ----------
    wanted : str
        ``auto``, ``whole`` or ``stream``.
    n_bytes : int
        What its weights take in the precision of the pass.
    free : int
        Bytes free on the device.
    free_elsewhere : sequence of int
        Bytes free on further devices of the same kind.
    cannot_stream : str
        Why it cannot be read a block at a time; empty where it can.
    accelerate : bool
        Whether that package is there, which spreads a model.

    Raises
    ------
    ValueError
        It cannot be.

    >>> place("auto", 30, 24).kind, place("auto", 2, 24).kind
    ('stream', 'whole')
    """
    if wanted == "stream":
        if cannot_stream:
            raise ValueError(f"placement=stream: {cannot_stream}")
        return Placement("stream", "a block at a time, as asked for")
    if wanted == "whole":
        return Placement("whole", "whole, as asked for")
    size, free_here = f"{format_bytes(n_bytes)} of weights", format_bytes(free)
    room = int((1 - WORK_SHARE) * free)
    if n_bytes <= room:
        return Placement("whole", f"whole: {size}, {free_here} are free")
    together = int((1 - WORK_SHARE) * (free + sum(free_elsewhere)))
    if free_elsewhere and n_bytes <= together and accelerate:
        return Placement("spread", f"over {1 + len(free_elsewhere)} devices: {size}, too many for one", "auto")
    if cannot_stream:
        raise ValueError(
            f"{size} do not fit into {free_here}, and the model is not read a block at a time: {cannot_stream}"
        )
    return Placement("stream", f"a block at a time: {size}, {free_here} are free")


def free_bytes(device: torch.device) -> tuple[int, tuple[int, ...]]:
    """Bytes free on a device, and on the further ones of its kind."""
    if device.type != "cuda":
        return available_memory(), ()
    free = [torch.cuda.mem_get_info(number)[0] for number in range(torch.cuda.device_count())]
    here = device.index or 0
    return free[here], tuple(amount for number, amount in enumerate(free) if number != here)


def placement_of(opened: Opened) -> Placement:
    """Where a model goes, by its settings, its config and its files; its weights are not read.

    Raises
    ------
    ValueError
        Its config describes nothing that can be built, or the placement cannot be.
    """
    wanted = opened.asked.placement
    if wanted == "whole":
        return place(wanted, 0, 0)
    if opened.stored_as not in ("", "gguf"):
        n_bytes = sum(path.stat().st_size for path in opened.source.weights)
    else:
        dtype = opened.wanted_dtype or opened.settings.dtype or torch.float32
        n_bytes = opened.n_parameters * dtype.itemsize
    free, elsewhere = free_bytes(opened.device)
    return place(
        wanted,
        n_bytes,
        free,
        free_elsewhere=elsewhere,
        cannot_stream=_cannot_stream(opened),
        accelerate=find_spec("accelerate") is not None,
    )


def _cannot_stream(opened: Opened) -> str:
    """Why a model is not read a block at a time; empty where it can be."""
    weights = opened.source.weights
    if opened.stored_as:
        return f"its weights are stored as {opened.stored_as}; take placement=whole"
    if opened.asked.adapter:
        return "an adapter is merged into a whole model: merge it, save that, and read it without adapter"
    if weights and weights[0].suffix != ".safetensors":
        return f"its weights are in {weights[0].name}, and not in safetensors: save the model again"
    return ""
