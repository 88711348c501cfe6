"""Training from scratch: AdamW, a warm-up and a cosine, checkpoints on the way."""

import hashlib
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from transformers import PreTrainedModel

from training.architectures import BUILDERS
from training.batches import Batch, causal_batch, causal_loss, masked_batch, masked_loss, token_stream
from training.checkpoints import drop_state, load_state, save_checkpoint, save_state
from training.corpus import Corpus

LENGTHS = (64, 128, 256)
HELD_OUT_LENGTH, HELD_OUT_ROWS, HELD_OUT_BATCHES = 128, 16, 8
PEAK_RATES = {"demo-decoder": 2e-3, "demo-encoder": 1.5e-3}
FINAL_RATE = 0.05
"""Learning rate at the last step, as a share of that after the warm-up."""

Log = Callable[[int, dict[str, float]], None]
MakeBatch = Callable[[np.ndarray, int, int, np.random.Generator], Batch]
Loss = Callable[[PreTrainedModel, Batch], torch.Tensor]


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """How a bundled model is trained.

    Attributes
    ----------
    batch_tokens : int
        Tokens in a step; each step draws one of :data:`LENGTHS` for its crops.
    every : int
        Steps between two evaluations on the held-out documents; an interrupted training goes on from the last one.
    checkpoints : tuple of int
        Steps of which the model is kept, besides the last one.
    """

    model: str
    steps: int = 4000
    batch_tokens: int = 2048
    warmup: int = 200
    weight_decay: float = 0.05
    every: int = 100
    seed: int = 0
    checkpoints: tuple[int, ...] = (0, 100, 200, 400, 800, 1600, 3200)

    def __post_init__(self) -> None:
        if self.model not in BUILDERS:
            raise ValueError(f"unknown model {self.model!r}: choose {' or '.join(BUILDERS)}")
        if self.steps < 1:
            raise ValueError(f"steps is {self.steps}: expected at least 1")


def train(config: TrainingConfig, corpus: Corpus, folder: Path, log: Log) -> Path:
    """Train a model and write its checkpoints as ``folder/step-000100`` and so on.

    Every checkpoint is a complete folder of float16 weights and tokenizer. ``log`` is called with the step and, in
    nats a token, ``train_loss`` (mean since the last call) and ``held_out_loss``; the encoder's are of masked tokens.
    Called again on the same folder, an interrupted training goes on to the same numbers.

    Returns
    -------
    Path
        The last checkpoint.

    Raises
    ------
    ValueError
        The folder holds another training.
    """
    torch.manual_seed(config.seed)
    rng = np.random.default_rng(config.seed)
    tokenizer, model = BUILDERS[config.model](corpus.train)
    make_batch: MakeBatch = causal_batch
    loss_of: Loss = causal_loss
    if tokenizer.mask_token:
        make_batch, loss_of = partial(masked_batch, vocabulary=len(tokenizer)), masked_loss
    stream = token_stream(tokenizer, corpus.train)
    held_out = _held_out_batches(token_stream(tokenizer, corpus.held_out), make_batch)
    optimizer = _optimizer(model, config)

    folder.mkdir(parents=True, exist_ok=True)
    identity = {**asdict(config), "texts": hashlib.sha256(stream.tobytes()).hexdigest()}
    first = load_state(folder, identity, model, optimizer, rng)
    losses: list[float] = []
    model.train()
    for step in range(first, config.steps + 1):
        if step in config.checkpoints or step == config.steps:
            last = save_checkpoint(model, tokenizer, folder / f"step-{step:06d}")
        if step % config.every == 0 or step == config.steps:
            save_state(folder, step, identity, model, optimizer, rng)
            measured = {"train_loss": float(np.mean(losses))} if losses else {}
            log(step, {**measured, "held_out_loss": _mean_loss(model, held_out, loss_of)})
            losses = []
        if step == config.steps:
            break
        for group in optimizer.param_groups:
            group["lr"] = _rate(step, config)
        length = int(rng.choice(LENGTHS))
        loss = loss_of(model, make_batch(stream, length, config.batch_tokens // length, rng))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
    drop_state(folder)
    return last


def _rate(step: int, config: TrainingConfig) -> float:
    """Learning rate: linear warm-up to the peak, times a cosine that falls to :data:`FINAL_RATE`."""
    warm = min(1.0, (step + 1) / config.warmup)
    cosine = 0.5 * (1 + math.cos(math.pi * step / config.steps))
    return PEAK_RATES[config.model] * warm * (FINAL_RATE + (1 - FINAL_RATE) * cosine)


def _optimizer(model: PreTrainedModel, config: TrainingConfig) -> torch.optim.AdamW:
    """AdamW that decays matrices and leaves vectors alone."""
    matrices = [p for p in model.parameters() if p.ndim > 1]
    vectors = [p for p in model.parameters() if p.ndim < 2]
    groups = [{"params": matrices, "weight_decay": config.weight_decay}, {"params": vectors, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=PEAK_RATES[config.model], betas=(0.9, 0.98), eps=1e-6)


def _held_out_batches(stream: np.ndarray, make_batch: MakeBatch) -> list[Batch]:
    """The same batches for every evaluation of every seed, no more of them than the texts fill."""
    rng = np.random.default_rng(7)
    length = min(HELD_OUT_LENGTH, len(stream) // 2)
    n_batches = min(HELD_OUT_BATCHES, max(1, len(stream) // (HELD_OUT_ROWS * length)))
    return [make_batch(stream, length, HELD_OUT_ROWS, rng) for _ in range(n_batches)]


def _mean_loss(model: PreTrainedModel, batches: list[Batch], loss_of: Loss) -> float:
    model.eval()
    with torch.inference_mode():
        losses = [loss_of(model, batch).item() for batch in batches]
    model.train()
    return float(np.mean(losses))
