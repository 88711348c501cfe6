"""A model ready to read texts: its weights or a random stand-in, its tokenizer, and what is known of both."""

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase
from transformers.activations import NewGELUActivation

from todacomm.config import AUTO, ModelConfig
from todacomm.models.adapters import adapter_digest, merge_adapter
from todacomm.models.anatomy import Anatomy, examine
from todacomm.models.checked import hold_against_files, names_inside, needed, unused_in_body, unused_words
from todacomm.models.formats import quantisation
from todacomm.models.guarded import explained, quiet_transformers
from todacomm.models.head import head_stands_alone
from todacomm.models.plausible import check_sizes
from todacomm.models.reading import (
    Head,
    Kind,
    Read,
    initialise,
    load_config,
    load_tokenizer,
    load_weights,
    lost_weights,
    model_kind,
)
from todacomm.models.sources import Source, find_source
from todacomm.models.weights import digest_files, tell_size

log = logging.getLogger(__name__)

UNLIMITED = 10**6
"""A tokenizer that knows no limit says so by a number above this."""
NO_LIKELIHOOD = "no likelihood: the language-model head reads more than the last hidden states"


@dataclass(frozen=True)
class ModelInfo:
    """What is recorded of a model.

    Attributes
    ----------
    name, source, revision : str
        Its name in tables; hub id, path or ``bundled:...``; commit on the hub or subfolder.
    family : str
        Architecture as the config names it.
    kind : str
        ``decoder``, ``encoder``, or ``encoder-decoder``, of which the encoder is read.
    n_layers, width, n_parameters : int
        Blocks, width between them, parameters of all that was loaded.
    context_length : int or None
        Longest text in tokens; None without a limit.
    pooling : str
        ``last``, ``cls`` or ``mean``.
    weights : str
        ``trained`` or ``random``.
    weights_digest : str
        Of the files as stored; of the parameters where they are random.
    head : str or None
        ``causal``, ``masked``, or None where the checkpoint holds no language-model head.
    dtype, device : str
        As the model runs.
    quantisation : str
        How its weights are stored where they are quantised: ``gptq``, ``gguf``, ...; empty otherwise.
    adapter, adapter_digest : str
        Folder and digest of an adapter merged into the weights; empty without one.
    placement : str
        ``whole`` on a device, ``spread`` over several, or ``stream``: a block at a time.
    """

    name: str
    source: str
    revision: str
    family: str
    kind: Kind
    n_layers: int
    width: int
    n_parameters: int
    context_length: int | None
    pooling: str
    weights: str
    weights_digest: str
    head: Head | None
    dtype: str
    device: str
    quantisation: str = ""
    adapter: str = ""
    adapter_digest: str = ""
    placement: str = "whole"


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A model in evaluation mode with its tokenizer.

    Attributes
    ----------
    layers : tuple of str
        The names of its layers in the order of depth.
    warnings : tuple of str
        What a reader of the results should know of the loading.
    """

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    anatomy: Anatomy
    info: ModelInfo
    warnings: tuple[str, ...] = ()

    @property
    def layers(self) -> tuple[str, ...]:
        return self.anatomy.layer_names


def load_model(config: ModelConfig, seed: int, *, adapter: str = "", device_map: Any = None) -> LoadedModel:
    """Load the model that the settings name; its size on disk and in memory is logged before a download.

    Parameters
    ----------
    seed : int
        Of the random weights; a trained model does not depend on it. The global generator stays as it is.
    adapter : str
        Folder of a PEFT adapter that is merged into the weights.
    device_map : str or dict, optional
        How accelerate spreads the model over several devices; all of it is on one without it.

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
    if adapter and not trained:
        raise ValueError("adapter is merged into trained weights: leave it out, or set weights=trained")
    source = find_source(config.model, config.revision, weights=trained, allow_pickle=config.allow_pickle, seen=tell)
    model: Any
    with quiet_transformers():
        settings = load_config(source, config.trust_remote_code)
        with explained(f"{source.name} cannot be read layer by layer"):
            text_settings = settings.get_text_config()
            check_sizes(text_settings, str(source.folder))
        tokenizer = load_tokenizer(source, config.trust_remote_code)
        with explained(f"the config in {source.folder} cannot be used"):
            kind = model_kind(settings)
        method = "gguf" if source.gguf else quantisation(settings) if trained else ""
        read: Read | None = None
        if trained:
            spread = device_map or ({"": str(device)} if method and method != "gguf" else None)
            read = load_weights(source, settings, kind, dtype, config.trust_remote_code, spread)
            model, head, digest = read.model, read.head, digest_files(source.weights)
        else:
            spread = None
            model, head = initialise(settings, kind, seed, config.trust_remote_code, source)
            digest = digest_parameters(model)
            model.to(dtype or settings.dtype or torch.float32)
        if adapter:
            model = merge_adapter(model, Path(adapter).expanduser())
    whole = model
    with explained(f"{source.name} cannot be read layer by layer"):
        if kind == "encoder-decoder":
            model = model.get_encoder()
        fuse_gelu(model)
        model.eval().requires_grad_(False)
        if spread is None:
            model.to(device)
        anatomy = examine(model, text_settings.num_hidden_layers, decoder=kind == "decoder")
    warnings: list[str] = []
    if read is not None:
        model, head = _as_stored(whole, model, head, anatomy, read, source, changed=bool(adapter or method))
        if unused := unused_in_body(anatomy.body, read.unused):
            warnings.append(unused_words(type(read.model).__name__, unused))
    if head and not head_stands_alone(model, anatomy):
        warnings.append(NO_LIKELIHOOD)
        head = None
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
        dtype=str(model.dtype).removeprefix("torch."),
        device=device.type,
        quantisation=method,
        adapter=adapter,
        adapter_digest=adapter_digest(Path(adapter).expanduser()) if adapter else "",
        placement="spread" if device_map else "whole",
    )
    return LoadedModel(model, tokenizer, anatomy, info, tuple(warnings))


