"""Analyses of models read a block at a time, of GGUF files and of adapters: from settings to observations."""

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.tiny_gguf import write_gguf
from tests.helpers.tiny_models import TEXTS, tiny_model_folder
from todacomm.analysis.cache import clear, inputs_digest
from todacomm.analysis.inference import draw_control
from todacomm.analysis.observe import observe
from todacomm.results.observation import Observation
from todacomm.settings.analysis import AnalysisConfig
from todacomm.system.cache import cache_folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model_folder(tmp_path_factory.mktemp("models"), "llama", intermediate_size=64)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TODACOMM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TODACOMM_CACHE_GB", "1")


def config(model: Path, texts: Path, **options: object) -> AnalysisConfig:
    lines = texts / "texts.txt"
    lines.write_text("\n".join(TEXTS), encoding="utf-8")
    return AnalysisConfig.from_flat(
        {"model": str(model), "dataset": str(lines), "unit": "row", "samples": 10, **options}
    )


def assert_same(one: Observation, other: Observation) -> None:
    assert list(one.clouds) == list(other.clouds)
    for name, cloud in one.clouds.items():
        np.testing.assert_allclose(other.clouds[name], cloud, rtol=1e-5, atol=1e-5 * np.abs(cloud).max())
    assert other.likelihood == pytest.approx(one.likelihood, rel=1e-5)


def test_a_run_and_its_control_are_the_same_a_block_at_a_time(folder: Path, tmp_path: Path) -> None:
    settings = [config(folder, tmp_path, placement=placement) for placement in ("whole", "stream")]
    whole, streamed = map(observe, settings)
    assert (whole.model.placement, streamed.model.placement) == ("whole", "stream")
    assert_same(whole, streamed)
    controls = [
        draw_control("random_weights", 0, one, seen) for one, seen in zip(settings, (whole, streamed), strict=True)
    ]
    assert controls[1].observed.model.placement == "stream"
    assert_same(controls[0].observed, controls[1].observed)
    assert replace(streamed.model, placement="whole") == whole.model


class Stopped(Exception):
    pass


def test_a_run_that_was_stopped_goes_on_inside_the_model(folder: Path, tmp_path: Path) -> None:
    settings = config(folder, tmp_path, placement="stream")
    begun: list[int] = []

    def stop(stage: str, done: int, total: int) -> None:
        if done > 0.5 * total:
            raise Stopped

    with pytest.raises(Stopped):
        observe(settings, stop)
    (state,) = (cache_folder() / "passes").glob("*/state.json")
    assert_same(
        observe(config(folder, tmp_path, placement="whole")),
        observe(settings, lambda stage, done, total: begun.append(done)),
    )
    assert begun[0] > 10 * 2
    assert not state.exists()
    assert not any((cache_folder() / "passes").iterdir())


def test_clearing_the_cache_removes_unfinished_passes_and_without_a_cache_there_are_none(
    folder: Path, tmp_path: Path
) -> None:
    def stop(stage: str, done: int, total: int) -> None:
        if done > 0.5 * total:
            raise Stopped

    for cache, left in (("false", 0), ("true", 2)):
        with pytest.raises(Stopped):
            observe(config(folder, tmp_path, placement="stream", cache=cache), stop)
        assert len(list((cache_folder() / "passes").glob("*"))) == left
    assert clear() > 0
    assert not any((cache_folder() / "passes").iterdir())


@pytest.mark.skipif(not find_spec("gguf") or not find_spec("accelerate"), reason="gguf and accelerate are extras")
def test_a_gguf_file_is_a_model_by_its_path(folder: Path, tmp_path: Path) -> None:
    file = write_gguf(folder, tmp_path / "tiny.gguf")
    seen = observe(config(file, tmp_path))
    assert (seen.model.name, seen.model.stored_as) == ("tiny", "gguf")
    assert_same(observe(config(folder, tmp_path)), seen)
    control = draw_control("random_weights", 0, config(file, tmp_path), seen).observed
    assert (control.model.weights, control.model.stored_as) == ("random", "")
    before = inputs_digest(config(file, tmp_path))
    file.write_bytes(file.read_bytes()[:-4] + b"abcd")
    assert inputs_digest(config(file, tmp_path)) != before


def test_an_adapter_is_a_part_of_what_is_analysed(folder: Path, tmp_path: Path) -> None:
    peft = pytest.importorskip("peft")
    from transformers import AutoModelForCausalLM

    options = peft.LoraConfig(r=2, lora_alpha=8, target_modules=["q_proj"], init_lora_weights=False)
    peft.get_peft_model(AutoModelForCausalLM.from_pretrained(folder), options).save_pretrained(tmp_path / "lora")
    plain, adapted = config(folder, tmp_path), config(folder, tmp_path, adapter=str(tmp_path / "lora"))
    one, other = observe(plain), observe(adapted)
    assert other.model.adapter_digest
    assert other.model.weights_digest == one.model.weights_digest
    assert np.abs(one.clouds["layer_2"] - other.clouds["layer_2"]).max() > 1e-3
    assert len({inputs_digest(plain), inputs_digest(adapted), None}) == 3
    control = draw_control("random_weights", 0, adapted, other).observed.model
    assert (control.adapter, control.name) == ("", "llama+lora")
