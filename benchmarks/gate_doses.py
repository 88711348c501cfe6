"""From which dose on the gate calls a changed model different, and from which on perplexity shows the change.

    python -m benchmarks.gate_doses             # hours of one core; may be stopped and started again
    python -m benchmarks.gate_doses --summarize # the page and its figure of what has been done so far

The bundled models, and a Llama trained on stories where the folder of test data has it, on passages of Python's
documentation. Finished doses stay in a cache file. Writes ``benchmarks/results/gate_doses.json``,
docs/gate-doses.md and docs/images/gate-doses.png.
"""

import argparse
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import t as student

from benchmarks.gate_doses_figure import draw
from benchmarks.gate_doses_page import render
from benchmarks.gate_dosing import DOSES, MOST, OTHER_TEXTS, candidate_folder
from benchmarks.materials import DATA

RESULTS = Path(__file__).resolve().parent / "results" / "gate_doses.json"
DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGE, FIGURE = DOCS / "gate-doses.md", DOCS / "images" / "gate-doses.png"
SCRATCH = Path(tempfile.gettempdir()) / "todacomm-gate-doses"
CACHE = SCRATCH.with_suffix(".jsonl")
SIZES = (100, 300, MOST)
WITHOUT_LOOPS = "h0_total_norm,twonn_dimension,effective_rank,mean_cosine"
"""Metrics of shape among 1,000 texts: H1 of a hundred half-samples of 500 points takes ten times the rest."""
OPTIONS = {"likelihood": False, "nulls": 0, "loops": 0, "figures": "none", "explorer": False, "cache": False}
POSITIONS = 4
"""Tokens masked in each text for an encoder's perplexity."""
Task = tuple[str, str, int]
"""Model, dose, texts."""
Numbers = dict[str, Any]


def models() -> dict[str, str]:
    """Models that are there, by a reader's name."""
    stories = DATA / "stories260K-llama-hf"
    own = {"demo-decoder": "demo-decoder", "demo-encoder": "demo-encoder"}
    return own | ({"stories260K": str(stories)} if stories.is_dir() else {})


def tasks() -> list[Task]:
    """Everything to do: few texts first, and among these the doses that show most."""
    return [
        (model, dose, n)
        for n in SIZES
        for first in (True, False)
        for model in models()
        for dose in DOSES
        if DOSES[dose].first == first and not (n == MOST and dose == OTHER_TEXTS)
    ]


def perform(task: Task) -> Numbers:
    """The gate's verdicts on one dose, and what it does to perplexity, on the same texts."""
    from todacomm.gates.judging import gate_pair
    from todacomm.settings.gate import GateConfig

    model, dose, n = task
    folder = candidate_folder(models()[model], dose, SCRATCH / f"{model}-{dose.replace(' ', '-')}")
    shape = {"shape": WITHOUT_LOOPS} if n == MOST else {}
    same_texts = dose != OTHER_TEXTS
    read = texts()[:n] if same_texts else texts()[MOST : MOST + n]
    ours = analysed(model, n)
    with torch_threads(DOSES[dose].threads):
        theirs = _analysed(folder, read, **DOSES[dose].options)
    result = gate_pair(ours, theirs, GateConfig.from_flat({"base": model, "candidate": dose, **shape}))
    table = result.table.assign(of_margin=(result.table["difference"] / result.table["margin"]).abs())
    by_aspect = {
        aspect: {
            "verdict": result.aspects[aspect],
            "layers": [own.get(aspect, "") for own in result.layers.values()],
            "of_margin": float(rows["of_margin"].max()),
            "clearest": str(rows.loc[rows["of_margin"].idxmax(), "metric"]),
            "p": float(rows["p_adjusted"].min()),
        }
        for aspect, rows in table.groupby("aspect")
    }
    likelihood = paired(losses_of_base(model, n), losses(folder, tuple(texts()[:n]))) if same_texts else {}
    return {"verdict": result.verdict, "aspects": by_aspect, "names": list(result.layers), "perplexity": likelihood}


