"""Where a transformer's layers are: found by watching one short pass, never looked up by the model's name."""

import inspect
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from typing import Any

import torch
from torch import Tensor, nn

from todacomm.models.layers import EMBEDDING, FINAL, block_name, layer_names

Receive = Callable[[str, Tensor], None]
"""Called with a layer's name and its hidden states, shape (texts, tokens, width)."""

PROBE_TOKENS = 8
_TOLD = frozenset({"position_ids", "use_cache"})


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
    told : frozenset of str
        Arguments of the body that a pass must set: a decoder's positions, and that it keeps no cache.
    """

    body: nn.Module
    blocks: tuple[nn.Module, ...]
    n_blocks: int
    has_final: bool
    told: frozenset[str]

    @property
    def layer_names(self) -> tuple[str, ...]:
        """Every layer in the order of depth."""
        return layer_names(self.n_blocks, self.has_final)


def examine(model: nn.Module, n_blocks: int, decoder: bool) -> Anatomy:
    """Find body and blocks of a model with ``n_blocks`` blocks by running it on a few tokens.

    The body is the outermost module below the model itself that answers with a ``last_hidden_state``; the model itself
    where it has no head. The blocks are the outermost list of modules that is called ``n_blocks`` times in a pass and
    gives hidden states each time. ``final`` exists where the body's answer is not what the last block gave.

    Raises
    ------
    ValueError
        No such list: the architecture does not work block by block.
    """
    calls: Counter[nn.Module] = Counter()
    outputs: dict[nn.Module, Any] = {}

    def watch(module: nn.Module, args: Any, output: Any) -> None:
        calls[module] += 1
        outputs.pop(module, None)  # so that the order is that of the last calls
        outputs[module] = output

    tokens = torch.arange(PROBE_TOKENS, device=next(model.parameters()).device)[None]
    with ExitStack() as hooks, torch.inference_mode():
        for module in model.modules():
            hooks.callback(module.register_forward_hook(watch).remove)
        model(input_ids=tokens, attention_mask=torch.ones_like(tokens))

    answering = [module for module, output in outputs.items() if hasattr(output, "last_hidden_state")]
    body = answering[-1]
    for blocks in body.modules():
        if isinstance(blocks, nn.ModuleList) and sum(calls[block] for block in blocks) == n_blocks:
            given = {block: _hidden_states(outputs.get(block)) for block in blocks}
            if all(hidden.shape[:2] == tokens.shape for hidden in given.values()):
                break
    else:
        raise ValueError(
            f"found no list of {n_blocks} blocks in {type(model).__name__}: it does not work block by block"
        )
    last = max(given, key=list(outputs).index)
    return Anatomy(
        body=body,
        blocks=tuple(given),
        n_blocks=n_blocks,
        has_final=not _same(given[last], outputs[body].last_hidden_state),
        told=frozenset(inspect.signature(body.forward).parameters) & (_TOLD if decoder else frozenset()),
    )


def run_body(anatomy: Anatomy, tokens: Tensor, mask: Tensor, receive: Receive = lambda name, hidden: None) -> Any:
    """One pass of the body; ``receive`` gets every layer's hidden states while it runs, in the order of depth.

    Parameters
    ----------
    tokens, mask : Tensor, shape (texts, tokens)
        Token ids, and 1 where there is one. Positions count from a text's first token, whichever side is padded.

    Returns
    -------
    ModelOutput
        The body's own answer.
    """
    told = {"position_ids": (mask.cumsum(-1) - 1).clamp(min=0), "use_cache": False}
    options = {name: told[name] for name in anatomy.told}
    calls = count()

    def enter(block: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if not entered:
            entered.append(block)
            receive(EMBEDDING, _hidden_states((*args, *kwargs.values())))

    def leave(block: nn.Module, args: tuple[Any, ...], output: Any) -> None:
        receive(block_name(next(calls)), _hidden_states(output))

    entered: list[nn.Module] = []
    with ExitStack() as hooks:
        for block in anatomy.blocks:
            hooks.callback(block.register_forward_pre_hook(enter, with_kwargs=True).remove)
            hooks.callback(block.register_forward_hook(leave).remove)
        output = anatomy.body(input_ids=tokens, attention_mask=mask, **options)
    if anatomy.has_final:
        receive(FINAL, output.last_hidden_state)
    return output


def _hidden_states(values: Any) -> Tensor:
    """The first tensor of shape (texts, tokens, width) in what a module was given or gave; an empty one without any."""
    values = values if isinstance(values, (tuple, list)) else (values,)
    return next((value for value in values if isinstance(value, Tensor) and value.ndim == 3), torch.empty(0, 0, 0))


def _same(first: Tensor, second: Tensor) -> bool:
    """Whether two tensors are one in memory, or hold the same numbers."""
    if first.shape != second.shape:
        return False
    return first.data_ptr() == second.data_ptr() or torch.equal(first, second)
