"""A loaded model compared with its files: nothing that a reader takes for trained may have been drawn at random."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from todacomm.core.facts import RunWarning
from todacomm.models.matching import Matches
from todacomm.models.reading import Head
from todacomm.models.stored import Stored, read_tensors

FEW = 8
"""Tensors of the body that are compared, and of the head."""
FIRST_BYTES = 2**20
"""Of each tensor compared."""
NAMED = 3
"""Names in a message."""


def names_inside(model: nn.Module, part: nn.Module) -> set[str]:
    """Every name in the model of the tensors of one of its parts, tied ones by all of their names."""
    inside = {id(tensor) for tensor in (*part.parameters(), *part.buffers())}
    named = (*model.named_parameters(remove_duplicate=False), *model.named_buffers(remove_duplicate=False))
    return {name for name, tensor in named if id(tensor) in inside}


def without_missing_head(
    whole: PreTrainedModel, model: Any, head: Head | None, body: nn.Module, missing: Collection[str], folder: Path
) -> tuple[Any, Head | None]:
    """The model with its head, or its body alone where the files lack a part of the head.

    Parameters
    ----------
    whole, model : PreTrainedModel
        As it was read, and the part of it that is used.
    missing : collection of str
        The model's tensors that the files lack. A pooler, of whose output no layer is made, is not missed.

    Raises
    ------
    ValueError
        They lack a part of the body.
    """
    needed, inside = sorted(name for name in missing if "pooler." not in name), names_inside(whole, body)
    if lost := [name for name in needed if name in inside]:
        raise ValueError(
            f"{folder} lacks {len(lost)} weights that {type(whole).__name__} needs ({_some(lost)}): "
            "its weights do not belong to its config, or the file is incomplete"
        )
    if head and needed:
        return (body if isinstance(body, PreTrainedModel) else model), None
    return model, head


Unlike = tuple[str, tuple[int, ...], tuple[int, ...]]
"""Name of a tensor, its shape as stored, its shape in the model."""


def unlike_shapes(model: nn.Module, matches: Matches, stored: Mapping[str, Stored]) -> list[Unlike]:
    """The tensors whose stored shape is not the model's."""
    own = model.state_dict()
    pairs = ((name, stored[source].shape, tuple(own[name].shape)) for name, source in matches.direct.items())
    return sorted(pair for pair in pairs if pair[1] != pair[2])


def wrong_shapes(unlike: Sequence[Unlike]) -> str:
    """What to say of tensors that do not have the model's shapes.

    >>> wrong_shapes([("wte.weight", (400, 32), (400, 64))])
    'wte.weight has shape (400, 32) in the file and (400, 64) by the config: they do not belong together'
    """
    name, stored, own = unlike[0]
    more = f" (and {len(unlike) - 1} more)" if len(unlike) > 1 else ""
    return f"{name}{more} has shape {stored} in the file and {own} by the config: they do not belong together"


def unused_in_body(body: nn.Module, unused: Collection[str]) -> list[str]:
    """Stored tensors that belong into a body and are not taken: of another block, of a bias or adapter it has not.

    Parameters
    ----------
    unused : collection of str
        Names of all stored tensors that the model does not take; those of another head are left aside.
    """
    parts = {name for name, _ in (*body.named_children(), *body.named_parameters(recurse=False))}

    def belongs(name: str) -> bool:
        words = name.split(".")
        return any(word in parts for word in words[:-1])

    return sorted(filter(belongs, unused))


def unused_warnings(whole: nn.Module, body: nn.Module, unused: Collection[str]) -> list[RunWarning]:
    """The warning about stored tensors that belong into a model's body and are not taken; none without such."""
    names = unused_in_body(body, unused)
    if not names:
        return []
    many = f"{len(names)} stored weights have" if len(names) > 1 else "1 stored weight has"
    place = f"no place in {type(whole).__name__} ({_some(names)})"
    return [RunWarning("unused_weights", f"{many} {place}: the file is of another model than the config")]


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:NAMED]) + (", ..." if len(names) > NAMED else "")


def hold_against_files(
    model: nn.Module, matches: Matches, stored: dict[str, Stored], part: Collection[str], what: str
) -> int:
    """Compare the beginnings of a few of a model's tensors with the files; how many were compared.

    Parameters
    ----------
    part : collection of str
        Names of the tensors to choose from: those of the body, those of the head.
    what : str
        The model and its files, for the message.

    Raises
    ------
    ValueError
        A tensor is not what is stored.
    """
    there = ((name, one) for name, one in model.named_parameters(remove_duplicate=False) if not one.is_meta)
    own = dict(there)  # what accelerate offloads is read from the files whenever it is needed
    names = sorted(name for name in part if name in matches.direct and name in own and own[name].is_floating_point())
    chosen = names[:: max(1, -(-len(names) // FEW))]
    begins = {name: _begin(stored[matches.direct[name]]) for name in chosen}
    read = read_tensors(begins)
    unlike = [name for name in chosen if not _same_numbers(own[name], read[name])]
    if unlike:
        raise ValueError(
            f"{len(unlike)} of {len(chosen)} weights of {what} are not those in its files "
            f"({_some(unlike)}): they were drawn at random or changed; load it with another version of transformers"
        )
    return len(chosen)


def _begin(entry: Stored) -> Stored:
    n_numbers = min(FIRST_BYTES, entry.n_bytes) // entry.dtype.itemsize
    return replace(entry, n_bytes=n_numbers * entry.dtype.itemsize, shape=(n_numbers,))


def _same_numbers(tensor: Tensor, begin: Tensor) -> bool:
    own = tensor.detach().flatten()[: len(begin)].cpu()
    return torch.equal(own.nan_to_num(), begin.to(own.dtype).nan_to_num())
