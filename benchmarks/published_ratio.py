"""Our reading of the published expansion ratio against the published package's own, on the same activations.

python -m benchmarks.published_ratio [--form full]
"""

import json
import tempfile
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.materials import DATA, ask_peer, gpt2, peer_python, wikitext
from benchmarks.measuring import close
from benchmarks.reporting import Findings, Form, Table, guarded, run
from todacomm.analysis.assembly import published
from todacomm.analysis.observe import observe
from todacomm.core.metrics.whole_run import published_h0_total
from todacomm.results.observation import Observation
from todacomm.settings.analysis import AnalysisConfig

PEER = "todacomm 0.1.0 from PyPI"
TOKENS = "token embeddings"
RTOL = 1e-4
"""The published package works in float32."""


def measure(form: Form) -> Findings:
    return guarded("expansion ratio as published", PEER, partial(against_published, form))


def against_published(form: Form) -> Findings:
    """Both ratios of every model there is, held to each other total by total."""
    peer_python()
    rows = [compare(name, weights, form.pick(20, 75, 500)) for name, weights in models(form)]
    return Findings(
        tables=[
            Table(
                "The expansion ratio as published",
                "The largest H0 total over that of the token embeddings, the essential bar counted as 1, by our "
                "`expansion_ratio_published` and by the published package on the same activations (rows of WikiText-2 "
                f"as they stand, 128 tokens at most). Every layer's total is equal to {RTOL:g}.",
                ["model", "weights", "texts", "layers", "ours", "published package"],
                rows,
            )
        ]
    )


def models(form: Form) -> list[tuple[str, str]]:
    """Name or folder, and weights, of the models to compare."""
    small = [("demo-decoder", "trained"), ("demo-decoder", "random"), ("demo-encoder", "trained")]
    stories = DATA / "stories260K-llama-hf"
    if stories.is_dir():
        small.append((str(stories), "trained"))
    return form.pick(small[:1], small, [*small, (str(gpt2()), "random")])


def compare(name: str, weights: str, n_texts: int) -> list:
    """One row of the table."""
    observed = observe(
        AnalysisConfig.load(
            None,
            {
                "model": name, "weights": weights, "dataset": str(wikitext()), "unit": "row", "samples": n_texts,
                "max_length": 128, "likelihood": False,
            },
        )
    )  # fmt: skip
    clouds = published_layers(observed)
    theirs = ask_totals(clouds)
    for layer, cloud in clouds.items():
        close(published_h0_total(cloud), theirs[layer], f"H0 total of {layer}", RTOL)
    ratio = max(theirs.values()) / theirs[TOKENS]
    close(published(observed), ratio, f"expansion ratio of {name}", RTOL)
    return [Path(name).name, weights, n_texts, len(clouds) - 1, published(observed), ratio]


def published_layers(observed: Observation) -> dict[str, np.ndarray]:
    """The layers that the published package reads: token embeddings, the blocks, the last one after the final norm."""
    layers = {name: cloud for name, cloud in observed.clouds.items() if name != "embedding"}
    if "final" in layers:
        del layers[f"layer_{observed.model.n_layers - 1}"]
    return {TOKENS: observed.token_embeddings, **layers}


def ask_totals(clouds: dict[str, np.ndarray]) -> dict[str, float]:
    """The published package's H0 total of each cloud."""
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "clouds.npz"
        np.savez(file, **clouds)
        return json.loads(ask_peer("totals", file))


if __name__ == "__main__":
    run("published_ratio", measure)
