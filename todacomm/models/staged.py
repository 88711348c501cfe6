"""A pass of a body stopped and begun again between blocks, by the model's own code.

The whole forward runs each time: masks, rotary embeddings and what else a block is given are made by the model itself,
for each block as that block wants them. Blocks before the one at work give back at once what was given before; the one
after it ends the pass. Only the hidden states between two blocks need to be kept.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from todacomm.models.anatomy import hidden_states


class Ended(Exception):
    """The pass went as far as it should."""


@dataclass(frozen=True)
class Form:
    """What a block gives: the hidden states by themselves, or in a sequence at ``place`` with others beside them."""

    kind: type
    place: int = 0
    others: tuple[Any, ...] = ()

    @classmethod
    def of(cls, output: Any, like: torch.Size) -> "Form":
        """The form of an output whose hidden states have the shape ``like``, up to the width.

        Raises
        ------
        ValueError
            It has none.
        """
        if isinstance(output, Tensor) and output.shape[:2] == like[:2]:
            return cls(Tensor)
        if type(output) in (tuple, list):
            for place, one in enumerate(output):
                if isinstance(one, Tensor) and one.ndim == 3 and one.shape[:2] == like[:2]:
                    return cls(type(output), place, (None,) * (len(output) - 1))
        raise ValueError(f"a block gives {type(output).__name__}, without hidden states")

    def around(self, hidden: Tensor, others: Sequence[Any] | None = None) -> Any:
        """An output of this form."""
        if self.kind is Tensor:
            return hidden
        beside = list(self.others if others is None else others)
        return self.kind([*beside[: self.place], hidden, *beside[self.place :]])

    def inside(self, output: Any) -> tuple[Tensor, tuple[Any, ...]]:
        """The hidden states of an output of this form, and what is beside them."""
        if self.kind is Tensor:
            return output, ()
        return output[self.place], (*output[: self.place], *output[self.place + 1 :])


class Stages:
    """Stops and replaces the calls of a body's blocks.

    Parameters
    ----------
    blocks : sequence of Module
        The distinct blocks.
    tables : sequence of Module
        Embeddings before the blocks: once the first block has its input, their rows need not be right.
    form : Form, optional
        What a block gives; taken from the first that works.

    Attributes
    ----------
    at : int
        Number of the call that works; -1: the pass ends where the first block would be called; one more than there
        are calls: what follows the last one works.
    hidden : Tensor or None
        What goes into the call at work, shape (texts, tokens, width); None where it comes from before the blocks.
    others : sequence
        What the call before gave beside it.
    filler : float
        Stands where a number must not matter.
    real_tables : bool
        Whether the embeddings work although the first block has its input.
    calls : int
        Calls of blocks in this pass.
    gave : sequence
        What the call at work gave beside its hidden states, where that holds a tensor.
    before_look_up : callable
        Gets an embedding that is to work.
    before_call : callable
        Gets the number of a call, its block and its hidden states; what it gives is what the block gives, where the
        block is not at work.
    """

    def __init__(self, blocks: Sequence[nn.Module], tables: Sequence[nn.Module], form: Form | None = None) -> None:
        self.blocks, self.tables, self.form = blocks, tables, form
        self.at = -1
        self.hidden: Tensor | None = None
        self.others: Sequence[Any] = ()
        self.filler = 0.0
        self.real_tables = False
        self.calls = 0
        self.gave: Sequence[Any] = ()
        self._filled: Tensor | None = None
        self.before_look_up: Callable[[nn.Module], None] = lambda table: None
        self.before_call: Callable[[int, nn.Module, Tensor], Tensor | None] = lambda number, block, hidden: None

    @contextmanager
    def installed(self) -> Iterator["Stages"]:
        """With the calls going through here."""
        replaced = [(block, partial(self._call, block, block.forward)) for block in self.blocks]
        replaced += [(table, partial(self._look_up, table, table.forward)) for table in self.tables]
        try:
            for module, forward in replaced:
                module.forward = forward
            yield self
        finally:
            for module, _ in replaced:
                vars(module).pop("forward", None)

    def set(self, at: int, hidden: Tensor | None = None, others: Sequence[Any] = ()) -> None:
        """Make ready for a pass in which call ``at`` works on ``hidden``."""
        self.at, self.hidden, self.others = at, hidden, others
        self.calls, self.gave, self._filled = 0, (), None

    def _call(self, block: nn.Module, forward: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        number, self.calls = self.calls, self.calls + 1
        got = hidden_states((*args, *kwargs.values()))
        instead = self.before_call(number, block, got)
        if number > self.at:
            raise Ended
        if number == self.at:
            if number == 0 and self.hidden is not None:
                args, kwargs = _with_hidden(args, kwargs, got, self.hidden)
            output = forward(*args, **kwargs)
            self.form = self.form or Form.of(output, got.shape)
            beside = self.form.inside(output)[1]
            self.gave = beside if any(isinstance(one, Tensor) for one in beside) else ()
            return output
        if self.form is None:
            raise ValueError("no block has worked yet: what a block gives is not known")
        if instead is None and number == self.at - 1:
            instead = self.hidden
        if instead is None:
            instead = self._filled = got if got is self._filled else self._filling(got)
        return self.form.around(instead, self.others or None)

    def _look_up(self, table: nn.Module, forward: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        ids = next((value for value in (*args, *kwargs.values()) if isinstance(value, Tensor)), None)
        if self.hidden is None or self.real_tables or ids is None:  # some are asked by a shape, not by tokens
            self.before_look_up(table)
            return forward(*args, **kwargs)
        return self.hidden.new_full((*ids.shape, _width(table)), self.filler)

    def _filling(self, like: Tensor) -> Tensor:
        return like.new_full(like.shape, self.filler)


def _with_hidden(
    args: tuple[Any, ...], kwargs: dict[str, Any], old: Tensor, new: Tensor
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    swapped = tuple(new if value is old else value for value in args)
    return swapped, {name: new if value is old else value for name, value in kwargs.items()}


def _width(table: nn.Module) -> int:
    weight: Any = table.weight
    return int(weight.shape[-1])
