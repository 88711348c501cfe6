"""Null models of a run: each that is asked for is drawn, whatever else is asked for."""

import json
from dataclasses import replace

import numpy as np
import pytest

from tests.helpers.tiny_models import TEXTS, tiny_model_folder
from todacomm.analysis.inference import draw_control, infer_uncertainty
from todacomm.analysis.observe import observe, run_model
from todacomm.analysis.shape import measure_shape
from todacomm.core.nulls import NULLS, Null
from todacomm.jobs.analyze import measure
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


@pytest.fixture
def of_texts(tmp_path) -> dict:
    """The options of an analysis of a tiny model."""
    (tmp_path / "texts.txt").write_text("\n".join(TEXTS) + "\n", encoding="utf-8")
    model, dataset = tiny_model_folder(tmp_path, "llama"), tmp_path / "texts.txt"
    return {"model": str(model), "dataset": str(dataset), "samples": len(TEXTS), "unit": "row", "cache": False}


def test_a_null_model_is_the_pass_that_its_row_describes(of_texts, monkeypatch):
    row = Null(space="model", changes={"pooling": "mean"}, label="means", shows="what the last token has")
    monkeypatch.setitem(NULLS, "pooled", row)
    config = AnalysisConfig.from_flat(of_texts)
    observed, mean = run_model(config), run_model(AnalysisConfig.from_flat({**of_texts, "pooling": "mean"}))
    control = draw_control("pooled", 0, config, observed)
    assert control.kind == "pooled"
    for name, cloud in control.observed.clouds.items():
        np.testing.assert_array_equal(cloud, mean.clouds[name])
        assert not np.array_equal(cloud, observed.clouds[name])


def test_draws_of_random_weights_and_shuffled_tokens_are_passes_with_their_seeds(of_texts):
    config = AnalysisConfig.from_flat(of_texts)
    random = AnalysisConfig.from_flat({**of_texts, "weights": "random"})
    for kind, of, draw, same in (
        ("random_weights", config, 1, run_model(random, seed=43)),
        ("random_weights", random, 1, run_model(random, seed=44)),
        ("shuffled_tokens", config, 1, run_model(config, shuffle_seed=43)),
    ):
        control = draw_control(kind, draw, of, run_model(of))
        for name, cloud in control.observed.clouds.items():
            np.testing.assert_array_equal(cloud, same.clouds[name])


@pytest.mark.parametrize(("n_documents", "warned"), [(8, True), (40, False)])
def test_texts_of_a_few_documents_are_warned_about_and_texts_of_many_are_not(tmp_path, n_documents, warned):
    """Each document has words of its own; what is read is the mean over a text."""
    rng = np.random.default_rng(0)
    words = [" ".join(rng.choice(TEXTS[number % len(TEXTS)].split(), 400)) for number in range(n_documents)]
    (tmp_path / "texts.jsonl").write_text("\n".join(json.dumps({"text": text}) for text in words), encoding="utf-8")
    options = {
        "model": str(tiny_model_folder(tmp_path, "llama")), "dataset": str(tmp_path / "texts.jsonl"), "samples": 40,
        "pooling": "mean", "replicates": 2, "nulls": 0, "cache": False,
    }  # fmt: skip
    result = measure(AnalysisConfig.from_flat(options))
    told = [warning.text for warning in result.warnings if warning.code == "texts_of_one_document"]
    assert len(told) == warned
    assert all(text.startswith("40 texts are of 8 documents") for text in told)
