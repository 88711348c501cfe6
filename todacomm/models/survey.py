"""Where a skeleton's blocks are, found with the numbers of its embeddings and of its first block alone."""

import inspect
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from todacomm.models.anatomy import OWN_ARGUMENTS, PROBE_TOKENS, Anatomy, no_blocks, same, watched
from todacomm.models.skeleton import Skeleton
from todacomm.models.staged import Ended, Form, Stages
from todacomm.models.streams import Call, Streams, find_streams

NO_CALL = 10**9
"""In the place of the number of the call that works: all give something else at once."""


class Surveyed(NamedTuple):
    """What a survey gives.

    Attributes
    ----------
    skeleton : Skeleton
        What fills and empties the model's parts.
    anatomy : Anatomy
        As if the model was there whole.
    form : Form
        What a block gives.
    calls : tuple of Module
        The block of each call.
    """

    skeleton: Skeleton
    anatomy: Anatomy
    form: Form
    calls: tuple[nn.Module, ...]


def survey(skeleton: Skeleton, model: nn.Module, n_blocks: int, *, decoder: bool, has_head: bool) -> Surveyed:
    """Find body and blocks as :func:`todacomm.models.anatomy.examine` does, without the numbers of the later blocks.

    What the calls of the blocks give is replaced by random numbers, which must arrive at the next call: then each block
    works on what the one before gave. Streams are those of the first block; whether the later ones have the same is
    for the pass to see. Afterwards neither blocks nor embeddings hold their numbers.

    Parameters
    ----------
    model : Module
        The skeleton's model, or the part of it that is read.
    has_head : bool
        Whether the model is more than its body.

    Raises
    ------
    ValueError
        There is no such list of blocks.
    """
    lists = [module for module in model.modules() if isinstance(module, nn.ModuleList) and len(module)]
    nested = {inside for one in lists for inside in one.modules() if inside is not one}
    candidates = [one for one in lists if one not in nested]
    for blocks in sorted(candidates, key=lambda one: len(one) != n_blocks):
        tried = _Try(skeleton, model, blocks, has_head)
        anatomy = tried.anatomy(n_blocks, decoder)
        skeleton.empty(model)
        if anatomy is not None and tried.stages.form is not None:
            return Surveyed(skeleton, anatomy, tried.stages.form, tuple(block for block, _ in tried.called))
    raise ValueError(no_blocks(model, n_blocks))


def tables_before(model: nn.Module, blocks: Sequence[nn.Module]) -> list[nn.Module]:
    """The embeddings of a model outside its blocks."""
    inside = _within(blocks)
    return [module for module in model.modules() if isinstance(module, nn.Embedding) and module not in inside]


@contextmanager
def filled_when_called(
    skeleton: Skeleton, model: nn.Module, blocks: Sequence[nn.Module], only: nn.Module | None = None
) -> Iterator[None]:
    """Fill what is outside the blocks when it is called, but no embedding; a call outside of ``only`` ends the pass."""
    inside = _within(blocks).union(tables_before(model, blocks))
    allowed = None if only is None else {model, *only.modules()}

    def fill(module: nn.Module, args: Any) -> None:
        if allowed is not None and module not in allowed:
            raise Ended
        skeleton.fill(module, deep=False)

    with ExitStack() as hooks:
        for module in model.modules():
            if module not in inside and skeleton.names(module, deep=False):
                hooks.callback(module.register_forward_pre_hook(fill).remove)
        yield


class _Try:
    """One list of modules, tried as the blocks of a model."""

    def __init__(self, skeleton: Skeleton, model: nn.Module, blocks: nn.ModuleList, has_head: bool) -> None:
        self.skeleton, self.model, self.blocks = skeleton, model, blocks
        self.tables = tables_before(model, list(blocks))
        self.stages = Stages(list(dict.fromkeys(blocks)), self.tables)
        self.stages.before_call = self._note
        self.stages.before_look_up = skeleton.fill
        around = (child for child in model.children() if any(one is blocks for one in child.modules()))
        self.body = next(around, model) if has_head else None
        self.tokens = torch.arange(PROBE_TOKENS, device=skeleton.device)[None]
        self.called: list[tuple[nn.Module, Tensor]] = []
        self.given: list[Tensor] = []

    def anatomy(self, n_blocks: int, decoder: bool) -> Anatomy | None:
        """What the model is if these are its blocks; None where they cannot be."""
        with ExitStack() as stack:
            stack.enter_context(torch.inference_mode())
            stack.enter_context(self.stages.installed())
            stack.enter_context(filled_when_called(self.skeleton, self.model, list(self.blocks), self.body))
            self._run(-1)
            if not self.called or self.called[0][1].shape[:2] != self.tokens.shape:
                return None
            first, entry = self.called[0]
            for table in self.tables:
                self.skeleton.empty(table)
            streams = self._first_block(first, entry)
            self.skeleton.empty(first)
            with watched(self.model, self.tokens.shape) as (_, answers):
                self._run(NO_CALL, entry)
        linked = all(same(gave, got) for gave, (_, got) in zip(self.given, self.called[1:], strict=False))
        if len(self.called) != n_blocks or not linked or not answers:
            return None
        body, answer = answers[-1]
        distinct = tuple(dict.fromkeys(block for block, _ in self.called))
        return Anatomy(
            body=body,
            blocks=distinct,
            n_blocks=n_blocks,
            has_final=not same(self.given[-1], answer),
            arguments=OWN_ARGUMENTS & set(inspect.signature(body.forward).parameters) if decoder else frozenset(),
            streams=in_every_block(streams, distinct),
        )

    def _run(self, at: int, hidden: Tensor | None = None) -> None:
        self.called.clear()
        self.given.clear()
        self.stages.set(at, hidden)
        with suppress(Ended):
            self.model(input_ids=self.tokens, attention_mask=torch.ones_like(self.tokens))

    def _note(self, number: int, block: nn.Module, hidden: Tensor) -> Tensor | None:
        self.called.append((block, hidden))
        if self.stages.at != NO_CALL:
            return None
        drawn = torch.randn(hidden.shape, generator=torch.Generator().manual_seed(number))
        self.given.append(drawn.to(hidden))
        return self.given[-1]

    def _first_block(self, block: nn.Module, entry: Tensor) -> Streams | None:
        """What the first block adds to the residual stream, with its numbers."""
        self.skeleton.fill(block)
        with watched(block, self.tokens.shape) as (calls, _):
            self._run(0, entry)
        return streams_of(block, entry, calls)


def streams_of(block: nn.Module, got: Tensor, calls: Sequence[Call]) -> Streams | None:
    """The two modules whose outputs rebuild what a block makes of its input, from its calls; None where no two do."""
    whole = [call for call in calls if call.module is block]
    if not whole:
        return None
    gave = whole[-1].gave  # one that shares its weights was replaced in the calls before
    return find_streams(Call(block, got, gave), [call for call in calls if call.module is not block])


def in_every_block(streams: Streams | None, blocks: Sequence[nn.Module]) -> tuple[Streams, ...]:
    """The modules that stand in each block where the first one has its streams; empty where one has no such."""
    if streams is None:
        return ()
    names = [next(name for name, one in blocks[0].named_modules() if one is part) for part in streams]
    try:
        return tuple(Streams(*(block.get_submodule(name) for name in names)) for block in blocks)
    except AttributeError:
        return ()


def _within(blocks: Sequence[nn.Module]) -> set[nn.Module]:
    return {module for block in blocks for module in block.modules()}
