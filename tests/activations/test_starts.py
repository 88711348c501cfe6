"""Special tokens at the start of texts: each once, on record, and a warning where they are not the tokenizer's own."""

from pathlib import Path

import numpy as np
import pytest
from tokenizers import processors
from transformers import AutoTokenizer

from tests.helpers.tiny_models import TEXTS, load_streamed, tiny_model_folder
from todacomm.activations import extract
from todacomm.activations.starts import starts_of
from todacomm.activations.tokens import tokenize
from todacomm.models import LoadedModel, load_model
from todacomm.settings.analysis import ModelConfig
from todacomm.texts.chat import templated

STARTS = {"gpt2": "", "llama": "begin", "bert": "begin", "t5": ""}


def first_token(loaded: LoadedModel) -> str:
    return str(loaded.tokenizer.cls_token if loaded.info.kind == "encoder" else loaded.tokenizer.bos_token)


@pytest.mark.parametrize("architecture", STARTS)
def test_what_stands_at_the_start_is_on_record(load_tiny, architecture: str) -> None:
    loaded = load_tiny(architecture)
    seen = extract(loaded, TEXTS, likelihood=False)
    assert seen.model.start_tokens == (first_token(loaded) if STARTS[architecture] else "")
    assert seen.warnings == ()


@pytest.mark.parametrize("architecture", ["llama", "bert"])
def test_a_text_that_spells_the_first_token_is_the_same_text(load_tiny, architecture: str) -> None:
    loaded = load_tiny(architecture)
    spelled = [first_token(loaded) + text for text in TEXTS]
    for one, other in zip(
        tokenize(loaded.tokenizer, TEXTS, None), tokenize(loaded.tokenizer, spelled, None), strict=True
    ):
        np.testing.assert_array_equal(one.ids, other.ids)
        np.testing.assert_array_equal(one.is_text, other.is_text)
        assert one.n_bytes == other.n_bytes
    assert starts_of(loaded.tokenizer, tokenize(loaded.tokenizer, spelled, None)) == (first_token(loaded), ())


TEMPLATE = "{{ FIRST }}{% for message in messages %}<{{ message['role'] }}> {{ message['content'] }}{% endfor %}"


@pytest.mark.parametrize(
    ("name", "role", "added"),
    [
        ("tokenizer-gpt2", "bos", 0),
        ("tokenizer-neox20b", "bos", 0),
        ("tokenizer-bert-base-uncased", "cls", 1),
        ("stories260K-llama-hf", "bos", 1),
    ],
)
def test_the_first_token_of_a_published_tokenizer_stands_once(shared_data: Path, name: str, role: str, added: int):
    tokenizer = AutoTokenizer.from_pretrained(shared_data / name)
    first, index = getattr(tokenizer, f"{role}_token"), getattr(tokenizer, f"{role}_token_id")
    assert tokenizer("a")["input_ids"].count(index) == added
    tokenizer.chat_template = TEMPLATE.replace("FIRST", f"{role}_token")
    read = {
        "plain": (tokenize(tokenizer, TEXTS, None), added),
        "cut": (tokenize(tokenizer, TEXTS, 6), added),
        "spelled": (tokenize(tokenizer, [first + text for text in TEXTS], None), 1),
        "in a template": (tokenize(tokenizer, templated(tokenizer, TEXTS), None, templated=True), 1),
    }
    for way, (tokens, expected) in read.items():
        for text in tokens:
            assert (text.ids == index).sum() == expected, way
            assert text.ids[0] == index or not expected, way


def test_texts_that_begin_otherwise_than_the_rest_are_counted(load_tiny) -> None:
    tokenizer = load_tiny("gpt2").tokenizer
    texts = [tokenizer.eos_token + TEXTS[0], *TEXTS[1:]]
    start, (warning,) = starts_of(tokenizer, tokenize(tokenizer, texts, None))
    assert (start, warning.code) == ("", "start_tokens")
    assert warning.text.startswith(f"1 of {len(texts)} texts begin with special tokens that they spell themselves")


@pytest.fixture
def llama(tmp_path: Path) -> LoadedModel:
    """One whose tokenizer a test may spoil."""
    return load_model(ModelConfig(model=str(tiny_model_folder(tmp_path, "llama"))), 0)


def test_a_tokenizer_that_adds_the_first_token_twice_is_read_once(llama: LoadedModel) -> None:
    before = tokenize(llama.tokenizer, TEXTS, None)
    bos, index = llama.tokenizer.bos_token, llama.tokenizer.bos_token_id
    twice = processors.TemplateProcessing(single=f"{bos} {bos} $A", special_tokens=[(bos, index)])
    llama.tokenizer.backend_tokenizer.post_processor = twice
    after = tokenize(llama.tokenizer, TEXTS, None)
    assert all(np.array_equal(one.ids, other.ids) for one, other in zip(before, after, strict=True))
    start, (warning,) = starts_of(llama.tokenizer, after)
    assert start == bos
    assert warning.text == f"the tokenizer begins a text with {bos} {bos}: what comes twice was read once"


def test_a_first_token_that_is_declared_and_not_added_is_a_warning(llama: LoadedModel) -> None:
    bos = llama.tokenizer.bos_token
    llama.tokenizer.init_kwargs["add_bos_token"] = True
    assert starts_of(llama.tokenizer, tokenize(llama.tokenizer, TEXTS, None)) == (bos, ())
    llama.tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(single="$A", special_tokens=[])
    start, (warning,) = starts_of(llama.tokenizer, tokenize(llama.tokenizer, TEXTS, None))
    assert start == ""
    assert warning.text == f"by its settings the tokenizer begins a text with {bos}, and it adds none"


def test_a_masked_language_model_without_a_mask_token_is_an_error(tmp_path: Path) -> None:
    folder = tiny_model_folder(tmp_path, "bert")
    for loaded in (load_model(ModelConfig(model=str(folder)), 0), load_streamed(folder)):
        loaded.tokenizer.mask_token = None
        with pytest.raises(ValueError, match=r"its tokenizer has no mask token, .*: set likelihood=false"):
            extract(loaded, TEXTS)
        assert extract(loaded, TEXTS, likelihood=False).likelihood == {}
