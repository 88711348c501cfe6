"""Which folder a name means, and what is said of a folder that will not do."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.tiny_models import tiny_model_folder
from todacomm.models import PRESETS, choose_layers
from todacomm.models.sources import Source, find_source
from todacomm.models.weights import count_parameters, digest_files, pick_weights

ROOT = Path(__file__).resolve().parents[2]


def find(name: str | Path, revision: str = "", weights: bool = True, allow_pickle: bool = False) -> Source:
    return find_source(
        str(name), revision, weights=weights, allow_pickle=allow_pickle, on_size=lambda n_bytes, n_parameters: None
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model_folder(tmp_path_factory.mktemp("models"), "gpt2")


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """A model's folder that a test may spoil."""
    return Path(shutil.copytree(made, tmp_path / "gpt2"))


def test_naming_and_listing_models_imports_neither_torch_nor_transformers() -> None:
    code = (
        "import sys, todacomm.models as m; m.PRESETS, m.choose_layers; import todacomm.models.sources; "
        "print([name for name in ('torch', 'transformers', 'safetensors', 'huggingface_hub') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_preset_names_a_family_and_a_hub_id_or_comes_along() -> None:
    assert {"gpt2", "distilgpt2", "bert", "distilbert", "opt-350m", "gemma2-2b", "qwen2.5-coder-0.5b"} < set(PRESETS)
    for name, preset in PRESETS.items():
        assert (preset.name, bool(preset.family)) == (name, True)
        assert preset.hub_id.count("/") == (0 if name.startswith("demo-") else 1)


def test_a_local_folder_is_named_after_itself(folder: Path) -> None:
    source = find(folder)
    assert (source.name, source.origin, source.revision) == ("gpt2", str(folder), "")
    assert source.weights == (folder / "model.safetensors",)


def test_a_preset_wins_over_a_folder_of_its_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(folder.parent))
    assert find("./gpt2").origin == "./gpt2"
    with pytest.raises(ValueError, match="openai-community/gpt2"):
        find("gpt2")


def test_the_revision_of_a_local_folder_is_a_subfolder(folder: Path) -> None:
    shutil.copytree(folder, folder / "step-000100")
    source = find(folder, revision="step-000100")
    assert (source.name, source.revision, source.folder) == ("gpt2", "step-000100", folder / "step-000100")
    with pytest.raises(ValueError, match=r"no subfolder 'step-000200': choose step-000100"):
        find(folder, revision="step-000200")
    with pytest.raises(ValueError, match=r"no subfolder '\.\.'"):
        find(folder / "step-000100", revision="..")


def test_without_weights_a_config_and_a_tokenizer_are_enough(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    assert find(folder, weights=False).weights == ()
    with pytest.raises(ValueError, match=r"has no weights: expected model.safetensors; weights=random"):
        find(folder)


def spoil_config(folder: Path) -> None:
    (folder / "config.json").unlink()


def spoil_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()


def cut_weights_short(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])


def point_to_weights(folder: Path) -> None:
    (folder / "model.safetensors").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n")


def pickle_weights(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def lose_a_part(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "model-00001-of-00002.safetensors")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (spoil_config, r"has no config.json: expected the folder of a Hugging Face model"),
        (spoil_tokenizer, r"has no tokenizer: expected tokenizer.json"),
        (cut_weights_short, r"model.safetensors cannot be read as weights .*fetch the file again"),
        (point_to_weights, r"model.safetensors cannot be read as weights"),
        (pickle_weights, r"pickle only \(pytorch_model.bin\).*allow_pickle=true"),
        (lose_a_part, r"is incomplete: it has 1 of 2 parts of model.safetensors"),
    ],
)
def test_a_folder_that_will_not_do(folder: Path, spoil: Callable[[Path], None], message: str) -> None:
    spoil(folder)
    with pytest.raises(ValueError, match=message):
        find(folder)


@pytest.mark.parametrize("name", ["./nothing", "/no/such/folder", "~/nothing-there", "a/b/c", "../shared/nothing"])
def test_a_path_that_is_not_there_is_not_looked_up_on_the_hub(name: str) -> None:
    with pytest.raises(ValueError, match=r"no folder .*: give a preset, a hub id or the path"):
        find(name)


def test_safetensors_are_taken_before_pickles_and_pickles_only_by_leave() -> None:
    parts = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "model.safetensors.index.json"]
    assert pick_weights([*parts, "pytorch_model.bin"], "here", allow_pickle=True) == parts[:2]
    assert pick_weights(["pytorch_model.bin", "config.json"], "here", allow_pickle=True) == ["pytorch_model.bin"]
    with pytest.raises(ValueError, match="allow_pickle=true"):
        pick_weights(["pytorch_model.bin"], "here", allow_pickle=False)


def test_parameters_are_counted_from_the_header(folder: Path) -> None:
    path = folder / "model.safetensors"
    header = json.loads(path.read_bytes()[8 : 8 + int.from_bytes(path.read_bytes()[:8], "little")])
    n_bytes = sum(
        entry["data_offsets"][1] - entry["data_offsets"][0] for name, entry in header.items() if name[0] != "_"
    )
    assert count_parameters([path]) == n_bytes // 4
    assert count_parameters([folder / "pytorch_model.bin"]) is None


def test_the_digest_follows_the_weights(folder: Path) -> None:
    before = digest_files([folder / "model.safetensors"])
    assert before == digest_files([folder / "model.safetensors"])
    content = bytearray((folder / "model.safetensors").read_bytes())
    content[-1] ^= 1
    (folder / "model.safetensors").write_bytes(content)
    assert before != digest_files([folder / "model.safetensors"])


def test_layers_come_in_the_order_of_depth_and_a_wrong_name_lists_the_right_ones() -> None:
    available = ("embedding", "layer_0", "layer_1", "final")
    assert choose_layers(["all"], available) == available
    assert choose_layers(["final", "layer_0", "final"], available) == ("layer_0", "final")
    with pytest.raises(ValueError, match=r"unknown layer 'layer_7': this model has embedding, layer_0, layer_1, final"):
        choose_layers(["layer_0", "layer_7"], available)
    with pytest.raises(ValueError, match="no layer given"):
        choose_layers([], available)
