"""Texts of like length through a model together, as many as a budget of tokens allows."""

from collections.abc import Callable

import numpy as np
import torch

ACCELERATOR_TOKENS = 24576
"""So many that the device works longer on a layer than it takes to queue the next one."""
MOST_PADDING = 0.05
"""Share of a batch; one under half of the budget may have more."""
CPU_NUMBERS = 400_000
"""Tokens in a batch times width: hidden states that stay in a processor's cache between two operations."""


def default_batch_tokens(device: str, width: int) -> int:
    """Tokens in a batch, padding included, where none are asked for.

    GPT-2 (124 M) on one core runs at .86 of the matrix rate with 512, .82 with 2,048; narrow models want more, so that
    the calls themselves do not count.

    >>> default_batch_tokens("cpu", 768), default_batch_tokens("cpu", 64), default_batch_tokens("cuda", 768)
    (520, 4096, 24576)
    """
    return min(max(CPU_NUMBERS // width, 256), 4096) if device == "cpu" else ACCELERATOR_TOKENS


def in_batches(
    lengths: np.ndarray, budget: int, step: Callable[[np.ndarray], None], progress: Callable[[int, int], None]
) -> int:
    """Call ``step`` with the indices of each batch, the longest texts first.

    Where an accelerator runs out of memory, the budget is halved and the batch tried again: ``step`` must leave nothing
    behind when it fails.

    Parameters
    ----------
    lengths : ndarray of int, shape (n_texts,)
        Tokens of each text.
    budget : int
        Tokens in a batch, padding included; a longer text is a batch by itself. Half of it is filled where texts become
        so short that the rest would be padding.
    progress : callable
        Called with the texts done and the texts in all.

    Returns
    -------
    int
        The budget in the end.

    Raises
    ------
    ValueError
        A single text does not fit into the accelerator's memory.
    """
    pending = np.argsort(-lengths, kind="stable")
    while len(pending):
        batch = pending[: texts_together(lengths[pending], budget)]
        if _fits(step, batch):
            pending = pending[len(batch) :]
            progress(len(lengths) - len(pending), len(lengths))
        elif len(batch) > 1:
            budget = int(lengths[batch[0]]) * len(batch) // 2
            torch.cuda.empty_cache()
        else:
            raise ValueError(
                f"a text of {lengths[batch[0]]} tokens does not fit into the accelerator's memory: "
                "lower max_length, or take device=cpu or a smaller dtype"
            )
    return budget


def texts_together(lengths: np.ndarray, budget: int) -> int:
    """How many of the first texts are a batch, the longest being the first.

    >>> texts_together(np.array([10, 10, 10, 10, 10]), 40), texts_together(np.array([10, 10, 5, 5, 5]), 40)
    (4, 2)
    """
    some = lengths[: max(1, budget // lengths[0])]
    taken = lengths[0] * np.arange(1, len(some) + 1)
    fits = (taken - np.cumsum(some) <= MOST_PADDING * taken) | (taken <= budget / 2)
    return int(np.flatnonzero(fits)[-1]) + 1


def _fits(step: Callable[[np.ndarray], None], batch: np.ndarray) -> bool:
    """Whether the step was done; False where an accelerator's memory did not suffice."""
    try:
        step(batch)
    except RuntimeError as error:
        if isinstance(error, torch.OutOfMemoryError) or "MPS backend out of memory" in str(error):
            return False
        raise
    return True
