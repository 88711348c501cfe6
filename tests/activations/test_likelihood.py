"""The likelihood equals the model's own full forward pass; only predicted tokens of the text count."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn.functional import log_softmax
from transformers import AutoTokenizer

from tests.helpers.tiny_models import DECODERS, ENCODERS, TEXTS, tiny_model_folder, tiny_tokenizer
from todacomm.activations import extract
from todacomm.activations.tokens import tokenize
from todacomm.demo import DEMO_MODELS
from todacomm.models import LoadedModel, load_model
from todacomm.models import head as head_module
from todacomm.settings.analysis import ModelConfig

Load = Callable[[str], LoadedModel]


def own_loss(loaded: LoadedModel, text: str) -> tuple[float, int]:
    """Sum of the losses of a text by the model's own forward with labels, and how many tokens it predicts."""
    ids = loaded.tokenizer(text, return_tensors="pt")["input_ids"]
    labels = torch.where(torch.isin(ids, torch.tensor(loaded.tokenizer.all_special_ids)), -100, ids)
    labels[0, int((labels[0] >= 0).nonzero()[0])] = -100  # the first token of the text
    n_predicted = int((labels >= 0).sum())
    with torch.inference_mode():
        loss = loaded.model(input_ids=ids, labels=labels).loss if n_predicted else torch.tensor(0.0)
    return float(loss) * n_predicted, n_predicted


@pytest.mark.parametrize("architecture", DECODERS)
def test_perplexity_and_bits_per_byte_are_those_of_the_full_forward_pass(load_tiny: Load, architecture: str) -> None:
    loaded = load_tiny(architecture)
    losses, counts = zip(*(own_loss(loaded, text) for text in TEXTS), strict=True)
    n_bytes = sum(len(text.encode()) - first_token_bytes(loaded, text) for text in TEXTS)
    seen = extract(loaded, TEXTS)
    assert seen.model.n_predicted == sum(counts)
    assert seen.likelihood == pytest.approx(
        {
            "perplexity": math.exp(sum(losses) / sum(counts)),
            "bits_per_byte": sum(losses) / (math.log(2) * n_bytes),
        },
        rel=1e-5,
    )


def first_token_bytes(loaded: LoadedModel, text: str) -> int:
    text_ids = loaded.tokenizer(text, add_special_tokens=False)["input_ids"]
    return len(loaded.tokenizer.decode(text_ids[0]).encode())


