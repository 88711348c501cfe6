"""Where a model's weights go: whole on a device, over several, or through it a block at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal

import torch

from todacomm.config import AUTO, ModelConfig
from todacomm.machine import available_memory
from todacomm.models.formats import quantisation
from todacomm.models.guarded import explained, quiet_transformers
from todacomm.models.loading import pick_device, pick_dtype
from todacomm.models.plausible import check_sizes
from todacomm.models.reading import class_of_random, class_with_head, load_config, model_kind, without_memory
from todacomm.models.sources import Source, find_source

Kind = Literal["whole", "spread", "stream"]
PLACEMENTS = ("auto", "whole", "stream")
GIB = 2**30
WORK_SHARE = 0.25
"""Part of the free memory that is left for the work beside the weights."""


@dataclass(frozen=True)
class Placement:
    """A decision, and why.

    Attributes
    ----------
    kind : str
        ``whole`` on one device, ``spread`` over several by accelerate, ``stream``: a block at a time.
    device_map : str or None
        For :func:`todacomm.models.load_model`, where the model is spread.
    reason : str
        For the log and the record.
    """

    kind: Kind
    device_map: str | None
    reason: str


def place(
    wanted: str,
    n_bytes: int,
    free: int | None,
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
    free : int or None
        Bytes free on the device; None where nobody tells.
    free_elsewhere : sequence of int
        Bytes free on further devices of the same kind.
    cannot_stream : str
        Why it cannot be read a block at a time; empty where it can.
    accelerate : bool
        Whether that package is there, which spreads a model.

    Raises
    ------
    ValueError
        The placement is unknown, or cannot be.

    >>> place("auto", 30 * GIB, 24 * GIB).kind, place("auto", 2 * GIB, 24 * GIB).kind
    ('stream', 'whole')
    """
    if wanted not in PLACEMENTS:
        raise ValueError(f"unknown placement {wanted!r}: choose {', '.join(PLACEMENTS[:-1])} or {PLACEMENTS[-1]}")
    if wanted == "stream":
        if cannot_stream:
            raise ValueError(f"placement=stream: {cannot_stream}")
        return Placement("stream", None, "a block at a time, as asked for")
    if wanted == "whole":
        return Placement("whole", None, "whole, as asked for")
    if free is None:
        return Placement("whole", None, "whole: how much memory is free is not known")
    size = f"{n_bytes / GIB:,.1f} GiB of weights"
    room = int((1 - WORK_SHARE) * free)
    if n_bytes <= room:
        return Placement("whole", None, f"whole: {size}, {free / GIB:,.1f} GiB are free")
    together = int((1 - WORK_SHARE) * (free + sum(free_elsewhere)))
    if free_elsewhere and n_bytes <= together and accelerate:
        return Placement("spread", "auto", f"over {1 + len(free_elsewhere)} devices: {size}, too many for one")
    if cannot_stream:
        raise ValueError(
            f"{size} do not fit into {free / GIB:,.1f} GiB, and the model is not read a block at a time: "
            f"{cannot_stream}"
        )
    return Placement("stream", None, f"a block at a time: {size}, {free / GIB:,.1f} GiB are free")


def free_bytes(device: torch.device) -> tuple[int | None, tuple[int, ...]]:
    """Bytes free on a device, and on the further ones of its kind."""
    if device.type != "cuda":
        return available_memory(), ()
    free = [torch.cuda.mem_get_info(number)[0] for number in range(torch.cuda.device_count())]
    here = device.index or 0
    return free[here], tuple(amount for number, amount in enumerate(free) if number != here)


def placement_of(config: ModelConfig, wanted: str = AUTO, adapter: str = "") -> Placement:
    """Where the model that the settings name goes, by its config and files; its weights are not read.

    Raises
    ------
    ValueError
        The model cannot be found or its config not be used, or the placement cannot be.
    """
    if wanted == "whole":
        return place(wanted, 0, None)
    trained = config.weights == "trained"
    source = find_source(
        config.model, config.revision, weights=trained, allow_pickle=config.allow_pickle, seen=lambda *_: None
    )
    device = pick_device(config.device)
    with quiet_transformers():
        settings = load_config(source, config.trust_remote_code)
        with explained(f"the config in {source.folder} cannot be used"):
            check_sizes(settings.get_text_config(), str(source.folder))
            kind = model_kind(settings)
            auto = (class_with_head if trained else class_of_random)(settings, kind)[0]
        method = "gguf" if source.gguf else quantisation(settings) if trained else ""
        if method and not source.gguf:
            n_bytes = sum(path.stat().st_size for path in source.weights)
        else:
            dtype = pick_dtype(config.dtype, device) or settings.dtype or torch.float32
            empty = without_memory(auto, settings, config.trust_remote_code, source)
            n_bytes = sum(parameter.numel() for parameter in empty.parameters()) * dtype.itemsize
    free, elsewhere = free_bytes(device)
    return place(
        wanted,
        n_bytes,
        free,
        free_elsewhere=elsewhere,
        cannot_stream=_cannot_stream(source, method, adapter),
        accelerate=find_spec("accelerate") is not None,
    )


def _cannot_stream(source: Source, method: str, adapter: str) -> str:
    """Why a model is not read a block at a time; empty where it can be."""
    if method:
        return f"its weights are stored as {method}"
    if adapter:
        return "an adapter is merged into a whole model: merge it, save that, and read it without adapter"
    if source.weights and source.weights[0].suffix != ".safetensors":
        return f"its weights are in {source.weights[0].name}, and not in safetensors"
    return ""
