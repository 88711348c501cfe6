"""Protocols fill in options, deviations are seen, and a changed number shows in the hash."""

import dataclasses

import pytest

from todacomm.cli.options import parse_options
from todacomm.settings.analysis import OPTIONS, AnalysisConfig, deviations, load_config
from todacomm.settings.protocols import load_protocol, protocol_names


def test_standard_is_the_defaults():
    assert load_config(None, {}) == AnalysisConfig()
    assert deviations(AnalysisConfig()) == {}


@pytest.mark.parametrize("name", protocol_names())
def test_every_protocol_is_valid_and_followed(name):
    config = load_config(None, {"protocol": name})
    assert deviations(config) == {}
    assert set(load_protocol(name).options) <= set(OPTIONS)


def test_a_given_option_wins_and_is_recorded_as_deviation():
    config = load_config(None, {"protocol": "todacomm-0.1", "pca": "20", "samples": 500})
    assert deviations(config) == {"pca": (50, 20), "samples": (75, 500)}


def test_under_mlflow_run_a_default_counts_as_not_given(monkeypatch):
    options = {"protocol": "todacomm-0.1", "samples": "500", "pca": "20"}
    assert deviations(parse_options(None, **options)) == {"pca": (50, 20), "samples": (75, 500)}
    monkeypatch.setenv("MLFLOW_RUN_ID", "0" * 32)
    assert deviations(parse_options(None, **options)) == {"pca": (50, 20)}


def test_the_tag_changes_with_any_option():
    protocol = load_protocol("standard")
    changed = dataclasses.replace(protocol, options={**protocol.options, "pca": 49})
    assert protocol.tag.startswith("standard v1 sha256:")
    assert changed.tag != protocol.tag


def test_an_unknown_protocol_lists_those_that_exist():
    with pytest.raises(ValueError, match=r"choose actopo-v5, standard, todacomm-0\.1"):
        load_config(None, {"protocol": "nonsense"})
