"""The settings of an analysis in words."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from tests.helpers.results import make_result
from todacomm.core.nulls import NULLS
from todacomm.reports.settings_table import _nulls, settings_table
from todacomm.settings.analysis import AnalysisConfig


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "39 rotations (60 more for H0 where none of them reaches it)"),
        ({"further_nulls": 0}, "39 rotations"),
        ({"nulls": 5}, "5 rotations"),
        ({"nulls": 0}, "none"),
        (
            {"nulls": 19, "further_nulls": 80, "null_kinds": "rotation,random_weights"},
            "19 rotations (80 more for H0 where none of them reaches it); 1 draw of random weights",
        ),
        ({"null_kinds": "sign_flips", "nulls": 5}, "5 draws of sign flips"),
        ({"null_kinds": "rotation,sign_flips", "nulls": 5}, "5 rotations; 5 draws of sign flips"),
        ({"null_kinds": "sign_flips,shuffled_tokens", "nulls": 0}, "1 draw of shuffled tokens"),
    ],
)
def test_null_models_are_named_with_their_draws(given, words, monkeypatch):
    monkeypatch.setitem(NULLS, "sign_flips", replace(NULLS["rotation"], label="sign flips"))
    assert _nulls(AnalysisConfig.load(None, given)) == words


def test_words_that_are_not_on_record_are_said_not_to_be():
    result = make_result(3, n_points=30)
    assert "Words of the texts" not in dict(settings_table(result))
    config = AnalysisConfig.load(None, {"keep_texts": False, "text_columns": "stars,author"})
    settings = dict(settings_table(replace(result, config=config)))
    assert settings["Words of the texts"] == "not on record; ids, numbers and columns are"
    assert settings["Columns of the data"] == "stars and author"


def test_a_convergence_says_nothing_of_what_it_does_not_measure():
    result = make_result(3, n_points=30)
    places = SimpleNamespace(config=result.config, model=result.model, dataset=result.dataset, seconds=result.seconds)
    of_analysis, of_convergence = (dict(settings_table(one)) for one in (result, places))
    assert set(of_analysis) - set(of_convergence) == {"Intervals", "Nulls", "Likelihood", "Tokens"}
    assert of_convergence["Cloud"] == of_analysis["Cloud"]
