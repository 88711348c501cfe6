"""Every layer is what it says, for every architecture: compared with hooks of the test's own on single texts."""

from collections.abc import Callable
from operator import attrgetter
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.helpers.tiny_models import ARCHITECTURES, BLOCKS, TEXTS, WIDTH
from todacomm.activations import extract
from todacomm.models import LoadedModel

OWN_PATHS = {
    "gpt2": ("transformer.h", "transformer.ln_f"),
    "gpt_neox": ("gpt_neox.layers", "gpt_neox.final_layer_norm"),
    "gpt_neo": ("transformer.h", "transformer.ln_f"),
    "opt": ("model.decoder.layers", "model.decoder.final_layer_norm"),
    "opt-350m": ("model.decoder.layers", "model.decoder.project_out"),
    "llama": ("model.layers", "model.norm"),
    "qwen2": ("model.layers", "model.norm"),
    "gemma2": ("model.layers", "model.norm"),
    "granite": ("model.layers", "model.norm"),
    "bert": ("bert.encoder.layer", None),
    "distilbert": ("distilbert.transformer.layer", None),
    "roberta": ("roberta.encoder.layer", None),
    "t5": ("block", "final_layer_norm"),
}
"""Where the blocks of an architecture are, and what follows them."""

Load = Callable[[str], LoadedModel]


def first(values: Any) -> Tensor:
    return values[0] if isinstance(values, (tuple, list)) else values


def own_reading(loaded: LoadedModel, architecture: str, text: str) -> dict[str, Tensor]:
    """Hidden states of one text, shape (tokens, width), by layer, by hooks at known places and without any padding."""
    where, last = OWN_PATHS[architecture]
    blocks = list(attrgetter(where)(loaded.model))
    seen: dict[str, Tensor] = {}
    handles = [blocks[0].register_forward_pre_hook(lambda m, args: seen.update(embedding=args[0]))]
    for i, block in enumerate(blocks):
        handles.append(block.register_forward_hook(lambda m, args, out, i=i: seen.update({f"layer_{i}": first(out)})))
    if last is not None:
        handles.append(attrgetter(last)(loaded.model).register_forward_hook(lambda m, a, out: seen.update(final=out)))
    with torch.inference_mode():
        loaded.model(**loaded.tokenizer(text, return_tensors="pt", return_token_type_ids=False))
    for handle in handles:
        handle.remove()
    return {name: hidden[0] for name, hidden in seen.items()}


@pytest.mark.parametrize("architecture", OWN_PATHS)
def test_every_layer_is_what_a_hook_of_the_tests_own_sees(load_tiny: Load, architecture: str) -> None:
    loaded = load_tiny(architecture)
    mean = extract(loaded, TEXTS, pooling="mean", likelihood=False)
    last = extract(loaded, TEXTS, pooling="last", likelihood=False)
    special = set(loaded.tokenizer.all_special_ids)
    for row, text in enumerate(TEXTS):
        own = own_reading(loaded, architecture, text)
        position = max(i for i, token in enumerate(loaded.tokenizer(text)["input_ids"]) if token not in special)
        assert list(mean.clouds) == list(own)
        for name, hidden in own.items():
            np.testing.assert_allclose(mean.clouds[name][row], hidden.mean(0), atol=2e-5)
            np.testing.assert_allclose(last.clouds[name][row], hidden[position], atol=2e-5)


def test_final_is_the_last_hidden_state_and_stands_only_where_something_follows_the_last_block(
    tiny: LoadedModel,
) -> None:
    seen = extract(tiny, TEXTS[:1], pooling="last", likelihood=False)
    body: Any = tiny.model if tiny.info.head is None else tiny.model.base_model
    with torch.inference_mode():
        hidden = body(**tiny.tokenizer(TEXTS[0], return_tensors="pt", return_token_type_ids=False)).last_hidden_state
    position = -1 if tiny.info.kind == "decoder" else -2
    deepest = seen.clouds[tiny.layers[-1]][0]
    np.testing.assert_allclose(deepest, hidden[0, position], atol=2e-5)
    assert ("final" in seen.clouds) == (tiny.info.kind != "encoder")
    if "final" in seen.clouds and tiny.info.name != "opt-350m":
        assert np.abs(deepest - seen.clouds[f"layer_{BLOCKS - 1}"][0]).max() > 0.01


def test_widths_may_differ_between_layers(load_tiny: Load) -> None:
    seen = extract(load_tiny("opt-350m"), TEXTS)
    assert [cloud.shape[1] for cloud in seen.clouds.values()] == [WIDTH] * (BLOCKS + 1) + [16]
    assert seen.token_embeddings.shape[1] == 16


def test_the_embedding_has_positions_and_the_token_embedding_has_none(load_tiny: Load) -> None:
    loaded = load_tiny("gpt2")
    seen = extract(loaded, [TEXTS[0], TEXTS[0] + TEXTS[0]], pooling="last")
    assert seen.pooled_tokens is not None
    assert seen.pooled_tokens[0] == seen.pooled_tokens[1]
    table = loaded.model.get_input_embeddings().weight
    np.testing.assert_array_equal(seen.token_embeddings, table[seen.pooled_tokens])
    assert not np.allclose(seen.clouds["embedding"][0], seen.clouds["embedding"][1])


def test_only_the_layers_asked_for_are_kept_in_the_order_of_depth(load_tiny: Load) -> None:
    seen = extract(load_tiny("gpt2"), TEXTS, layers=["final", "layer_1"])
    assert list(seen.clouds) == ["layer_1", "final"]
    with pytest.raises(
        ValueError, match=r"unknown layer 'layer_9': this model has embedding, layer_0 to layer_2, final"
    ):
        extract(load_tiny("gpt2"), TEXTS, layers=["layer_9"])


@pytest.mark.parametrize("architecture", sorted(set(ARCHITECTURES) - set(OWN_PATHS)))
def test_blocks_that_share_their_weights_are_layers_each(load_tiny: Load, architecture: str) -> None:
    loaded = load_tiny(architecture)
    inputs = loaded.tokenizer(TEXTS[0], return_tensors="pt", return_token_type_ids=False)
    with torch.inference_mode():
        states = loaded.model(**inputs, output_hidden_states=True).hidden_states
    seen = extract(loaded, TEXTS[:1], pooling="mean", likelihood=False)
    assert len(states) == len(seen.clouds)
    for cloud, hidden in zip(list(seen.clouds.values())[1:], states[1:], strict=True):
        np.testing.assert_allclose(cloud[0], hidden[0].mean(0), atol=2e-5)


def test_no_hook_is_left_behind(tiny: LoadedModel) -> None:
    def hooks() -> list[tuple[list[int], list[int], bool]]:
        modules = tiny.model.modules()
        return [(list(m._forward_hooks), list(m._forward_pre_hooks), "forward" in vars(m)) for m in modules]

    before = hooks()
    extract(tiny, TEXTS)
    assert hooks() == before
