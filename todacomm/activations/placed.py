"""A model's activations wherever its weights have to go: whole, over several devices, or a block at a time."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from todacomm.activations import extract
from todacomm.activations.prepared import Activations
from todacomm.activations.streamed import extract_streamed
from todacomm.config import AUTO, ModelConfig
from todacomm.models.loading import ModelInfo, load_model
from todacomm.models.placement import Placement, placement_of
from todacomm.models.streaming import open_streamed

log = logging.getLogger(__name__)


class Placed(NamedTuple):
    """What was done, and what it gave.

    Attributes
    ----------
    info : ModelInfo
        Of the model.
    activations : Activations
        Of the texts.
    placement : Placement
        Where the weights went, and why.
    """

    info: ModelInfo
    activations: Activations
    placement: Placement


def extract_placed(
    config: ModelConfig,
    seed: int,
    texts: Sequence[str],
    *,
    placement: str = AUTO,
    adapter: str = "",
    resume: Path | None = None,
    **options: Any,
) -> Placed:
    """Load a model where it fits and run it over texts.

    Parameters
    ----------
    seed : int
        Of random weights.
    placement : str
        ``whole``, ``stream``, or ``auto``: whole where it fits beside the work, over several GPUs where it fits into
        them together, else a block at a time.
    adapter : str
        Folder of a PEFT adapter merged into the weights.
    resume : Path, optional
        Where the state of a pass a block at a time is kept until it is finished.
    **options
        Of :func:`todacomm.activations.extract`.

    Raises
    ------
    ValueError
        The model, the placement or the options cannot be used.
    """
    decided = placement_of(config, placement, adapter)
    log.info("%s: %s", config.model, decided.reason)
    if decided.kind == "stream":
        streamed = open_streamed(config, seed)
        return Placed(streamed.info, extract_streamed(streamed, texts, resume=resume, **options), decided)
    loaded = load_model(config, seed, adapter=adapter, device_map=decided.device_map)
    return Placed(loaded.info, extract(loaded, texts, **options), decided)
