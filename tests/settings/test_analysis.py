"""Settings of an analysis: parsed from strings, validated once, hashed by what decides the numbers."""

import dataclasses
import pickle

import numpy as np
import pandas as pd
import pytest

from todacomm.settings.analysis import OPTIONS, AnalysisConfig, InferenceConfig, ModelConfig
from todacomm.settings.comparison import ComparisonConfig


def test_strings_from_a_console_become_typed_values():
    config = AnalysisConfig.from_flat(
        {"samples": "300", "max_length": "64", "batch_tokens": "auto", "standardize": "True", "likelihood": "false"}
    )
    assert config.texts.samples == 300
    assert config.texts.max_length == 64
    assert config.model.batch_tokens is None
    assert config.topology.standardize is True
    assert config.model.likelihood is False


def test_a_class_made_by_itself_parses_and_checks_too():
    assert ModelConfig(layers="final, layer_0,final").layers == ("final", "layer_0")
    assert InferenceConfig(null_kinds=["rotation", "rotation"]).null_kinds == ("rotation",)
    with pytest.raises(ValueError, match="choose auto, last, cls or mean"):
        dataclasses.replace(ModelConfig(), pooling="laste")


def test_flat_form_makes_the_same_settings_again():
    config = AnalysisConfig.from_flat({"model": "gpt2", "pca": 20, "null_kinds": "rotation,shuffled_tokens"})
    assert AnalysisConfig.from_flat(config.to_flat()) == config
    assert list(config.to_flat()) == list(OPTIONS)
    assert pickle.loads(pickle.dumps(config)) == config  # noqa: S301
    assert len({config, AnalysisConfig(), AnalysisConfig()}) == 2


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("sampels", 3, "did you mean samples"),
        ("samples", "ten", "samples is 'ten': expected a whole number"),
        ("samples", 9, "samples is 9: expected at least 10"),
        ("samples", 10.5, "expected a whole number"),
        ("samples", "10.5", "expected a whole number"),
        ("samples", "inf", "expected a whole number"),
        ("samples", True, "expected a whole number"),
        ("samples", [1, 2], "expected a whole number"),
        ("max_length", "long", "expected a whole number or auto"),
        ("replicates", -1, "expected at least 0"),
        ("nulls", "-3", "expected at least 0"),
        ("maxdim", 3, "expected at most 2"),
        ("landmarks", 3, "expected 0 for none, or at least 4"),
        ("landmarks", 501, "landmarks is 501 with samples=500"),
        ("standardize", "perhaps", "expected true or false"),
        ("pooling", "laste", "choose auto, last, cls or mean"),
        ("engine", "dionysus", "choose auto, lunes, gudhi or ripser"),
        ("null_kinds", "rotation,bootstrap", "unknown null_kinds 'bootstrap'"),
        ("null_kinds", "", "null_kinds is empty"),
        ("layers", " , ", "layers is ' , ', an empty list"),
        ("layers", (), "layers is an empty list"),
        ("layers", {"type": "all"}, "holds options of its own"),
        ("model", " ", "model is empty"),
        ("model", ["gpt2", "bert"], "model is a list of 2: expected one value"),
    ],
)
def test_a_wrong_value_is_named_with_what_fits(option, value, says):
    with pytest.raises(ValueError, match=says):
        AnalysisConfig.from_flat({option: value})


@pytest.mark.parametrize("seed", [2**53 + 1, 2**62 + 3, 2**63 - 1])
def test_whole_numbers_are_exact(seed):
    """A float holds 53 bits: 2 ** 53 + 1 would come out as 2 ** 53, with the digest of that."""
    for typed in (seed, str(seed), f" {seed} "):
        assert AnalysisConfig.from_flat({"seed": typed}).record.seed == seed
    assert AnalysisConfig.from_flat({"seed": seed}).digest() != AnalysisConfig.from_flat({"seed": seed - 1}).digest()


@pytest.mark.parametrize(
    "seed",
    [2**63, "9" * 5000, 10**5000, "1e999999999", 1e300, -(2**70)],
    ids=["2^63", "digits", "10^5000", "exponent", "float", "negative"],
)
def test_a_number_beyond_64_bits_is_refused_in_a_short_sentence(seed):
    with pytest.raises(ValueError, match=r"expected at (most|least)") as error:
        AnalysisConfig.from_flat({"seed": seed})
    assert len(str(error.value)) < 150


@pytest.mark.parametrize(("typed", "meant"), [("1e3", 1000), ("300.0", 300), (300.0, 300), ("+12", 12), ("0012", 12)])
def test_other_spellings_of_a_whole_number(typed, meant):
    assert AnalysisConfig.from_flat({"samples": typed}).texts.samples == meant


def test_digest_follows_the_numbers_and_nothing_else():
    base = AnalysisConfig().digest()
    for option, value in {"run_name": "x", "threads": 2, "engine": "ripser", "batch_tokens": 99}.items():
        assert AnalysisConfig.from_flat({option: value}).digest() == base
    for option, value in {
        "seed": 1,
        "pca": 0,
        "samples": 400,
        "model": "gpt2",
        "nulls": 99,
        "dtype": "float16",
    }.items():
        assert AnalysisConfig.from_flat({option: value}).digest() != base


@pytest.mark.parametrize(
    "layers",
    [np.array(["layer_0", "layer_2"]), pd.Series(["layer_0", "layer_2"]), (name for name in ("layer_0", "layer_2")),
     {"layer_0": 1, "layer_2": 2}.keys()],
    ids=["array", "Series", "generator", "keys"],
)  # fmt: skip
def test_a_list_may_come_in_any_form(layers):
    assert AnalysisConfig.load(None, {"layers": layers}).model.layers == ("layer_0", "layer_2")


@pytest.mark.parametrize("option", ["run_ids", "models"])
@pytest.mark.parametrize("empty", [[], (), pd.Series([], dtype=object), set()], ids=["list", "tuple", "Series", "set"])
def test_an_empty_choice_is_not_everything(option, empty):
    with pytest.raises(ValueError, match=f"{option} is an empty list: name at least one, or leave it out for all"):
        ComparisonConfig.load(None, {option: empty})
    assert ComparisonConfig.load(None, {option: ""}).run_ids == ()
    assert ComparisonConfig.from_flat(ComparisonConfig().to_flat()) == ComparisonConfig()
