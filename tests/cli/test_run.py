"""``todacomm run``: what was asked for is recorded, what cannot be is refused, and what is told can be read."""

import json
import math

import pytest

import todacomm as library
from tests.cli.conftest import SMALL


@pytest.mark.parametrize(
    "line",
    [
        "run --model {model} --samples 200",
        "run --model {model} --samples 500 --layers all",
        "run --models {model},{model}/,demo-decoder --samples 500",
        "run --model {model} --datasets pydoc,{texts} --samples 500",
        "run --model {model} --device cpu",
        "run --hf-model {model} --num-layers 3 --samples 200",
        "run -m {model} -n 200 -l embedding,layer_1 -d {texts} -o named --max-length 32 --pca 4",
    ],
)
def test_the_published_commands_as_they_were_typed(store, todacomm, tiny_model, texts, line):
    typed = line.format(model=tiny_model, texts=texts)
    result = todacomm(f"{typed} {SMALL}".replace("--pca 5", "" if "--pca" in typed else "--pca 5"))
    assert result.exit_code == 0, result.output
    analyses = library.search_analyses()
    assert set(analyses["samples"]) == {20}
    assert len(analyses) == {"--models": 3, "--datasets": 2}.get(typed.split()[1 + typed.count("--model ") * 2], 1)
    assert "http://127.0.0.1:5000/#/experiments" in result.stdout


@pytest.fixture
def texts(tmp_path):
    path = tmp_path / "texts.txt"
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

    told = json.loads(result.stdout, parse_constant=refuse)
    analysis = library.load_analysis(told["run_id"])
    assert told["warnings"] == list(analysis.warnings)
    assert told["numbers"].keys() == analysis.run.keys()
    assert told["numbers"]["expansion_ratio"] is None
    assert math.isnan(analysis.run["expansion_ratio"])
    assert told["link"].endswith(f"{told['run_id']}?workflowType=machine_learning")
    assert told["report"].endswith("report.html")


def test_one_failure_among_several_does_not_keep_the_others(store, todacomm, clouds_file, tmp_path):
    result = todacomm(f"run --models {tmp_path}/gone,clouds:{clouds_file} --json {SMALL}")
    failed, made = map(json.loads, result.stdout.splitlines())
    assert result.exit_code == 1
    assert failed["run_id"] is None
    assert "no folder" in failed["error"]
    assert made["run_id"]
    assert "1 of 2 analyses failed" in result.stderr


def test_several_get_names_and_folders_of_their_own(store, todacomm, clouds_file, tmp_path):
    line = f"run --models clouds:{clouds_file},demo-encoder -o mine --output-dir {tmp_path}/out"
    assert todacomm(f"{line} {SMALL} --likelihood false").exit_code == 0
    assert set(library.search_analyses()["run_name"]) == {"mine mine.npz-pydoc", "mine demo-encoder-pydoc"}
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"mine.npz-pydoc", "demo-encoder-pydoc"}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("run --model a --models b,c", "got --model and --models"),
        ("run --model a --hf-model b", "got --model and --hf-model"),
        ("run --dataset a --datasets b", "got --dataset and --datasets"),
        ("run --models ,", "--models names nothing"),
        ("run --models a,b --num-layers 3", "--num-layers is 3 with 2 models"),
        ("run --samples few", "samples is 'few'"),
        ("run --config nowhere.yaml", "no configuration at nowhere.yaml"),
        ("run --sampels 3", "--samples"),
    ],
)
def test_wrong_usage_is_told_before_any_work(store, todacomm, line, says):
    result = todacomm(line)
    assert result.exit_code == 2
    assert says in result.stderr
    assert library.search_analyses(status=None).empty


def test_help_says_what_changed(todacomm):
    said = " ".join(todacomm("run --help").output.split())
    assert "500 are 500 points, of which 0.1.0 made 75" in said
    assert "0.1.0 took wikitext2" in said


def test_convergence_takes_the_same_options(store, todacomm, clouds_file):
    result = todacomm(f"convergence -m clouds:{clouds_file} -n 20 --sizes 10,20 --pcas 3,0 --repeats 3 --replicates 0")
    assert result.exit_code == 0, result.output
    assert "report" in result.stdout
