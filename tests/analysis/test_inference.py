"""Null models of a run: each that is asked for is drawn, whatever else is asked for."""

from dataclasses import replace

import numpy as np
import pytest

from todacomm.analysis.inference import infer_uncertainty
from todacomm.analysis.observe import observe
from todacomm.analysis.shape import measure_shape
from todacomm.core.nulls import NULLS
from todacomm.settings.analysis import AnalysisConfig


@pytest.fixture
def sign_flips(monkeypatch: pytest.MonkeyPatch) -> None:
    """A null in the space of the distances, beside the rotation."""

    def mirrored(clouds, rng):
        signs = rng.choice([-1.0, 1.0], size=(len(clouds[0]), 1))
        return [signs * cloud for cloud in clouds]

    monkeypatch.setitem(NULLS, "sign_flips", replace(NULLS["rotation"], draw=mirrored, label="sign flips"))


@pytest.mark.parametrize(
    ("options", "draws", "rotations"),
    [
        ({"null_kinds": "sign_flips"}, 7, 0),
        ({"null_kinds": "rotation,sign_flips"}, 7, 7),
        ({"null_kinds": "rotation"}, 7, 7),
        ({"null_kinds": "sign_flips", "landmarks": 20}, 0, 0),
        ({"distances": True}, 0, 0),
    ],
)
def test_the_number_of_draws_is_that_of_every_kind(sign_flips, options, draws, rotations):
    config = AnalysisConfig.from_flat({"model": "clouds:a.npz", "nulls": 7, **options})
    assert (config.null_draws, config.rotations) == (draws, rotations)


@pytest.mark.parametrize("kinds", ["sign_flips", "rotation,sign_flips"])
def test_a_null_without_the_rotation_is_drawn_and_no_bar_is_called_a_loop(sign_flips, kinds, rng, tmp_path):
    np.savez(tmp_path / "mine.npz", layer_0=rng.normal(size=(30, 4)))
    options = {"model": f"clouds:{tmp_path}/mine.npz", "replicates": 0, "nulls": 5, "null_kinds": kinds}
    config = AnalysisConfig.from_flat(options)
    observed = observe(config)
    uncertainty = infer_uncertainty(config, observed, measure_shape(config, observed.clouds))
    rows = [row for row in uncertainty.null_rows if row["null"] == "sign_flips"]
    assert [row["draws"] for row in rows] == [5] * len(rows) != []
    tested = {row["verdict"] != "not tested" or np.isfinite(row["p"]) for row in uncertainty.loops.rows}
    assert tested == {"rotation" in kinds}
