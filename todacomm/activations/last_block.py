"""The last block at the pooled positions only: nothing reads the others, once its attention is done."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from todacomm.models.anatomy import PROBE_TOKENS, Anatomy, hidden_states, run_body

_KNOWN: WeakKeyDictionary[Anatomy, tuple[nn.Module, ...]] = WeakKeyDictionary()


def separable(anatomy: Anatomy) -> tuple[nn.Module, ...]:
    """The outermost parts of the last block of whose output a text's pooled position needs that position's row alone.

    Its feed-forward network, the projection after attention, the queries where they are made apart; never keys and
    values. In a 12-block GPT-2 that is 6 % of all products. Found once a model, by :func:`find_separable`.
    """
    if anatomy not in _KNOWN:
        _KNOWN[anatomy] = find_separable(anatomy)
    return _KNOWN[anatomy]


def find_separable(anatomy: Anatomy) -> tuple[nn.Module, ...]:
    """By trying: the other positions' rows are replaced by nan, and none may arrive at the last position, which sees
    all others.
    """
    if len(anatomy.blocks) != anatomy.n_blocks:
        return ()  # the last block is another one too
    tokens = torch.arange(PROBE_TOKENS, device=next(anatomy.body.parameters()).device)[None]
    last = torch.full((1,), PROBE_TOKENS - 1, device=tokens.device)
    block = anatomy.blocks[-1]

    def arrives_whole(part: nn.Module) -> bool:
        with only_at([part], last, fill=torch.nan):
            hidden = hidden_states(block(*args, **kwargs), tokens.shape)
        return bool(hidden[0, -1].isfinite().all())

    def search(parts: nn.Module) -> Iterator[nn.Module]:
        for part in parts.children():
            if part in candidates and arrives_whole(part):
                yield part
            else:
                yield from search(part)

    with torch.inference_mode():
        candidates, args, kwargs = _called_with_rows(anatomy, tokens)
        return tuple(search(block))


@contextmanager
def only_at(parts: Collection[nn.Module], positions: Tensor, fill: float = 0.0) -> Iterator[None]:
    """Let modules work on one position of each text, and give ``fill`` at all others.

    Parameters
    ----------
    positions : Tensor of int, shape (texts,)
    """
    rows = torch.arange(len(positions), device=positions.device)
    lengths: list[int] = []

    def gather(part: nn.Module, args: tuple[Tensor]) -> tuple[Tensor]:
        here = args[0].device  # the last block may lie on another device than the tokens
        lengths.append(args[0].shape[1])
        return (args[0][rows.to(here), positions.to(here)][:, None],)

    def scatter(part: nn.Module, args: tuple[Tensor], output: Tensor) -> Tensor:
        whole = output.new_full((len(rows), lengths.pop(), output.shape[-1]), fill)
        whole[rows.to(output.device), positions.to(output.device)] = output[:, 0]
        return whole

    with ExitStack() as hooks:
        for part in parts:
            hooks.callback(part.register_forward_pre_hook(gather).remove)
            hooks.callback(part.register_forward_hook(scatter).remove)
        yield


def _called_with_rows(anatomy: Anatomy, tokens: Tensor) -> tuple[set[nn.Module], tuple[Any, ...], dict[str, Any]]:
    """Modules of the last block with weights that are called once, on hidden states and nothing else, and give such.

    With them what the block itself was called with, so that it can be called again without those before it.
    """
    inputs: list[tuple[tuple[Any, ...], dict[str, Any]]] = []
    calls: dict[nn.Module, list[bool]] = defaultdict(list)

    def watch(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        calls[module].append(not kwargs and len(args) == 1 and _are_rows(args[0], tokens) and _are_rows(output, tokens))

    with ExitStack() as hooks:
        enter = anatomy.blocks[-1].register_forward_pre_hook(
            lambda block, args, kwargs: inputs.append((args, kwargs)), with_kwargs=True
        )
        hooks.callback(enter.remove)
        for module in anatomy.blocks[-1].modules():
            if any(weight.ndim > 1 for weight in module.parameters()):
                hooks.callback(module.register_forward_hook(watch, with_kwargs=True).remove)
        run_body(anatomy, tokens, torch.ones_like(tokens))
    return {module for module, fits in calls.items() if fits == [True]}, *inputs[-1]


def _are_rows(value: Any, tokens: Tensor) -> bool:
    return isinstance(value, Tensor) and value.ndim == 3 and value.shape[:2] == tokens.shape
