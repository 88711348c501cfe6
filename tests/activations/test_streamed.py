"""Texts through a model a block at a time: the numbers of the model loaded whole, with a block of it in memory."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tests.helpers.tiny_models import TEXTS, load_streamed, tiny_model_folder
from todacomm.activations import Activations, extract
from todacomm.activations.resume import saved_pass
from todacomm.core.streams import STREAMS, kind_of
from todacomm.models import LoadedModel, load_model
from todacomm.settings.analysis import ModelConfig

Load = Callable[[str], LoadedModel]


def streamed_of(loaded: LoadedModel) -> LoadedModel:
    return load_streamed(loaded.info.source)


@cache
def reused(source: str) -> LoadedModel:
    """One for several passes, where a test changes nothing about it."""
    return load_streamed(source)


def assert_same(one: Activations, other: Activations) -> None:
    assert list(one.clouds) == list(other.clouds)
    for name, cloud in one.clouds.items():
        np.testing.assert_allclose(other.clouds[name], cloud, rtol=1e-5, atol=1e-5 * np.abs(cloud).max())
    assert other.likelihood == pytest.approx(one.likelihood, rel=1e-5)
    np.testing.assert_array_equal(other.token_embeddings, one.token_embeddings)
    np.testing.assert_array_equal(other.n_tokens, one.n_tokens)
    np.testing.assert_allclose(other.nll, one.nll, rtol=1e-5)
    assert other.last_tokens == one.last_tokens
    facts = attrgetter("model.n_predicted", "model.max_length", "warnings")
    assert facts(other) == facts(one)
    assert (other.pooled_tokens is None) == (one.pooled_tokens is None)


@pytest.mark.parametrize("pooling", ["auto", "mean"])
def test_the_numbers_are_those_of_the_model_loaded_whole(tiny: LoadedModel, pooling: str) -> None:
    wanted = ["all", *({kind_of(name) for name in tiny.layers} & set(STREAMS))]
    options: dict[str, Any] = {"layers": wanted, "pooling": pooling, "batch_tokens": 60, "seed": 3}
    assert_same(extract(tiny, TEXTS, **options), extract(reused(tiny.info.source), TEXTS, **options))


@pytest.mark.parametrize("architecture", ["llama", "bert", "albert", "t5", "gpt2"])
def test_random_weights_are_those_of_the_model_made_whole(load_tiny: Load, architecture: str) -> None:
    config = ModelConfig(model=load_tiny(architecture).info.source, weights="random")
    whole = extract(load_model(config, 7), TEXTS)
    assert_same(whole, extract(load_streamed(config.model, 7, weights="random"), TEXTS))


def test_bfloat16_is_that_of_the_model_loaded_whole(load_tiny: Load) -> None:
    config = ModelConfig(model=load_tiny("llama").info.source, dtype="bfloat16")
    whole = extract(load_model(config, 0), TEXTS, batch_tokens=60)
    streamed = extract(load_streamed(config.model, dtype="bfloat16"), TEXTS, batch_tokens=60)
    for name, cloud in whole.clouds.items():
        np.testing.assert_array_equal(cloud, streamed.clouds[name])


def test_shuffled_tokens_and_chosen_layers(load_tiny: Load) -> None:
    loaded = load_tiny("gpt2")
    options: dict[str, Any] = {"layers": ["layer_1_ffn", "layer_0"], "shuffle_seed": 4, "likelihood": False}
    assert_same(extract(loaded, TEXTS, **options), extract(reused(loaded.info.source), TEXTS, **options))


def test_blocks_behind_the_last_layer_wanted_are_not_read(load_tiny: Load) -> None:
    streamed = streamed_of(load_tiny("gpt2"))
    worked = watched(streamed)
    extract(streamed, TEXTS, layers=["layer_0"], likelihood=False)
    assert set(worked) == {0}


def watched(streamed: LoadedModel) -> list[int]:
    """The number of a block, each time that a part of it works on texts."""
    worked: list[int] = []
    for number, block in enumerate(streamed.anatomy.blocks):
        part = next(module for module in block.modules() if isinstance(module, nn.LayerNorm))
        part.register_forward_hook(lambda module, args, output, number=number: worked.append(number))
    return worked


def test_hidden_states_on_disk_are_those_in_memory(load_tiny: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    streamed = reused(load_tiny("t5").info.source)
    in_memory = extract(streamed, TEXTS, batch_tokens=60)
    monkeypatch.setattr("todacomm.activations.streamed.available_memory", lambda: 0)
    on_disk = extract(streamed, TEXTS, batch_tokens=60)
    for name, cloud in in_memory.clouds.items():
        np.testing.assert_array_equal(cloud, on_disk.clouds[name])


def test_one_block_at_a_time_holds_its_numbers_and_none_afterwards(load_tiny: Load) -> None:
    streamed = streamed_of(load_tiny("llama"))
    blocks = streamed.anatomy.blocks
    held: list[list[int]] = []

    def look(module: nn.Module, args: Any) -> None:
        held.append([i for i, block in enumerate(blocks) if not all(p.is_meta for p in block.parameters())])

    for block in blocks:
        block.mlp.register_forward_pre_hook(look)  # type: ignore[operator,union-attr]
    extract(streamed, TEXTS)
    assert sorted({tuple(one) for one in held}) == [(0,), (1,), (2,)]
    assert all(parameter.is_meta for parameter in streamed.model.parameters())


def test_a_layer_is_told_of_before_the_next_block_begins(load_tiny: Load) -> None:
    streamed = streamed_of(load_tiny("gpt2"))
    worked = watched(streamed)
    told: dict[str, tuple[np.ndarray, set[int]]] = {}
    seen = extract(streamed, TEXTS, finished=lambda name, cloud: told.update({name: (cloud.copy(), set(worked))}))
    assert list(told) == list(seen.clouds) == ["embedding", "layer_0", "layer_1", "layer_2", "final"]
    for name, (cloud, _) in told.items():
        np.testing.assert_array_equal(cloud, seen.clouds[name])
    assert [len(before) for _, before in told.values()] == [0, 1, 2, 3, 3]


def test_progress_counts_every_text_at_every_stage(load_tiny: Load) -> None:
    told: list[tuple[str, int, int]] = []
    extract(reused(load_tiny("bert").info.source), TEXTS, masked_positions=2, progress=lambda *one: told.append(one))
    in_all = 3 * len(TEXTS) * (1 + 3 + 1)
    assert {(stage, total) for stage, _, total in told} == {("extraction", in_all)}
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)
    assert told[-1][1] == in_all


class Stopped(Exception):
    pass


def stop_at(layer: str) -> Callable[[str, np.ndarray], None]:
    def finished(name: str, cloud: np.ndarray) -> None:
        if name == layer:
            raise Stopped

    return finished


@pytest.mark.parametrize("architecture", ["gpt2", "bert", "t5"])
def test_a_pass_that_was_stopped_goes_on_behind_the_last_finished_block(
    load_tiny: Load, tmp_path: Path, architecture: str
) -> None:
    loaded = load_tiny(architecture)
    options: dict[str, Any] = {"batch_tokens": 60, "resume": tmp_path}
    with pytest.raises(Stopped):
        extract(streamed_of(loaded), TEXTS, **options, finished=stop_at("layer_1"))
    assert any(tmp_path.iterdir())
    again = streamed_of(loaded)
    begun: list[int] = []
    told: list[str] = []
    worked = watched(again) if architecture != "t5" else []
    seen = extract(
        again,
        TEXTS,
        **options,
        progress=lambda stage, done, total: begun.append(done),
        finished=lambda name, cloud: told.append(name),
    )
    assert_same(extract(loaded, TEXTS, batch_tokens=60), seen)
    assert begun[0] > 3 * len(TEXTS)
    assert set(worked) <= {2}
    assert told == list(seen.clouds)
    assert not any(tmp_path.iterdir())


def test_a_state_of_other_texts_is_not_taken_up(load_tiny: Load, tmp_path: Path) -> None:
    loaded = load_tiny("gpt2")
    with pytest.raises(Stopped):
        extract(streamed_of(loaded), TEXTS, resume=tmp_path, finished=stop_at("layer_1"))
    seen = extract(streamed_of(loaded), TEXTS[::-1], resume=tmp_path)
    assert_same(extract(loaded, TEXTS[::-1]), seen)
    assert (
        len([path for path in tmp_path.iterdir() if path.is_dir()]) == 1
    )  # the state of the first texts is still there


def half_a_state(folder: Path) -> None:
    (state,) = folder.glob("*/state.json")
    state.write_text('{"stage": 1')


def half_of_the_hidden_states(folder: Path) -> None:
    for file in folder.glob("*/group-0/hidden-*.bin"):
        file.write_bytes(file.read_bytes()[:-16])


@pytest.mark.parametrize("spoil", [half_a_state, half_of_the_hidden_states])
def test_a_spoilt_state_is_begun_anew(load_tiny: Load, tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    loaded = load_tiny("gpt2")
    with pytest.raises(Stopped):
        extract(streamed_of(loaded), TEXTS, resume=tmp_path, finished=stop_at("layer_1"))
    spoil(tmp_path)
    assert_same(extract(loaded, TEXTS), extract(streamed_of(loaded), TEXTS, resume=tmp_path))


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.helpers.tiny_models import TEXTS, load_streamed
from todacomm.activations import extract

def finished(name, cloud):
    if name == "layer_1":
        os.kill(os.getpid(), signal.SIGKILL)

extract(load_streamed(sys.argv[1]), TEXTS, resume=Path(sys.argv[2]), finished=finished)
"""


