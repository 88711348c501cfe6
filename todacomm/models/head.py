"""A model's language-model head by itself: its logits for chosen hidden states, computed by the model's own code."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from transformers import PreTrainedModel

from todacomm.models.anatomy import PROBE_TOKENS, Anatomy

ROWS_AT_ONCE = {"cpu": 128, "cuda": 1024, "mps": 1024}
"""Rows whose logits are held at once; more are no faster."""


def token_losses(model: PreTrainedModel, anatomy: Anatomy, answer: Any, hidden: Tensor, targets: Tensor) -> Tensor:
    """Negative log-likelihood of each target token, never holding the logits of more than a chunk of rows.

    Parameters
    ----------
    answer : ModelOutput
        What the body gave: the head wants hidden states in this form.
    hidden : Tensor, shape (rows, width)
        Last hidden states at the positions that predict.
    targets : Tensor, shape (rows,)
        Token ids to be predicted.

    Returns
    -------
    Tensor, shape (rows,)
        Nats, float32, on the CPU.
    """
    rows = ROWS_AT_ONCE[hidden.device.type]
    losses = torch.empty(len(hidden), device=hidden.device)  # one block: small ones between logits break up the memory
    for some, wanted, result in zip(hidden.split(rows), targets.split(rows), losses.split(rows), strict=True):
        result[:] = cross_entropy(head_logits(model, anatomy, answer, some).float(), wanted, reduction="none")
    return losses.cpu()


def head_logits(model: PreTrainedModel, anatomy: Anatomy, answer: Any, hidden: Tensor) -> Tensor:
    """Logits of shape (rows, vocabulary) for hidden states of shape (rows, width).

    The model's own forward runs with the hidden states in the place of its body's answer, so that all that its head
    does (a transform, a scale, Gemma 2's soft cap) is done.
    """
    tokens = torch.zeros((1, len(hidden)), dtype=torch.long, device=hidden.device)
    with _answering(anatomy.body, type(answer)(last_hidden_state=hidden[None])):
        logits: Tensor = model(input_ids=tokens).logits
    return logits[0]


@contextmanager
def _answering(body: nn.Module, answer: Any) -> Iterator[None]:
    """Let the body give this answer instead of computing one."""
    own = vars(body).get("forward")  # accelerate puts one of its own there
    body.forward = lambda *args, **kwargs: answer
    try:
        yield
    finally:
        del body.forward
        if own is not None:
            body.forward = own


def head_stands_alone(model: PreTrainedModel, anatomy: Anatomy) -> bool:
    """Whether the head sees nothing but the last hidden states, one at a time: tried on a few tokens."""
    tokens = torch.arange(PROBE_TOKENS, device=next(model.parameters()).device)[None]
    with torch.inference_mode():
        whole = model(input_ids=tokens, attention_mask=torch.ones_like(tokens)).logits[0]
        answer = anatomy.body(input_ids=tokens, attention_mask=torch.ones_like(tokens))
        return _alone(model, anatomy, answer, whole)


def reads_hidden_states_alone(model: PreTrainedModel, anatomy: Anatomy, tokens: Tensor, answer: Any) -> bool:
    """:func:`head_stands_alone` by what the body answered for some tokens, shape (1, tokens), before."""
    with torch.inference_mode():
        with _answering(anatomy.body, answer):
            whole = model(input_ids=tokens, attention_mask=torch.ones_like(tokens)).logits[0]
        return _alone(model, anatomy, answer, whole)


def _alone(model: PreTrainedModel, anatomy: Anatomy, answer: Any, whole: Tensor) -> bool:
    """Whether the head by itself gives these logits, shape (tokens, vocabulary)."""
    alone = head_logits(model, anatomy, answer, answer.last_hidden_state[0])
    tolerance = torch.finfo(whole.dtype).eps ** 0.5
    return torch.allclose(whole, alone, rtol=tolerance, atol=tolerance, equal_nan=True)
