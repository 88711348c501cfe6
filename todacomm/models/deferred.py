"""A model built without the memory for it: what its construction did to each large tensor is recorded, then replayed.

Large tensors are made on torch's meta device, where they hold nothing; small ones are real. What a constructor and an
initialisation do to a large tensor (make it, draw it, scale it) is recorded in order. Its numbers come from replaying
those steps alone, each random one from the state that the generator had at that time. So any part of a model can be
had by itself, bit for bit as building the whole model gives it.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from transformers import initialization

from todacomm.models._torch import TorchDispatchMode, storage_of, tree_flatten, tree_map_only, tree_unflatten

LARGE = 2**16
"""Numbers in a tensor from which on it is recorded instead of made."""
_OVERWRITING = frozenset({"normal_", "uniform_", "zero_", "fill_", "random_", "bernoulli_", "exponential_"})
"""Operations in place of whose results nothing depends on what the tensor held before."""

_WHOLE = ("trunc_normal_", "orthogonal_", "sparse_", "dirac_")
"""Initialisations of ``torch.nn.init`` that are one step."""


@dataclass(frozen=True)
class _View:
    """A recorded tensor: which storage it lies in, and how."""

    storage: int
    size: tuple[int, ...]
    stride: tuple[int, ...]
    offset: int
    dtype: torch.dtype

    @classmethod
    def of_tensor(cls, tensor: Tensor) -> "_View":
        return cls(storage_of(tensor), tuple(tensor.shape), tensor.stride(), int(tensor.storage_offset()), tensor.dtype)

    def of(self, memory: Tensor) -> Tensor:
        """The same view of real memory, given as bytes."""
        return memory.view(self.dtype).as_strided(self.size, self.stride, self.offset)


@dataclass(frozen=True, eq=False)
class _Step:
    """One operation: what it was called with, tensors as views, the storages that it reads and changes.

    Attributes
    ----------
    begins : bool
        Whether what the changed storages held before does not matter any more.
    state : Tensor or None
        The generator's state before a random operation.
    """

    operation: Any
    leaves: tuple[Any, ...]
    structure: Any
    outputs: tuple[_View, ...]
    reads: frozenset[int]
    changes: frozenset[int]
    begins: bool
    state: Tensor | None


@dataclass(frozen=True)
class Recording:
    """What a construction did to its large tensors, in order."""

    steps: list[_Step] = field(default_factory=list)
    holders: dict[int, Tensor] = field(default_factory=dict)
    """One tensor of each storage, alive, so that no other storage gets its number."""

    def replay(self, tensors: Sequence[Tensor]) -> list[Tensor]:
        """Real tensors on the CPU, with the numbers that the construction gave to these; the global generator stays.

        Raises
        ------
        ValueError
            A tensor was not made under the recording.
        """
        views = [_View.of_tensor(tensor) for tensor in tensors]
        for view in views:
            if view.storage not in self.holders:
                raise ValueError(f"a tensor of shape {view.size} was not made where it could be recorded")
        real: dict[int, Tensor] = {}

        def memory(storage: int) -> Tensor:
            if storage not in real:  # all of it is overwritten next
                real[storage] = torch.empty(self.holders[storage].untyped_storage().nbytes(), dtype=torch.uint8)
            return real[storage]

        with torch.random.fork_rng(devices=[]), torch.no_grad():
            for step in self._needed({view.storage for view in views}):
                leaves = [leaf.of(memory(leaf.storage)) if isinstance(leaf, _View) else leaf for leaf in step.leaves]
                args, kwargs = tree_unflatten(leaves, step.structure)
                if step.state is not None:
                    torch.set_rng_state(step.state)
                for view, given in zip(step.outputs, _tensors(step.operation(*args, **kwargs)), strict=True):
                    real.setdefault(view.storage, torch.empty(0, dtype=torch.uint8).set_(given.untyped_storage()))
            return [view.of(memory(view.storage)) for view in views]

    def _needed(self, storages: set[int]) -> list[_Step]:
        """The steps on which the last state of these storages depends, in order."""
        unknown, needed = set(storages), []
        for step in reversed(self.steps):
            if step.changes & unknown:
                needed.append(step)
                unknown |= step.reads
                if step.begins:
                    unknown -= step.changes - step.reads
        return needed[::-1]


@contextmanager
def recorded(seed: int | None, large: int = LARGE) -> Iterator[Recording]:
    """Record what is done to the large tensors made meanwhile; the global generator is left as it was.

    Parameters
    ----------
    seed : int or None
        Seed of the global generator meanwhile. None: random steps on large tensors are recorded without being drawn,
        which takes no time; replayed, they give other numbers.
    large : int
        Numbers in a tensor from which on it is recorded.

    Raises
    ------
    ValueError
        A small tensor would be computed from numbers that a large one does not hold.
    """
    recording = Recording()
    recorder = _Recorder(recording, large, draws=seed is not None)
    with torch.random.fork_rng(devices=[]), _whole_draws(recorder), recorder:
        if seed is not None:
            torch.manual_seed(seed)
        yield recording


@contextmanager
def _whole_draws(recorder: "_Recorder") -> Iterator[None]:
    """Record as one step what torch leaves undone on the meta device, or draws as often as the numbers ask for."""
    places: list[dict[str, Any]] = [vars(torch.nn.init), initialization.TORCH_INIT_FUNCTIONS]
    originals = [(place, name, place[name]) for place in places for name in _WHOLE if name in place]

    def instead(original: Any) -> Any:
        def draw(tensor: Tensor, *args: Any, **kwargs: Any) -> Tensor:
            return (
                recorder.draw(original, tensor, *args, **kwargs)
                if tensor.is_meta
                else original(tensor, *args, **kwargs)
            )

        return draw

    for place, name, original in originals:
        place[name] = instead(original)
    try:
        yield
    finally:
        for place, name, original in originals:
            place[name] = original


class _Recorder(TorchDispatchMode):
    """Sends large new tensors to the meta device, and writes down what happens to them."""

    def __init__(self, recording: Recording, large: int, draws: bool) -> None:
        super().__init__()
        self.recording, self.large, self.draws = recording, large, draws
        self.paused = False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        given = _tensors((args, kwargs))
        if self.paused:
            return func(*args, **kwargs)
        if any(tensor.is_meta for tensor in given):
            return self._record(func, args, kwargs, func(*_to_meta(args), **_to_meta(kwargs)))
        if given or "device" not in {argument.name for argument in func._schema.arguments}:
            return func(*args, **kwargs)
        empty = func(*args, **{**kwargs, "device": "meta"})
        kwargs["device"] = torch.device("cpu")  # asked for where a tensor is that is only recorded, too
        if empty.numel() < self.large:
            return func(*args, **kwargs)
        return self._record(func, args, {**kwargs, "dtype": empty.dtype}, empty)

    def draw(self, function: Any, tensor: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        """Record a function that fills a tensor with random numbers as one step, and draw them."""
        leaves, structure = tree_flatten(((tensor, *args), kwargs))
        changed = frozenset({_View.of_tensor(tensor).storage})
        whole = _is_whole(tensor)
        self.recording.steps.append(
            _Step(
                operation=function,
                leaves=tuple(map(_leaf, leaves)),
                structure=structure,
                outputs=(_View.of_tensor(tensor),),
                reads=frozenset() if whole else changed,
                changes=changed,
                begins=whole,
                state=torch.get_rng_state(),
            )
        )
        if self.draws:
            self.paused = True
            function(_scratch(tensor), *args, **kwargs)
            self.paused = False
        return tensor

    def _record(self, func: Any, args: Any, kwargs: Any, output: Any) -> Any:
        changed = _changed(func, args, kwargs)
        if any(not tensor.is_meta for tensor in changed):
            raise ValueError(f"{func} computes a small tensor from a large one")
        leaves, structure = tree_flatten((args, kwargs))
        inputs = [leaf for leaf in leaves if isinstance(leaf, Tensor) and leaf.is_meta]
        outputs = _tensors(output)
        if any(_View.of_tensor(tensor).storage not in self.recording.holders for tensor in inputs):
            raise ValueError(f"{func} reads numbers that were given where they could not be recorded")
        for tensor in (*inputs, *outputs):
            self.recording.holders.setdefault(_View.of_tensor(tensor).storage, tensor)
        reads = frozenset(_View.of_tensor(tensor).storage for tensor in inputs)
        made = frozenset(_View.of_tensor(tensor).storage for tensor in outputs) - reads
        changes = frozenset(_View.of_tensor(tensor).storage for tensor in changed)
        overwrites = _name(func) in _OVERWRITING and all(map(_is_whole, changed))
        random = torch.Tag.nondeterministic_seeded in func.tags
        state = torch.get_rng_state() if random else None
        if random and self.draws:
            func(*_scratch(args), **_scratch(kwargs))
        if made or changes:  # a view is nothing but another way to look
            self.recording.steps.append(
                _Step(
                    operation=func,
                    leaves=tuple(map(_leaf, leaves)),
                    structure=structure,
                    outputs=tuple(map(_View.of_tensor, outputs)),
                    reads=reads - changes if overwrites else reads,
                    changes=made | changes,
                    begins=overwrites or not changes,
                    state=state,
                )
            )
        return output


def _leaf(value: Any) -> Any:
    if isinstance(value, Tensor):
        return _View.of_tensor(value) if value.is_meta else value.clone()
    return value


def _tensors(values: Any) -> list[Tensor]:
    return [leaf for leaf in tree_flatten(values)[0] if isinstance(leaf, Tensor)]


def _to_meta(values: Any) -> Any:
    return tree_map_only(Tensor, lambda tensor: tensor.to("meta"), values)


def _scratch(values: Any) -> Any:
    """Real tensors of the same form in the place of those that hold nothing; what is made is made on the CPU."""
    return tree_map_only(
        Tensor,
        lambda tensor: (
            torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype) if tensor.is_meta else tensor
        ),
        values,
    )


def _changed(func: Any, args: Any, kwargs: Any) -> list[Tensor]:
    """The tensors that an operation changes in place."""
    named = dict(zip((argument.name for argument in func._schema.arguments), args, strict=False)) | kwargs
    return _tensors([
        named.get(argument.name)
        for argument in func._schema.arguments
        if argument.alias_info is not None and argument.alias_info.is_write
    ])  # fmt: skip


def _is_whole(tensor: Tensor) -> bool:
    """Whether a tensor covers all of its memory, once."""
    return tensor.is_contiguous() and tensor.numel() * tensor.itemsize == tensor.untyped_storage().nbytes()


def _name(func: Any) -> str:
    return str(func._schema.name).rpartition("::")[2]
