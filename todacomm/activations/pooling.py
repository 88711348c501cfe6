"""One vector a text: where in the text it is read, and how a batch of hidden states becomes rows of a cloud."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from todacomm.activations.tokens import Tokens


def pooled_positions(tokens: Sequence[Tokens], pooling: str, cls_id: int | None) -> np.ndarray | None:
    """Position in each text that stands for it, shape (n_texts,); None for the mean over positions.

    ``last`` is the last token that is no special one, so that an appended end-of-text mark does not stand for every
    text; ``cls`` is the CLS token, wherever the tokenizer puts it.

    Raises
    ------
    ValueError
        The pooling is unknown, or a text has no CLS token.
    """
    if pooling == "mean":
        return None
    if pooling == "last":
        return np.array([np.flatnonzero(text.is_text)[-1] for text in tokens])
    if pooling != "cls":
        raise ValueError(f"unknown pooling {pooling!r}: choose cls, last or mean")
    places = [np.flatnonzero(text.ids == cls_id) for text in tokens]
    if not all(map(len, places)):
        raise ValueError("pooling=cls: the tokenizer puts no CLS token into the texts: choose last or mean")
    return np.array([positions[0] for positions in places])


def pool(hidden: Tensor, mask: Tensor, positions: Tensor | None) -> Tensor:
    """One float32 row a text, shape (texts, width), of hidden states of shape (texts, tokens, width).

    Parameters
    ----------
    mask : Tensor, shape (texts, tokens)
        1 where there is a token; the mean is over all of these, special ones included, as in sentence-transformers.
    positions : Tensor, shape (texts,), or None
        Position of the row in each text; None for the mean.
    """
    if positions is not None:
        return hidden[torch.arange(len(hidden), device=hidden.device), positions.to(hidden.device)].float()
    mask = mask.to(hidden.device)  # layers may lie on several devices
    shares = mask.float() / mask.sum(-1, keepdim=True)
    return torch.bmm(shares[:, None], hidden.float())[:, 0]
