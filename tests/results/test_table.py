"""The tidy table: fixed columns, words and numbers apart, wide forms in the order of depth."""

import numpy as np
import pytest

from todacomm.results.table import COLUMNS, NULL_COLUMNS, RUN_LAYER, by_layer, run_values, tidy

ROWS = [
    {"layer": "layer_10", "depth": 1.0, "metric": "a", "value": 3, "weights": "trained"},
    {"layer": "layer_2", "depth": 0.5, "metric": "a", "value": 2, "weights": "trained"},
    {"layer": "embedding", "depth": 0.0, "metric": "a", "value": np.nan, "weights": "trained"},
    {"layer": "embedding", "depth": 0.0, "metric": "b", "value": 5, "weights": "trained"},
    {"layer": "layer_2", "depth": 0.5, "metric": "a", "value": 9, "weights": "random", "control": "random_weights"},
    {"layer": RUN_LAYER, "metric": "perplexity", "value": 12.5, "weights": "trained"},
]


def test_missing_words_are_empty_and_missing_numbers_nan():
    table = tidy(ROWS)
    assert tuple(table.columns) == COLUMNS
    assert set(table["null"]) == {""}
    assert table["se"].isna().all()
    assert table["value"].dtype == float


def test_an_empty_table_has_its_columns():
    assert tuple(tidy([], NULL_COLUMNS).columns) == NULL_COLUMNS


def test_an_unknown_column_is_an_error():
    with pytest.raises(ValueError, match="unknown columns valeu"):
        tidy([{"valeu": 1}])


def test_layers_stand_in_the_order_of_depth_with_nan_kept():
    wide = by_layer(tidy(ROWS))
    assert list(wide.index) == ["embedding", "layer_2", "layer_10"]
    assert np.isnan(wide.loc["embedding", "a"])
    assert wide.loc["embedding", "b"] == 5
    assert list(by_layer(tidy(ROWS), control="random_weights")["a"]) == [9]


def test_numbers_of_the_run_stand_apart():
    assert run_values(tidy(ROWS)) == {"perplexity": 12.5}
