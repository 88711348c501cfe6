"""All texts through a model a block at a time: one block's numbers at once, the next one's being read meanwhile."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from todacomm.activations.batches import in_batches
from todacomm.activations.hidden import HiddenStates
from todacomm.activations.products import quick_products
from todacomm.activations.tokens import pad
from todacomm.core.streams import RESIDUAL, STREAMS
from todacomm.core.streams import groups as groups_of
from todacomm.models.anatomy import PROBE_TOKENS, run_body, watched
from todacomm.models.guarded import explained
from todacomm.models.layers import EMBEDDING, FINAL, block_name, stream_name
from todacomm.models.loaded import LoadedModel
from todacomm.models.staged import Ended, Stages
from todacomm.models.streams import Streams
from todacomm.models.survey import Surveyed, filled_when_called, streams_of, tables_before

EMBEDDINGS = -1
"""The stage before the first block."""


@dataclass(eq=False)
class Group:
    """Texts that go through the model together.

    Attributes
    ----------
    number : int
        Its place among the groups.
    ids : sequence of ndarray of int
        Token ids of each.
    hidden : HiddenStates
        Between two stages.
    others : dict
        What a block gave beside them, by batch: the position bias of T5.
    """

    number: int
    ids: Sequence[np.ndarray]
    hidden: HiddenStates
    others: dict[bytes, tuple[Any, ...]] = field(default_factory=dict)

    @property
    def lengths(self) -> np.ndarray:
        return np.array([len(ids) for ids in self.ids])


@dataclass(frozen=True, eq=False)
class Batch:
    """Some texts of a group at a stage: their rows, token ids and mask, shape (texts, tokens)."""

    group: Group
    rows: np.ndarray
    ids: Tensor
    mask: Tensor


Receive = Callable[[Batch, str, Tensor], None]
"""Called with a batch, a layer's name and its hidden states, shape (texts, tokens, width)."""
Answered = Callable[[Batch, Any], None]
"""Called with a batch and the body's answer for it."""


