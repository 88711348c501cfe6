"""What must change nothing (padding's side, the batch's size, the order of the texts), and memory that runs out."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.helpers.tiny_models import ARCHITECTURES, BLOCKS, LARGE, TEXTS, tiny_model_folder
from todacomm.activations import Activations, extract
from todacomm.activations.batches import in_batches, texts_together
from todacomm.models import LoadedModel, load_model
from todacomm.models.presets import PRESETS
from todacomm.settings.analysis import ModelConfig

Load = Callable[[str], LoadedModel]


def assert_same(one: Activations, other: Activations, rtol: float = 1e-5) -> None:
    assert list(one.clouds) == list(other.clouds)
    for name, cloud in one.clouds.items():
        np.testing.assert_allclose(cloud, other.clouds[name], rtol=rtol, atol=rtol * np.abs(cloud).max())
    np.testing.assert_array_equal(one.token_embeddings, other.token_embeddings)
    assert one.likelihood == pytest.approx(other.likelihood, rel=rtol)


def test_the_side_of_padding_changes_nothing(tiny: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    by_side = {}
    for side in ("left", "right"):
        monkeypatch.setattr(tiny.tokenizer, "padding_side", side)
        by_side[side] = extract(tiny, TEXTS)
    assert_same(by_side["left"], by_side["right"])


@pytest.mark.parametrize("batch_tokens", [1, 60, 200])
def test_the_size_of_a_batch_changes_nothing(tiny: LoadedModel, batch_tokens: int) -> None:
    assert_same(extract(tiny, TEXTS), extract(tiny, TEXTS, batch_tokens=batch_tokens))


@pytest.mark.parametrize("pooling", ["last", "mean"])
@pytest.mark.parametrize(
    ("model", "dtype", "placement"),
    [("llama", "float32", "whole"), ("llama", "float32", "stream"), ("demo-decoder", "bfloat16", "whole")],
)
def test_equal_texts_are_one_point(tmp_path: Path, model: str, dtype: str, placement: str, pooling: str) -> None:
    """Another batch rounds otherwise, and half precision by more than joins two points: equal texts are read once."""
    name = model if model in PRESETS else str(tiny_model_folder(tmp_path, model))
    loaded = load_model(ModelConfig(model=name, dtype=dtype, placement=placement), 0, large=LARGE)
    texts = [text for text in TEXTS for _ in range(5)]
    told: dict[str, np.ndarray] = {}
    seen = extract(loaded, texts, pooling=pooling, batch_tokens=60, finished=told.__setitem__)
    for layer, cloud in seen.clouds.items():
        np.testing.assert_array_equal(cloud, cloud[::5].repeat(5, axis=0))
        np.testing.assert_array_equal(cloud, told[layer])
    np.testing.assert_array_equal(seen.nll, seen.nll[::5].repeat(5))
    assert seen.likelihood == pytest.approx(extract(loaded, TEXTS, pooling=pooling).likelihood, rel=1e-2)


def test_the_order_of_the_texts_is_that_of_the_rows(tiny: LoadedModel) -> None:
    seen, turned = extract(tiny, TEXTS), extract(tiny, TEXTS[::-1])
    for name, cloud in seen.clouds.items():
        np.testing.assert_allclose(cloud, turned.clouds[name][::-1], rtol=1e-5, atol=1e-5 * np.abs(cloud).max())
    np.testing.assert_array_equal(seen.n_tokens, turned.n_tokens[::-1])


def test_a_model_that_pads_to_its_own_window_gives_every_text_its_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Longformer returns more positions than it was given tokens."""
    own = {**ARCHITECTURES["bert"][2], "attention_window": [8] * BLOCKS}
    monkeypatch.setitem(ARCHITECTURES, "longformer", ("longformer", "enclose", own))
    loaded = load_model(ModelConfig(model=str(tiny_model_folder(tmp_path, "longformer"))), 0)
    assert_same(extract(loaded, TEXTS, batch_tokens=1), extract(loaded, TEXTS), rtol=1e-4)


def test_the_same_seed_gives_the_same_numbers(tiny: LoadedModel) -> None:
    one, same = extract(tiny, TEXTS, seed=3), extract(tiny, TEXTS, seed=3)
    for name, cloud in one.clouds.items():
        np.testing.assert_array_equal(cloud, same.clouds[name])
    assert one.likelihood == same.likelihood


def test_batches_keep_to_the_budget_and_come_longest_first() -> None:
    lengths = np.array([3, 50, 7, 7, 20, 1])
    batches: list[list[int]] = []
    done: list[tuple[int, int]] = []
    in_batches(lengths, 21, lambda batch: batches.append(batch.tolist()), lambda *steps: done.append(steps))
    assert batches == [[1], [4], [2, 3], [0, 5]]
    assert done == [(1, 6), (2, 6), (4, 6), (6, 6)]


def test_a_batch_ends_where_the_rest_would_be_padding_but_not_before_half_of_the_budget() -> None:
    long, short = [100] * 6, [50] * 30
    assert texts_together(np.array(long + short), 1000) == 6
    assert texts_together(np.array(long[:3] + short), 1000) == 5, "half of the budget, padding or not"
    assert texts_together(np.array(long + [95] * 6), 1000) == 10, "a twentieth of padding"
    assert texts_together(np.array([2000, 1]), 1000) == 1


def short_of_memory(limit: int, tried: list[int]) -> Callable[..., None]:
    """A hook that runs out of memory as an accelerator does, beyond a number of tokens."""

    def refuse(module: Any, args: Any) -> None:
        tried.append(args[0].shape[0] * args[0].shape[1])
        if tried[-1] > limit:
            raise torch.OutOfMemoryError(f"out of memory at {tried[-1]} tokens")

    return refuse


def test_where_memory_runs_out_the_batch_is_halved_and_the_work_goes_on(load_tiny: Load) -> None:
    loaded = load_tiny("gpt2")
    whole = extract(loaded, TEXTS)
    tried: list[int] = []
    handle = loaded.anatomy.blocks[1].register_forward_pre_hook(short_of_memory(100, tried))
    try:
        squeezed = extract(loaded, TEXTS, batch_tokens=1000)
    finally:
        handle.remove()
    assert tried[0] > 200
    assert_same(whole, squeezed)


def test_a_text_that_does_not_fit_by_itself_is_an_error(load_tiny: Load) -> None:
    loaded = load_tiny("gpt2")
    handle = loaded.anatomy.blocks[1].register_forward_pre_hook(short_of_memory(20, []))
    try:
        with pytest.raises(ValueError, match=r"a text of \d+ tokens does not fit .*: lower max_length"):
            extract(loaded, TEXTS)
    finally:
        handle.remove()


def test_another_failure_is_not_taken_for_a_lack_of_memory(load_tiny: Load) -> None:
    def fail(batch: np.ndarray) -> None:
        raise RuntimeError("something else")

    with pytest.raises(RuntimeError, match="something else"):
        in_batches(np.array([1, 2]), 10, fail, lambda done, total: None)


def test_progress_counts_texts(load_tiny: Load) -> None:
    told: list[tuple[str, int, int]] = []
    extract(load_tiny("bert"), TEXTS, masked_positions=2, progress=lambda *step: told.append(step))
    stages = list(dict.fromkeys(stage for stage, _, _ in told))
    assert stages == ["extraction", "pseudo-perplexity"]
    assert [step for step in told if step[1] == step[2]] == [
        ("extraction", len(TEXTS), len(TEXTS)),
        ("pseudo-perplexity", 2 * len(TEXTS), 2 * len(TEXTS)),
    ]
