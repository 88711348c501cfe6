"""A model opened to be read a block at a time: embeddings and first block are read once, to find its blocks."""

from typing import Any

import torch

from todacomm.core.facts import RunWarning
from todacomm.models.checked import unlike_shapes, unused_warnings, without_missing_head, wrong_shapes
from todacomm.models.fusing import fuse
from todacomm.models.guarded import explained, quiet_transformers
from todacomm.models.loaded import LoadedModel, digest_parameters, ready
from todacomm.models.matching import match
from todacomm.models.opening import Opened
from todacomm.models.plausible import check_room
from todacomm.models.skeleton import DrawnWeights, FileWeights, Skeleton, built
from todacomm.models.stored import Stored, stored_tensors
from todacomm.models.survey import survey
from todacomm.models.weights import digest_files


def open_streamed(opened: Opened, seed: int, large: int) -> LoadedModel:
    """A model of which no large tensor is there before it is needed.

    Parameters
    ----------
    seed : int
        Of random weights.
    large : int
        Numbers in a tensor from which on it is a large one.

    Raises
    ------
    ValueError
        Its weights are broken, not all there, not those of the config or of another form, or it is no stack of blocks.
    """
    source, device = opened.source, opened.device
    stored = stored_tensors(source.weights) if opened.trained else {}
    dtype = opened.wanted_dtype or opened.settings.dtype or _stored_dtype(stored)
    if unlike := unlike_shapes(opened.hollow, match(opened.hollow, stored), stored):
        raise ValueError(f"the weights in {source.folder} cannot be loaded: {wrong_shapes(unlike)}")
    largest = max(parameter.numel() for parameter in opened.hollow.parameters())
    twice = 2 * torch.float32.itemsize  # being made, and as it is used
    check_room(largest, twice, "a tensor", str(source.folder), "take a smaller model")
    weights: FileWeights | DrawnWeights
    with quiet_transformers():
        with explained(f"{source.name} cannot be made without its weights: placement=whole loads it whole"):
            made_in = dtype if opened.trained else torch.float32
            whole, recording = built(lambda: opened.make(dtype=made_in), None if opened.trained else seed, large)
        model: Any = whole.get_encoder() if opened.kind == "encoder-decoder" else whole
        fuse(model)
        if opened.trained:
            weights = FileWeights(whole, stored, recording, dtype, device)
        else:
            weights = DrawnWeights(whole, recording, dtype, device)
        skeleton, n_blocks = Skeleton(whole, weights, device), opened.text_settings.num_hidden_layers
        with explained(f"{source.name} cannot be read layer by layer"):
            has_head, decoder = opened.head is not None, opened.kind == "decoder"
            surveyed = survey(skeleton, model, n_blocks, decoder=decoder, has_head=has_head)
        head, body = opened.head, surveyed.anatomy.body
        warnings: list[RunWarning] = []
        if isinstance(weights, FileWeights):
            model, head = without_missing_head(whole, model, head, body, weights.missing, source.folder)
            warnings += unused_warnings(whole, body, weights.unused)
            digest = digest_files(source.weights)
        else:
            digest = digest_parameters(weights.drawn())
    return ready(
        opened,
        model,
        surveyed.anatomy,
        head,
        digest=digest,
        dtype=dtype,
        placement="stream",
        warnings=warnings,
        surveyed=surveyed,
    )


def _stored_dtype(stored: dict[str, Stored]) -> torch.dtype:
    """Precision of the first stored tensor of floating-point numbers; float32 where there is none."""
    floating = (entry.dtype for entry in stored.values() if entry.dtype.is_floating_point)
    return next(floating, torch.float32)
