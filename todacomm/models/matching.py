"""Which stored tensor becomes which of a model's, by transformers' own rules, and loading some of them.

A checkpoint may carry other names than the model (a prefix more or less, ``gamma`` for ``weight``), and experts one by
one that the model holds in one tensor. The functions of transformers that know this are called here and nowhere else.
"""

import inspect
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor
from transformers import PreTrainedModel
from transformers.conversion_mapping import get_model_conversion_mapping
from transformers.core_model_loading import (
    WeightConverter,
    WeightRenaming,
    convert_and_load_state_dict_in_model,
    rename_source_key,
)
from transformers.modeling_utils import LoadStateDictConfig

from todacomm.models.guarded import quiet_transformers

_BUFFERS = (r"rotary_emb\.inv_freq", r"(^|\.)position_ids$", r"\.attn\.(masked_)?bias$")
"""Buffers that old checkpoints hold and that are computed now."""


class Matches(NamedTuple):
    """How a checkpoint's tensors fit a model.

    Attributes
    ----------
    sources : dict
        Name in the model -> names of the stored tensors that it is made of.
    direct : dict
        Name in the model -> name of the one stored tensor that it equals.
    unused : tuple of str
        Stored tensors that the model does not take, but those that its class says it leaves aside.
    """

    sources: dict[str, tuple[str, ...]]
    direct: dict[str, str]
    unused: tuple[str, ...]


def match(model: PreTrainedModel, stored: Collection[str]) -> Matches:
    """How stored tensors fit a model, by their names."""
    known = model.state_dict()
    transforms = get_model_conversion_mapping(model)
    renamings = [one for one in transforms if isinstance(one, WeightRenaming)]
    converters = [one for one in transforms if isinstance(one, WeightConverter)]
    by_pattern = {pattern: converter for converter in converters for pattern in converter.source_patterns}
    sources: dict[str, list[str]] = defaultdict(list)
    direct, unused = {}, []
    for name in stored:
        target, pattern = rename_source_key(name, renamings, converters, model.base_model_prefix, known)
        if target not in known and name in known:
            target, pattern = name, None
        if target not in known:
            unused.append(name)
        elif pattern is None:
            sources[target].append(name)
            direct[target] = name
        else:
            first, *others = by_pattern[pattern].target_patterns
            for one in (target, *(target.replace(first, other) for other in others)):
                sources[one].append(name)
    left_aside = (*_patterns(model, "unexpected"), *_BUFFERS)
    strange = sorted(name for name in unused if not any(re.search(pattern, name) for pattern in left_aside))
    return Matches({name: tuple(made_of) for name, made_of in sources.items()}, direct, tuple(strange))


def may_be_missing(model: PreTrainedModel, name: str) -> bool:
    """Whether a model's class says that a checkpoint may lack a tensor."""
    return any(re.search(pattern, name) for pattern in _patterns(model, "missing"))


def _patterns(model: PreTrainedModel, kind: str) -> Iterable[str]:
    return getattr(model, f"_keys_to_ignore_on_load_{kind}", None) or ()


def load_some(
    model: PreTrainedModel, tensors: Mapping[str, Tensor], dtype: torch.dtype, device: torch.device
) -> list[tuple[str, tuple[int, ...], tuple[int, ...]]]:
    """Put stored tensors into a model, converted as transformers converts them, and leave all others as they are.

    Parameters
    ----------
    tensors : mapping
        By stored name: all that some of the model's tensors are made of.

    Returns
    -------
    list of tuple
        Those whose form does not fit: name in the model, shape as stored, shape in the model.
    """
    plan = model._get_dtype_plan(dtype)
    options: dict[str, Any] = {
        "dtype": dtype,
        "dtype_plan": plan,
        "device_map": {"": device},
        "weight_mapping": get_model_conversion_mapping(model),
    }
    fields = inspect.signature(LoadStateDictConfig).parameters
    arguments: dict[str, Any] = {
        "model": model,
        "state_dict": dict(tensors),
        "load_config": LoadStateDictConfig(**{name: value for name, value in options.items() if name in fields}),
        "tp_plan": None,
        "dtype_plan": plan,
    }
    taken = inspect.signature(convert_and_load_state_dict_in_model).parameters
    with quiet_transformers():
        info, _ = convert_and_load_state_dict_in_model(**{name: arguments[name] for name in arguments if name in taken})
    return sorted((name, tuple(stored), tuple(own)) for name, stored, own in info.mismatched_keys)


def aliases(model: torch.nn.Module) -> dict[str, tuple[str, ...]]:
    """Every name of a model's tensors -> all names of the same tensor, itself among them."""
    names: dict[int, list[str]] = defaultdict(list)
    for name, tensor in _tensors(model):
        names[id(tensor)].append(name)
    return {name: tuple(names[id(tensor)]) for name, tensor in _tensors(model)}


def _tensors(model: torch.nn.Module) -> Iterable[tuple[str, Tensor]]:
    yield from model.named_parameters(remove_duplicate=False)
    yield from model.named_buffers(remove_duplicate=False)
