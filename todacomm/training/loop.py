"""Training from scratch: AdamW, a warm-up and a cosine, checkpoints on the way."""

import math
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import torch
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from todacomm.training.architectures import BUILDERS
from todacomm.training.batches import Batch, causal_batch, masked_batch, token_stream
from todacomm.training.corpus import Corpus

LENGTHS = (64, 128, 256)
CHECKPOINTS = (0, 100, 200, 400, 800, 1600, 3200)
PEAK_RATES = {"demo-decoder": 2e-3, "demo-encoder": 1e-3}
Log = Callable[[int, dict[str, float]], None]
MakeBatch = Callable[[np.ndarray, int, int, np.random.Generator], Batch]


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """How a bundled model is trained.

    Attributes
    ----------
    batch_tokens : int
        Tokens in a step; each step draws one of :data:`LENGTHS` for its crops.
    every : int
        Steps between two evaluations on the held-out documents.
    """

    model: str
    steps: int = 5600
    batch_tokens: int = 2048
    warmup: int = 300
    weight_decay: float = 0.05
    every: int = 100
    seed: int = 0
    checkpoints: tuple[int, ...] = field(default=CHECKPOINTS)

    def __post_init__(self) -> None:
        if self.model not in BUILDERS:
            raise ValueError(f"unknown model {self.model!r}: choose {' or '.join(BUILDERS)}")
        if self.steps < 1:
            raise ValueError(f"steps is {self.steps}: expected at least 1")


def train(config: TrainingConfig, corpus: Corpus, folder: Path, log: Log) -> Path:
    """Train a model and write its checkpoints as ``folder/step-000100`` and so on.

    Every checkpoint is a complete folder of float16 weights and tokenizer. ``log`` is called with the step and
    ``held_out_loss`` in nats a token, of masked tokens for the encoder.

    Returns
    -------
    Path
        The last checkpoint.
    """
    torch.manual_seed(config.seed)
    rng = np.random.default_rng(config.seed)
    tokenizer, model = BUILDERS[config.model](corpus.train)
    masked = partial(masked_batch, vocabulary=len(tokenizer))
    make_batch: MakeBatch = masked if tokenizer.mask_token else causal_batch
    stream = token_stream(tokenizer, corpus.train)
    held_out = _held_out_batches(token_stream(tokenizer, corpus.held_out), make_batch)
    peak = PEAK_RATES[config.model]
    optimizer = _optimizer(model, config, peak)

    model.train()
    for step in range(config.steps + 1):
        if step in config.checkpoints or step == config.steps:
            last = save_checkpoint(model, tokenizer, folder / f"step-{step:06d}")
        if step % config.every == 0 or step == config.steps:
            log(step, {"held_out_loss": _held_out_loss(model, held_out), "tokens": float(step * config.batch_tokens)})
        if step == config.steps:
            return last
        for group in optimizer.param_groups:
            group["lr"] = peak * _schedule(step, config)
        length = int(rng.choice(LENGTHS))
        ids, labels = make_batch(stream, length, config.batch_tokens // length, rng)
        loss = model(input_ids=ids, labels=labels).loss
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    raise AssertionError("the loop returns at its last step")


def save_checkpoint(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, folder: Path) -> Path:
    """Weights in float16 and the tokenizer, written beside the folder first so that it is never half there."""
    unfinished = folder.with_name(folder.name + ".partial")
    shutil.rmtree(unfinished, ignore_errors=True)
    half = type(model)(model.config)
    half.load_state_dict(model.state_dict())
    half.half().save_pretrained(unfinished)
    tokenizer.save_pretrained(unfinished)
    shutil.rmtree(folder, ignore_errors=True)
    unfinished.rename(folder)
    return folder


def _schedule(step: int, config: TrainingConfig) -> float:
    """Factor of the peak rate: linear warm-up, then a cosine down to a twentieth."""
    warm = min(1.0, (step + 1) / config.warmup)
    return warm * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * step / config.steps)))


def _optimizer(model: PreTrainedModel, config: TrainingConfig, peak: float) -> torch.optim.AdamW:
    """AdamW that decays matrices and leaves vectors alone."""
    matrices = [p for p in model.parameters() if p.ndim > 1]
    vectors = [p for p in model.parameters() if p.ndim < 2]
    groups = [{"params": matrices, "weight_decay": config.weight_decay}, {"params": vectors, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=peak, betas=(0.9, 0.98), eps=1e-6)


def _held_out_batches(stream: np.ndarray, make_batch: MakeBatch) -> list[Batch]:
    rng = np.random.default_rng(7)
    length = min(128, len(stream) // 2)
    return [make_batch(stream, length, 16, rng) for _ in range(8)]


def _held_out_loss(model: PreTrainedModel, batches: list[Batch]) -> float:
    model.eval()
    with torch.inference_mode():
        losses = [model(input_ids=ids, labels=labels).loss.item() for ids, labels in batches]
    model.train()
    return float(np.mean(losses))
