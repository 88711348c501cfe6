"""Files of options: the later source wins, and what is no file of options is an error that says so."""

import os

import pytest

from todacomm.settings.analysis import AnalysisConfig

BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nmodel: [*b, *b]\n"


def test_given_options_win_over_the_file(tmp_path):
    path = tmp_path / "experiment.yaml"
    path.write_text("samples: 200\npca: 10\nlayers: [embedding, layer_0]\n")
    config = AnalysisConfig.load(path, {"samples": "300"})
    assert (config.texts.samples, config.topology.pca, config.model.layers) == (300, 10, ("embedding", "layer_0"))


def test_values_are_those_that_a_console_would_give(tmp_path):
    path = tmp_path / "experiment.yaml"
    path.write_text("seed: 9007199254740993\nkeep_clouds: off\nnull_kinds: rotation\nthreads:\nrevision: ~\n")
    config = AnalysisConfig.load(path)
    assert config.record.seed == 9007199254740993
    assert (config.record.keep_clouds, config.topology.threads, config.model.revision) == (False, None, "")
    assert config.inference.null_kinds == ("rotation",)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("samplse: 3", "did you mean samples"),
        ("- 1\n- 2", "holds a list"),
        ("just a text", "holds a str"),
        ("a: [1", "cannot be read as YAML"),
        ("a: !!python/object:os.system {}", "cannot be read as YAML"),
        ("[" * 3000, "11 deep"),
        ("1: gpt2", "has the key 1, read as int: expected the name of an option"),
        ("on: true", "has the key on, read as bool"),
        ("~: 3", "has the key ~, read as null"),
        ("samples: 20\nsamples: 30", "has samples twice"),
        (BOMB, "has an alias"),
        ("samples: {a: 1}", "samples holds options of its own"),
        ("samples: [[1]]", "samples is"),
        ("#" * 100_001, "has 100,001 bytes"),
    ],
)
def test_a_wrong_file_is_an_error(tmp_path, content, says):
    path = tmp_path / "experiment.yaml"
    path.write_text(content)
    with pytest.raises(ValueError, match=says):
        AnalysisConfig.load(path)


def test_bytes_that_are_no_text_are_an_error(tmp_path):
    (tmp_path / "a.yaml").write_bytes(b"\xff\xfe\x00s")
    with pytest.raises(ValueError, match="cannot be read as YAML"):
        AnalysisConfig.load(tmp_path / "a.yaml")


def test_what_is_no_regular_file_is_not_opened(tmp_path):
    """A pipe would be waited for without end."""
    os.mkfifo(tmp_path / "pipe.yaml")
    for name, says in (("none.yaml", "no file at"), ("pipe.yaml", "is a pipe"), (".", "is a folder")):
        with pytest.raises(ValueError, match=says):
            AnalysisConfig.load(tmp_path / name)