class Walk:
    """A model's stages: the embeddings, each block, what follows the last one.

    Parameters
    ----------
    groups : sequence of Group
        The texts.
    probe : Group
        A few tokens on which each block is tried before the texts come.
    names : collection of str
        Layers that are kept.
    batch_tokens : int
        Tokens in a batch, padding included.
    progress : callable
        Called with the texts done and the texts in all, each counted once a stage.

    Attributes
    ----------
    until : int
        The last stage that is wanted.
    probe_answer : tuple or None
        The probe's token ids and the body's answer for them, once its last stage was tried.
    """

    def __init__(
        self,
        loaded: LoadedModel,
        surveyed: Surveyed,
        groups: Sequence[Group],
        probe: Group,
        names: Collection[str],
        batch_tokens: int,
        progress: Callable[[int, int], None],
    ) -> None:
        self.loaded, self.groups, self.probe, self.names = loaded, groups, probe, names
        self.anatomy, self.skeleton = loaded.anatomy, surveyed.skeleton
        self.budget, self.progress = batch_tokens, progress
        self.calls = surveyed.calls
        self.tables = tables_before(loaded.model, self.anatomy.blocks)
        self.stages = Stages(self.anatomy.blocks, self.tables, surveyed.form)
        self.stages.before_look_up = self.skeleton.fill
        self.with_streams = set(groups_of(names)) != {RESIDUAL}
        self.until = self.last
        self.probe_answer: tuple[Tensor, Any] | None = None
        self.n_texts = sum(len(group.ids) for group in groups)

    @property
    def last(self) -> int:
        """The stage after the blocks."""
        return self.anatomy.n_blocks

    @contextmanager
    def begun(self) -> Iterator[None]:
        """With the model ready for its stages; afterwards nothing of it is in memory."""
        model = self.loaded.model
        with ExitStack() as stack:
            stack.callback(self.skeleton.empty, model)
            stack.enter_context(torch.inference_mode())
            stack.enter_context(self.stages.installed())
            stack.enter_context(filled_when_called(self.skeleton, model, self.anatomy.blocks))
            yield

    def stage(self, at: int, receive: Receive, answered: Answered = lambda batch, answer: None) -> None:
        """Take all texts through one stage.

        Raises
        ------
        ValueError
            The block at work needs more than what the block before it gave.
        """
        block = self.calls[at] if 0 <= at < self.last else None
        following = self.calls[at + 1] if at + 1 < self.last and at < self.until else None
        with ExitStack() as stack:
            if block is not None:
                self.skeleton.fill(block)
                stack.enter_context(quick_products(block))
            if following is not None:
                self.skeleton.ahead(following)
            self._try(at)
            for group in self.groups:
                self._take(group, at, receive, answered)
        if block is not None and block is not following:
            self.skeleton.empty(block)
        if not self.stages.real_tables:
            for table in self.tables:
                self.skeleton.empty(table)
        for group in (*self.groups, self.probe):
            group.hidden.turn()

    def _take(self, group: Group, at: int, receive: Receive, answered: Answered) -> None:
        others: dict[bytes, tuple[Any, ...]] = {}
        before = (at + 1) * self.n_texts + sum(len(one.ids) for one in self.groups[: self.groups.index(group)])
        in_all = (self.until + 2) * self.n_texts

        def step(rows: np.ndarray) -> None:
            if group.others and rows.tobytes() not in group.others:
                raise ValueError("a batch does not fit into the accelerator's memory: lower batch_tokens")
            ids, mask = pad([group.ids[row] for row in rows], self.loaded.device)
            batch = Batch(group, rows, ids, mask)
            hidden = None if at == EMBEDDINGS else group.hidden.read(rows, self.loaded.device)
            given = group.others.get(rows.tobytes(), ())
            answer, end = self._pass(at, batch, hidden, given, receive)
            if self.stages.gave:
                others[rows.tobytes()] = tuple(_on(one, torch.device("cpu")) for one in self.stages.gave)
            if at == self.last:
                answered(batch, answer)
            else:
                group.hidden.write(rows, end)

        self.budget = in_batches(group.lengths, self.budget, step, lambda done, _: self.progress(before + done, in_all))
        group.others = others

    def _pass(
        self, at: int, batch: Batch, hidden: Tensor | None, others: Sequence[Any], receive: Receive
    ) -> tuple[Any, Tensor]:
        """One batch through one stage: the body's answer after the last one, and the hidden states behind the stage."""
        name = EMBEDDING if at == EMBEDDINGS else block_name(at)
        own = {name, *(stream_name(at, kind) for kind in STREAMS)}
        end: list[Tensor] = []

        def keep(layer: str, states: Tensor) -> None:
            if layer in own or (at == self.last and layer == FINAL):
                receive(batch, layer, states)
            if layer == name:
                end.append(states)
                raise Ended

        self.stages.set(at, hidden, [_on(one, self.loaded.device) for one in others])
        answer: Any = None
        with suppress(Ended):
            answer = run_body(self.anatomy, batch.ids, batch.mask, keep, with_streams=self.with_streams)
        if end:
            return None, end[-1]
        return answer, answer.last_hidden_state

    def _try(self, at: int) -> None:
        """Take the probe through a stage, twice: what must not matter is replaced by zeros, then by nan."""
        ids, mask = pad(self.probe.ids, self.loaded.device)
        rows = np.arange(1)
        batch = Batch(self.probe, rows, ids, mask)
        what = f"{block_name(at)} of {self.loaded.info.name}"
        hidden = None if at == EMBEDDINGS else self.probe.hidden.read(rows, self.loaded.device)
        given = self.probe.others.get(rows.tobytes(), ())

        def gives(filler: float) -> Tensor:
            self.stages.filler = filler
            answer, end = self._pass(at, batch, hidden, given, lambda batch, name, states: None)
            if at == self.last and filler == 0:
                self.probe_answer = ids, answer
            return end

        with explained(f"{what} cannot work by itself; placement=whole loads all of them"):
            end = self._streams_checked(at, gives, hidden)
            if hidden is not None and not _equal(end, gives(torch.nan)):
                self.stages.real_tables = True
                end = gives(0.0)
                if not _equal(end, gives(torch.nan)):
                    raise ValueError("it reads what an earlier block gave, not the one before it alone")
        self.stages.filler = 0.0
        self.probe.others = {rows.tobytes(): tuple(self.stages.gave)} if self.stages.gave else {}
        if at != self.last:
            self.probe.hidden.write(rows, end)

    def _streams_checked(self, at: int, gives: Callable[[float], Tensor], hidden: Tensor | None) -> Tensor:
        """What the stage gives for the probe, and whether its block has the streams that the first one has."""
        wanted = [stream_name(at, kind) for kind in STREAMS if stream_name(at, kind) in self.names]
        if not wanted or hidden is None:
            return gives(0.0)
        block = self.calls[at]
        with watched(block, torch.Size((1, PROBE_TOKENS))) as (calls, _):
            end = gives(0.0)
        expected: Streams = self.anatomy.streams[self.anatomy.blocks.index(block)]
        if streams_of(block, hidden, calls) != expected:
            raise ValueError(
                f"{' and '.join(wanted)} are not where the first block has its own: leave them out of layers"
            )
        return end


def _equal(one: Tensor, other: Tensor) -> bool:
    """Whether two tensors hold the same numbers, nan where nan is."""
    return bool(((one == other) | (one.isnan() & other.isnan())).all())


def _on(value: Any, device: torch.device) -> Any:
    return value.to(device) if isinstance(value, Tensor) else value
