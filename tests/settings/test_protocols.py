"""Protocols fill in options, deviations are seen, and a changed number shows in the hash."""

import dataclasses

import pytest
from click.testing import CliRunner

from entrypoints.analyze import main
from todacomm import analyze
from todacomm.cli.options import kebab
from todacomm.settings.analysis import OPTIONS, AnalysisConfig, deviations
from todacomm.settings.protocols import load_protocol, protocol_names


def test_standard_is_the_defaults():
    assert AnalysisConfig.load(None, {}) == AnalysisConfig()
    assert deviations(AnalysisConfig()) == {}


@pytest.mark.parametrize("name", protocol_names())
def test_every_protocol_is_valid_and_followed(name):
    config = AnalysisConfig.load(None, {"protocol": name})
    assert deviations(config) == {}
    assert set(load_protocol(name).options) <= set(OPTIONS)


def test_a_given_option_wins_and_is_recorded_as_deviation():
    config = AnalysisConfig.load(None, {"protocol": "todacomm-0.1", "pca": "20", "samples": 500})
    assert deviations(config) == {"pca": (50, 20), "samples": (75, 500)}


@pytest.mark.parametrize("name", protocol_names())
def test_every_protocol_runs(store, tmp_path, name):
    """On another data set and few of its texts; everything else is the protocol's."""
    texts = tmp_path / "texts.txt"
    texts.write_text("\n".join(f"Row {i} of these texts ends in the number {i * i} and in a word." for i in range(90)))
    few = {"samples": 12, "replicates": 4, "nulls": 4}
    analysis = analyze(model="demo-decoder", dataset=str(texts), protocol=name, **few)
    expected = load_protocol(name).options
    assert analysis.layer_names == {"middle": ("layer_4",)}.get(expected["layers"], analysis.layer_names)
    assert analysis.tags["todacomm.protocol"] == load_protocol(name).tag
    measured = analysis.settings["options"]
    follows = {option: value for option, value in expected.items() if option not in (*few, "dataset", "layers")}
    assert {option: measured[option] for option in follows} == {
        option: [value] if option == "null_kinds" else None if value == "auto" and option == "max_length" else value
        for option, value in follows.items()
    }


def test_an_empty_parameter_counts_as_not_given_and_a_typed_default_as_given(monkeypatch):
    """As ``mlflow run`` fills in every parameter of MLproject."""
    measured = []
    monkeypatch.setattr(main, "job", measured.append)
    empty = [word for name in OPTIONS for word in (f"--{kebab(name)}", "")]
    result = CliRunner().invoke(main, [*empty, "--protocol", "todacomm-0.1", "--samples", "500", "--pca", "20"])
    assert result.exit_code == 0, result.output
    (config,) = measured
    assert deviations(config) == {"pca": (50, 20), "samples": (75, 500)}


def test_the_tag_changes_with_any_option():
    protocol = load_protocol("standard")
    changed = dataclasses.replace(protocol, options={**protocol.options, "pca": 49})
    assert protocol.tag.startswith("standard v2 sha256:")
    assert changed.tag != protocol.tag


def test_an_unknown_protocol_lists_those_that_exist():
    with pytest.raises(ValueError, match=r"choose actopo-v5, standard, todacomm-0\.1"):
        AnalysisConfig.load(None, {"protocol": "nonsense"})
