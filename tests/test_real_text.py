"""Real text, GPT-2's real tokenizer, random weights: what the published ratio takes for expansion."""

import shutil

import numpy as np
import pytest
from transformers import GPT2Config

from todacomm.jobs.analyze import measure
from todacomm.results.table import by_layer, run_values
from todacomm.settings.analysis import AnalysisConfig

BLOCKS = [f"layer_{block}" for block in range(6)]


@pytest.fixture(scope="module")
def random_gpt2(shared_data, tmp_path_factory):
    """A folder with GPT-2's tokenizer and a config of half its depth and a third of its width: no weights at all."""
    folder = tmp_path_factory.mktemp("gpt2")
    shutil.copytree(shared_data / "tokenizer-gpt2", folder, dirs_exist_ok=True)
    GPT2Config(n_layer=6, n_embd=252, n_head=6, architectures=["GPT2LMHeadModel"]).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def analyse(random_gpt2, shared_data):
    def run(**options):
        settings = {
            "model": str(random_gpt2),
            "weights": "random",
            "dataset": str(shared_data / "wikitext-2" / "wiki.test.raw"),
            "likelihood": "false",
            "replicates": 0,
            "nulls": 0,
        }
        return measure(AnalysisConfig.load(None, settings | options))

    return run


def test_rows_as_published_are_few_points_and_expand_without_training(analyse):
    result = analyse(protocol="todacomm-0.1")
    assert result.dataset.samples == 75
    layers = by_layer(result.table)
    assert layers.loc["embedding", "top_token_fraction"] == pytest.approx(50 / 75)
    assert any(warning.layer == "embedding" and "distinct points of 75" in warning.text for warning in result.warnings)
    assert run_values(result.table)["expansion_ratio_published"] > 10
    flat = layers.loc[BLOCKS, "h0_total_norm"]
    assert np.ptp(flat) < 0.1 * flat.mean()


def test_passages_make_an_embedding_that_can_be_read(analyse):
    layers = by_layer(analyse(samples=300).table)
    assert layers.loc["embedding", "n_distinct"] > 0.8 * 300
    distinct = by_layer(analyse(samples=300, endings="distinct").table)
    assert distinct.loc["embedding", "n_distinct"] > 0.98 * 300
