"""What the benchmark of a whole job reads of our command's files."""

import numpy as np
import pytest
from scipy.cluster.hierarchy import linkage
from transformers import GPT2Config, GPT2LMHeadModel

from benchmarks.materials import copy_tokenizer
from benchmarks.whole_job import COMMON, N_BLOCKS, ours

pytestmark = pytest.mark.heavy


def test_clouds_totals_and_seconds_are_those_of_the_run(shared_data, tmp_path):
    folder = tmp_path / "model"
    copy_tokenizer(folder)
    GPT2LMHeadModel(GPT2Config(n_layer=N_BLOCKS, n_embd=24, n_head=2)).save_pretrained(folder)
    job = ours(folder, shared_data / "wikitext-2" / "wiki.test.raw", 12, likelihood=False)
    assert list(job.result["clouds"]) == COMMON
    for name, cloud in job.result["clouds"].items():
        assert cloud.shape == (12, 24)
        edges = linkage(np.asarray(cloud, dtype=np.float64), "single")[:, 2]
        assert job.result["totals"][name] == pytest.approx(edges.sum() + 1.0, rel=1e-5)
    assert 0.0 < sum(job.result["seconds"].values()) < job.seconds
