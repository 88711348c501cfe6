"""Settings: parsed from strings, validated once, hashed by what decides the numbers."""

import pytest

from todacomm.settings.analysis import OPTIONS, AnalysisConfig, load_config


def test_strings_from_a_console_become_typed_values():
    config = AnalysisConfig.from_flat(
        {"samples": "300", "max_length": "64", "batch_tokens": "auto", "standardize": "True", "likelihood": "false"}
    )
    assert config.texts.samples == 300
    assert config.texts.max_length == 64
    assert config.model.batch_tokens is None
    assert config.topology.standardize is True
    assert config.model.likelihood is False


def test_flat_form_makes_the_same_settings_again():
    config = AnalysisConfig.from_flat({"model": "gpt2", "pca": 20, "null_kinds": "rotation,shuffled_tokens"})
    assert AnalysisConfig.from_flat(config.to_flat()) == config
    assert list(config.to_flat()) == list(OPTIONS)


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("sampels", 3, "did you mean samples"),
        ("samples", "ten", "samples is 'ten': expected a whole number"),
        ("samples", 9, "samples is 9: expected at least 10"),
        ("samples", 10.5, "expected a whole number"),
        ("samples", "inf", "expected a whole number"),
        ("samples", True, "expected a whole number"),
        ("max_length", "long", "expected a whole number or auto"),
        ("replicates", -1, "expected at least 0"),
        ("nulls", "-3", "expected at least 0"),
        ("maxdim", 3, "expected at most 2"),
        ("landmarks", 3, "expected 0 for none, or at least 4"),
        ("landmarks", 501, "landmarks is 501 with samples=500"),
        ("standardize", "perhaps", "expected true or false"),
        ("pooling", "laste", "choose auto, last, cls or mean"),
        ("engine", "dionysus", "choose auto, gudhi or ripser"),
        ("null_kinds", "rotation,bootstrap", "unknown null_kinds 'bootstrap'"),
        ("null_kinds", "", "null_kinds is empty"),
        ("layers", " , ", "layers is empty"),
        ("model", " ", "model is empty"),
    ],
)
def test_a_wrong_value_is_named_with_what_fits(option, value, says):
    with pytest.raises(ValueError, match=says):
        AnalysisConfig.from_flat({option: value})


def test_digest_follows_the_numbers_and_nothing_else():
    base = AnalysisConfig().digest()
    for option, value in {"run_name": "x", "threads": 2, "engine": "ripser", "batch_tokens": 99}.items():
        assert AnalysisConfig.from_flat({option: value}).digest() == base
    for option, value in {"seed": 1, "pca": 0, "samples": 400, "model": "gpt2", "nulls": 99}.items():
        assert AnalysisConfig.from_flat({option: value}).digest() != base


def test_given_options_win_over_the_file(tmp_path):
    path = tmp_path / "experiment.yaml"
    path.write_text("samples: 200\npca: 10\nlayers: [embedding, layer_0]\n")
    config = load_config(path, {"samples": "300"})
    assert (config.texts.samples, config.topology.pca, config.model.layers) == (300, 10, "embedding,layer_0")


@pytest.mark.parametrize(
    ("content", "says"),
    [("samplse: 3", "did you mean samples"), ("- 1\n- 2", "holds a list"), ("a: [1", "no readable YAML")],
)
def test_a_wrong_file_is_an_error(tmp_path, content, says):
    path = tmp_path / "experiment.yaml"
    path.write_text(content)
    with pytest.raises(ValueError, match=says):
        load_config(path, {})


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="no configuration at"):
        load_config(tmp_path / "none.yaml", {})
