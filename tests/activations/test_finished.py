"""Layers told of in the last batch, each as soon as no batch changes its cloud any more."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from tests.activations.test_batches import Load, short_of_memory
from tests.helpers.tiny_models import TEXTS
from todacomm.activations import batches, extract, forward
from todacomm.activations.forward import copied
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


def test_a_copy_from_cuda_is_queued_at_once_and_waited_for_when_its_numbers_are_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done: list[str] = []
    event = SimpleNamespace(record=done.append, synchronize=lambda: done.append("waited"))
    monkeypatch.setattr(torch.cuda, "Event", lambda: event)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: f"stream of {device}")
    numbers = torch.arange(3.0)
    there: Any = SimpleNamespace(device=torch.device("cuda:1"), to=lambda place, non_blocking: numbers)
    wait = copied(there)
    assert done == ["stream of cuda:1"]
    np.testing.assert_array_equal(wait(), numbers)
    assert done == ["stream of cuda:1", "waited"]


@pytest.mark.parametrize("batch_tokens", [60, 4000])
def test_numbers_that_are_on_their_way_are_kept_a_batch_later(
    load_tiny: Load, batch_tokens: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on an accelerator, and where its memory runs out in between."""
    loaded = load_tiny("gpt2")
    expected = extract(loaded, TEXTS, batch_tokens=batch_tokens)
    monkeypatch.setattr(forward, "waits_for_copies", lambda device: True)
    told: dict[str, np.ndarray] = {}
    handle = loaded.anatomy.blocks[1].register_forward_pre_hook(short_of_memory(100, []))
    try:
        seen = extract(loaded, TEXTS, batch_tokens=batch_tokens, finished=told.__setitem__)
    finally:
        handle.remove()
    for name, cloud in expected.clouds.items():
        np.testing.assert_allclose(seen.clouds[name], cloud, rtol=1e-5, atol=1e-5)
        np.testing.assert_array_equal(told[name], seen.clouds[name])
    assert seen.likelihood == pytest.approx(expected.likelihood, rel=1e-5)
