"""A model's activations on texts: one cloud a layer, and how likely the texts are, in one pass."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from todacomm.activations.forward import Finished, one_pass
from todacomm.activations.masked import mask_tokens, masked_pass
from todacomm.activations.prepared import Activations, finish, prepare, read_once
from todacomm.activations.streamed import streamed_pass
from todacomm.models.loaded import LoadedModel
from todacomm.settings.values import AUTO
from todacomm.system.progress import Progress, silent

MASKED_POSITIONS = 8


def extract(
    loaded: LoadedModel,
    texts: Sequence[str],
    *,
    layers: Sequence[str] = ("all",),
    pooling: str = AUTO,
    max_length: int | None = None,
    batch_tokens: int | None = None,
    likelihood: bool = True,
    masked_positions: int = MASKED_POSITIONS,
    seed: int = 0,
    shuffle_seed: int | None = None,
    templated: bool = False,
    progress: Progress = silent,
    finished: Finished | None = None,
    resume: Path | None = None,
) -> Activations:
    """Run a model over texts once and keep one vector a text and layer.

    Parameters
    ----------
    layers : sequence of str
        Names; ``all``, ``attention`` and ``ffn`` stand for many, see :func:`todacomm.models.layers.choose_layers`.
    pooling : str
        ``last``, ``cls`` or ``mean``; ``auto`` is the one the model was loaded with.
    max_length : int, optional
        Longest text in tokens, special ones included; without it the longest text, up to the model's context.
    batch_tokens : int, optional
        Tokens in a batch, padding included; halved where an accelerator runs out of memory. The numbers do not depend
        on it beyond rounding.
    likelihood : bool
        Measure perplexity and bits per byte in the same pass, or pseudo-perplexity in further ones.
    masked_positions : int
        Tokens masked in each text for the pseudo-perplexity; 0 for none.
    seed : int
        Of the masked positions.
    shuffle_seed : int, optional
        Put each text's tokens into a random order first: what is left without word order. Special tokens stay where
        they are, and with last-token pooling the pooled token too.
    templated : bool
        The texts spell their special tokens, as chat templates do: none is added.
    progress : callable
        Called with ``extraction`` or ``pseudo-perplexity``, the texts done and the texts in all.
    finished : callable, optional
        Called with a layer's name and cloud as soon as both are final, while the model is still at work: on the later
        layers of the last batch, and on the passes of a pseudo-perplexity. Once more where the last batch had to be
        halved; the last call counts. Of a model read a block at a time it is called when all texts went through a
        block, before the next one begins.
    resume : Path, optional
        Folder in which the state of a pass a block at a time is kept until it is finished. A pass that was ended in
        between, begun again with the same model, texts and settings, goes on behind the last block that was finished.

    Raises
    ------
    ValueError
        A layer, the pooling or the length does not fit the model, a text has no token, a masked-language model has no
        mask token, a single text does not fit into the accelerator's memory, or a block cannot work by itself.
    """
    prepared = prepare(
        loaded,
        texts,
        layers=layers,
        pooling=pooling,
        max_length=max_length,
        batch_tokens=batch_tokens,
        shuffle_seed=shuffle_seed,
        templated=templated,
    )
    head = loaded.info.head if likelihood else None
    with_loss, masked = head == "causal", None
    if head == "masked" and masked_positions:
        masked = mask_tokens(loaded.tokenizer, prepared.tokens, masked_positions, seed)
    once, of_each = read_once(prepared)

    def of_all(rows: np.ndarray) -> np.ndarray:
        return rows if len(rows) == len(of_each) else rows[of_each]

    of_layer = None if finished is None else lambda name, rows: finished(name, rows[of_each])
    if loaded.surveyed is not None:
        read = streamed_pass(
            loaded,
            loaded.surveyed,
            once,
            masked,
            with_loss=with_loss,
            progress=progress,
            finished=of_layer,
            resume=resume,
        )
    else:
        read = one_pass(loaded, once, with_loss=with_loss, progress=progress, finished=of_layer)
        if masked is not None:
            read = replace(read, masked_losses=masked_pass(loaded, masked, prepared.batch_tokens, progress))
    losses = None if read.losses is None else of_all(read.losses)
    read = replace(read, rows={name: of_all(rows) for name, rows in read.rows.items()}, losses=losses)
    return finish(loaded, prepared, read, masked)
