"""The accelerator's benchmark where there is none: both of its sides on a CPU."""

from benchmarks.accelerator import overlap
from todacomm.models import load_model
from todacomm.settings.analysis import AnalysisConfig, ModelConfig
from todacomm.texts import load_texts


def test_homology_beside_the_pass_is_that_after_it():
    config = AnalysisConfig.load(None, {"samples": 20})
    loaded = load_model(ModelConfig(model="demo-decoder", device="cpu"), seed=0)
    row = overlap(loaded, load_texts(config.texts, seed=0).texts, config, pairs=1)
    assert row.agreement == "diagrams equal to 1e-05"
