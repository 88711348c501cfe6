"""Which position of a text is read, what is cut, and what is said of texts that cannot be read."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoTokenizer

from tests.helpers.tiny_models import CONTEXT, TEXTS, tiny_model_folder, tiny_tokenizer
from todacomm.activations import extract
from todacomm.activations.pooling import pool, pooled_positions
from todacomm.activations.tokens import pad, tokenize
from todacomm.models import LoadedModel, load_model
from todacomm.settings.analysis import ModelConfig

Load = Callable[[str], LoadedModel]
LONG = " ".join(TEXTS[3:8])


def test_last_is_the_last_token_of_the_text_whatever_the_tokenizer_appends() -> None:
    for adds, position in (("plain", -1), ("begin", -1), ("end", -2), ("enclose", -2)):
        tokens = tokenize(tiny_tokenizer(adds), TEXTS, None)
        found = pooled_positions(tokens, "last", None)
        assert found is not None
        for text, at in zip(tokens, found, strict=True):
            assert at == len(text.ids) + position
            assert text.is_text[at]


def test_the_token_pooled_is_the_one_that_ends_the_text(load_tiny: Load) -> None:
    loaded = load_tiny("llama")
    pooled = extract(loaded, TEXTS).pooled_tokens
    assert pooled is not None
    assert [TEXTS[i].endswith(loaded.tokenizer.decode(token)) for i, token in enumerate(pooled)] == [True] * len(TEXTS)
    assert extract(loaded, TEXTS, pooling="mean").pooled_tokens is None


def test_cls_is_found_wherever_the_tokenizer_puts_it(load_tiny: Load) -> None:
    tokens = tokenize(tiny_tokenizer("enclose"), TEXTS, None)
    assert pooled_positions(tokens, "cls", tiny_tokenizer("enclose").cls_token_id).tolist() == [0] * len(TEXTS)
    at_the_end = pooled_positions(tokens, "cls", tiny_tokenizer("enclose").sep_token_id)
    assert at_the_end.tolist() == [len(text.ids) - 1 for text in tokens]
    with pytest.raises(ValueError, match="puts no CLS token into the texts"):
        pooled_positions(tokenize(tiny_tokenizer("plain"), TEXTS, None), "cls", 0)
    with pytest.raises(ValueError, match="unknown pooling 'laste': choose cls, last or mean"):
        pooled_positions(tokens, "laste", 0)


def test_the_cls_position_is_one_point_at_the_embedding(load_tiny: Load) -> None:
    seen = extract(load_tiny("bert"), TEXTS, likelihood=False)
    assert np.ptp(seen.clouds["embedding"], axis=0).max() < 1e-6
    assert np.ptp(seen.clouds["layer_0"], axis=0).max() > 1e-3


def test_the_mean_leaves_padding_out() -> None:
    hidden = torch.arange(12.0).reshape(2, 3, 2)
    mask = torch.tensor([[1, 1, 0], [1, 1, 1]])
    assert pool(hidden, mask, None).tolist() == [[1.0, 2.0], [8.0, 9.0]]
    assert pool(hidden, mask, torch.tensor([1, 2])).tolist() == [[2.0, 3.0], [10.0, 11.0]]


def test_rows_are_float32_in_any_precision(tmp_path: Path) -> None:
    folder = tiny_model_folder(tmp_path, "llama")
    exact = extract(load_model(ModelConfig(model=str(folder)), 0), TEXTS)
    rough = extract(load_model(ModelConfig(model=str(folder), dtype="bfloat16"), 0), TEXTS)
    for name, cloud in rough.clouds.items():
        assert cloud.dtype == np.float32
        np.testing.assert_allclose(cloud, exact.clouds[name], atol=0.05 * np.abs(cloud).max())
    assert rough.likelihood["perplexity"] == pytest.approx(exact.likelihood["perplexity"], rel=0.02)


def test_numbers_that_are_not_finite_are_left_as_they_are(tmp_path: Path) -> None:
    loaded = load_model(ModelConfig(model=str(tiny_model_folder(tmp_path, "gpt2"))), 0)
    with torch.no_grad():
        loaded.anatomy.blocks[1].mlp.c_proj.bias[3] = float("nan")
    seen = extract(loaded, TEXTS)
    assert np.isfinite(seen.clouds["layer_0"]).all()
    assert np.isnan(seen.clouds["layer_1"][:, 3]).all()
    assert np.isnan(seen.likelihood["perplexity"])


def test_the_longest_text_decides_the_length_up_to_the_models_context(load_tiny: Load) -> None:
    loaded = load_tiny("bert")
    assert len(loaded.tokenizer(LONG)["input_ids"]) > CONTEXT
    short, long = extract(loaded, TEXTS), extract(loaded, [*TEXTS, LONG])
    assert short.model.max_length == short.n_tokens.max() < CONTEXT
    assert long.model.max_length == CONTEXT
    assert long.truncated.tolist() == [False] * len(TEXTS) + [True]
    assert short.warnings == ()
    (warning,) = long.warnings
    assert (warning.code, str(warning)) == (
        "truncated",
        "1 of 13 texts (7.7%) were cut at 64 tokens: their ends were not read",
    )


def test_a_cut_text_keeps_its_beginning_and_its_special_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer = tiny_tokenizer("enclose")
    monkeypatch.setattr(tokenizer, "truncation_side", "left")
    [whole], [cut] = tokenize(tokenizer, [LONG], None), tokenize(tokenizer, [LONG], 20)
    assert tokenizer.truncation_side == "left"
    assert cut.ids[:-1].tolist() == whole.ids[:19].tolist()
    assert cut.ids[-1] == whole.ids[-1] == tokenizer.sep_token_id
    assert (whole.truncated, cut.truncated) == (False, True)
    assert cut.n_bytes < whole.n_bytes


def test_one_text_in_a_hundred_may_be_cut_without_a_warning(load_tiny: Load) -> None:
    assert extract(load_tiny("gpt2"), [TEXTS[2]] * 99 + [LONG], max_length=20).warnings == ()
    assert len(extract(load_tiny("gpt2"), [TEXTS[2]] * 98 + [LONG], max_length=20).warnings) == 1


def test_a_length_beyond_the_context_is_an_error(load_tiny: Load) -> None:
    with pytest.raises(ValueError, match=r"max_length is 65: the model reads at most 64 tokens"):
        extract(load_tiny("gpt2"), TEXTS, max_length=CONTEXT + 1)


def test_a_text_without_a_token_of_its_own_is_an_error(load_tiny: Load) -> None:
    for architecture in ("gpt2", "llama", "bert"):
        with pytest.raises(ValueError, match=r"text 1 has no token of its own \(''\): leave it out"):
            extract(load_tiny(architecture), [TEXTS[0], ""])
    with pytest.raises(ValueError, match="text 0 has no token of its own once it is cut: raise max_length"):
        extract(load_tiny("bert"), [TEXTS[0]], max_length=2)


def test_a_tokenizer_of_another_model_is_found_out(tmp_path: Path) -> None:
    folder = tiny_model_folder(tmp_path, "gpt2", vocab_size=100)
    with pytest.raises(ValueError, match=r"the model knows 100 tokens: they do not belong together"):
        extract(load_model(ModelConfig(model=str(folder)), 0), TEXTS)


def test_shuffling_keeps_the_tokens_and_the_special_ones_and_the_pooled_one_in_place(load_tiny: Load) -> None:
    loaded = load_tiny("llama")
    plain, mixed, again = (extract(loaded, TEXTS, shuffle_seed=seed) for seed in (None, 1, 1))
    np.testing.assert_array_equal(plain.pooled_tokens, mixed.pooled_tokens)
    np.testing.assert_allclose(plain.clouds["embedding"], mixed.clouds["embedding"], atol=1e-6)
    assert np.abs(plain.clouds["final"] - mixed.clouds["final"]).max() > 0.01
    np.testing.assert_array_equal(mixed.clouds["final"], again.clouds["final"])
    mean = [extract(loaded, TEXTS, pooling="mean", shuffle_seed=seed).token_embeddings for seed in (None, 1)]
    np.testing.assert_allclose(*mean, atol=1e-6)


def test_padding_is_on_the_right_and_hidden_by_the_mask() -> None:
    ids, mask = pad([np.array([5, 6]), np.array([7])], torch.device("cpu"))
    assert (ids.tolist(), mask.tolist()) == ([[5, 6], [7, 0]], [[1, 1], [1, 0]])


def test_an_unknown_word_is_text_and_a_spelled_special_token_is_none(shared_data: Path) -> None:
    bert = AutoTokenizer.from_pretrained(shared_data / "tokenizer-bert-base-uncased")
    [tokens] = tokenize(bert, ["Rain 🙂"], None)
    assert tokens.ids[-2] == bert.unk_token_id
    assert tokens.is_text.tolist() == [False, True, True, False]
    gpt2 = AutoTokenizer.from_pretrained(shared_data / "tokenizer-gpt2")
    [tokens] = tokenize(gpt2, ["Rain<|endoftext|>"], None)
    assert tokens.is_text.tolist() == [True, False]
