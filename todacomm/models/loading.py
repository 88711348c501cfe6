"""A model ready to read texts: its weights or a random stand-in, whole or a block at a time, and its tokenizer."""

import logging

from todacomm.models.deferred import LARGE
from todacomm.models.loaded import LoadedModel
from todacomm.models.opening import open_model
from todacomm.models.placement import Placement, placement_of
from todacomm.models.streaming import open_streamed
from todacomm.models.whole import load_whole
from todacomm.settings.analysis import ModelConfig

log = logging.getLogger(__name__)


def load_model(config: ModelConfig, seed: int, *, placed: Placement | None = None, large: int = LARGE) -> LoadedModel:
    """Load the model that the settings name, where it fits; the log says its size, and where it goes if not whole.

    Parameters
    ----------
    seed : int
        Of the random weights; a trained model does not depend on it. The global generator stays as it is.
    placed : Placement, optional
        Where the weights go; decided by the settings, the model's size and the free memory without it.
    large : int
        Numbers in a tensor from which on one of a model read a block at a time is not made before it is needed.

    Raises
    ------
    ValueError
        The model cannot be found, read or run as asked; the message says what to do.
    """
    opened = open_model(config)
    placed = placed or placement_of(opened)
    if placed.kind != "whole":
        log.info("%s: %s", config.model, placed.reason)
    return open_streamed(opened, seed, large) if placed.kind == "stream" else load_whole(opened, seed, placed)
