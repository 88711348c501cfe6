"""What a block adds to the residual stream: the modules whose outputs rebuild the block's own, found by adding them up.

With ``x`` the block's input, ``A`` the attention's part and ``F`` the MLP's, a block gives ``(x + A) + F``, both parts
at once ``x + (A + F)`` (a parallel residual), or each sum normalised, ``N2(N1(x + A) + F)`` (BERT). Sums are compared
bit for bit, so that a part is what is added, after any norm, scale or dropout of its own, and not what was computed on
the way. Where a block scales both parts by one number (Granite's ``residual_multiplier``), the scaled part is added.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn


class Call(NamedTuple):
    """A call of a module: the hidden states it got and those it gave."""

    module: nn.Module
    got: Tensor
    gave: Tensor


class Streams(NamedTuple):
    """The modules whose outputs a block adds to the residual stream."""

    attention: nn.Module
    ffn: nn.Module


def multiplier(block: nn.Module) -> float:
    """What a block scales its parts by before it adds them: 1 in almost all."""
    scale = getattr(block, "residual_multiplier", 1.0)
    return scale if isinstance(scale, int | float) else 1.0


def find_streams(block: Call, calls: Sequence[Call]) -> Streams | None:
    """The two modules that rebuild a block's output; None where no two do.

    Parameters
    ----------
    block : Call
        The block's own call.
    calls : sequence of Call
        Calls of the modules inside it, in the order in which they ended. The attention is called before the MLP.
    """
    scale = multiplier(block.module)
    times = Counter(call.module for call in calls)
    shaped = [call for call in calls if call.gave.shape == block.got.shape]
    parts = [call for call in shaped if times[call.module] == 1]
    for attention, between in _steps(block.got, parts, shaped, scale):
        later = shaped[_index(shaped, attention) + 1 :]
        rest = [call for call in later if times[call.module] == 1 and not _is_inside(attention.module, call.module)]
        for ffn, end in _steps(between, rest, later, scale):
            if torch.equal(end, block.gave):
                return Streams(attention.module, ffn.module)
    for i, attention in reversed(list(enumerate(parts))):
        for ffn in reversed(parts[i + 1 :]):
            if torch.equal(block.got + scale * (attention.gave + ffn.gave), block.gave):
                return Streams(attention.module, ffn.module)
    return None


def _steps(state: Tensor, parts: Sequence[Call], calls: Sequence[Call], scale: float) -> Iterator[tuple[Call, Tensor]]:
    """Every part that may be added to the stream, outermost module first, with the stream afterwards.

    That is the sum, or what a later module makes of it.
    """
    for part in reversed(parts):
        total = state + scale * part.gave
        yield part, total
        for call in calls[_index(calls, part) + 1 :]:
            if call.got.shape == total.shape and torch.equal(call.got, total):
                yield part, call.gave


def _is_inside(part: nn.Module, whole: nn.Module) -> bool:
    return any(module is part for module in whole.modules())


def _index(calls: Sequence[Call], wanted: Call) -> int:
    return next(i for i, call in enumerate(calls) if call is wanted)
