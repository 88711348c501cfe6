"""One pass of a model over texts: the pooled rows of every layer, and the loss on the way."""

from collections.abc import Callable
from contextlib import nullcontext
from functools import partial

import numpy as np
import torch
from torch import Tensor

from todacomm.activations.batches import in_batches
from todacomm.activations.last_block import only_at, separable
from todacomm.activations.likelihood import next_token_losses
from todacomm.activations.pooling import pool
from todacomm.activations.prepared import TOKEN_EMBEDDING, Prepared, Read
from todacomm.activations.products import quick_products
from todacomm.activations.tokens import pad
from todacomm.core.streams import RESIDUAL, groups
from todacomm.models.anatomy import run_body
from todacomm.models.loaded import LoadedModel
from todacomm.system.progress import Progress

Finished = Callable[[str, np.ndarray], None]
"""Called with a layer's name and its rows, shape (n_texts, width), as soon as no batch changes them any more."""


def one_pass(
    loaded: LoadedModel,
    prepared: Prepared,
    *,
    with_loss: bool,
    progress: Progress,
    finished: Finished | None = None,
) -> Read:
    """Run the texts through the model, keeping one row a text and layer.

    Parameters
    ----------
    with_loss : bool
        Whether to sum up the next-token losses.
    finished : callable, optional
        Called with a layer's name and rows in the last batch, while the model goes on to later layers; once more where
        that batch had to be halved, and the last call counts.
    """
    tokens, positions, names = prepared.tokens, prepared.positions, prepared.names
    device = loaded.device
    embed = loaded.model.get_input_embeddings()
    with_streams = set(groups(names)) != {RESIDUAL}
    whole = with_loss or positions is None or with_streams  # what is added is read inside a block
    parts = () if whole else separable(loaded.anatomy)
    unmasked = loaded.anatomy.causal and device.type != "cpu"  # kernels without a mask are quicker there
    rows: dict[str, np.ndarray] = {}
    losses = np.full(len(tokens), np.nan)
    n_done = 0
    under_way: list[Callable[[], None]] = []
    """What is left to do for the batch before, of which the numbers were still on their way."""

    def keep(name: str, batch: np.ndarray, report: Finished | None, numbers: Callable[[], np.ndarray]) -> None:
        some_rows = numbers()
        if name not in rows:
            rows[name] = np.empty((len(tokens), some_rows.shape[1]), dtype=np.float32)
        rows[name][batch] = some_rows
        if report is not None:
            report(name, rows[name])

    def step(batch: np.ndarray) -> None:
        nonlocal n_done, under_way
        begun: list[Callable[[], None]] = []
        report = finished if n_done + len(batch) == len(tokens) else None
        some = [tokens[index] for index in batch]
        ids, mask = pad([text.ids for text in some], device)
        at = None if positions is None else torch.from_numpy(positions[batch]).to(device)

        def take(name: str, hidden: Tensor, report: Finished | None) -> None:
            keeping = partial(keep, name, batch, report, copied(pool(hidden, mask, at)))
            if waits_for_copies(device):
                begun.append(keeping)
            else:
                keeping()

        def receive(name: str, hidden: Tensor) -> None:
            if name in names:
                take(name, hidden, report)

        take(TOKEN_EMBEDDING, embed(ids), None)
        given = torch.ones_like(mask) if unmasked else mask
        with only_at(parts, at) if parts and at is not None else nullcontext():
            answer = run_body(loaded.anatomy, ids, given, receive, with_streams=with_streams)
        if with_loss:
            losses[batch] = next_token_losses(loaded, some, ids, answer)
        n_done += len(batch)
        for keeping in under_way if n_done < len(tokens) else (*under_way, *begun):
            keeping()
        under_way = begun

    lengths = np.array([len(text.ids) for text in tokens])
    with torch.inference_mode(), quick_products(loaded.model):
        in_batches(lengths, prepared.batch_tokens, step, lambda done, total: progress("extraction", done, total))
    return Read(rows, losses if with_loss else None)


def copied(tensor: Tensor) -> Callable[[], np.ndarray]:
    """Begin to copy a tensor to the processor; what is returned waits for its numbers.

    From CUDA into pinned memory: a copy into any other would hold back the work that is queued behind it.
    """
    if tensor.device.type != "cuda":
        return lambda: tensor.cpu().numpy()
    copy, done = tensor.to("cpu", non_blocking=True), torch.cuda.Event()
    done.record(torch.cuda.current_stream(tensor.device))

    def wait() -> np.ndarray:
        done.synchronize()
        return copy.numpy()

    return wait


def waits_for_copies(device: torch.device) -> bool:
    """Whether numbers are on their way for a while, and more work is to be queued meanwhile."""
    return device.type != "cpu"
