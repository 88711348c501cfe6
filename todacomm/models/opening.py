"""A model's config, tokenizer and files, opened and checked before any weight is read."""

import logging
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from todacomm.models.formats import quantisation
from todacomm.models.guarded import explained, quiet_transformers
from todacomm.models.plausible import check_sizes
from todacomm.models.reading import (
    Head,
    Kind,
    class_of_random,
    class_with_head,
    load_config,
    load_tokenizer,
    model_kind,
)
from todacomm.models.sources import Source, find_source
from todacomm.models.weights import sizes_in_words
from todacomm.settings.analysis import ModelConfig
from todacomm.settings.values import AUTO

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Opened:
    """What is known of a model before its weights are read.

    Attributes
    ----------
    asked : ModelConfig
        The settings that name it.
    settings, text_settings : PreTrainedConfig
        Its config, and the part of it that describes the reading of text.
    stored_as : str
        ``gguf`` or how its weights are quantised; empty where they are plain, or drawn at random.
    wanted_dtype : torch.dtype or None
        Precision of the pass; None keeps the stored one.
    auto : type
        The class of transformers that makes it.
    head : str or None
        The head that this class has.
    """

    asked: ModelConfig
    source: Source
    settings: Any
    text_settings: Any
    tokenizer: PreTrainedTokenizerBase
    kind: Kind
    stored_as: str
    device: torch.device
    wanted_dtype: torch.dtype | None
    auto: Any
    head: Head | None

    @property
    def trained(self) -> bool:
        return self.asked.weights == "trained"

    def make(self, **options: Any) -> PreTrainedModel:
        """The model as its config describes it, with random numbers."""
        trusted = self.asked.trust_remote_code
        model: PreTrainedModel = self.auto.from_config(deepcopy(self.settings), trust_remote_code=trusted, **options)
        return model

    @cached_property
    def hollow(self) -> PreTrainedModel:
        """The model without memory for its tensors.

        Raises
        ------
        ValueError
            The config describes nothing that can be built.
        """
        with explained(f"the config in {self.source.folder} cannot be used"), quiet_transformers():
            with torch.device("meta"):
                model = self.make()
            hollow = [name for name, parameter in model.named_parameters() if not parameter.numel()]
            if hollow:
                raise ValueError(f"{hollow[0]} would have the shape {tuple(model.get_parameter(hollow[0]).shape)}")
        return model

    @property
    def n_parameters(self) -> int:
        return sum(parameter.numel() for parameter in self.hollow.parameters())


def open_model(config: ModelConfig) -> Opened:
    """Open the model that the settings name; its size on disk and in memory is logged before a download.

    Raises
    ------
    ValueError
        The model cannot be found, or its config or tokenizer cannot be used; the message says what to do.
    """
    device = pick_device(config.device)
    dtype = pick_dtype(config.dtype, device)

    def log_size(n_bytes: int, n_parameters: int | None) -> None:
        log.info("%s: %s", config.model, sizes_in_words(n_bytes, n_parameters, dtype.itemsize if dtype else None))

    trained = config.weights == "trained"
    source = find_source(
        config.model, config.revision, weights=trained, allow_pickle=config.allow_pickle, on_size=log_size
    )
    with quiet_transformers():
        settings, text_settings = _settings(config, source)
        tokenizer = load_tokenizer(source, config.trust_remote_code)
        with explained(f"the config in {source.folder} cannot be used"):
            kind = model_kind(settings)
            auto, head = (class_with_head if trained else class_of_random)(settings, kind)
        stored_as = "gguf" if source.gguf else quantisation(settings)
    return Opened(
        asked=config,
        source=source,
        settings=settings,
        text_settings=text_settings,
        tokenizer=tokenizer,
        kind=kind,
        stored_as=stored_as if trained else "",
        device=device,
        wanted_dtype=dtype,
        auto=auto,
        head=head,
    )


def check_blocks(config: ModelConfig, expected: int) -> None:
    """Whether a model has as many blocks as its user believes; nothing but its config is read.

    Raises
    ------
    ValueError
        It has another number of them, or cannot be found.
    """
    source = find_source(config.model, config.revision, weights=False, allow_pickle=config.allow_pickle)
    with quiet_transformers():
        blocks = _settings(config, source)[1].num_hidden_layers
    if blocks != expected:
        raise ValueError(
            f"{config.model} has {blocks} blocks by its own config, not {expected}: leave --num-layers out"
        )


def _settings(config: ModelConfig, source: Source) -> tuple[Any, Any]:
    """A model's config, and the part of it that describes the reading of text."""
    settings = load_config(source, config.trust_remote_code)
    with explained(f"{source.name} cannot be read layer by layer"):
        text_settings = settings.get_text_config()
        check_sizes(text_settings, str(source.folder))
    return settings, text_settings


def pick_device(wanted: str) -> torch.device:
    """The device asked for; ``auto`` takes CUDA or MPS where present.

    Raises
    ------
    ValueError
        It is not there.
    """
    present = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if wanted == AUTO:
        return torch.device(next(name for name, there in present.items() if there))
    if not present[wanted]:
        there = ", ".join(name for name, there in present.items() if there)
        raise ValueError(f"device={wanted} is not there: this machine and its torch have {there}; auto takes the best")
    return torch.device(wanted)


def pick_dtype(wanted: str, device: torch.device) -> torch.dtype | None:
    """The precision asked for; ``auto`` is float32 on a CPU and the stored one (None) elsewhere."""
    if wanted == AUTO:
        return torch.float32 if device.type == "cpu" else None
    return {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}[wanted]
