"""Real but tiny models on disk: any supported architecture from its config, its tokenizer trained on the spot."""

from functools import cache
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import AutoConfig, AutoModel, AutoModelForCausalLM, AutoModelForMaskedLM, PreTrainedTokenizerFast

from todacomm.models import LoadedModel, load_model
from todacomm.settings.analysis import ModelConfig

WIDTH, BLOCKS, HEADS, CONTEXT = 32, 3, 4, 64

TEXTS = (
    "The harbour was quiet before the ships came back in the evening.",
    "Nobody in the village remembered who had planted the old pear tree, or when it had last borne any fruit.",
    "Rain.",
    "A small engine hummed behind the wall while the engineer wrote down what the gauges showed.",
    "Snow fell on the café; the naïve traveller paid 3 € for tea.",
    "She counted the boats twice and found one missing.",
    "Every spring the river takes a little more of the field.",
    "The library closes at noon on Saturdays, which surprises people from out of town.",
    "Two clocks disagreed.",
    "He kept the letters in a tin box under the stairs, sorted by the colour of the ink.",
    "What the map called a road was a line of stones in the grass.",
    "The choir began without its tenor and nobody noticed until the third verse.",
)
"""Texts of different lengths, in bytes and in tokens, for tests that need some."""

_SIZES = {"hidden_size": WIDTH, "num_hidden_layers": BLOCKS, "num_attention_heads": HEADS}
_ROTARY = {**_SIZES, "intermediate_size": 48, "max_position_embeddings": CONTEXT}
_OPT = {**_SIZES, "ffn_dim": 48, "max_position_embeddings": CONTEXT}
_BERT = {**_SIZES, "intermediate_size": 48, "max_position_embeddings": CONTEXT}
_T5 = {"d_model": WIDTH, "d_kv": 8, "d_ff": 48, "num_layers": BLOCKS, "num_heads": HEADS}

ARCHITECTURES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "gpt2": ("gpt2", "plain", {"n_embd": WIDTH, "n_layer": BLOCKS, "n_head": HEADS, "n_positions": CONTEXT}),
    "gpt_neox": ("gpt_neox", "plain", _ROTARY),
    "gpt_neo": (
        "gpt_neo",
        "plain",
        {
            "hidden_size": WIDTH, "num_layers": BLOCKS, "num_heads": HEADS, "window_size": 8,
            "attention_types": [[["global", "local", "global"], 1]], "max_position_embeddings": CONTEXT,
        },
    ),
    "opt": ("opt", "begin", {**_OPT, "word_embed_proj_dim": WIDTH}),
    "opt-350m": ("opt", "begin", {**_OPT, "word_embed_proj_dim": 16, "do_layer_norm_before": False}),
    "llama": ("llama", "begin", {**_ROTARY, "num_key_value_heads": 2}),
    "qwen2": ("qwen2", "plain", {**_ROTARY, "num_key_value_heads": 2, "tie_word_embeddings": True}),
    "gemma2": (
        "gemma2",
        "begin",
        {**_ROTARY, "num_key_value_heads": 2, "head_dim": 8, "sliding_window": 8, "final_logit_softcapping": 0.5},
    ),
    "granite": (
        "granite",
        "begin",
        {
            **_ROTARY, "num_key_value_heads": 2, "embedding_multiplier": 3.0, "residual_multiplier": 0.22,
            "attention_multiplier": 0.3, "logits_scaling": 2.0,
        },
    ),
    "bert": ("bert", "enclose", _BERT),
    "distilbert": (
        "distilbert",
        "enclose",
        {"dim": WIDTH, "n_layers": BLOCKS, "n_heads": HEADS, "hidden_dim": 48, "max_position_embeddings": CONTEXT},
    ),
    "roberta": ("roberta", "enclose", _BERT),
    "albert": ("albert", "enclose", {**_BERT, "embedding_size": 16}),
    "t5": ("t5", "end", _T5),
}  # fmt: skip
"""Name -> model type, what its tokenizer adds to a text, and the config's own settings."""

DECODERS = ("gpt2", "gpt_neox", "gpt_neo", "opt", "opt-350m", "llama", "qwen2", "gemma2", "granite")
ENCODERS = ("bert", "distilbert", "roberta", "albert")


LARGE = 33
"""Numbers in a tensor of these models from which on one read a block at a time does not hold it."""


def load_streamed(folder: Path | str, seed: int = 0, **options: Any) -> LoadedModel:
    """A model of a folder opened to be read a block at a time."""
    return load_model(ModelConfig(model=str(folder), placement="stream", **options), seed, large=LARGE)


def tiny_model_folder(
    tmp_path: Path, architecture: str = "gpt2", *, seed: int = 0, head: bool = True, **settings: Any
) -> Path:
    """Write a tiny model with seeded random weights and its tokenizer to a folder named after its architecture.

    Parameters
    ----------
    architecture : str
        A key of ``ARCHITECTURES``.
    head : bool
        Whether the checkpoint holds the language-model head.
    settings
        Settings of the config beyond, or instead of, the architecture's own.
    """
    model_type, adds, own = ARCHITECTURES[architecture]
    tokenizer = tiny_tokenizer(adds)
    config = AutoConfig.for_model(
        model_type,
        **{
            "vocab_size": len(tokenizer),
            "pad_token_id": tokenizer.convert_tokens_to_ids("<pad>"),
            "bos_token_id": tokenizer.convert_tokens_to_ids("<s>"),
            "eos_token_id": tokenizer.convert_tokens_to_ids("</s>"),
            **own,
            **settings,
        },
    )
    folder = tmp_path / architecture
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = _head_class(architecture, head).from_config(config)
        with torch.no_grad():  # initial biases are 0 and norms 1: a test must see them
            for parameter in model.parameters():
                parameter.add_(0.1 * torch.randn_like(parameter))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _head_class(architecture: str, head: bool) -> Any:
    if not head or architecture == "t5":
        return AutoModel
    return AutoModelForCausalLM if architecture in DECODERS else AutoModelForMaskedLM


@cache
def tiny_tokenizer(adds: str) -> PreTrainedTokenizerFast:
    """A byte-level tokenizer trained on ``TEXTS``.

    Parameters
    ----------
    adds : str
        ``plain`` adds nothing to a text and has no pad token, ``begin`` puts ``<s>`` first, ``end`` puts ``</s>`` last,
        ``enclose`` does both and has CLS and MASK tokens.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<s>", "<pad>", "</s>", "<mask>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(
        TEXTS,
        trainers.BpeTrainer(show_progress=False, vocab_size=400, special_tokens=special, initial_alphabet=alphabet),
    )
    template = {"plain": "$A", "begin": "<s> $A", "end": "$A </s>", "enclose": "<s> $A </s>"}[adds]
    marks = [(token, tokenizer.token_to_id(token)) for token in special]
    tokenizer.post_processor = processors.Sequence(
        [processors.ByteLevel(trim_offsets=True), processors.TemplateProcessing(single=template, special_tokens=marks)]
    )
    roles = {"bos_token": "<s>", "eos_token": "</s>"}
    if adds != "plain":
        roles["pad_token"] = "<pad>"
    if adds == "enclose":
        roles |= {"cls_token": "<s>", "sep_token": "</s>", "mask_token": "<mask>"}
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=CONTEXT, **roles)
