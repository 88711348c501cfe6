"""Where a transformer's layers are: found by watching one short pass, never looked up by the model's name."""

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from todacomm.models.layers import EMBEDDING, FINAL, block_name, layer_names, stream_name, with_streams
from todacomm.models.streams import Call, Streams, find_streams, multiplier

Receive = Callable[[str, Tensor], None]
"""Called with a layer's name and its hidden states, shape (texts, tokens, width)."""

PROBE_TOKENS = 8
NO_TOKENS = torch.Size((0,))
OWN_ARGUMENTS = frozenset({"position_ids", "use_cache"})
"""Arguments that a pass sets where a decoder's body takes them."""


@dataclass(frozen=True, eq=False)
class Anatomy:
    """The parts of a model that a pass over texts needs.

    Attributes
    ----------
    body : Module
        Everything below the language-model head: tokens in, ``last_hidden_state`` out.
    blocks : tuple of Module
        The distinct blocks.
    n_blocks : int
        Calls of blocks in a pass: more than there are blocks where they share weights (ALBERT).
    has_final : bool
        Whether something (a norm, a projection) follows the last block.
    arguments : frozenset of str
        Arguments of the body that a pass must set: a decoder's positions, and that it keeps no cache.
    causal : bool
        Whether tokens see none behind them, by one trial: padding on the right then needs no mask.
    streams : tuple of Streams
        The modules whose outputs are added to the residual stream, one pair for each of ``blocks``; empty where they
        were not found.
    """

    body: nn.Module
    blocks: tuple[nn.Module, ...]
    n_blocks: int
    has_final: bool
    arguments: frozenset[str]
    causal: bool = False
    streams: tuple[Streams, ...] = ()

    @property
    def layer_names(self) -> tuple[str, ...]:
        """Every layer in the order of depth, with what each block's attention and MLP add before the block's own."""
        names = layer_names(self.n_blocks, self.has_final)
        return with_streams(names, self.n_blocks) if self.streams else names


def examine(model: nn.Module, n_blocks: int, decoder: bool) -> Anatomy:
    """Find body and blocks of a model with ``n_blocks`` blocks by running it on a few tokens.

    The body is the outermost module below the model itself that answers with a ``last_hidden_state``; the model itself
    where it has no head. The blocks are the outermost list of modules that is called ``n_blocks`` times in a pass, each
    time on what the call before gave. ``final`` exists where the body's answer is not what the last block gave.
    Streams exist where :func:`todacomm.models.streams.find_streams` finds them in every block.

    Raises
    ------
    ValueError
        No such list: the architecture does not work block by block.
    """
    half = PROBE_TOKENS // 2
    once = torch.arange(PROBE_TOKENS, device=next(model.parameters()).device)
    tokens = torch.stack([once, torch.cat([once[:half], once[half:].flip(0)])])
    with watched(model, tokens.shape) as (calls, answers), torch.inference_mode():
        model(input_ids=tokens, attention_mask=torch.ones_like(tokens))

    for body, answer in answers[-1:]:
        for module in body.modules():
            chain = _chain(module, calls, tokens.shape) if isinstance(module, nn.ModuleList) else []
            if len(chain) == n_blocks:
                return Anatomy(
                    body=body,
                    blocks=tuple(dict.fromkeys(call.module for call in chain)),
                    n_blocks=n_blocks,
                    has_final=not same(chain[-1].gave, answer),
                    arguments=OWN_ARGUMENTS & set(inspect.signature(body.forward).parameters)
                    if decoder
                    else frozenset(),
                    causal=torch.equal(answer[0, :half], answer[1, :half]),
                    streams=_streams(chain, calls),
                )
    if (longest := max((call.gave.shape[1] for call in calls), default=0)) > PROBE_TOKENS:
        raise ValueError(
            f"{type(model).__name__} lengthens {PROBE_TOKENS} tokens to {longest} inside, as models with a window of "
            "attention do: its layers have no state for each token; choose a model without"
        )
    raise ValueError(no_blocks(model, n_blocks))


def no_blocks(model: nn.Module, n_blocks: int) -> str:
    """What to say of a model whose blocks are not in one place."""
    return (
        f"{type(model).__name__} has no list of {n_blocks} modules, each working on what the one before gave, one "
        "state for each text and token: a block is several modules there (as in XLM), takes tokens before texts (as in "
        "XLNet), or is left out where there is no picture (as in Mllama)"
    )


