"""A model whose tensors come and go: made without its weights, each part filled when it is needed and emptied again."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from todacomm.models.checked import wrong_shapes
from todacomm.models.deferred import Recording, recorded
from todacomm.models.matching import aliases, load_some, match, may_be_missing
from todacomm.models.stored import Stored, read_tensors


class Weights(Protocol):
    """Where a skeleton's tensors come from."""

    def ahead(self, names: Sequence[str]) -> None:
        """Begin to fetch the tensors that are filled next."""

    def fill(self, names: Sequence[str]) -> None:
        """Give the model's tensors of these names their numbers."""


def built(make: Callable[[], PreTrainedModel], seed: int | None, large: int) -> tuple[PreTrainedModel, Recording]:
    """A model that holds no large tensor, and how these come about; see :mod:`todacomm.models.deferred`."""
    with recorded(seed, large) as recording:
        model = make()
    return model.eval().requires_grad_(False), recording


class Skeleton:
    """A model, and which of its tensors hold their numbers.

    Parameters
    ----------
    model : PreTrainedModel
        As :func:`built` makes it.
    weights : Weights
        Where its numbers come from.
    device : torch.device
        Where they go.
    """

    def __init__(self, model: PreTrainedModel, weights: Weights, device: torch.device) -> None:
        self.model, self.weights, self.device = model, weights, device
        self._filled: set[str] = set()
        self._empty = dict(_named(model))
        self._prefixes = {module: f"{name}." if name else "" for name, module in model.named_modules()}

    def names(self, module: nn.Module, deep: bool = True) -> list[str]:
        """Names in the model of a module's tensors, and of those inside it unless ``deep`` is off."""
        return [self._prefixes[module] + name for name, _ in _named(module, deep)]

    def ahead(self, module: nn.Module) -> None:
        """Begin to fetch what a module is filled with next."""
        self.weights.ahead(self._missing(module))

    def fill(self, module: nn.Module, deep: bool = True) -> None:
        """Give a module's tensors their numbers, where they do not have them yet."""
        if missing := self._missing(module, deep):
            self.weights.fill(missing)
            self._filled.update(missing)

    def empty(self, module: nn.Module) -> None:
        """Take a module's tensors away again."""
        for name in self.names(module):
            put(self.model, name, self._empty[name])
            self._filled.discard(name)

    def _missing(self, module: nn.Module, deep: bool = True) -> list[str]:
        return [name for name in self.names(module, deep) if name not in self._filled]


class FileWeights:
    """Weights read from safetensors files, a part at a time, the next part in a thread of its own.

    Attributes
    ----------
    missing : frozenset of str
        Names of the model's tensors that the files lack and that are not tied to another.
    unused : tuple of str
        Stored tensors that the model does not take.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        stored: Mapping[str, Stored],
        recording: Recording,
        dtype: torch.dtype,
        device: torch.device,
    ) -> None:
        self._model, self._stored, self._recording = model, stored, recording
        self._dtype, self._device = dtype, device
        self._sources, _, self.unused = match(model, stored)
        self._aliases = aliases(model)
        for name in self._sources:  # a number that was never read must not be taken for one that was
            if not get(model, name).is_meta:
                empty: Tensor = get(model, name).to("meta")
                if isinstance(get(model, name), nn.Parameter):
                    empty = nn.Parameter(empty, requires_grad=False)
                for one in self._aliases[name]:
                    put(model, one, empty)
        self.missing = frozenset(
            name
            for name in model.state_dict()
            if self._home(name) not in self._sources and not may_be_missing(model, name)
        )
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="weights")
        self._begun: tuple[frozenset[str], Future[dict[str, Tensor]]] | None = None

    def ahead(self, names: Sequence[str]) -> None:
        wanted = self._files(names)
        if wanted and (self._begun is None or self._begun[0] != wanted):
            self._begun = wanted, self._reader.submit(read_tensors, {name: self._stored[name] for name in wanted})

    def fill(self, names: Sequence[str]) -> None:
        self.ahead(names)
        homes = {name: self._home(name) for name in names}
        lent = {home: get(self._model, home) for name, home in homes.items() if home != name}
        if self._files(names) and self._begun is not None:
            (_, reading), self._begun = self._begun, None
            tensors = reading.result()
            del reading  # the future holds what was read, beside what it becomes
            if unlike := load_some(self._model, tensors, self._dtype, self._device):
                raise ValueError(wrong_shapes(unlike))
        for name, home in homes.items():
            if home in self._sources:
                put(self._model, name, get(self._model, home))
            else:
                put(self._model, name, _real(self._model, name, self._recording).to(self._device))
        for home, tensor in lent.items():
            if home not in names:
                put(self._model, home, tensor)

    def _home(self, name: str) -> str:
        """The name under which a tensor is stored: its own, or one that it is tied to."""
        return next((one for one in (name, *self._aliases[name]) if one in self._sources), name)

    def _files(self, names: Sequence[str]) -> frozenset[str]:
        homes = map(self._home, names)
        return frozenset(stored for home in homes for stored in self._sources.get(home, ()))


class DrawnWeights:
    """Random weights, each part drawn again from the seed as building the whole model drew it."""

    def __init__(self, model: PreTrainedModel, recording: Recording, dtype: torch.dtype, device: torch.device) -> None:
        self._model, self._recording, self._dtype, self._device = model, recording, dtype, device

    def ahead(self, names: Sequence[str]) -> None:
        """Nothing: they are drawn where they are needed."""

    def fill(self, names: Sequence[str]) -> None:
        for name in names:
            tensor = _real(self._model, name, self._recording)
            put(self._model, name, tensor.to(self._device, self._dtype if tensor.is_floating_point() else None))

    def drawn(self) -> Iterator[tuple[str, Tensor]]:
        """Every parameter with its numbers before any change of precision, by name in alphabetical order."""
        for name, _ in sorted(self._model.named_parameters()):
            yield name, _real(self._model, name, self._recording)


def get(model: nn.Module, name: str) -> Tensor:
    """A model's parameter or buffer."""
    parent, _, own = name.rpartition(".")
    tensor: Tensor = getattr(model.get_submodule(parent), own)
    return tensor


def put(model: nn.Module, name: str, tensor: Tensor) -> None:
    """Set a model's parameter or buffer, whatever its form and device."""
    parent, _, own = name.rpartition(".")
    module = model.get_submodule(parent)
    if own in module._buffers:
        module._buffers[own] = tensor
    else:
        parameter = tensor if isinstance(tensor, nn.Parameter) else nn.Parameter(tensor, requires_grad=False)
        module._parameters[own] = parameter


def _real(model: nn.Module, name: str, recording: Recording) -> Tensor:
    tensor = get(model, name)
    return recording.replay([tensor])[0] if tensor.is_meta else tensor.detach()


def _named(module: nn.Module, deep: bool = True) -> Iterator[tuple[str, Tensor]]:
    yield from module.named_parameters(recurse=deep, remove_duplicate=False)
    yield from module.named_buffers(recurse=deep, remove_duplicate=False)
