"""A model's activations on texts, its blocks read one after the other: for models that do not fit into memory."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
import transformers
from torch import Tensor

from todacomm.activations.forward import TOKEN_EMBEDDING, Finished
from todacomm.activations.hidden import HiddenStates
from todacomm.activations.likelihood import (
    Masked,
    count_predicted,
    mask_tokens,
    masked_losses,
    next_token_loss,
    perplexity,
)
from todacomm.activations.pooling import pool
from todacomm.activations.prepared import Activations, Prepared, finish, prepare
from todacomm.activations.resume import Saved, pass_digest
from todacomm.activations.walk import EMBEDDINGS, Batch, Group, Walk
from todacomm.config import AUTO
from todacomm.core.streams import block_of
from todacomm.machine import available_memory
from todacomm.models.anatomy import PROBE_TOKENS
from todacomm.models.head import reads_hidden_states_alone
from todacomm.models.layers import EMBEDDING, FINAL, layer_names
from todacomm.models.loading import NO_LIKELIHOOD
from todacomm.models.streaming import StreamedModel
from todacomm.progress import Progress, silent

log = logging.getLogger(__name__)

MASKED_POSITIONS = 8
SHARE_OF_MEMORY = 4
"""Hidden states go to disk where they would take more than this part of the free memory: a fourth."""


def extract_streamed(
    streamed: StreamedModel,
    texts: Sequence[str],
    *,
    layers: str = "all",
    pooling: str = AUTO,
    max_length: int | None = None,
    batch_tokens: int | None = None,
    likelihood: bool = True,
    masked_positions: int = MASKED_POSITIONS,
    seed: int = 0,
    shuffle_seed: int | None = None,
    progress: Progress = silent,
    finished: Finished | None = None,
    resume: Path | None = None,
    hidden_bytes: int | None = None,
) -> Activations:
    """Run texts through a model a block at a time and keep one vector a text and layer.

    The same numbers as :func:`todacomm.activations.extract` of the model loaded whole, up to rounding, with its
    arguments. In memory are one block, the next one as it is stored, and the hidden states between two blocks; the last
    ones on disk where they are many.

    Parameters
    ----------
    finished : callable, optional
        Called with a layer's name and cloud when all texts went through its block, before the next block begins.
    resume : Path, optional
        Folder in which the state of a pass is kept until it is finished. A pass that was ended in between, begun
        again with the same model, texts and settings, goes on behind the last block that was finished.
    hidden_bytes : int, optional
        Most bytes of hidden states in memory; a fourth of what is free without it.

    Raises
    ------
    ValueError
        As for a model loaded whole; and where a block needs more than what the block before it gives.
    """
    loaded = streamed.loaded
    prepared = prepare(
        loaded,
        texts,
        layers=layers,
        pooling=pooling,
        max_length=max_length,
        batch_tokens=batch_tokens,
        shuffle_seed=shuffle_seed,
    )
    head = loaded.info.head if likelihood else None
    masked = mask_tokens(prepared.tokens, masked_positions, seed) if head == "masked" and masked_positions else None
    ids = [[text.ids for text in prepared.tokens]]
    if masked is not None:
        mask_id = loaded.tokenizer.mask_token_id
        ids.append([masked.ids(row, mask_id) for row in range(len(masked.owners))])
    ids.append([np.arange(PROBE_TOKENS)])
    facts = _facts(streamed, prepared, masked is not None)
    folder = None if resume is None else resume / pass_digest(facts, [one for some in ids for one in some])
    with _groups(streamed, ids, folder, hidden_bytes) as (groups, saved):
        *of_texts, probe = groups
        walk = Walk(streamed, of_texts, probe, prepared.names, prepared.batch_tokens, partial(progress, "extraction"))
        reading = _Reading(streamed, prepared, masked, head)
        with walk.begun():
            reading.run(walk, saved, finished)
        if saved is not None:
            saved.forget()
    return finish(loaded, prepared, reading.rows, reading.likelihood(), reading.n_predicted(), reading.warnings)


class _Reading:
    """What is taken of the texts on their way: rows of the layers, and losses."""

    def __init__(self, streamed: StreamedModel, prepared: Prepared, masked: Masked | None, head: str | None) -> None:
        self.loaded, self.prepared, self.masked, self.head = streamed.loaded, prepared, masked, head
        self.rows: dict[str, np.ndarray] = {}
        self.warnings: tuple[str, ...] = ()
        self._loss = 0.0
        self._losses = np.empty(0 if masked is None else len(masked.owners))

    def run(self, walk: Walk, saved: Saved | None, finished: Finished | None) -> None:
        """All stages that are wanted, behind those that are saved."""
        groups = [*walk.groups, walk.probe]
        done, told = EMBEDDINGS - 1, set[str]()
        if saved is not None and (taken := saved.take_up(groups)):
            done, self.rows = taken
            log.info("%s: goes on behind stage %d of %d", self.loaded.info.name, done + 2, walk.last + 2)
        walk.until = self._last_wanted(walk)
        for at in range(done, walk.until + 1):
            if at > done:
                walk.stage(at, self._receive, partial(self._answered, walk))
                if saved is not None and at != walk.last:
                    saved.save(at, self.rows, groups)
            for name in [name for name in self.prepared.names if name in self.rows and name not in told]:
                told.add(name)
                if finished is not None:
                    finished(name, self.rows[name])

    def likelihood(self) -> dict[str, float]:
        if self.head == "causal":
            return perplexity(self._loss, self.prepared.tokens)
        return {} if self.masked is None else {"pseudo_perplexity": self.masked.perplexity(self._losses)}

    def n_predicted(self) -> int:
        if self.head == "causal":
            return count_predicted(self.prepared.tokens)
        return 0 if self.masked is None else len(self._losses)

    def _last_wanted(self, walk: Walk) -> int:
        """The stage behind which nothing is wanted any more."""
        if self.head == "causal" or self.masked is not None or FINAL in self.prepared.names:
            return walk.last
        blocks = (layer_names(walk.last, has_final=False).index(block_of(name)) for name in self.prepared.names)
        return max(blocks) - 1

    def _receive(self, batch: Batch, name: str, hidden: Tensor) -> None:
        if batch.group.number:
            return
        if name == EMBEDDING:
            embed = self.loaded.model.get_input_embeddings()
            self._keep(batch, TOKEN_EMBEDDING, embed(batch.ids))
        if name in self.prepared.names:
            self._keep(batch, name, hidden)

    def _keep(self, batch: Batch, name: str, hidden: Tensor) -> None:
        positions = self.prepared.positions
        at = None if positions is None else torch.from_numpy(positions[batch.rows]).to(hidden.device)
        pooled = pool(hidden, batch.mask, at)
        if name not in self.rows:
            self.rows[name] = np.empty((len(self.prepared.tokens), pooled.shape[1]), dtype=np.float32)
        self.rows[name][batch.rows] = pooled.cpu().numpy()

    def _answered(self, walk: Walk, batch: Batch, answer: Any) -> None:
        if self.head and walk.probe_answer is not None:
            tokens, probe_answer = walk.probe_answer
            walk.probe_answer = None
            if not reads_hidden_states_alone(self.loaded.model, self.loaded.anatomy, tokens, probe_answer):
                self.head, self.masked = None, None
                self.warnings = (NO_LIKELIHOOD,)
        if batch.group.number == 0 and self.head == "causal":
            some = [self.prepared.tokens[row] for row in batch.rows]
            self._loss += next_token_loss(self.loaded, some, batch.ids, answer)
        if batch.group.number == 1 and self.masked is not None:
            self._losses[batch.rows] = masked_losses(self.loaded, self.masked, batch.rows, answer)


def _facts(streamed: StreamedModel, prepared: Prepared, masked: bool) -> dict[str, Any]:
    """What decides the state of a pass, beside the token ids."""
    return {
        "model": asdict(streamed.info),
        "layers": prepared.names,
        "pooling": prepared.pooling,
        "positions": None if prepared.positions is None else prepared.positions.tolist(),
        "batch_tokens": prepared.batch_tokens,
        "masked": masked,
        "versions": [torch.__version__, transformers.__version__],
    }


@contextmanager
def _groups(
    streamed: StreamedModel, ids: Sequence[Sequence[np.ndarray]], folder: Path | None, hidden_bytes: int | None
) -> Iterator[tuple[list[Group], Saved | None]]:
    """The groups of texts, their hidden states in memory or in files, and what keeps them where they are kept."""
    n_tokens = sum(len(one) for group in ids for one in group)
    needed = n_tokens * streamed.info.width * getattr(torch, streamed.info.dtype).itemsize
    free = available_memory()
    most = hidden_bytes if hidden_bytes is not None else None if free is None else free // SHARE_OF_MEMORY
    saved = Saved(folder) if folder is not None else None
    with ExitStack() as stack:
        on_disk = saved
        if saved is None and most is not None and needed > most:
            on_disk = Saved(Path(stack.enter_context(TemporaryDirectory(prefix="todacomm-"))))
        yield (
            [
                Group(
                    number,
                    some,
                    HiddenStates(
                        np.array([len(one) for one in some]), None if on_disk is None else on_disk.group_folder(number)
                    ),
                )
                for number, some in enumerate(ids)
            ],
            saved,
        )