@contextmanager
def watched(module: nn.Module, tokens: torch.Size) -> Iterator[tuple[list[Call], list[tuple[nn.Module, Tensor]]]]:
    """The calls of a module and of all inside it, in the order in which they end; of those that answer with a
    ``last_hidden_state``, that.

    Parameters
    ----------
    tokens : Size
        (texts, tokens) of the pass.
    """
    calls: list[Call] = []
    answers: list[tuple[nn.Module, Tensor]] = []

    def watch(inside: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        calls.append(Call(inside, hidden_states((*args, *kwargs.values()), tokens), hidden_states(output, tokens)))
        if hasattr(output, "last_hidden_state"):
            answers.append((inside, output.last_hidden_state))

    with ExitStack() as hooks:
        for inside in module.modules():
            hooks.callback(inside.register_forward_hook(watch, with_kwargs=True).remove)
        yield calls, answers


def _chain(modules: nn.ModuleList, calls: Sequence[Call], shape: torch.Size) -> list[Call]:
    """The calls of a list's modules, where each got the hidden states that the one before gave; empty otherwise."""
    members = set(modules)
    chain = [call for call in calls if call.module in members]
    whole = all(call.got.shape[:2] == call.gave.shape[:2] == shape for call in chain)
    return chain if whole and all(same(one.gave, two.got) for one, two in pairwise(chain)) else []


def _streams(chain: Sequence[Call], calls: Sequence[Call]) -> tuple[Streams, ...]:
    """The streams of each distinct block; none unless every call of every block has them, always the same."""
    by_block: dict[nn.Module, set[Streams | None]] = {}
    ends = [next(i for i, call in enumerate(calls) if call is block) for block in chain]
    for block, start, end in zip(chain, [0, *ends], ends, strict=False):
        inside = set(block.module.modules()) - {block.module}
        streams = find_streams(block, [call for call in calls[start:end] if call.module in inside])
        by_block.setdefault(block.module, set()).add(streams)
    pairs = [pair for each in by_block.values() for pair in each]
    return tuple(pair for pair in pairs if pair is not None) if len(pairs) == len(by_block) and all(pairs) else ()


def run_body(
    anatomy: Anatomy,
    tokens: Tensor,
    mask: Tensor,
    receive: Receive = lambda name, hidden: None,
    *,
    with_streams: bool = True,
) -> Any:
    """One pass of the body; ``receive`` gets every layer's hidden states while it runs, in the order of depth.

    Parameters
    ----------
    tokens, mask : Tensor, shape (texts, tokens)
        Token ids, and 1 where there is one. Positions count from a text's first token, whichever side is padded.
    with_streams : bool
        Whether ``receive`` also gets what each block's attention and MLP add.

    Returns
    -------
    ModelOutput
        The body's own answer.
    """
    given = {"position_ids": (mask.cumsum(-1) - 1).clamp(min=0), "use_cache": False}
    options = {name: given[name] for name in anatomy.arguments}

    def enter(block: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if not entered:
            receive(EMBEDDING, hidden_states((*args, *kwargs.values()), tokens.shape))
        entered.append(block)

    def add(kind: str, part: nn.Module, args: tuple[Any, ...], output: Any) -> None:
        added = multiplier(entered[-1]) * hidden_states(output, tokens.shape)
        receive(stream_name(len(entered) - 1, kind), added)

    def leave(block: nn.Module, args: tuple[Any, ...], output: Any) -> None:
        receive(block_name(len(entered) - 1), hidden_states(output, tokens.shape))

    entered: list[nn.Module] = []
    with ExitStack() as hooks:
        for block in anatomy.blocks:
            hooks.callback(block.register_forward_pre_hook(enter, with_kwargs=True).remove)
            hooks.callback(block.register_forward_hook(leave).remove)
        for streams in anatomy.streams if with_streams else ():
            for kind, part in streams._asdict().items():
                hooks.callback(part.register_forward_hook(partial(add, kind)).remove)
        output = anatomy.body(input_ids=tokens, attention_mask=mask, **options)
    if anatomy.has_final:
        receive(FINAL, output.last_hidden_state)
    return output


def hidden_states(values: Any, tokens: torch.Size = NO_TOKENS) -> Tensor:
    """The first tensor of shape (texts, tokens, width) in what a module was given or gave; an empty one without any.

    One of shape (texts * tokens, width), in which OPT's MLP computes, counts as such.
    """
    for value in values if isinstance(values, (tuple, list)) else (values,):
        if isinstance(value, Tensor) and value.ndim == 3:
            return value
        if isinstance(value, Tensor) and value.ndim == 2 and len(value) == tokens.numel():
            return value.unflatten(0, tokens)
    return torch.empty(0, 0, 0)


def same(first: Tensor, second: Tensor) -> bool:
    """Whether two tensors are one in memory, or hold the same numbers."""
    if first.shape != second.shape:
        return False
    return first.data_ptr() == second.data_ptr() or torch.equal(first, second)
