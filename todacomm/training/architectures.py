"""The two small models: their tokenizers, trained on the corpus, and their networks, drawn from the seed."""

from collections.abc import Callable, Sequence
from typing import Any

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    BertConfig,
    BertForMaskedLM,
    GPT2Config,
    GPT2LMHeadModel,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)

VOCABULARY = 4096
CONTEXT = 256
WIDTH = 128
N_LAYERS = 8
N_HEADS = 4

PAD, UNK, CLS, SEP, MASK = range(5)
_END = "<|endoftext|>"


def build_decoder(texts: Sequence[str]) -> tuple[PreTrainedTokenizerFast, PreTrainedModel]:
    """A GPT-2 with byte-level BPE: 8 layers of width 128, 2.1 M parameters."""
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=[_END], initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    bpe.train_from_iterator(texts, trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        bos_token=_END,
        eos_token=_END,
        unk_token=_END,
        pad_token=_END,
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
    """A BERT with lower-case WordPiece: 8 layers of width 128, 2.2 M parameters."""
    wordpiece = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    wordpiece.normalizer = normalizers.BertNormalizer(lowercase=True)
    wordpiece.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    wordpiece.decoder = decoders.WordPiece()
    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    wordpiece.train_from_iterator(texts, trainers.WordPieceTrainer(vocab_size=VOCABULARY, special_tokens=specials))
    wordpiece.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", CLS), ("[SEP]", SEP)],
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=wordpiece,
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
    )
    return tokenizer, BertForMaskedLM(config)


BUILDERS: dict[str, Callable[[Sequence[str]], tuple[PreTrainedTokenizerFast, Any]]] = {
    "demo-decoder": build_decoder,
    "demo-encoder": build_encoder,
}
