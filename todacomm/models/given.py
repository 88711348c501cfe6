"""A model that is an object already: a fine-tuned one in a notebook, or one in the middle of its training."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from todacomm.core.facts import RunWarning
from todacomm.models.anatomy import examine
from todacomm.models.guarded import explained
from todacomm.models.head import head_stands_alone
from todacomm.models.loaded import NO_LIKELIHOOD, LoadedModel, context_length, digest_parameters
from todacomm.models.pooling import pick_pooling
from todacomm.models.reading import Head, Kind, model_kind
from todacomm.results.facts import ModelFacts
from todacomm.settings.analysis import ModelConfig


def model_name(model: Any) -> str:
    """Short name of a model object: the last part of what it was loaded from, else its class."""
    origin = str(getattr(getattr(model, "config", None), "name_or_path", "") or "").rstrip("/")
    return origin.rpartition("/")[2] or type(model).__name__


def check_model(model: Any, tokenizer: Any) -> None:
    """Refuse what is no model of transformers with its tokenizer.

    Raises
    ------
    ValueError
        The message says what was given and what is expected.
    """
    if not isinstance(model, PreTrainedModel):
        raise ValueError(
            f"model is a {type(model).__name__}: expected a transformers.PreTrainedModel, such as AutoModel gives; "
            "of a PEFT model give what merge_and_unload() returns"
        )
    check_tokenizer(tokenizer)


def check_tokenizer(tokenizer: Any) -> None:
    """Refuse what is no tokenizer of transformers.

    Raises
    ------
    ValueError
        The message says what was given and what is expected.
    """
    if not isinstance(tokenizer, PreTrainedTokenizerBase):
        raise ValueError(
            f"tokenizer is a {type(tokenizer).__name__}: expected the model's transformers tokenizer beside it"
        )


def describe_model(model: Any, tokenizer: Any, config: ModelConfig, seed: int = 0) -> LoadedModel:
    """A model object and its tokenizer as :func:`todacomm.models.load_model` gives them; neither is changed.

    With ``weights=random`` a new model of the same class and config is drawn from the seed. The model stays on its
    device and in its precision. Its identity is the digest of its parameters.

    Raises
    ------
    ValueError
        As :func:`check_model`, or the model cannot be read layer by layer.
    """
    check_model(model, tokenizer)
    name = model_name(model)
    settings = deepcopy(model.config)
    settings.architectures = [type(model).__name__]
    kind = model_kind(settings)
    random = config.weights == "random"
    if random:
        with torch.random.fork_rng(devices=[]), explained(f"{name} cannot be drawn at random"):
            torch.manual_seed(seed)
            model = type(model)._from_config(settings, dtype=torch.float32).to(model.device, model.dtype).eval()
    digest = digest_parameters(sorted(model.named_parameters()))
    used, head = _part_to_read(model, kind)
    text_settings = settings.get_text_config()
    with explained(f"{name} cannot be read layer by layer"):
        anatomy = examine(used, text_settings.num_hidden_layers, decoder=kind == "decoder")
    warnings: tuple[RunWarning, ...] = ()
    if head and not head_stands_alone(used, anatomy):
        head, warnings = None, (NO_LIKELIHOOD,)
    info = ModelFacts(
        name=name,
        source=f"object:{type(model).__name__}",
        family=settings.model_type,
        kind=kind,
        n_layers=anatomy.n_blocks,
        width=text_settings.hidden_size,
        n_parameters=sum(parameter.numel() for parameter in used.parameters()),
        context_length=context_length(used, text_settings, tokenizer),
        pooling=pick_pooling(config.pooling, kind, tokenizer),
        weights=config.weights,
        weights_digest=digest,
        head=head,
        dtype=str(used.dtype).removeprefix("torch."),
        device=used.device.type,
    )
    return LoadedModel(used, tokenizer, anatomy, info, warnings)


@contextmanager
def in_evaluation(model: Any) -> Iterator[None]:
    """A model without dropout inside the block; afterwards every module trains, or not, as before."""
    training = {module: module.training for module in model.modules()}
    model.eval()
    try:
        yield
    finally:
        for module, was in training.items():
            module.training = was


def _part_to_read(model: Any, kind: Kind) -> tuple[Any, Head | None]:
    """What is read of a model, and its language-model head if it has one; any other head is left aside."""
    if kind == "encoder-decoder":
        return model.get_encoder(), None
    if kind == "decoder" and model.get_output_embeddings() is not None:
        return model, "causal"
    if kind == "encoder" and type(model).__name__.endswith("ForMaskedLM"):
        return model, "masked"
    return model.base_model, None
