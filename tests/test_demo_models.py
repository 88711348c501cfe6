"""The bundled models are small, load offline, know English, and their card says what was measured."""

import argparse
import json
import pathlib
import textwrap
import unittest

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoModelForMaskedLM, AutoTokenizer, PreTrainedTokenizerFast

from todacomm.demo import DEMO_MODELS
from todacomm.models.presets import PRESETS
from todacomm.texts.prose import paragraphs
from training.checkpoints import save_checkpoint
from training.corpus import DISTRIBUTIONS, Corpus
from training.evaluation import evaluate
from training.loop import TrainingConfig

ARCHITECTURES = {"demo-decoder": "GPT2LMHeadModel", "demo-encoder": "BertForMaskedLM"}
LARGEST = 5_000_000
WORDS_OF_A_PASSAGE = 64


def load(name, **settings):
    loader = AutoModelForMaskedLM if name == "demo-encoder" else AutoModelForCausalLM
    return loader.from_pretrained(DEMO_MODELS[name], **settings)


@pytest.fixture(scope="module")
def python_documentation() -> list[str]:
    """Paragraphs of the standard library, on which no bundled model has trained."""
    objects = [
        module_or_class
        for module in (argparse, pathlib, textwrap, unittest)
        for module_or_class in (module, *vars(module).values())
        if getattr(module_or_class, "__module__", module.__name__).startswith(module.__name__)
    ]
    methods = [method for item in objects if isinstance(item, type) for method in vars(item).values()]
    documentation = [item.__doc__ for item in [*objects, *methods] if isinstance(item.__doc__, str)]
    return sorted({text for page in documentation for text in paragraphs(textwrap.dedent(page))})[:150]


def test_the_names_are_those_of_the_presets():
    assert set(DEMO_MODELS) == {name for name, preset in PRESETS.items() if not preset.hub_id}


@pytest.mark.parametrize("name", DEMO_MODELS)
def test_a_model_is_what_it_should_be(name):
    model = load(name, dtype=torch.float32)
    assert type(model).__name__ == ARCHITECTURES[name]
    assert model.config.num_hidden_layers >= 6
    assert sum(parameter.numel() for parameter in model.parameters()) <= LARGEST / 2
    assert (DEMO_MODELS[name] / "model.safetensors").stat().st_size <= LARGEST
    assert load(name).dtype == torch.float16


@pytest.mark.parametrize("name", DEMO_MODELS)
def test_the_tokenizer_is_complete_and_a_passage_fits(name, python_documentation):
    tokenizer = AutoTokenizer.from_pretrained(DEMO_MODELS[name])
    words = " ".join(python_documentation).split()
    starts = range(0, 40 * WORDS_OF_A_PASSAGE, WORDS_OF_A_PASSAGE)
    passages = [" ".join(words[start : start + WORDS_OF_A_PASSAGE]) for start in starts]
    batch = tokenizer(passages, padding=True, return_tensors="pt")
    assert batch["input_ids"].shape[1] <= tokenizer.model_max_length == 256
    assert tokenizer.pad_token_id is not None
    assert tokenizer.decode(tokenizer("café").input_ids, skip_special_tokens=True) == "café"
    if name == "demo-decoder":
        assert tokenizer.eos_token_id == tokenizer.bos_token_id == load(name).config.eos_token_id
    else:
        ids = tokenizer("a [MASK] of words").input_ids
        assert [ids[0], ids[-1]] == [tokenizer.cls_token_id, tokenizer.sep_token_id]
        assert ids.count(tokenizer.mask_token_id) == 1


@pytest.mark.parametrize("name", DEMO_MODELS)
def test_a_model_knows_english_and_its_random_twin_does_not(name, python_documentation, tmp_path):
    some = python_documentation[::3]
    texts = Corpus(train=some, held_out=some, sources=[])
    trained = evaluate(DEMO_MODELS[name], texts)
    torch.manual_seed(0)
    twin = type(load(name))(load(name).config)
    save_checkpoint(twin, PreTrainedTokenizerFast.from_pretrained(DEMO_MODELS[name]), tmp_path / "random")
    random = evaluate(tmp_path / "random", texts)
    assert trained["held_out"] < random["held_out"] / 25
    assert trained["held_out"] < trained["held_out_unigram"] / 2


def test_the_encoder_fills_a_gap():
    tokenizer, model = AutoTokenizer.from_pretrained(DEMO_MODELS["demo-encoder"]), load("demo-encoder")
    ids = tokenizer("Return the [MASK] of the file.", return_tensors="pt")["input_ids"]
    with torch.inference_mode():
        logits = model.float()(input_ids=ids).logits[ids == tokenizer.mask_token_id]
    assert {"name", "size"} <= {tokenizer.decode([token]).strip() for token in logits.topk(10).indices[0]}


@pytest.mark.parametrize("name", DEMO_MODELS)
def test_the_card_says_what_was_measured(name):
    card = (DEMO_MODELS[name].parent / "CARD.md").read_text(encoding="utf-8")
    training = json.loads((DEMO_MODELS[name] / "training.json").read_text(encoding="utf-8"))
    settings = training["settings"]
    assert TrainingConfig(**settings | {"checkpoints": tuple(settings["checkpoints"])}) == TrainingConfig(name)
    assert [source["name"] for source in training["sources"]] == list(DISTRIBUTIONS)
    for source in training["sources"]:
        assert f"| {source['name']} | {source['version']} |" in card
    for value in training["perplexities"].values():
        assert f"{value:.1f}" in card
    measured = training["perplexities"]
    wanted = {"demo-decoder": 8, "demo-encoder": 4}[name]
    assert measured["held_out"] < measured["held_out_unigram"] / wanted