def test_a_killed_process_loses_no_finished_block(load_tiny: Load, tmp_path: Path) -> None:
    loaded = load_tiny("gpt2")
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", KILLED, loaded.info.source, str(tmp_path)], cwd=root, env={**os.environ}, check=False
    )
    assert done.returncode == -signal.SIGKILL
    again = streamed_of(loaded)
    worked = watched(again)
    assert_same(extract(loaded, TEXTS), extract(again, TEXTS, resume=tmp_path))
    assert set(worked) == {2}


def test_a_batch_beyond_memory_is_halved(load_tiny: Load) -> None:
    loaded = load_tiny("gpt2")
    streamed = streamed_of(loaded)

    def refuse(module: nn.Module, args: Any) -> None:
        if args[0].shape[0] * args[0].shape[1] > 100:
            raise torch.OutOfMemoryError("out of memory")

    part = next(module for module in streamed.anatomy.blocks[1].modules() if isinstance(module, nn.LayerNorm))
    part.register_forward_pre_hook(refuse)
    assert_same(extract(loaded, TEXTS), extract(streamed, TEXTS, batch_tokens=1000))


def test_a_block_that_needs_what_an_earlier_one_left_is_refused(load_tiny: Load) -> None:
    streamed = streamed_of(load_tiny("gpt2"))
    left: dict[str, torch.Tensor] = {}
    first, _, last = (block.get_submodule("ln_1") for block in streamed.anatomy.blocks)
    streamed.anatomy.body.register_forward_pre_hook(lambda module, args: left.clear())
    first.register_forward_hook(lambda module, args, output: left.update(rows=output))
    last.register_forward_hook(lambda module, args, output: output + left["rows"])
    with pytest.raises(ValueError, match=r"layer_2 of gpt2 cannot work by itself; placement=whole .*KeyError: 'rows'"):
        extract(streamed, TEXTS)


