"""Files of options: written, listed, and the worked examples run at a small size."""

import re

import pytest
import yaml

import todacomm as library
from tests.cli.conftest import SMALL
from tests.conftest import ROOT
from todacomm.cli.init import config_text
from todacomm.settings.analysis import OPTIONS, AnalysisConfig
from todacomm.system.shipped import shipped

EXAMPLES = sorted(path.stem for path in (ROOT / "configs").glob("*.yaml"))
OFFLINE = {
    "quickstart": "",
    "own-clouds": "",
    "gpt2-wikitext2": "--model {model} --dataset pydoc",
    "published-protocol": "--model demo-decoder --dataset {texts}",
    "controls": "--model {model} --dataset pydoc",
    "encoder-squad": "--model demo-encoder --dataset pydoc",
}
"""Example -> what stands in for the hub."""


def test_every_example_is_run_below():
    assert set(OFFLINE) == set(EXAMPLES)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_runs_at_a_small_size(store, todacomm, tiny_model, clouds_file, tmp_path, name):
    clouds_file.rename("clouds.npz")
    (tmp_path / "texts.txt").write_text("\n".join(f"Row {i} of the text is short." for i in range(40)))
    instead = OFFLINE[name].format(model=tiny_model, texts=tmp_path / "texts.txt")
    result = todacomm(f"run --config {name} {instead} {SMALL}")
    assert result.exit_code == 0, result.output
    assert len(library.search_analyses()) == 1


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_says_what_it_is_in_its_first_line(name):
    text = (ROOT / "configs" / f"{name}.yaml").read_text()
    first = text.partition("\n")[0]
    assert first.startswith("# ")
    assert first.endswith((".", "?"))
    assert f"todacomm run --config {name}" in text


def test_init_writes_every_option_with_its_help_and_default(store, todacomm):
    result = todacomm("init mine -m gpt2 -n 200")
    assert result.exit_code == 0
    assert result.stdout == "configs/mine.yaml\n"
    text = (store / "configs/mine.yaml").read_text()
    assert yaml.safe_load(text) == {"model": "gpt2", "samples": 200}
    everything = yaml.safe_load(re.sub(r"(?m)^# (?=[a-z_]+: )", "", text))
    assert list(everything) == list(OPTIONS)
    assert AnalysisConfig.from_flat(everything) == AnalysisConfig.from_flat({"model": "gpt2", "samples": 200})
    assert all(option.help in text for option in OPTIONS.values())


def test_init_asks_before_it_overwrites(store, todacomm):
    todacomm("init mine -n 200")
    before = (store / "configs/mine.yaml").read_text()
    for answer in ("n\n", ""):
        result = todacomm("init mine.yaml -n 300", input=answer)
        assert result.exit_code == 1
        assert "overwrite" in result.stderr
        assert (store / "configs/mine.yaml").read_text() == before
    assert todacomm("init mine -n 300", input="y\n").exit_code == 0
    assert AnalysisConfig.load(store / "configs/mine.yaml", {}).texts.samples == 300
    assert todacomm("init mine -n 400 --force").exit_code == 0
    assert AnalysisConfig.load(store / "configs/mine.yaml", {}).texts.samples == 400


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("init ../x", "without folders"),
        ("init ..", "without folders"),
        ("init 'a\nb'", "one line"),
        ("init x -n 3", "expected at least 10"),
    ],
)
def test_init_refuses_what_cannot_be_run(store, todacomm, line, says):
    result = todacomm(line)
    assert result.exit_code == 2
    assert says in result.stderr
    assert not (store / "configs").exists()


def test_init_says_where_it_cannot_write(store, todacomm):
    (store / "configs").write_text("a file")
    result = todacomm("init mine")
    assert result.exit_code == 1
    assert result.stderr.startswith("error: ")
    assert "configs" in result.stderr


def test_init_names_its_file_as_a_shell_reads_it(store, todacomm):
    command = todacomm("init 'my texts'").stderr.partition("todacomm ")[2]
    assert todacomm(f"{command.strip()} --samples 3").exit_code == 2
    assert "todacomm run --config 'configs/my texts.yaml'" in (store / "configs/my texts.yaml").read_text()


@pytest.mark.parametrize("model", ["a: b", "#1", "yes", "12", "x'y\"z", "a\nb"])
def test_init_quotes_what_yaml_would_misread(tmp_path, model):
    (tmp_path / "odd.yaml").write_text(config_text(tmp_path / "odd.yaml", {"model": model, "samples": 10}))
    assert AnalysisConfig.load(tmp_path / "odd.yaml", {}).model.model == model


def test_list_configs_shows_own_shipped_and_protocols(store, todacomm):
    todacomm("init mine -n 200")
    (store / "configs/broken.yaml").write_text("samplse: 3\n")
    lines = [line.split("\t") for line in todacomm("list-configs").stdout.splitlines()]
    rows = {fields[0]: fields for fields in lines if len(fields) > 1}
    assert rows["mine"][1:4] == ["demo-decoder", "pydoc", "200"]
    assert "did you mean samples?" in rows["broken"][-1]
    assert set(EXAMPLES) <= set(rows)
    assert {path.stem for path in (shipped("configs") / "protocols").glob("*.yaml")} <= set(rows)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("experiment_name: a\nexperiment_type: quick_test\n", "unknown option 'experiment_type'"),
        ("model: {type: gpt2, name: gpt2}\n", "model holds options of its own (type, name)"),
    ],
)
def test_a_file_of_the_published_package_is_refused(store, todacomm, content, says):
    (store / "theirs.yaml").write_text(content)
    result = todacomm("run --config theirs.yaml")
    assert result.exit_code == 2
    assert says in result.stderr


def test_an_unknown_key_names_the_nearest(store, todacomm):
    (store / "mine.yaml").write_text("modle: gpt2\n")
    result = todacomm("run -c mine.yaml")
    assert result.exit_code == 2
    assert "unknown option 'modle': did you mean model?" in result.stderr