def test_chunks_of_the_logits_change_nothing(load_tiny: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    models = [load_tiny(architecture) for architecture in ("gemma2", "bert")]
    whole = [extract(loaded, TEXTS).likelihood for loaded in models]
    monkeypatch.setitem(head_module.ROWS_AT_ONCE, "cpu", 7)
    for loaded, likelihood in zip(models, whole, strict=True):
        assert extract(loaded, TEXTS).likelihood == pytest.approx(likelihood, rel=1e-6)


def test_the_soft_cap_of_gemma_2_is_part_of_the_head(tmp_path: Path) -> None:
    loaded = load_model(ModelConfig(model=str(tiny_model_folder(tmp_path, "gemma2"))), 0)
    capped = extract(loaded, TEXTS).likelihood["perplexity"]
    loaded.model.config.final_logit_softcapping = None
    assert extract(loaded, TEXTS).likelihood["perplexity"] != pytest.approx(capped, rel=0.01)


def test_the_logits_of_all_rows_are_never_held(load_tiny: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = load_tiny("gpt2")
    rows: list[int] = []
    monkeypatch.setitem(head_module.ROWS_AT_ONCE, "cpu", 16)
    handle = loaded.model.lm_head.register_forward_hook(lambda module, args, out: rows.append(out.shape[1]))
    try:
        seen = extract(loaded, TEXTS)
    finally:
        handle.remove()
    assert max(rows) == 16
    assert sum(rows) == seen.model.n_predicted


def test_a_first_token_of_the_tokenizers_own_changes_nothing_in_what_is_counted() -> None:
    for text in TEXTS:
        counted = []
        for adds in ("plain", "begin", "end", "enclose"):
            [tokens] = tokenize(tiny_tokenizer(adds), [text], None)
            counted.append((tokens.ids[tokens.predicted].tolist(), tokens.n_bytes))
        assert counted == [counted[0]] * 4


def test_the_bytes_are_those_after_the_first_token_of_the_text() -> None:
    tokenizer = tiny_tokenizer("enclose")
    for text in TEXTS:
        [tokens] = tokenize(tokenizer, [text], None)
        first = tokenizer.decode(tokens.ids[1])
        assert text.startswith(first)
        assert tokens.n_bytes == len(text.removeprefix(first).encode())
    assert any(len(text) < len(text.encode()) for text in TEXTS)


@pytest.mark.parametrize(("text", "n_bytes"), [("\u65e5\u672c", 5), ("\U0001f642 hi", 6), ("\u00e9", 1), ("hello", 3)])
def test_a_first_character_in_several_tokens_has_the_bytes_of_those_predicted(text: str, n_bytes: int) -> None:
    tokenizer = AutoTokenizer.from_pretrained(DEMO_MODELS["demo-decoder"])
    [tokens] = tokenize(tokenizer, [text], None)
    assert len(tokenizer.convert_ids_to_tokens(int(tokens.ids[0]))) == len(text.encode()) - n_bytes  # a letter a byte
    assert tokens.n_bytes == n_bytes


def test_a_mark_of_a_space_before_the_first_character_has_no_bytes(shared_data: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(shared_data / "stories260K-llama-hf")
    [tokens] = tokenize(tokenizer, ["\u65e5\u672c"], None)
    assert tokenizer.convert_ids_to_tokens(int(tokens.ids[1])) == "\u2581"
    assert (int(tokens.predicted.sum()), tokens.n_bytes) == (6, 6)


def test_special_tokens_that_a_text_spells_are_no_bytes_that_are_predicted() -> None:
    tokenizer = tiny_tokenizer("plain")
    plain, spelled = tokenize(tokenizer, ["One part ends.", f"One part{tokenizer.eos_token} ends."], None)
    assert tokenizer.eos_token_id in spelled.ids
    assert spelled.ids[spelled.is_text].tolist() == plain.ids.tolist()
    assert spelled.n_bytes == plain.n_bytes


def test_a_tokenizer_without_offsets_counts_the_same_bytes() -> None:
    class Slow:
        """A tokenizer as those without a fast version are: it knows no offsets."""

        is_fast = False

        def __init__(self, fast: Any) -> None:
            self.fast = fast
            self.truncation_side = "right"

        def __getattr__(self, name: str) -> Any:
            return getattr(self.fast, name)

        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            return self.fast(*args, **kwargs)

    fast = tiny_tokenizer("begin")
    with_offsets, without = tokenize(fast, TEXTS, 20), tokenize(Slow(fast), TEXTS, 20)
    assert [text.n_bytes for text in with_offsets] == [text.n_bytes for text in without]


def test_a_text_of_one_token_predicts_nothing(load_tiny: Load) -> None:
    token = tiny_tokenizer("plain").decode(300)
    seen = extract(load_tiny("gpt2"), [token] * 3)
    assert (seen.n_tokens.tolist(), seen.likelihood, seen.model.n_predicted) == ([1, 1, 1], {}, 0)


def test_without_a_head_or_the_wish_there_is_no_likelihood(load_tiny: Load) -> None:
    assert extract(load_tiny("t5"), TEXTS).likelihood == {}
    assert extract(load_tiny("gpt2"), TEXTS, likelihood=False).likelihood == {}
    assert extract(load_tiny("bert"), TEXTS, likelihood=False).likelihood == {}
    assert extract(load_tiny("bert"), TEXTS, masked_positions=0).likelihood == {}


def own_masked_losses(loaded: LoadedModel, text: str) -> list[float]:
    """Loss of each token of a text, masked by itself, by the model's own forward."""
    ids = loaded.tokenizer(text, return_tensors="pt")["input_ids"]
    losses = []
    for position in range(1, ids.shape[1] - 1):
        masked = ids.clone()
        masked[0, position] = loaded.tokenizer.mask_token_id
        with torch.inference_mode():
            logits = loaded.model(input_ids=masked).logits[0, position]
        losses.append(-float(log_softmax(logits, -1)[ids[0, position]]))
    return losses


@pytest.mark.parametrize("architecture", ENCODERS)
def test_pseudo_perplexity_masks_one_token_at_a_time(load_tiny: Load, architecture: str) -> None:
    loaded = load_tiny(architecture)
    losses = [loss for text in TEXTS[:4] for loss in own_masked_losses(loaded, text)]
    seen = extract(loaded, TEXTS[:4], masked_positions=1000)
    assert seen.model.n_predicted == len(losses)
    assert seen.likelihood == pytest.approx({"pseudo_perplexity": math.exp(np.mean(losses))}, rel=1e-5)


def test_a_sample_of_positions_follows_the_seed_and_comes_close_to_them_all(load_tiny: Load) -> None:
    loaded = load_tiny("bert")
    every = extract(loaded, TEXTS, masked_positions=1000).likelihood["pseudo_perplexity"]
    one, same, other = (extract(loaded, TEXTS, masked_positions=8, seed=seed) for seed in (1, 1, 2))
    assert one.likelihood == same.likelihood != other.likelihood
    assert one.model.n_predicted == sum(min(8, n - 2) for n in one.n_tokens)
    for seen in (one, other):
        assert seen.likelihood["pseudo_perplexity"] == pytest.approx(every, rel=0.1)
