"""``todacomm run``: what was asked for is recorded, what cannot be is refused, and what is printed can be read."""

import json
import math
import shutil
from pathlib import Path

import pytest

import todacomm as library
from tests.cli.conftest import SMALL
from tests.helpers.tiny_models import tiny_model_folder


@pytest.mark.parametrize(
    ("line", "runs"),
    [
        ("run --model {gpt2} --samples 200", 1),
        ("run --model {gpt2} --samples 500 --layers all", 1),
        ("run --models {gpt2},{bert},{gpt_neox} --samples 500 --compare false", 3),
        ("run --model {gpt2} --datasets {wikitext2},{squad} --samples 500 --compare false", 2),
        ("run --model {gpt2} --device cpu", 1),
        ("run --hf-model {gpt2} --num-layers 3 --samples 200", 1),
        ("run -m {gpt2} -n 200 -l embedding,layer_1 -d {squad} -o named --max-length 32 --pca 4", 1),
    ],
)
def test_the_published_commands_as_they_were_typed(store, todacomm, local, line, runs):
    result = todacomm(f"{line.format_map(local)} {SMALL}")
    assert result.exit_code == 0, result.output
    analyses = library.search_analyses()
    assert len(analyses) == runs
    assert set(analyses["samples"]) == {20}
    assert result.stdout.count("http://127.0.0.1:5000/#/experiments") == runs


@pytest.mark.parametrize(
    "line",
    [
        "run --model gpt2 --samples 500 --layers all",
        "run --models gpt2,bert,distilgpt2,pythia-70m --samples 500",
        "run --hf-model microsoft/phi-1_5 --num-layers 24 --samples 200",
    ],
)
def test_the_published_commands_word_by_word_without_a_hub(store, todacomm, line):
    result = todacomm(line)
    assert result.exit_code == 1
    assert "the hub cannot be reached" in result.stderr
    assert "Traceback" not in result.output
    assert library.search_analyses().empty


@pytest.fixture
def local(tmp_path):
    """Folders and files that stand in for what is on the hub, by the published names."""
    places = {family: tiny_model_folder(tmp_path, family) for family in ("gpt2", "bert", "gpt_neox")}
    return places | {name: write_words(tmp_path / f"{name}.txt") for name in ("wikitext2", "squad")}


def write_words(path):
    words = ["harbour", "ships", "evening", "village", "tree", "river", "field", "library", "clock", "letters", "ink"]
    path.write_text(" ".join(words[(7 * i + i // 9) % len(words)] for i in range(3000)))
    return path


def test_a_missing_accelerator_is_a_failure_with_its_reason(store, todacomm, tiny_model):
    import torch

    absent = "mps" if not torch.backends.mps.is_available() else "cuda"
    result = todacomm(f"run --model {tiny_model} --device {absent} {SMALL}")
    assert result.exit_code == 1
    assert f"device={absent} is not there" in result.stderr


def test_depth_is_checked_before_any_work(store, todacomm, tiny_model):
    result = todacomm(f"run --hf-model {tiny_model} --num-layers 24 {SMALL}")
    assert result.exit_code == 1
    assert "has 3 blocks by its own config, not 24" in result.stderr
    assert library.search_analyses(status=None).empty


def test_quiet_prints_the_id_alone(store, todacomm, clouds_file):
    result = todacomm(f"run --model clouds:{clouds_file} --quiet {SMALL}")
    assert result.stderr == ""
    assert result.stdout.split() == list(library.search_analyses()["run_id"])


def test_json_is_one_object_and_strict(store, todacomm, clouds_file):
    result = todacomm(f"run --model clouds:{clouds_file} --json {SMALL}")

    def refuse(constant):
        raise AssertionError(f"{constant} is no JSON")

    printed = json.loads(result.stdout, parse_constant=refuse)
    analysis = library.load_analysis(printed["run_id"])
    assert printed["warnings"] == list(map(str, analysis.warnings))
    assert printed["numbers"].keys() == analysis.run.keys()
    assert printed["numbers"]["expansion_ratio"] is None
    assert math.isnan(analysis.run["expansion_ratio"])
    assert printed["link"].endswith(f"{printed['run_id']}?workflowType=machine_learning")
    assert printed["report"].endswith("report.html")


def test_one_failure_among_several_does_not_keep_the_others(store, todacomm, clouds_file, tmp_path):
    result = todacomm(f"run --models {tmp_path}/gone,clouds:{clouds_file} --json {SMALL}")
    failed, made = map(json.loads, result.stdout.splitlines())
    assert result.exit_code == 1
    assert failed["run_id"] is None
    assert "no folder" in failed["error"]
    assert made["run_id"]
    assert "1 of 2 analyses failed" in result.stderr


def test_several_are_compared_at_the_end_models_or_data_sets(store, todacomm, local):
    """As the published package did; what is compared is what was analysed just now."""
    models = todacomm(f"run --models {local['gpt2']},{local['bert']} -o two --json {SMALL}")
    assert models.exit_code == 0, models.stderr
    first, second, printed = map(json.loads, models.stdout.splitlines())
    assert {first["model"], second["model"]} == {"gpt2", "bert"}
    assert printed["comparison"] == "two on pydoc"
    assert Path(printed["report"]).read_text().count("<svg") > 3
    texts = todacomm(f"run --model {local['gpt2']} --datasets {local['wikitext2']},{local['squad']} {SMALL}")
    assert texts.exit_code == 0, texts.stderr
    assert " read by gpt2\n" in texts.stderr
    assert texts.stdout.count("http://127.0.0.1:5000/#/experiments") == 3


def test_several_get_names_and_folders_of_their_own(store, todacomm, clouds_file):
    Path("again").mkdir()
    for name in ("other.npz", "again/mine.npz"):
        shutil.copy(clouds_file, name)
    models = f"clouds:{clouds_file},clouds:other.npz,clouds:again/mine.npz"
    result = todacomm(f"run --models {models} -o three --output-dir out {SMALL}")
    assert result.exit_code == 0, result.stderr
    assert set(library.search_analyses()["run_name"]) == {"three mine", "three other", "three mine-2"}
    folders = {path.name for path in (store / "out").iterdir()}
    assert folders == {"mine", "other", "mine-2", "comparison-20 own points"}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("run --model a --models b,c", "got --model and --models"),
        ("run --model a --hf-model b", "got --model and --hf-model"),
        ("run --dataset a --datasets b", "got --dataset and --datasets"),
        ("run --models ,", "--models names nothing"),
        ("run --models a,b --num-layers 3", "--num-layers is 3 with 2 models"),
        ("run --samples few", "samples is 'few'"),
        ("run --config nowhere.yaml", "no file at nowhere.yaml"),
        ("run --sampels 3", "--samples"),
    ],
)
def test_wrong_usage_is_reported_before_any_work(store, todacomm, line, says):
    result = todacomm(line)
    assert result.exit_code == 2
    assert says in result.stderr
    assert library.search_analyses(status=None).empty


def test_help_says_what_changed(todacomm):
    text = " ".join(todacomm("run --help").output.split())
    assert "500 are 500 points, of which 0.1.0 made 75" in text
    assert "0.1.0 took wikitext2" in text


def test_convergence_takes_the_same_options(store, todacomm, clouds_file):
    result = todacomm(f"convergence -m clouds:{clouds_file} -n 20 --sizes 10,20 --pcas 3,0 --repeats 3 --replicates 0")
    assert result.exit_code == 0, result.output
    assert "report" in result.stdout
