"""The second analysis of a model that the cache knows, with other settings, against its first.

python -m benchmarks.second_analysis [--form full]
"""

import importlib.util
import os
import tempfile
from functools import partial
from pathlib import Path

from benchmarks.materials import gpt2, wikitext
from benchmarks.measuring import Pairs, Skipped, close, timed
from benchmarks.reporting import Findings, Form, guarded, run, speed_row
from todacomm.jobs.analyze import measure as analyse
from todacomm.settings.analysis import AnalysisConfig

WHAT, PEER = "second analysis of a cached model, other settings", "its first analysis"
GOAL = 20.0


def measure(form: Form) -> Findings:
    return guarded(WHAT, PEER, partial(second_against_first, form))


def second_against_first(form: Form) -> Findings:
    """All numbers of an analysis, nothing recorded: half as many components and standardised the second time."""
    if not importlib.util.find_spec("todacomm.analysis.cache"):
        raise Skipped("there is no cache of activations")
    first = {
        "model": str(gpt2()), "dataset": str(wikitext()), "samples": form.pick(12, 100, 500), "likelihood": False,
        "replicates": 0, "nulls": 0,
    }  # fmt: skip
    second = first | {"pca": 25, "standardize": True}
    analyse(AnalysisConfig.load(None, first | {"model": "demo-decoder", "samples": 12}))  # imports everything
    pairs = [one_pair(first, second) for _ in range(form.pick(1, 3, 5))]
    agreement = "the same clouds"
    whole = Pairs([two for _, two in pairs], [one for one, _ in pairs], agreement)
    return Findings([speed_row(f"{WHAT}: {first['samples']} passages, GPT-2 size", PEER, whole, GOAL)])


def one_pair(first: dict, second: dict):
    """First and second analysis with a cache that is empty before."""
    with tempfile.TemporaryDirectory() as name:
        os.environ["TODACOMM_CACHE"] = str(Path(name))
        one, two = (timed(analyse, AnalysisConfig.load(None, options)) for options in (first, second))
    for layer, cloud in one.result.clouds.items():
        close(two.result.clouds[layer], cloud, f"cloud of {layer}", 0.0)
    return one, two


if __name__ == "__main__":
    run("second_analysis", measure)
