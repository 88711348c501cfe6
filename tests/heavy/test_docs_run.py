"""Every command of the documentation that can run here, run small, page by page in the order of the page; those of the
published package run as they stand in test_published_commands.py.

Models of the hub stand in a cache of it, each as a tiny one of its architecture; texts of the hub are a file.
"""

import json
import re
import shlex
import shutil
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import yaml
from click.testing import CliRunner

from tests.conftest import ROOT
from tests.helpers.hub_cache import keep_model
from tests.helpers.pages import PAGES, blocks, commands, words
from tests.helpers.tiny_models import tiny_model_folder
from tests.test_docs import elsewhere
from todacomm.cli import main

pytestmark = pytest.mark.heavy

MODELS = {
    "openai-community/gpt2": "gpt2", "distilbert/distilgpt2": "gpt2", "google-bert/bert-base-uncased": "bert",
    "EleutherAI/pythia-70m": "gpt_neox", "EleutherAI/pythia-410m": "gpt_neox", "microsoft/phi-1_5": "gpt2",
}  # fmt: skip
REVISIONS = ("main", "step0", "step1000", "step16000")
STANDS_IN = {
    "wikitext2": "texts/wikitext2.txt", "squad": "texts/squad.txt", "hf:stanfordnlp/imdb:train:text": "texts/imdb.txt",
    "cuda": "cpu", "mps": "cpu", "24": "3", "layer_5": "layer_2", "3f2a": "latest",
    "models:/demo@champion": "gpt2", "./candidate": "./my-model",
    "gpt2 wikitext2 500": "demo-decoder run", "bert wikitext2 500": "demo-encoder run",
}  # fmt: skip
"""A word of a command -> what is there in its place: files for data sets of the hub, this machine, a tiny model."""
SMALL = {
    "run": "--samples 12 --replicates 4 --nulls 2 --max-length 48",
    "sweep": "--samples 12 --replicates 4 --nulls 2 --max-length 48 --runner serial --workers 1 --compare false",
    "convergence": "--samples 12 --sizes 10,12 --pcas 3,0 --repeats 2 --replicates 4 --max-length 48",
    "compare": "--rtd-points 10 --allow-mixed true",
    "gate": "--samples 40 --replicates 4 --max-length 48 --permutations 3 --fail-on none",
}
ONCE_ELSEWHERE = (
    "todacomm ui",
    "mlflow run . -e train_demo",
    "mlflow run . --env-manager=local -e train_demo",
    "python -m entrypoints.sweep --models @models.txt --runner",
)
"""Servers, trainings, clusters: the tests of the browser, of the training and of the clusters start them."""


