"""The two small models: their tokenizers, trained on the texts, and their networks, drawn from torch's seed."""

from collections.abc import Callable, Sequence

import numpy as np
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    BertConfig,
    BertForMaskedLM,
    GPT2Config,
    GPT2LMHeadModel,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)

from training.batches import CLS, MASK, PAD, SEP, SPECIAL_TOKENS, token_stream
from training.start import start_from_neighbours

VOCABULARY = 4096
CONTEXT = 256
WIDTH = 128
N_LAYERS = 8
N_HEADS = 4

END = "<|endoftext|>"


def build_decoder(texts: Sequence[str]) -> tuple[PreTrainedTokenizerFast, PreTrainedModel]:
    """A GPT-2 that reads case: 8 layers of width 128, 2.1 M parameters."""
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=_byte_pairs(texts, [END]),
        bos_token=END,
        eos_token=END,
        unk_token=END,
        pad_token=END,
        model_max_length=CONTEXT,
    )
    config = GPT2Config(
        vocab_size=VOCABULARY,
        n_positions=CONTEXT,
        n_embd=WIDTH,
        n_layer=N_LAYERS,
        n_head=N_HEADS,
        bos_token_id=0,
        eos_token_id=0,
        pad_token_id=0,
        resid_pdrop=0,
        embd_pdrop=0,
        attn_pdrop=0,
    )
    return tokenizer, GPT2LMHeadModel(config)


def build_encoder(texts: Sequence[str]) -> tuple[PreTrainedTokenizerFast, PreTrainedModel]:
    """A post-norm BERT that reads lower case: 8 layers of width 128, 2.2 M parameters."""
    mask = AddedToken("[MASK]", lstrip=True)  # takes the space before it, with which other pieces begin
    pairs = _byte_pairs(texts, [*SPECIAL_TOKENS[:MASK], mask], normalizers.Lowercase())
    pairs.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", CLS), ("[SEP]", SEP)],
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=pairs,
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        pad_token="[PAD]",
        model_max_length=CONTEXT,
    )
    config = BertConfig(
        vocab_size=VOCABULARY,
        max_position_embeddings=CONTEXT,
        hidden_size=WIDTH,
        num_hidden_layers=N_LAYERS,
        num_attention_heads=N_HEADS,
        intermediate_size=4 * WIDTH,
        pad_token_id=PAD,
        hidden_dropout_prob=0,
        attention_probs_dropout_prob=0,
        type_vocab_size=1,
        initializer_range=0.05,
    )
    model = BertForMaskedLM(config)
    start_from_neighbours(model, np.bincount(token_stream(tokenizer, texts), minlength=VOCABULARY))
    return tokenizer, model


def _byte_pairs(
    texts: Sequence[str], special_tokens: Sequence[str | AddedToken], normalizer: normalizers.Normalizer | None = None
) -> Tokenizer:
    """Byte-level BPE; a WordPiece trainer would number its pieces differently each time."""
    tokenizer = Tokenizer(models.BPE())
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=list(special_tokens),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


BUILDERS: dict[str, Callable[[Sequence[str]], tuple[PreTrainedTokenizerFast, PreTrainedModel]]] = {
    "demo-decoder": build_decoder,
    "demo-encoder": build_encoder,
}
