"""A loaded model held against its files: nothing that a reader takes for trained may have been drawn at random."""

from collections.abc import Collection, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from todacomm.models.matching import Matches
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


def needed(missing: Collection[str]) -> list[str]:
    """The missing weights that a pass needs: a pooler, of whose output no layer is made, is none."""
    return sorted(name for name in missing if "pooler." not in name)


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


def unused_words(kind: str, unused: Sequence[str]) -> str:
    """The warning about stored tensors that a model does not take.

    >>> unused_words("GPT2LMHeadModel", ["h.3.mlp.bias"])
    '1 stored weight has no place in GPT2LMHeadModel (h.3.mlp.bias): the file is of another model than the config'
    """
    many = f"{len(unused)} stored weights have" if len(unused) > 1 else "1 stored weight has"
    more = ", ..." if len(unused) > NAMED else ""
    names = ", ".join(unused[:NAMED])
    return f"{many} no place in {kind} ({names}{more}): the file is of another model than the config"


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
    own = dict(model.named_parameters(remove_duplicate=False))
    names = sorted(name for name in part if name in matches.direct and name in own and own[name].is_floating_point())
    chosen = names[:: max(1, -(-len(names) // FEW))]
    begins = {name: _begin(stored[matches.direct[name]]) for name in chosen}
    read = read_tensors(begins)
    unlike = [name for name in chosen if not _same_numbers(own[name], read[name])]
    if unlike:
        raise ValueError(
            f"{len(unlike)} of {len(chosen)} weights of {what} are not those in its files "
            f"({', '.join(unlike[:NAMED])}): "
            "they were drawn at random or changed; load it with another version of transformers"
        )
    return len(chosen)


def _begin(entry: Stored) -> Stored:
    n_numbers = min(FIRST_BYTES, entry.n_bytes) // entry.dtype.itemsize
    return replace(entry, n_bytes=n_numbers * entry.dtype.itemsize, shape=(n_numbers,))


def _same_numbers(tensor: Tensor, begin: Tensor) -> bool:
    own = tensor.detach().flatten()[: len(begin)].cpu()
    return torch.equal(own.nan_to_num(), begin.to(own.dtype).nan_to_num())
