"""The commands of the published README as they stand, none of them made smaller, and what comes of each.

Its models and data sets are in a cache of the hub: models with random weights and few blocks, texts of made-up words.
"""

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.heavy.conftest import project_environment
from tests.helpers.hub import serve_dataset
from tests.helpers.hub_cache import keep_model
from tests.jobs.test_export import COMMANDS
from todacomm.results.table import by_layer

pytestmark = pytest.mark.heavy

MODELS = {
    "openai-community/gpt2": ("gpt2", {"n_layer": 1}),
    "distilbert/distilgpt2": ("gpt2", {"n_layer": 1}),
    "google-bert/bert-base-uncased": ("bert", {"num_hidden_layers": 1}),
    "EleutherAI/pythia-70m": ("gpt_neox", {"num_hidden_layers": 1}),
    "microsoft/phi-1_5": ("llama", {"num_hidden_layers": 24}),
}
"""Hub id -> architecture that stands in for it, with as many blocks as a command says."""
OUTCOMES = {
    "run --model gpt2 --samples 200": (200, ["gpt2 on pydoc"]),
    "run --model gpt2 --samples 500 --layers all": (500, ["gpt2 on pydoc"]),
    "run --models gpt2,bert,pythia-70m --samples 500": (
        500, ["gpt2 on pydoc", "bert on pydoc", "pythia-70m on pydoc", "comparison: bert, gpt2, pythia-70m on pydoc"],
    ),
    "run --models gpt2,bert,distilgpt2,pythia-70m --samples 500": (
        500,
        [
            "gpt2 on pydoc", "bert on pydoc", "distilgpt2 on pydoc", "pythia-70m on pydoc",
            "comparison: bert, distilgpt2, gpt2, pythia-70m on pydoc",
        ],
    ),
    "run --model gpt2 --datasets wikitext2,squad --samples 500": (
        500, ["gpt2 on wikitext2", "gpt2 on squad", "comparison: squad, wikitext2 read by gpt2"],
    ),
    "run --hf-model microsoft/phi-1_5 --num-layers 24 --samples 200": (200, ["phi-1_5 on pydoc"]),
}  # fmt: skip
"""Command -> points in every cloud, and what is recorded."""
PUBLISHED_FILES = (
    "runs/run_0/tda_summaries.json", "runs/run_0/metrics.json", "runs/run_0/tda_interpretation.md",
    "runs/run_0/visualizations/tda_summary.png", "runs/run_0/visualizations/layer_persistence.png",
    "runs/run_0/visualizations/betti_curves.png", "artifacts/experiment_data.csv", "reports/experiment_report.md",
)  # fmt: skip
LOAD = """
import sys
from todacomm.settings.analysis import TextsConfig
from todacomm.texts import load_texts
load_texts(TextsConfig(dataset=sys.argv[1]), seed=42)
"""


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of the hub's client that has the models and the data sets, as it is after a download."""
    home = tmp_path_factory.mktemp("hub-home")
    (home / "hub").mkdir()
    for hub_id, (architecture, settings) in MODELS.items():
        keep_model(home / "hub", hub_id, architecture, **settings)
    pages = made_up_pages()
    lines = [line for title, page in pages.items() for line in (f" = {title} = \n", *(f" {text} \n" for text in page))]
    download(home, "wikitext2", ("Salesforce/wikitext", "wikitext-2-raw-v1", "test"), {"text": lines})
    asked = [(title, text, f"What is {n} ?") for title, page in pages.items() for n, text in enumerate(page)]
    columns = dict(zip(("title", "context", "question"), map(list, zip(*asked, strict=True)), strict=True))
    download(home, "squad", ("rajpurkar/squad_v2", "squad_v2", "validation"), columns)
    return home


def made_up_pages() -> dict[str, list[str]]:
    """Sixty pages of twenty paragraphs, in words enough for every text to end at another one."""
    rng = np.random.default_rng(0)
    known = ["".join(rng.choice(list("abdegiklmnorstu"), rng.integers(3, 8))) for _ in range(4000)]
    return {f"Page {n}": [f"{' '.join(rng.choice(known, 80))} ." for _ in range(20)] for n in range(60)}


def download(home: Path, name: str, where: tuple[str, str, str], columns: dict[str, list[str]]) -> None:
    """Load a data set from a hub on this machine, so that it stays in the cache."""
    path = home / f"{name}.parquet"
    pq.write_table(pa.table(columns), path)
    with serve_dataset(*where, path.read_bytes()) as endpoint:
        environment = project_environment(HF_HOME=str(home), HF_ENDPOINT=endpoint, HF_HUB_OFFLINE="0")
        command = [sys.executable, "-c", LOAD, name]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]


def typed(line: str, home: Path, folder: Path) -> "subprocess.CompletedProcess[str]":
    """A command of the console as a user types it."""
    return subprocess.run(
        [sys.executable, "-m", "todacomm", *line.split()],
        cwd=folder, env=project_environment(HF_HOME=str(home)), capture_output=True, text=True, timeout=900,
    )  # fmt: skip


@pytest.mark.parametrize("line", OUTCOMES)
def test_a_published_analysis_is_recorded_and_exported(
    line: str, hub: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import todacomm

    done = typed(line, hub, store)
    assert done.returncode == 0, done.stderr[-3000:]
    points, expected = OUTCOMES[line]
    found = todacomm.search_analyses()
    assert set(todacomm.search_analyses(status=None)["status"]) == {"FINISHED"}
    analyses = {f"{row.model} on {row.dataset}": row.run_id for row in found.itertuples()}
    assert sorted(analyses) == sorted(name for name in expected if not name.startswith("comparison"))
    assert done.stdout.count("http://127.0.0.1:5000/#/experiments") == len(expected)
    for name in expected:
        assert not name.startswith("comparison: ") or f"\n{name.removeprefix('comparison: ')}\n" in done.stderr
    for run_id in analyses.values():
        analysis = todacomm.load_analysis(run_id)
        layers = by_layer(analysis.layers)
        assert len(layers) == len(analysis.layer_names) >= 2
        assert set(layers["n_points"]) == {points}
        sound = layers.loc[[name for name in layers.index if name != "embedding"]]
        assert (
            sound[["h0_total_persistence", "h0_max_lifetime", "h1_total_persistence", "h1_count"]]
            .notna()
            .all(axis=None)
        )
        likelihood = analysis.run.get("perplexity", analysis.run.get("pseudo_perplexity"))
        assert math.isfinite(likelihood)
        assert likelihood > 1
        out = store / "experiments" / run_id
        exported = typed(f"export {run_id} {out}", hub, store)
        assert exported.returncode == 0, exported.stderr
        assert [name for name in PUBLISHED_FILES if not (out / name).is_file()] == []
        assert list(json.loads((out / PUBLISHED_FILES[0]).read_text())) == list(analysis.layer_names)


def test_an_accelerator_that_is_not_there_is_said(hub: Path, store: Path) -> None:
    import torch

    absent = "mps" if not torch.backends.mps.is_available() else "cuda"
    done = typed(f"run --model gpt2 --device {absent}", hub, store)
    assert done.returncode == 1
    assert f"device={absent} is not there: this machine and its torch have" in done.stderr
    assert "Traceback" not in done.stderr


def test_every_published_analysis_is_among_them() -> None:
    run = {line.removeprefix("todacomm ") for line in COMMANDS if " run " in line and "--device" not in line}
    assert run == set(OUTCOMES)
