"""A model ready to read texts: its weights or a random stand-in, its tokenizer, and what is known of both."""

import hashlib
import logging
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from todacomm.core.facts import RunWarning
from todacomm.models.anatomy import Anatomy, examine
from todacomm.models.fusing import fuse
from todacomm.models.head import head_stands_alone
from todacomm.models.reading import (
    explained,
    initialise,
    load_config,
    load_tokenizer,
    load_weights,
    model_kind,
    quiet_transformers,
)
from todacomm.models.sources import find_source
from todacomm.models.stored_pooling import stored_pooling
from todacomm.models.weights import digest_files, tell_size
from todacomm.results.facts import ModelFacts
from todacomm.settings.analysis import ModelConfig
from todacomm.settings.values import AUTO

log = logging.getLogger(__name__)

UNLIMITED = 10**6
"""A tokenizer that knows no limit says so by a number above this."""


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A model in evaluation mode with its tokenizer.

    Attributes
    ----------
    layers : tuple of str
        The names of its layers in the order of depth.
    warnings : tuple of RunWarning
        What a reader of the results should know of the loading.
    """

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    anatomy: Anatomy
    info: ModelFacts
    warnings: tuple[RunWarning, ...] = ()

    @property
    def layers(self) -> tuple[str, ...]:
        return self.anatomy.layer_names


def load_model(config: ModelConfig, seed: int) -> LoadedModel:
    """Load the model that the settings name; its size on disk and in memory is logged before a download.

    Parameters
    ----------
    seed : int
        Of the random weights; a trained model does not depend on it. The global generator stays as it is.

    Raises
    ------
    ValueError
        The model cannot be found, read or run as asked; the message says what to do.
    """
    device = pick_device(config.device)
    dtype = pick_dtype(config.dtype, device)

    def tell(n_bytes: int, n_parameters: int | None) -> None:
        log.info("%s: %s", config.model, tell_size(n_bytes, n_parameters, dtype.itemsize if dtype else None))

    trained = config.weights == "trained"
    source = find_source(config.model, config.revision, weights=trained, allow_pickle=config.allow_pickle, seen=tell)
    model: Any
    with quiet_transformers():
        settings = load_config(source, config.trust_remote_code)
        tokenizer = load_tokenizer(source, config.trust_remote_code)
        kind = model_kind(settings)
        if trained:
            model, head = load_weights(source, settings, kind, dtype, config.trust_remote_code)
            digest = digest_files(source.weights)
        else:
            model, head = initialise(settings, kind, seed, config.trust_remote_code)
            digest = digest_parameters(model)
            model.to(dtype or settings.dtype or torch.float32)
    if kind == "encoder-decoder":
        model = model.get_encoder()
    model.eval().requires_grad_(False).to(device)
    fuse(model)

    text_settings = settings.get_text_config()
    with explained(f"{source.name} cannot be read layer by layer"):
        anatomy = examine(model, text_settings.num_hidden_layers, decoder=kind == "decoder")
    warnings = []
    if head and not head_stands_alone(model, anatomy):
        text = "no likelihood: the language-model head reads more than the last hidden states"
        warnings.append(RunWarning("no_likelihood", text))
        head = None
    info = ModelFacts(
        name=source.name,
        source=source.origin,
        revision=source.revision,
        family=settings.model_type,
        kind=kind,
        n_layers=anatomy.n_blocks,
        width=text_settings.hidden_size,
        n_parameters=sum(parameter.numel() for parameter in model.parameters()),
        context_length=context_length(model, text_settings, tokenizer),
        pooling=pick_pooling(config.pooling, kind, tokenizer, stored_pooling(source.folder)),
        weights=config.weights,
        weights_digest=digest,
        head=head,
        dtype=str(model.dtype).removeprefix("torch."),
        device=device.type,
    )
    return LoadedModel(model, tokenizer, anatomy, info, tuple(warnings))


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


def pick_pooling(wanted: str, kind: str, tokenizer: PreTrainedTokenizerBase, stored: str | None = None) -> str:
    """The pooling asked for; ``auto`` is that of the model's own files, ``stored``, where they name one.

    Else it is last for decoders, cls for encoders that have such a token, mean otherwise.

    Raises
    ------
    ValueError
        ``cls`` is asked for and the tokenizer has no such token.
    """
    has_cls = tokenizer.cls_token_id is not None
    if wanted == AUTO:
        wanted = stored or AUTO
    if wanted == AUTO:
        return "last" if kind == "decoder" else "cls" if kind == "encoder" and has_cls else "mean"
    if wanted == "cls" and not has_cls:
        raise ValueError(
            "pooling=cls needs a CLS token, which this model's tokenizer does not have: choose last or mean"
        )
    return wanted


def context_length(model: nn.Module, settings: Any, tokenizer: PreTrainedTokenizerBase) -> int | None:
    """Longest text in tokens, special ones included: the config's positions, less those kept for padding (RoBERTa)."""
    positions: int | None = getattr(settings, "max_position_embeddings", None)
    if positions is None:
        return tokenizer.model_max_length if tokenizer.model_max_length < UNLIMITED else None
    tables = (module for module in model.modules() if isinstance(module, nn.Embedding))
    padding = (table.padding_idx for table in tables if table.num_embeddings == positions)
    return positions - max((index + 1 for index in padding if index is not None), default=0)


def digest_parameters(model: nn.Module) -> str:
    """Digest of the parameters' names and numbers."""
    total = hashlib.sha256()
    for name, parameter in sorted(model.named_parameters()):
        total.update(name.encode())
        total.update(parameter.detach().contiguous().numpy().tobytes())
    return total.hexdigest()[:16]
