"""What another number of threads and another batch size may change, as docs/methodology.md states it."""

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_limits

from todacomm.jobs.analyze import measure
from todacomm.settings.analysis import AnalysisConfig

BOUND = 1e-3
QUICK = {"samples": 32, "unit": "row", "layers": "layer_0,layer_4,layer_7", "replicates": 6, "nulls": 0, "loops": 0}


def table(model, texts, threads=1, **options):
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with threadpool_limits(threads):
            given = {"model": model, "dataset": str(texts), "cache": False, **QUICK, **options}
            return measure(AnalysisConfig.load(None, given)).table
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("model", ["demo-decoder", "demo-encoder"])
def test_threads_and_batches_change_less_than_the_bound(model, tmp_path, rng):
    """Batches of 1, 8 and 32 texts of 5 to 40 words: every value and interval within the bound, most far below."""
    words = ["the", "value", "of", "a", "list", "name", "in", "module", "returns", "error"]
    lines = [" ".join(rng.choice(words, rng.integers(5, 40))) for _ in range(32)]
    (tmp_path / "texts.txt").write_text("\n".join(lines))
    one = table(model, tmp_path / "texts.txt", batch_tokens=32 * 200)
    for other in ({"threads": 2, "batch_tokens": 32 * 200}, {"batch_tokens": 8 * 50}, {"batch_tokens": 1}):
        again = table(model, tmp_path / "texts.txt", **other)
        scale = np.nan_to_num(np.abs(one["value"].to_numpy(float)))
        for column in ("value", "lo", "hi"):
            expected, value = one[column].to_numpy(float), again[column].to_numpy(float)
            np.testing.assert_array_equal(np.isnan(expected), np.isnan(value))
            change = np.nan_to_num(np.abs(value - expected))
            assert (change <= BOUND * scale + 1e-12).all(), one[change > BOUND * scale + 1e-12]
            assert np.median(change / np.maximum(scale, 1e-300)) < BOUND / 100
