"""A model ready to read texts, and what is recorded of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from todacomm.core.facts import RunWarning
from todacomm.models.anatomy import Anatomy
from todacomm.models.names import with_adapter
from todacomm.models.opening import Opened
from todacomm.models.pooling import pick_pooling, stored_pooling
from todacomm.models.reading import Head
from todacomm.models.survey import Surveyed
from todacomm.results.facts import ModelFacts
from todacomm.system.digests import digest_of

UNLIMITED = 10**6
"""A tokenizer that knows no limit says so by a number above this."""
NO_LIKELIHOOD = RunWarning(
    "no_likelihood", "no likelihood: the language-model head reads more than the last hidden states"
)


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A model in evaluation mode with its tokenizer.

    Attributes
    ----------
    layers : tuple of str
        The names of its layers in the order of depth.
    warnings : tuple of RunWarning
        What a reader of the results should know of the loading.
    surveyed : Surveyed or None
        How it is read a block at a time; its tensors hold numbers only while they are needed. None: it is there whole.
    """

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    anatomy: Anatomy
    info: ModelFacts
    warnings: tuple[RunWarning, ...] = ()
    surveyed: Surveyed | None = None

    @property
    def layers(self) -> tuple[str, ...]:
        return self.anatomy.layer_names

    @property
    def device(self) -> torch.device:
        """Where token ids go."""
        return self.model.device if self.surveyed is None else self.surveyed.skeleton.device


def ready(
    opened: Opened,
    model: Any,
    anatomy: Anatomy,
    head: Head | None,
    *,
    digest: str,
    dtype: torch.dtype,
    placement: str,
    adapter_digest: str = "",
    warnings: Iterable[RunWarning] = (),
    surveyed: Surveyed | None = None,
) -> LoadedModel:
    """A model with the facts about it."""
    source, config = opened.source, opened.asked
    info = ModelFacts(
        name=with_adapter(source.name, config.adapter),
        source=source.origin,
        revision=source.revision,
        family=opened.settings.model_type,
        kind=opened.kind,
        n_layers=anatomy.n_blocks,
        width=opened.text_settings.hidden_size,
        n_parameters=sum(parameter.numel() for parameter in model.parameters()),
        context_length=context_length(model, opened.text_settings, opened.tokenizer),
        pooling=pick_pooling(config.pooling, opened.kind, opened.tokenizer, stored_pooling(opened.source.folder)),
        weights=config.weights,
        weights_digest=digest,
        head=head,
        dtype=str(dtype).removeprefix("torch."),
        device=opened.device.type,
        placement=placement,
        stored_as=opened.stored_as,
        adapter=config.adapter,
        adapter_digest=adapter_digest,
    )
    return LoadedModel(model, opened.tokenizer, anatomy, info, tuple(warnings), surveyed)


def context_length(model: nn.Module, settings: Any, tokenizer: PreTrainedTokenizerBase) -> int | None:
    """Longest text in tokens, special ones included: the config's positions, less those kept for padding (RoBERTa)."""
    positions: int | None = getattr(settings, "max_position_embeddings", None)
    if positions is None or positions < 1:
        return tokenizer.model_max_length if tokenizer.model_max_length < UNLIMITED else None
    tables = (module for module in model.modules() if isinstance(module, nn.Embedding))
    padding = (table.padding_idx for table in tables if table.num_embeddings == positions)
    return positions - max((index + 1 for index in padding if index is not None), default=0)


def digest_parameters(named: Iterable[tuple[str, Tensor]]) -> str:
    """Digest of parameters' names and numbers, given in the order of their names."""
    numbers = ((name.encode(), one.detach().cpu().reshape(-1).view(torch.uint8)) for name, one in named)
    return digest_of(part for name, one in numbers for part in (name, one.numpy()))
