"""A model loaded whole, on one device or spread over several, and compared with its files."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import torch
from transformers import PreTrainedModel

from todacomm.core.facts import RunWarning
from todacomm.models.adapters import adapter_digest, merge_adapter
from todacomm.models.anatomy import examine
from todacomm.models.checked import (
    hold_against_files,
    names_inside,
    unlike_shapes,
    unused_warnings,
    without_missing_head,
    wrong_shapes,
)
from todacomm.models.formats import check_packages, gguf_options
from todacomm.models.fusing import fuse
from todacomm.models.guarded import explained, quiet_transformers
from todacomm.models.head import head_stands_alone
from todacomm.models.loaded import NO_LIKELIHOOD, LoadedModel, digest_parameters, ready
from todacomm.models.matching import Matches, match
from todacomm.models.opening import Opened
from todacomm.models.placement import Placement
from todacomm.models.plausible import check_room
from todacomm.models.stored import Stored, stored_tensors
from todacomm.models.weights import digest_files


def load_whole(opened: Opened, seed: int, placed: Placement) -> LoadedModel:
    """The model with all of its weights.

    Parameters
    ----------
    seed : int
        Of random weights.

    Raises
    ------
    ValueError
        The weights are broken, not all there, or not those of the config; or the model is no stack of blocks.
    """
    source, adapter = opened.source, Path(opened.asked.adapter).expanduser() if opened.asked.adapter else None
    read: Read | None = None
    whole: Any
    spread: Any = None
    with quiet_transformers():
        if opened.trained:
            elsewhere = opened.stored_as not in ("", "gguf")  # quantised weights are read where they are used
            spread = placed.device_map or ({"": str(opened.device)} if elsewhere else None)
            read = read_weights(opened, spread)
            whole, digest = read.model, digest_files(source.weights)
        else:
            whole = initialise(opened, seed)
            digest = digest_parameters(sorted(whole.named_parameters()))
            whole.to(opened.wanted_dtype or opened.settings.dtype or torch.float32)
        if adapter:
            whole = merge_adapter(whole, adapter)
    with explained(f"{source.name} cannot be read layer by layer"):
        model: Any = whole.get_encoder() if opened.kind == "encoder-decoder" else whole
        model.eval().requires_grad_(False)
        if spread is None:
            model.to(opened.device)
        fuse(model)
        anatomy = examine(model, opened.text_settings.num_hidden_layers, decoder=opened.kind == "decoder")
    head = opened.head
    warnings: list[RunWarning] = []
    if read is not None:
        model, head = without_missing_head(whole, model, head, anatomy.body, read.missing, source.folder)
        warnings += unused_warnings(whole, anatomy.body, read.unused)
        if not adapter and not opened.stored_as:  # otherwise the numbers are not those of the files
            body = names_inside(whole, anatomy.body)
            outside = {name for name in read.matches.direct if name not in body} if head else set[str]()
            for part in (body, outside):
                hold_against_files(whole, read.matches, read.stored, part, f"{type(whole).__name__} in {source.folder}")
    if head and not head_stands_alone(model, anatomy):
        warnings.append(NO_LIKELIHOOD)
        head = None
    return ready(
        opened,
        model,
        anatomy,
        head,
        digest=digest,
        dtype=model.dtype,
        placement=placed.kind,
        adapter_digest=adapter_digest(adapter) if adapter else "",
        warnings=warnings,
    )


class Read(NamedTuple):
    """A model as transformers read it.

    Attributes
    ----------
    missing, unused : set of str
        The model's tensors that the files lack; theirs that the model does not take.
    stored, matches : dict, Matches
        What the files hold and how it fits, where that can be said from plain safetensors; otherwise empty.
    """

    model: PreTrainedModel
    missing: set[str]
    unused: set[str]
    stored: dict[str, Stored]
    matches: Matches


def read_weights(opened: Opened, device_map: Any = None) -> Read:
    """The model with its trained weights, as far as they are there: the rest is drawn at random.

    Parameters
    ----------
    device_map : str or dict, optional
        Where transformers puts the parts; on the processor without it.

    Raises
    ------
    ValueError
        The files are broken, do not fit the config or into memory, or need a package that is not there.
    """
    source, dtype = opened.source, opened.wanted_dtype
    check_packages(opened.stored_as, source.name)
    safe = all(path.suffix == ".safetensors" for path in source.weights)
    stored = stored_tensors(source.weights) if safe and not opened.stored_as else {}
    matches = Matches({}, {}, ())
    if not opened.stored_as:
        matches = match(opened.hollow, stored)
        if unlike := unlike_shapes(opened.hollow, matches, stored):
            raise ValueError(f"the weights in {source.folder} cannot be loaded: {wrong_shapes(unlike)}")
        if device_map is None:
            stored_dtype = next((one.dtype for one in stored.values()), torch.float32)
            check_whole(opened, (dtype or stored_dtype).itemsize)
    if device_map is not None and find_spec("accelerate") is None:
        raise ValueError(f"{source.name} over several devices needs accelerate: pip install accelerate")
    options: dict[str, Any] = {} if device_map is None else {"device_map": device_map}
    options |= gguf_options(source.gguf) if source.gguf else {"use_safetensors": safe, "ignore_mismatched_sizes": True}
    failure = f"the weights in {source.folder} cannot be loaded"
    with explained(failure), torch.random.fork_rng(devices=[]):  # a missing head is drawn at random
        model, info = opened.auto.from_pretrained(
            source.folder,
            config=opened.settings,
            dtype=dtype or "auto",
            weights_only=True,
            local_files_only=True,
            trust_remote_code=opened.asked.trust_remote_code,
            output_loading_info=True,
            **options,
        )
        if unlike := sorted((name, tuple(file), tuple(own)) for name, file, own in info["mismatched_keys"]):
            raise ValueError(wrong_shapes(unlike))
    if opened.stored_as == "bitsandbytes" and dtype is not None:
        to_one_precision(model, dtype)
    return Read(model, set(info["missing_keys"]), set(info["unexpected_keys"]), stored, matches)


def check_whole(opened: Opened, bytes_each: int) -> None:
    """Whether all of a model's weights fit into memory.

    Raises
    ------
    ValueError
        They do not.
    """
    remedy = "set placement=stream, or take a smaller model"
    check_room(opened.n_parameters, bytes_each, "a model", str(opened.source.folder), remedy)


def initialise(opened: Opened, seed: int) -> PreTrainedModel:
    """The architecture with float32 weights drawn from the seed.

    Raises
    ------
    ValueError
        The config describes nothing that can be built, or more than fits into memory.
    """
    check_whole(opened, torch.float32.itemsize)
    with explained(f"the config in {opened.source.folder} cannot be used"), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return opened.make(dtype=torch.float32)


@torch.no_grad()
def to_one_precision(model: PreTrainedModel, dtype: torch.dtype) -> None:
    """Give every parameter that is not quantised one precision, in place.

    Of a bitsandbytes checkpoint transformers gives it to the quantised layers' biases alone: embeddings and norms keep
    that of the file, and a pass over both fails.
    """
    for parameter in model.parameters():
        if type(parameter) is torch.nn.Parameter and parameter.is_floating_point():
            parameter.data = parameter.to(dtype)
