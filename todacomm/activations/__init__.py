"""A model's activations on texts: one cloud a layer, and how likely the texts are, in one pass."""

from collections.abc import Sequence

from todacomm.activations.forward import Finished, one_pass
from todacomm.activations.likelihood import count_predicted, perplexity, pseudo_perplexity
from todacomm.activations.prepared import Activations, finish, prepare
from todacomm.config import AUTO
from todacomm.models.loading import LoadedModel
from todacomm.progress import Progress, silent

__all__ = ["Activations", "Finished", "extract"]

MASKED_POSITIONS = 8


def extract(
    loaded: LoadedModel,
    texts: Sequence[str],
    *,
    layers: str = "all",
    pooling: str = AUTO,
    max_length: int | None = None,
    batch_tokens: int | None = None,
    likelihood: bool = True,
    masked_positions: int = MASKED_POSITIONS,
    seed: int = 0,
    shuffle_seed: int | None = None,
    progress: Progress = silent,
    finished: Finished | None = None,
) -> Activations:
    """Run a model over texts once and keep one vector a text and layer.

    Parameters
    ----------
    layers : str
        Names with commas; ``all``, ``attention`` and ``ffn`` stand for many, see
        :func:`todacomm.models.layers.choose_layers`.
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
    progress : callable
        Called with ``extraction`` or ``pseudo-perplexity``, the texts done and the texts in all.
    finished : callable, optional
        Called with a layer's name and cloud as soon as both are final, while the model is still at work: on the later
        layers of the last batch, and on the passes of a pseudo-perplexity. Once more where the last batch had to be
        halved; the last call counts.

    Raises
    ------
    ValueError
        A layer, the pooling or the length does not fit the model, a text has no token, or a single text does not fit
        into the accelerator's memory.
    """
    prepared = prepare(
        loaded,
        texts,
        layers=layers,
        pooling=pooling,
        max_length=max_length,
        batch_tokens=batch_tokens,
        shuffle_seed=shuffle_seed,
    )
    tokens = prepared.tokens
    with_loss = likelihood and loaded.info.head == "causal"
    rows, loss = one_pass(
        loaded,
        tokens,
        prepared.positions,
        prepared.names,
        with_loss=with_loss,
        batch_tokens=prepared.batch_tokens,
        progress=progress,
        finished=finished,
    )
    measured, n_predicted = (perplexity(loss, tokens), count_predicted(tokens)) if with_loss else ({}, 0)
    if likelihood and loaded.info.head == "masked" and masked_positions:
        value, n_predicted = pseudo_perplexity(
            loaded,
            tokens,
            positions=masked_positions,
            batch_tokens=prepared.batch_tokens,
            seed=seed,
            progress=progress,
        )
        measured = {"pseudo_perplexity": value}
    return finish(loaded, prepared, rows, measured, n_predicted)
