"""The settings of an analysis in words."""

import pytest

from todacomm.reports.settings_table import _nulls
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
    ],
)
def test_null_models_are_named_with_their_draws(given, words):
    assert _nulls(AnalysisConfig.load(None, given)) == words