def adds_input_of(loaded: LoadedModel, number: int) -> None:
    """Let the last block of a GPT-2 add what went into another one."""
    got: list[torch.Tensor] = []
    blocks = loaded.anatomy.blocks
    blocks[number].register_forward_pre_hook(lambda module, args: got.append(args[0]))
    blocks[-1].get_submodule("ln_1").register_forward_hook(lambda module, args, output: output + got[-1])


def test_a_block_that_reads_what_an_earlier_one_gave_is_refused(load_tiny: Load) -> None:
    streamed = streamed_of(load_tiny("gpt2"))
    adds_input_of(streamed, 1)
    with pytest.raises(ValueError, match=r"layer_2 of gpt2 .*reads what an earlier block gave"):
        extract(streamed, TEXTS)


def test_a_block_that_reads_the_embeddings_again_is_given_them(load_tiny: Load) -> None:
    whole = load_model(ModelConfig(model=load_tiny("gpt2").info.source), 0)
    streamed = streamed_of(whole)
    for loaded in (whole, streamed):
        adds_input_of(loaded, 0)
    seen = extract(whole, TEXTS, pooling="mean")
    assert (
        np.abs(seen.clouds["layer_2"] - extract(load_tiny("gpt2"), TEXTS, pooling="mean").clouds["layer_2"]).max() > 0.1
    )
    assert_same(seen, extract(streamed, TEXTS, pooling="mean"))


def test_the_log_says_where_a_model_goes_and_why(load_tiny: Load, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="todacomm")
    source = load_tiny("gpt2").info.source
    whole, streamed = load_model(ModelConfig(model=source), 0), load_streamed(source)
    assert (whole.info.placement, streamed.info.placement) == ("whole", "stream")
    assert caplog.messages[-1] == f"{source}: a block at a time, as asked for"
    assert len([message for message in caplog.messages if "as asked for" in message]) == 1


def test_a_pass_at_which_another_process_works_keeps_no_state_of_its_own(load_tiny: Load, tmp_path: Path) -> None:
    loaded = load_tiny("gpt2")
    with saved_pass(tmp_path, "a") as first, saved_pass(tmp_path, "a") as second:
        assert first is not None
        assert second is None
    with pytest.raises(Stopped):
        extract(streamed_of(loaded), TEXTS, resume=tmp_path, finished=stop_at("layer_0"))
    (lock,) = (path for path in tmp_path.glob("*.lock") if path.stem != "a")
    with saved_pass(tmp_path, lock.stem):
        assert_same(extract(loaded, TEXTS), extract(streamed_of(loaded), TEXTS, resume=tmp_path))
        assert (tmp_path / lock.stem / "state.json").is_file()


def test_a_models_folder_without_a_readable_block_is_an_error(tmp_path: Path) -> None:
    folder = tiny_model_folder(tmp_path, "llama")
    path = folder / "model.safetensors"
    streamed = load_streamed(folder)
    path.write_bytes(path.read_bytes()[:20_000])
    with pytest.raises(ValueError, match=r"ends \d+ bytes early"):
        extract(streamed, TEXTS)