def _as_stored(
    whole: Any, model: Any, head: Head | None, anatomy: Anatomy, read: Read, source: Source, changed: bool
) -> tuple[Any, Head | None]:
    """The model held against its files, without the head where that is not all there.

    Parameters
    ----------
    whole, model : PreTrainedModel
        As it was read, and the part of it that is used.
    changed : bool
        Whether its numbers are not those of the files: dequantised, or with an adapter.

    Raises
    ------
    ValueError
        Weights of the body are missing, or not those in the files.
    """
    body = names_inside(whole, anatomy.body)
    missing = needed(read.missing)
    if lost := [name for name in missing if name in body]:
        raise ValueError(lost_weights(source.folder, read.model, lost))
    if head and missing:
        head = None
        model = anatomy.body if isinstance(anatomy.body, PreTrainedModel) else model
    if not changed:
        outside = {name for name in read.matches.direct if name not in body} if head else set[str]()
        for part in (body, outside):
            what = f"{type(read.model).__name__} in {source.folder}"
            hold_against_files(read.model, read.matches, read.stored, part, what)
    return model, head


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


def pick_pooling(wanted: str, kind: Kind, tokenizer: PreTrainedTokenizerBase) -> str:
    """The pooling asked for; ``auto`` is last for decoders, cls for encoders that have such a token, mean otherwise.

    Raises
    ------
    ValueError
        ``cls`` is asked for and the tokenizer has no such token.
    """
    has_cls = tokenizer.cls_token_id is not None
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
    if positions is None or positions < 1:
        return tokenizer.model_max_length if tokenizer.model_max_length < UNLIMITED else None
    tables = (module for module in model.modules() if isinstance(module, nn.Embedding))
    padding = (table.padding_idx for table in tables if table.num_embeddings == positions)
    return positions - max((index + 1 for index in padding if index is not None), default=0)


def fuse_gelu(model: nn.Module) -> None:
    """Let torch compute GPT-2's form of the GELU in one go instead of seven: a twentieth of its whole time on a CPU."""
    for parent in model.modules():
        for name, child in parent.named_children():
            if isinstance(child, NewGELUActivation):
                setattr(parent, name, nn.GELU(approximate="tanh"))


def digest_parameters(model: nn.Module) -> str:
    """Digest of the parameters' names and numbers."""
    total = hashlib.sha256()
    for name, parameter in sorted(model.named_parameters()):
        total.update(name.encode())
        total.update(parameter.detach().contiguous().numpy().tobytes())
    return total.hexdigest()[:16]