def paired(base: np.ndarray, candidate: np.ndarray) -> Numbers:
    """Perplexities on the same texts, and the 95 % interval of their ratio, which is 1 where nothing changed.

    Parameters
    ----------
    base, candidate : ndarray, shape (2, n_texts)
        Each text's summed losses in nats, and its tokens that were predicted.

    >>> losses = np.array([[2.0, 4.0, 6.0], [1.0, 2.0, 3.0]])
    >>> paired(losses, losses)["lo"]
    1.0
    """
    tokens = base[1]
    change = (candidate[0].sum() - base[0].sum()) / tokens.sum()
    residual = (candidate[0] - base[0] - change * tokens) / tokens.mean()
    n = len(tokens)
    half = student.ppf(0.975, n - 1) * residual.std(ddof=1) / np.sqrt(n)
    ends = {"ratio": change, "lo": change - half, "hi": change + half}
    own = {"base": base[0].sum() / tokens.sum(), "candidate": candidate[0].sum() / tokens.sum()}
    return {name: float(np.exp(value)) for name, value in (ends | own).items()}


@contextmanager
def torch_threads(count: int | None) -> Iterator[None]:
    """So many threads for the products of a pass, and as many as before behind it."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@cache
def texts() -> list[str]:
    """Passages of the largest gate, and behind them the other texts: Python's documentation has no more."""
    from todacomm.settings.analysis import AnalysisConfig
    from todacomm.texts import load_texts

    return list(load_texts(AnalysisConfig.from_flat({"samples": MOST + 500}).texts, seed=0).texts)


@cache
def analysed(model: str, n: int) -> Any:
    """The base on the first ``n`` texts."""
    return _analysed(Path(models()[model]), texts()[:n])


def _analysed(folder: Path, passages: list[str], **options: Any) -> Any:
    import todacomm

    degrees = {"maxdim": 0} if len(passages) == MOST else {}
    return todacomm.analyze(model=str(folder), texts=passages, **OPTIONS, **degrees, **options)


@cache
def losses_of_base(model: str, n: int) -> np.ndarray:
    """Losses of the model as it is."""
    return losses(Path(models()[model]), tuple(texts()[:n]))


def losses(folder: Path, passages: tuple[str, ...]) -> np.ndarray:
    """Each text's summed losses in nats and its predicted tokens, shape (2, n_texts); of an encoder some are masked."""
    from todacomm.activations.forward import one_pass
    from todacomm.activations.masked import mask_tokens, masked_pass
    from todacomm.activations.prepared import prepare
    from todacomm.models import load_model
    from todacomm.settings.analysis import AnalysisConfig
    from todacomm.system.progress import silent

    loaded = load_model(AnalysisConfig.from_flat({"model": str(folder)}).model, 0)
    prepared = prepare(
        loaded,
        passages,
        layers=("all",),
        pooling="auto",
        max_length=None,
        batch_tokens=None,
        shuffle_seed=None,
        templated=False,
    )
    if loaded.info.head == "causal":
        read = one_pass(loaded, prepared, with_loss=True, progress=silent)
        return np.array([read.losses, [text.predicted.sum() for text in prepared.tokens]], dtype=float)
    masked = mask_tokens(loaded.tokenizer, prepared.tokens, POSITIONS, 0)
    masked_losses = masked_pass(loaded, masked, prepared.batch_tokens, silent)
    return np.array([np.bincount(masked.owners, values) for values in (masked.weights * masked_losses, masked.weights)])


def main() -> None:
    parser = argparse.ArgumentParser(description="Dose-response of the gate")
    parser.add_argument("--summarize", action="store_true", help="only write the page")
    parser.add_argument("--cache", type=Path, default=CACHE)
    options = parser.parse_args()
    SCRATCH.mkdir(exist_ok=True)
    os.environ["MLFLOW_TRACKING_URI"] = f"sqlite:///{SCRATCH}/mlflow.db"

    done: dict[Task, Numbers] = {}
    if options.cache.exists():
        entries = map(json.loads, options.cache.read_text().splitlines())
        done = {tuple(entry["task"]): entry["numbers"] for entry in entries}
    todo = [] if options.summarize else [task for task in tasks() if task not in done]
    with options.cache.open("a") as cache_file:
        for task in todo:
            done[task] = perform(task)
            cache_file.write(json.dumps({"task": task, "numbers": done[task]}) + "\n")
            cache_file.flush()
    order = [task for task in tasks() if task in done]
    rows = [{"model": model, "dose": dose, "texts": n, **done[model, dose, n]} for model, dose, n in order]
    RESULTS.write_text(json.dumps(rows, indent=1) + "\n")
    PAGE.write_text(render(rows))
    draw(rows, FIGURE)


if __name__ == "__main__":
    main()