@pytest.fixture
def place(tmp_path, monkeypatch, store):
    """A folder with all that the pages speak of."""
    cache = tmp_path / "hub"
    cache.mkdir()
    for hub_id, architecture in MODELS.items():
        keep_model(cache, hub_id, architecture, REVISIONS)
    monkeypatch.setenv("HF_HUB_CACHE", str(cache))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(cache))
    where = Path.cwd()
    shutil.copytree(tiny_model_folder(tmp_path, "gpt2"), where / "my-model")
    for step in ("step-000100", "step-001000"):
        shutil.copytree(where / "my-model", where / "my-training" / step)
    texts = [f"{words_of(n)}." for n in range(40)]
    (where / "texts").mkdir()
    for name in ("squad.txt", "imdb.txt"):
        (where / "texts" / name).write_text("\n\n".join(texts))
    (where / "texts/wikitext2.txt").write_text(" = Page = \n \n" + " \n".join(texts))
    (where / "book.txt").write_text("\n".join(texts))
    for name, key in (("my-texts.jsonl", "body"), ("texts.jsonl", "text"), ("my-texts-text.jsonl", "text")):
        kinds = [{"kind": "ab"[n % 2], "tongue": ("en", "fr")[n % 2]} for n in range(len(texts))]
        rows = [{key: text, "text": text, **kind} for text, kind in zip(texts, kinds, strict=True)]
        (where / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    (where / "reviews.csv").write_text("body\n" + "".join(f'"{text}"\n' for text in texts))
    turns = [{"messages": [{"role": "user", "content": text}]} for text in texts]
    (where / "chat.jsonl").write_text("".join(json.dumps(turn) + "\n" for turn in turns))
    model = json.loads((where / "my-model/tokenizer_config.json").read_text())
    model["chat_template"] = "{% for message in messages %}{{ message['content'] }} {% endfor %}"
    (where / "my-model/tokenizer_config.json").write_text(json.dumps(model))
    (where / "models.txt").write_text("gpt2\npythia-70m\n")
    (where / "my-report.md.j2").write_text("# {{ title }}\n")
    np.savez(where / "activations.npz", layer_0=np.random.default_rng(0).normal(size=(30, 6)))
    points = np.random.default_rng(0).normal(size=(30, 6))
    np.savez(where / "distances.npz", layer_0=np.linalg.norm(points[:, None] - points, axis=2))
    for name in ("example_base", "example_instruct"):
        np.save(where / f"{name}.npy", np.random.default_rng(0).normal(size=(40, 6)))
    return where


def words_of(seed: int) -> str:
    """A passage of words, long enough for one point."""
    known = ("river", "boat", "letter", "clock", "engine", "garden", "window", "paper", "stone", "village", "road")
    return " ".join(np.random.default_rng(seed).choice(known, 90))


def test_the_program_of_the_page_on_objects_runs(place):
    page = ROOT / "docs/how-to/objects.md"
    program = "\n".join(blocks(page, "python"))
    names = {}
    exec(compile(program, str(page), "exec"), names)
    assert names["analysis"].model.name == "noise"
    assert [row["step"] for row in names["callback"].rows][-1] == 4


@pytest.mark.parametrize(
    "page", [page for page in PAGES if commands(page) and page.stem != "published"], ids=lambda page: page.stem
)
def test_the_commands_of_a_page_run(page, place):
    ran = 0
    for block in blocks(page, "python") if "own-clouds" in page.name else []:
        exec(compile(block, str(page), "exec"), {})
    prepare(page)
    for command in commands(page):
        if elsewhere(command) or command.startswith(("make ", *ONCE_ELSEWHERE)):
            continue
        program, arguments = as_program(words(command))
        result = CliRunner().invoke(program, arguments)
        assert result.exit_code == 0, f"{command}: {shlex.join(arguments)}\n{result.output[-3000:]}\n{result.exception}"
        ran += 1
    assert ran or page.stem in ("CONTRIBUTING", "CARD", "index", "cluster")


def prepare(page: Path) -> None:
    """What the first commands of a page take for granted: that something is recorded."""
    for model in ("demo-decoder", "demo-encoder") if page.stem in ("README", "remote-store", "console") else ():
        arguments = ["run", "--model", model, "--run-name", f"{model} run", *SMALL["run"].split()]
        assert CliRunner().invoke(main, arguments).exit_code == 0


def as_program(typed: list[str]):
    """The click command that a line starts, and its arguments made small."""
    typed = typed if typed[1] == "compare" and "--dataset" in typed else [stand_in(word) for word in typed]
    match typed:
        case ["todacomm", name, *options]:
            return main, [name, *options, *small(name, options)]
        case ["python", "-m", module, *options]:
            name = module.removeprefix("entrypoints.")
            return import_module(module).main, [*options, *small(name, options)]
        case ["mlflow", "run", ".", *options]:
            entry = options[options.index("-e") + 1] if "-e" in options else "main"
            declared = yaml.safe_load((ROOT / "MLproject").read_text())["entry_points"][entry]
            values = {name: parameter["default"] for name, parameter in declared["parameters"].items()}
            values |= dict(pair.split("=", 1) for pair in options[1:] if "=" in pair and not pair.startswith("-"))
            filled = declared["command"].format(**{name: shlex.quote(value) for name, value in values.items()})
            _, _, module, *arguments = shlex.split(filled)
            return import_module(module).main, [*arguments, *small("run" if entry == "main" else entry, arguments)]
    raise AssertionError(f"no program in {typed}")


def small(name: str, options: list[str]) -> list[str]:
    """Options that make a job small; they stand last, and the last one counts. Own clouds have no texts to shorten."""
    texts = ["--dataset", STANDS_IN["wikitext2"]] if "controls" in options else []
    smaller = SMALL.get(name, "")
    if any("clouds:" in option for option in options):
        smaller = re.sub(r"--(samples|max-length) \d+ ?", "", smaller)
    return [*smaller.split(), *texts]


def stand_in(word: str) -> str:
    """The word with everything that is not here replaced, also inside lists and settings."""
    name, sign, value = word.partition("=")
    if sign and not name.startswith("--"):
        return f"{name}={stand_in(value)}"
    return ",".join(STANDS_IN.get(part, part) for part in word.split(","))


def test_the_hub_of_these_tests_has_the_models_that_presets_ask_for():
    from todacomm.models import PRESETS

    assert {PRESETS[name].hub_id for name in ("gpt2", "distilgpt2", "bert", "pythia-70m")} <= set(MODELS)
