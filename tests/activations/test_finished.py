"""Layers told of in the last batch, each as soon as no batch changes its cloud any more."""

import threading
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from tests.activations.test_batches import Load, short_of_memory
from tests.helpers.tiny_models import TEXTS
from todacomm.activations import batches, extract
from todacomm.activations.forward import copying
from todacomm.models import LoadedModel


@pytest.mark.parametrize("batch_tokens", [60, 4000])
def test_every_layer_is_told_of_once_by_depth_with_its_whole_cloud(tiny: LoadedModel, batch_tokens: int) -> None:
    told: list[tuple[str, np.ndarray]] = []
    seen = extract(
        tiny, TEXTS, batch_tokens=batch_tokens, finished=lambda name, cloud: told.append((name, cloud.copy()))
    )
    assert [name for name, _ in told] == list(seen.clouds)
    for name, cloud in told:
        np.testing.assert_array_equal(cloud, seen.clouds[name])


def test_it_is_told_of_before_the_next_layer_is_computed_and_in_the_last_batch_only(load_tiny: Load) -> None:
    loaded = load_tiny("gpt2")
    events: list[str] = []
    handles = [
        block.register_forward_pre_hook(lambda module, args, name=f"into layer_{depth}": events.append(name))
        for depth, block in enumerate(loaded.anatomy.blocks)
    ]
    try:
        extract(loaded, TEXTS, batch_tokens=60, finished=lambda name, cloud: events.append(name))
    finally:
        for handle in handles:
            handle.remove()
    into = [f"into layer_{depth}" for depth in range(len(handles))]
    batch = len(handles)
    first = events.index("embedding") - 1
    assert first >= batch
    assert set(events[:first]) == set(into)
    in_turns = [name for depth in range(batch) for name in (f"layer_{depth}", f"into layer_{depth + 1}")][:-1]
    assert events[first:] == ["into layer_0", "embedding", *in_turns, "final"]


def test_where_the_last_batch_is_halved_the_last_call_counts(load_tiny: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "MOST_PADDING", 1.0)  # one batch
    loaded = load_tiny("gpt2")
    told: list[tuple[str, np.ndarray]] = []

    def finished(name: str, cloud: Any) -> None:
        told.append((name, cloud.copy()))

    handle = loaded.anatomy.blocks[1].register_forward_pre_hook(short_of_memory(100, []))
    try:
        seen = extract(loaded, TEXTS, batch_tokens=1000, finished=finished)
    finally:
        handle.remove()
    names = [name for name, _ in told]
    assert names[: -len(seen.clouds)] == ["embedding", "layer_0"]
    assert names[-len(seen.clouds) :] == list(seen.clouds)
    for name, cloud in dict(told).items():
        np.testing.assert_array_equal(cloud, seen.clouds[name])


@pytest.fixture
def pretended(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """CUDA's streams and events without CUDA, and what was done with them."""
    done: list[str] = []
    event = SimpleNamespace(record=lambda stream: done.append(stream), synchronize=lambda: done.append("waited"))
    monkeypatch.setattr(torch.cuda, "Event", lambda: event)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: f"stream of {device}")
    return done


def test_copies_from_cuda_are_waited_for_in_one_other_thread_in_order(pretended: list[str]) -> None:
    taken: list[tuple[float, bool]] = []

    def take(rows: np.ndarray) -> None:
        taken.append((rows.item(), threading.current_thread() is threading.main_thread()))

    with copying(torch.device("cuda")) as copy:
        for number in range(50):
            copy(take, torch.tensor([number]))
    assert taken == [(number, False) for number in range(50)]
    assert sorted(pretended) == ["stream of cpu"] * 50 + ["waited"] * 50


@pytest.mark.parametrize("device", ["cpu", "cuda"])
@pytest.mark.usefixtures("pretended")
def test_what_happens_to_a_copy_is_raised(device: str) -> None:
    def fail(rows: np.ndarray) -> None:
        raise ValueError(f"no room for {rows}")

    with pytest.raises(ValueError, match="no room"), copying(torch.device(device)) as copy:
        copy(fail, torch.zeros(1))
