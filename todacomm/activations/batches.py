"""Texts of like length through a model together, as many as a budget of tokens allows."""

from collections.abc import Callable

import numpy as np
import torch

BATCH_TOKENS = {"cpu": 2048, "mps": 8192, "cuda": 16384}
"""Tokens in a batch, padding included, where none are asked for."""


def in_batches(
    lengths: np.ndarray, budget: int, step: Callable[[np.ndarray], None], progress: Callable[[int, int], None]
) -> None:
    """Call ``step`` with the indices of each batch, the longest texts first.

    Where an accelerator runs out of memory, the budget is halved and the batch tried again: ``step`` must leave nothing
    behind when it fails.

    Parameters
    ----------
    lengths : ndarray of int, shape (n_texts,)
        Tokens of each text.
    budget : int
        Tokens in a batch, padding included; a longer text is a batch by itself.
    progress : callable
        Called with the texts done and the texts in all.

    Raises
    ------
    ValueError
        A single text does not fit into the accelerator's memory.
    """
    pending = np.argsort(-lengths, kind="stable")
    while len(pending):
        batch = pending[: max(1, budget // lengths[pending[0]])]
        try:
            step(batch)
        except RuntimeError as error:
            if not _out_of_memory(error):
                raise
            if len(batch) == 1:
                raise ValueError(
                    f"a text of {lengths[batch[0]]} tokens does not fit into the accelerator's memory: "
                    "lower max_length, or take device=cpu or a smaller dtype"
                ) from error
            budget = int(lengths[batch[0]]) * len(batch) // 2
            torch.cuda.empty_cache()
            continue
        pending = pending[len(batch) :]
        progress(len(lengths) - len(pending), len(lengths))


def _out_of_memory(error: RuntimeError) -> bool:
    return isinstance(error, torch.OutOfMemoryError) or "MPS backend out of memory" in str(error)
