"""A model's activations on texts, its blocks read one after the other: for models that do not fit into memory."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from torch import Tensor

from todacomm.activations.forward import Finished
from todacomm.activations.hidden import HiddenStates
from todacomm.activations.likelihood import next_token_losses
from todacomm.activations.masked import Masked, masked_losses
from todacomm.activations.pooling import pool
from todacomm.activations.prepared import TOKEN_EMBEDDING, Prepared, Read
from todacomm.activations.resume import Saved, pass_digest, saved_pass
from todacomm.activations.walk import EMBEDDINGS, Batch, Group, Walk
from todacomm.core.facts import RunWarning
from todacomm.core.streams import block_of
from todacomm.models.anatomy import PROBE_TOKENS
from todacomm.models.head import reads_hidden_states_alone
from todacomm.models.layers import EMBEDDING, FINAL, layer_names
from todacomm.models.loaded import NO_LIKELIHOOD, LoadedModel
from todacomm.models.survey import Surveyed
from todacomm.system.machine import available_memory
from todacomm.system.progress import Progress
from todacomm.system.scratch import scratch_folder

log = logging.getLogger(__name__)

SHARE_OF_MEMORY = 4
"""Hidden states go to disk where they would take more than this part of the free memory: a fourth."""


def streamed_pass(
    loaded: LoadedModel,
    surveyed: Surveyed,
    prepared: Prepared,
    masked: Masked | None,
    *,
    with_loss: bool,
    progress: Progress,
    finished: Finished | None = None,
    resume: Path | None = None,
) -> Read:
    """Run texts through a model a block at a time, keeping one row a text and layer.

    The same numbers as of a pass of the model loaded whole, up to rounding. In memory are one block, the next one as it
    is stored, and the hidden states between two blocks; the last ones on disk where they are many.

    Parameters
    ----------
    masked : Masked or None
        The texts with tokens masked, which take the same way.
    with_loss : bool
        Whether to sum up the next-token losses.
    finished : callable, optional
        Called with a layer's name and rows when all texts went through its block, before the next block begins.
    resume : Path, optional
        Folder in which the state of the pass is kept until it is finished.

    Raises
    ------
    ValueError
        A block needs more than what the block before it gives.
    """
    ids = [[text.ids for text in prepared.tokens]]
    if masked is not None:
        ids.append([masked.ids(row) for row in range(len(masked.owners))])
    ids.append([np.arange(PROBE_TOKENS)])
    digest = pass_digest(_facts(loaded, prepared, masked is not None), [one for some in ids for one in some])
    with saved_pass(resume, digest) as saved, _groups(loaded, ids, saved) as groups:
        *of_texts, probe = groups
        budget, steps = prepared.batch_tokens, partial(progress, "extraction")
        walk = Walk(loaded, surveyed, of_texts, probe, prepared.names, budget, steps)
        reading = _Reading(loaded, prepared, masked, with_loss)
        with walk.begun():
            reading.run(walk, saved, finished)
        if saved is not None:
            saved.forget()
    return Read(reading.rows, reading.losses, reading.masked_losses, reading.warnings)


class _Reading:
    """What is taken of the texts on their way: rows of the layers, and losses."""

    def __init__(self, loaded: LoadedModel, prepared: Prepared, masked: Masked | None, with_loss: bool) -> None:
        self.loaded, self.prepared, self.masked = loaded, prepared, masked
        self.rows: dict[str, np.ndarray] = {}
        self.losses = np.empty(len(prepared.tokens)) if with_loss else None
        self.masked_losses = None if masked is None else np.empty(len(masked.owners))
        self.warnings: tuple[RunWarning, ...] = ()

    def run(self, walk: Walk, saved: Saved | None, finished: Finished | None) -> None:
        """All stages that are wanted, behind those that are saved."""
        groups = [*walk.groups, walk.probe]
        done, reported = EMBEDDINGS - 1, set[str]()
        if saved is not None and (taken := saved.take_up(groups)):
            done, self.rows = taken
            log.info("%s: goes on behind stage %d of %d", self.loaded.info.name, done + 2, walk.last + 2)
        walk.until = self._last_wanted(walk)
        for at in range(done, walk.until + 1):
            if at > done:
                walk.stage(at, self._receive, partial(self._answered, walk))
                if saved is not None and at != walk.last:
                    saved.save(at, self.rows, groups)
            for name in [name for name in self.prepared.names if name in self.rows and name not in reported]:
                reported.add(name)
                if finished is not None:
                    finished(name, self.rows[name])

    def _last_wanted(self, walk: Walk) -> int:
        """The stage behind which nothing is wanted any more."""
        if self.losses is not None or self.masked is not None or FINAL in self.prepared.names:
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
        if walk.probe_answer is not None and (self.losses is not None or self.masked is not None):
            tokens, probe_answer = walk.probe_answer
            walk.probe_answer = None
            if not reads_hidden_states_alone(self.loaded.model, self.loaded.anatomy, tokens, probe_answer):
                self.losses = self.masked_losses = None
                self.warnings = (NO_LIKELIHOOD,)
        if batch.group.number == 0 and self.losses is not None:
            some = [self.prepared.tokens[row] for row in batch.rows]
            self.losses[batch.rows] = next_token_losses(self.loaded, some, batch.ids, answer)
        if batch.group.number == 1 and self.masked is not None and self.masked_losses is not None:
            self.masked_losses[batch.rows] = masked_losses(self.loaded, self.masked, batch.rows, answer)


def _facts(loaded: LoadedModel, prepared: Prepared, masked: bool) -> dict[str, Any]:
    """What decides the state of a pass, beside the token ids."""
    return {
        "model": asdict(loaded.info),
        "layers": prepared.names,
        "pooling": prepared.pooling,
        "positions": None if prepared.positions is None else prepared.positions.tolist(),
        "batch_tokens": prepared.batch_tokens,
        "masked": masked,
        "versions": [torch.__version__, transformers.__version__],
    }


@contextmanager
def _groups(loaded: LoadedModel, ids: Sequence[Sequence[np.ndarray]], saved: Saved | None) -> Iterator[list[Group]]:
    """The groups of texts, their hidden states in memory, or in files where they are many or are to stay."""
    n_tokens = sum(len(one) for group in ids for one in group)
    needed = n_tokens * loaded.info.width * getattr(torch, loaded.info.dtype).itemsize
    with ExitStack() as stack:
        if saved is None and needed > available_memory() // SHARE_OF_MEMORY:
            saved = Saved(stack.enter_context(scratch_folder()))
        groups = []
        for number, some in enumerate(ids):
            folder = None if saved is None else saved.group_folder(number)
            groups.append(Group(number, some, HiddenStates(np.array([len(one) for one in some]), folder)))
        yield groups
