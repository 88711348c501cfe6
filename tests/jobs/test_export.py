"""The published package's README, item by item: each has its row, and each row a test that is there."""

import re
import subprocess
import sys
import tomllib

import pytest

from tests.conftest import ROOT
from tests.helpers.pages import commands
from todacomm.cli.run import SPELLINGS
from todacomm.models import PRESETS

PAGE = ROOT / "docs/published.md"
COMMANDS = [
    "todacomm --help",
    "todacomm list-models",
    "todacomm run --model gpt2 --samples 200",
    "todacomm run --model gpt2 --samples 500 --layers all",
    "todacomm run --models gpt2,bert,pythia-70m --samples 500",
    "todacomm run --models gpt2,bert,distilgpt2,pythia-70m --samples 500",
    "todacomm run --model gpt2 --datasets wikitext2,squad --samples 500",
    "todacomm run --model gpt2 --device mps",
    "todacomm run --hf-model microsoft/phi-1_5 --num-layers 24 --samples 200",
]
MODELS = [
    "gpt2", "distilgpt2", "bert", "distilbert", "pythia-70m", "pythia-160m", "pythia-410m", "smollm2-135m",
    "smollm2-360m", "qwen2-0.5b", "qwen2.5-0.5b", "qwen2.5-coder-0.5b", "opt-125m", "opt-350m",
]  # fmt: skip
ITEMS = {
    "commands": ["`run`", "`compare`", "`list-models`", "`init`"],
    "options": [
        "`-m`", "`--model`", "`--models`", "`-n`", "`--samples`", "`-l`", "`--layers`", "`-d`", "`--dataset`",
        "`--datasets`", "`-o`", "`--output`", "`--device`", "`--pca`", "`--hf-model`", "`--num-layers`",
    ],
    "metrics": [
        "H0 Total Persistence", "H0 Max Lifetime", "H1 Total Persistence", "H1 Count", "Expansion Ratio",
    ],
    "models": [f"`{model}`" for model in MODELS],
    "files": [
        "tda_summaries.json", "metrics.json", "tda_interpretation.md", "tda_summary.png", "layer_persistence.png",
        "betti_curves.png", "experiment_data.csv", "experiment_report.md",
    ],
    "methodology": [
        "last token in decoders, CLS in encoders", "PCA to 50", "Vietoris-Rips", "500 samples", "Superposition",
        "linear representation", "intrinsic dimension",
    ],
    "limitations": ["Descriptive, not predictive", "10 models", "Single dataset", "Correlation is not causation"],
    "future": ["during training", "different tasks", "drift", "1B"],
}  # fmt: skip
"""What its README names, by part."""
SUITE = (
    ["tests/", "-v", "-x", "--ignore=tests/test_transformer_extraction.py", "-k", "not slow"],
    ["tests/", "-v"],
    ["tests/", "-v", "--run-slow"],
    ["tests/", "--cov=todacomm", "--cov-report=term-missing"],
    ["tests/", "--cov=todacomm", "--cov-report=html"],
)


def test_every_command_stands_there_as_it_was_typed():
    assert commands(PAGE) == COMMANDS


@pytest.mark.parametrize("part", ITEMS)
def test_every_item_has_a_row(part):
    rows = [line.split(" | ")[0] for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    missing = [item for item in ITEMS[part] if not any(item in row for row in rows)]
    assert missing == []


def test_every_published_spelling_is_explained():
    rows = "".join(line.split(" | ")[0] for line in PAGE.read_text(encoding="utf-8").splitlines())
    for spelling in {word for words in SPELLINGS.values() for word in words}:
        assert f"`{spelling}`" in rows, spelling


def test_every_row_but_those_of_the_future_names_a_test_that_is_there():
    page = PAGE.read_text(encoding="utf-8").partition("## What it left for the future")[0]
    rows = [line for line in page.splitlines() if line.startswith("| ") and not line.startswith(("| ---", "| 0.1.0"))]
    for row in rows[1:]:
        places = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row)
        assert places, row
        for file, name in places:
            assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8"), f"{file}::{name}"


def test_every_published_model_is_a_preset():
    assert set(MODELS) <= set(PRESETS)
    assert all(PRESETS[model].hub_id for model in MODELS)


def test_the_extra_of_the_published_package_is_there():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert any(requirement.startswith("pytest>") for requirement in extras["dev"])
    assert any(requirement.startswith("pytest-cov") for requirement in extras["dev"])


@pytest.mark.heavy
@pytest.mark.parametrize("options", SUITE, ids=" ".join)
def test_its_ways_to_run_the_tests_are_understood(options):
    """Collected, and not run: the heavy tests only where they are asked for."""
    command = [sys.executable, "-m", "pytest", *options, "-p", "no:xdist", "--collect-only", "-q"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    collected = int(re.search(r"(\d+)(?:/\d+)? tests? collected", done.stdout)[1])
    assert collected > 1000
    assert ("test_browser.py" in done.stdout) == ("--run-slow" in options)


def test_the_theories_are_discussed():
    page = (ROOT / "docs/methodology.md").read_text(encoding="utf-8")
    theories = page.partition("## Three theories")[2]
    for theory, paper in (
        ("Superposition", "2209.10652"), ("Linear representation", "2311.03658"), ("Intrinsic dimension", "2302.00294"),
    ):  # fmt: skip
        assert f"**{theory}" in theories
        assert paper in theories
