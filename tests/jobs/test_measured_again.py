"""What another number of threads and another batch size may change, as docs/methodology.md states it."""

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_limits

from todacomm.jobs.analyze import measure
from todacomm.settings.analysis import AnalysisConfig

BOUND = 1e-3
QUICK = {"samples": 32, "replicates": 10, "nulls": 0, "loops": 0, "cache": False, "max_length": 64}


def table(model, threads=1, **options):
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with threadpool_limits(threads):
            return measure(AnalysisConfig.load(None, {"model": model, **QUICK, **options})).table
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("model", ["demo-decoder", "demo-encoder"])
def test_threads_and_batches_change_less_than_the_bound(model):
    """Batches of 1, 8 and 32 texts of at most 64 tokens: every value and interval within the bound, most far below."""
    one = table(model, batch_tokens=64)
    for other in (table(model, threads=2, batch_tokens=64), *(table(model, batch_tokens=64 * n) for n in (8, 32))):
        for column in ("value", "lo", "hi"):
            expected, value = one[column].to_numpy(float), other[column].to_numpy(float)
            scale = np.nan_to_num(np.abs(one["value"].to_numpy(float)))
            np.testing.assert_array_equal(np.isnan(expected), np.isnan(value))
            change = np.nan_to_num(np.abs(value - expected))
            assert (change <= BOUND * scale + 1e-12).all(), one.loc[change > BOUND * scale]
            assert np.quantile(change / np.maximum(scale, 1e-300), 0.5) < BOUND / 100
