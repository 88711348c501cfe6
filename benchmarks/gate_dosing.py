"""Changes of a model by kind and size: weights rounded, blurred, pruned, silenced, trained on, stored in 16 bits."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForMaskedLM, AutoTokenizer, PreTrainedModel
from transformers.pytorch_utils import Conv1D

from training.batches import causal_batch, causal_loss, masked_batch, masked_loss, token_stream
from training.corpus import read_corpus

OTHER_BATCHES, OTHER_THREADS, OTHER_TEXTS = "as it is, other batches", "as it is, other threads", "other texts"
UNCHANGED = (OTHER_BATCHES, OTHER_THREADS, OTHER_TEXTS)
MOST = 1000
"""Texts of the largest gate."""
STEPS = (1, 5, 20, 50, 200)
OTHER = ("sqlalchemy",)
"""Distributions whose documentation is trained on: no model here has read it, and every installation has it."""
RATE, LENGTH, ROWS = 1e-4, 64, 16
"""Learning rate, that of the bundled decoder's last step; tokens of a crop and crops of a step."""
MLP_OUTPUTS = ("mlp.c_proj", "mlp.down_proj", "output.dense")


@dataclass(frozen=True)
class Dose:
    """One change.

    Attributes
    ----------
    kind : str
        What is changed; doses of a kind stand beside each other.
    size : float
        How much of it, in the units of its kind.
    change : callable, optional
        Changes a model in place.
    first : bool
        Among the doses that are tried first where texts are many.
    options : dict
        Of the candidate's analysis alone.
    threads : int, optional
        Of the candidate's pass, where they are not those of the base's.
    """

    kind: str
    size: float = 0.0
    change: Callable[[PreTrainedModel], None] | None = None
    first: bool = False
    options: dict[str, Any] = field(default_factory=dict)
    threads: int | None = None


def matrices(model: PreTrainedModel) -> Iterator[tuple[Tensor, int]]:
    """Weights of the blocks' linear maps, each with the axis of its outputs; embeddings and head are left alone."""
    head = model.get_output_embeddings()
    for name, module in model.named_modules():
        if module is not head and isinstance(module, (torch.nn.Linear, Conv1D)) and "cls." not in name:
            yield module.weight, 1 if isinstance(module, Conv1D) else 0


@torch.no_grad()
def round_weights(model: PreTrainedModel, bits: int) -> None:
    """To ``2^bits - 1`` levels, symmetric about 0, with a scale for each output channel."""
    for weight, axis in matrices(model):
        scale = weight.abs().amax(dim=1 - axis, keepdim=True) / (2 ** (bits - 1) - 1)
        weight.copy_(torch.where(scale > 0, (weight / scale).round() * scale, weight))


@torch.no_grad()
def add_noise(model: PreTrainedModel, share: float) -> None:
    """Gaussian, of a share of each matrix's standard deviation; a larger share is the same draw, larger."""
    generator = torch.Generator().manual_seed(0)
    for weight, _ in matrices(model):
        weight.add_(share * weight.std() * torch.randn(weight.shape, generator=generator))


@torch.no_grad()
def prune(model: PreTrainedModel, share: float) -> None:
    """Set the smallest weights of each matrix to 0."""
    for weight, _ in matrices(model):
        smallest = weight.abs().flatten().kthvalue(max(1, round(share * weight.numel()))).values
        weight[weight.abs() <= smallest] = 0.0


@torch.no_grad()
def silence(model: PreTrainedModel) -> None:
    """Set the output of the middle block's MLP to 0."""
    outputs = [
        module
        for name, module in model.named_modules()
        if name.endswith(MLP_OUTPUTS) and not name.endswith("attention.output.dense")
    ]
    middle = outputs[len(outputs) // 2]
    for parameter in middle.parameters():
        parameter.zero_()


@torch.no_grad()
def store_as(model: PreTrainedModel, dtype: torch.dtype) -> None:
    """Round every weight to a type of 16 bits."""
    for parameter in model.parameters():
        parameter.copy_(parameter.to(dtype))


def _doses() -> Iterator[Dose]:
    yield Dose(OTHER_BATCHES, options={"batch_tokens": 512})
    yield Dose(OTHER_THREADS, threads=2 if torch.get_num_threads() == 1 else 1)
    yield Dose(OTHER_TEXTS)
    for bits in (8, 6, 4, 3, 2):
        yield Dose("bits", bits, partial(round_weights, bits=bits), bits in (8, 4))
    for share in (1, 2, 5, 10, 20):
        yield Dose("noise", share, partial(add_noise, share=share / 100), share in (1, 5))
    for share in (10, 30, 50, 70, 90):
        yield Dose("pruned", share, partial(prune, share=share / 100), share in (10, 50))
    yield Dose("MLP silenced", 0, silence, True)
    for steps in STEPS:
        yield Dose("steps", steps, None, steps in (1, 20))
    yield Dose("bfloat16", 0, partial(store_as, dtype=torch.bfloat16), True)
    yield Dose("float16", 0, partial(store_as, dtype=torch.float16))


DOSES = {f"{dose.kind} {dose.size:g}" if dose.size else dose.kind: dose for dose in _doses()}
"""By name, kind by kind, from light to heavy."""


def candidate_folder(source: str, dose: str, folder: Path) -> Path:
    """The folder of a changed model, made where it is not there; the model's own where nothing is changed."""
    from todacomm.demo import DEMO_MODELS

    origin = Path(DEMO_MODELS.get(source, source))
    change = DOSES[dose].change
    if DOSES[dose].kind == "steps":
        return _trained(origin, int(DOSES[dose].size), folder)
    if change is None:
        return origin
    if not folder.is_dir():
        model = load_origin(origin)
        change(model)
        _save(model, origin, folder)
    return folder


def load_origin(origin: Path) -> PreTrainedModel:
    """A model with its head, in float32."""
    masked = "MaskedLM" in str(AutoConfig.from_pretrained(origin).architectures)
    loader = AutoModelForMaskedLM if masked else AutoModelForCausalLM
    model: PreTrainedModel = loader.from_pretrained(origin, dtype=torch.float32)
    return model.eval()


def _save(model: PreTrainedModel, origin: Path, folder: Path) -> None:
    """Written beside the folder first, so that it is never half there."""
    unfinished = folder.with_name(folder.name + ".partial")
    shutil.rmtree(unfinished, ignore_errors=True)
    model.save_pretrained(unfinished)
    AutoTokenizer.from_pretrained(origin).save_pretrained(unfinished)
    unfinished.rename(folder)


def _trained(origin: Path, steps: int, folder: Path) -> Path:
    """The model after so many further steps; all of :data:`STEPS` come from one training."""
    places = {count: folder.with_name(f"{folder.name.removesuffix(f'-{steps}')}-{count}") for count in STEPS}
    if not places[steps].is_dir():
        torch.manual_seed(0)
        rng, model, tokenizer = np.random.default_rng(0), load_origin(origin), AutoTokenizer.from_pretrained(origin)
        stream = token_stream(tokenizer, read_corpus(OTHER).train)
        optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, betas=(0.9, 0.98), weight_decay=0.05)
        for step in range(1, max(STEPS) + 1):
            if tokenizer.mask_token:
                loss = masked_loss(model, masked_batch(stream, LENGTH, ROWS, rng, len(tokenizer)))
            else:
                loss = causal_loss(model, causal_batch(stream, LENGTH, ROWS, rng))
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            if step in places and not places[step].is_dir():
                _save(model, origin, places[step])
    return places[steps]
