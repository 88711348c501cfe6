"""A rogue coordinate is named with the rows that hold it."""

import pytest

from todacomm.core.layer import analyze_layer
from todacomm.core.rogue import rogue_warnings


def test_the_rows_that_hold_it_are_named_and_spread_ones_are_not(rng):
    cloud = rng.normal(size=(200, 20))
    assert rogue_warnings(cloud) == []
    cloud[[11, 170], 5] = 90.0, -110.0
    (warning,) = rogue_warnings(cloud)
    assert warning in analyze_layer(cloud).warnings
    assert warning.code == "rogue_coordinate"
    assert warning.text.startswith("coordinate 5 carries most of the variance, nearly all of it in rows 11, 170: ")
    cloud[:, 5] = 30.0 * rng.normal(size=200)
    assert rogue_warnings(cloud)[0].text.startswith("coordinate 5 carries most of the variance: standardize=true")
    assert "rogue_coordinate" not in [warning.code for warning in analyze_layer(cloud, standardize=True).warnings]


@pytest.mark.parametrize("n_dims", [1, 2, 9])
def test_one_of_few_coordinates_is_not_remarkable(rng, n_dims):
    assert rogue_warnings(rng.normal(size=(50, n_dims)) * [100.0, *[1.0] * (n_dims - 1)]) == []
