"""A model opened to be read a block at a time: what is known of it, and where its numbers are."""

import hashlib
import logging
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import torch
from transformers import PreTrainedModel

from todacomm.config import ModelConfig
from todacomm.models.anatomy import Anatomy
from todacomm.models.checked import names_inside, needed, unused_in_body, unused_words
from todacomm.models.deferred import LARGE
from todacomm.models.formats import quantisation
from todacomm.models.guarded import explained, quiet_transformers
from todacomm.models.loading import (
    LoadedModel,
    ModelInfo,
    context_length,
    fuse_gelu,
    pick_device,
    pick_dtype,
    pick_pooling,
)
from todacomm.models.matching import match
from todacomm.models.plausible import check_largest, check_sizes
from todacomm.models.reading import (
    Head,
    class_of_random,
    class_with_head,
    load_config,
    load_tokenizer,
    lost_weights,
    model_kind,
    unlike_shapes,
    without_memory,
    wrong_shapes,
)
from todacomm.models.skeleton import DrawnWeights, FileWeights, Skeleton, built
from todacomm.models.sources import Source, find_source
from todacomm.models.stored import Stored, stored_tensors
from todacomm.models.survey import Surveyed, survey
from todacomm.models.weights import digest_files, tell_size

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class StreamedModel:
    """A model whose blocks are read one after the other.

    Attributes
    ----------
    loaded : LoadedModel
        As a model that is loaded whole; its tensors hold numbers only while ``skeleton`` has filled them.
    surveyed : Surveyed
        Where its blocks are, and what they give.
    """

    loaded: LoadedModel
    skeleton: Skeleton
    surveyed: Surveyed

    @property
    def info(self) -> ModelInfo:
        return self.loaded.info

    @property
    def layers(self) -> tuple[str, ...]:
        return self.loaded.layers

    @property
    def device(self) -> torch.device:
        return self.skeleton.device


def open_streamed(config: ModelConfig, seed: int, *, large: int = LARGE) -> StreamedModel:
    """Open a model to be read a block at a time; embeddings and first block are read once to find its blocks.

    Parameters
    ----------
    seed : int
        Of random weights; they are the same numbers as of the model loaded whole.
    large : int
        Numbers in a tensor from which on it is not made before it is needed.

    Raises
    ------
    ValueError
        As :func:`todacomm.models.load_model`; and where a model cannot be read so: its weights are pickles or
        quantised, or its architecture is no stack of blocks.
    """
    device = pick_device(config.device)
    trained = config.weights == "trained"

    def tell(n_bytes: int, n_parameters: int | None) -> None:
        log.info("%s: %s, read a block at a time", config.model, tell_size(n_bytes, n_parameters, None))

    source = find_source(config.model, config.revision, weights=trained, allow_pickle=config.allow_pickle, seen=tell)
    with quiet_transformers():
        settings = load_config(source, config.trust_remote_code)
        tokenizer = load_tokenizer(source, config.trust_remote_code)
        with explained(f"{source.name} cannot be read layer by layer"):
            text_settings = settings.get_text_config()
            check_sizes(text_settings, str(source.folder))
        with explained(f"the config in {source.folder} cannot be used"):
            kind = model_kind(settings)
        stored = _stored(source, settings) if trained else {}
        dtype = pick_dtype(config.dtype, device) or settings.dtype or _stored_dtype(stored)
        auto, head = class_with_head(settings, kind) if trained else class_of_random(settings, kind)

        empty = without_memory(auto, settings, config.trust_remote_code, source)
        if unlike := unlike_shapes(empty, match(empty, stored), stored):
            raise ValueError(f"the weights in {source.folder} cannot be loaded: {wrong_shapes(unlike)}")
        check_largest(empty, torch.float32.itemsize, str(source.folder))

        def make() -> Any:
            made_in = dtype if trained else torch.float32
            return auto.from_config(deepcopy(settings), dtype=made_in, trust_remote_code=config.trust_remote_code)

        with explained(f"{source.name} cannot be made without its weights: placement=whole loads it whole"):
            whole, recording = built(make, None if trained else seed, large)
        model: Any = whole.get_encoder() if kind == "encoder-decoder" else whole
        fuse_gelu(model)
        weights = (
            FileWeights(whole, stored, recording, dtype, device)
            if trained
            else DrawnWeights(whole, recording, dtype, device)
        )
        skeleton = Skeleton(whole, weights, device)
        with explained(f"{source.name} cannot be read layer by layer"):
            surveyed = survey(
                skeleton, model, text_settings.num_hidden_layers, decoder=kind == "decoder", has_head=head is not None
            )
        anatomy = surveyed.anatomy
        warnings: list[str] = []
        if isinstance(weights, FileWeights):
            model, head = _with_or_without_head(model, head, anatomy, whole, weights, source)
            if unused := unused_in_body(anatomy.body, weights.unused):
                warnings.append(unused_words(type(whole).__name__, unused))
            digest = digest_files(source.weights)
        else:
            digest = _digest_drawn(weights)
    info = ModelInfo(
        name=source.name,
        source=source.origin,
        revision=source.revision,
        family=settings.model_type,
        kind=kind,
        n_layers=anatomy.n_blocks,
        width=text_settings.hidden_size,
        n_parameters=sum(parameter.numel() for parameter in model.parameters()),
        context_length=context_length(model, text_settings, tokenizer),
        pooling=pick_pooling(config.pooling, kind, tokenizer),
        weights=config.weights,
        weights_digest=digest,
        head=head,
        dtype=str(dtype).removeprefix("torch."),
        device=device.type,
        placement="stream",
    )
    return StreamedModel(LoadedModel(model, tokenizer, anatomy, info, tuple(warnings)), skeleton, surveyed)


def _stored(source: Source, settings: Any) -> dict[str, Stored]:
    """The stored tensors, where they can be read a block at a time."""
    if method := "gguf" if source.gguf else quantisation(settings):
        raise ValueError(
            f"{source.name} is stored as {method}: a block at a time is read from plain safetensors only; "
            "set placement=whole"
        )
    if source.weights[0].suffix != ".safetensors":
        raise ValueError(
            f"{source.name} has its weights in {source.weights[0].name}: a block at a time is read from safetensors "
            "only; set placement=whole, or save the model again"
        )
    return stored_tensors(source.weights)


def _stored_dtype(stored: dict[str, Stored]) -> torch.dtype:
    """Precision of the first stored tensor of floating-point numbers; float32 where there is none."""
    floating = (entry.dtype for entry in stored.values() if entry.dtype.is_floating_point)
    return next(floating, torch.float32)


def _with_or_without_head(
    model: Any, head: Head | None, anatomy: Anatomy, whole: Any, weights: FileWeights, source: Source
) -> tuple[Any, Head | None]:
    """The model, or its body alone where the files lack a part of the head.

    Raises
    ------
    ValueError
        They lack a part of the body.
    """
    body = names_inside(whole, anatomy.body)
    missing = needed(weights.missing)
    if lost := [name for name in missing if name in body]:
        raise ValueError(lost_weights(source.folder, whole, lost))
    if head and missing:
        return (anatomy.body if isinstance(anatomy.body, PreTrainedModel) else model), None
    return model, head


def _digest_drawn(weights: DrawnWeights) -> str:
    """As :func:`todacomm.models.loading.digest_parameters` of the model made whole."""
    total = hashlib.sha256()
    for name, parameter in weights.drawn():
        total.update(name.encode())
        total.update(parameter.contiguous().numpy().tobytes())
    return total.hexdigest()[:16]
