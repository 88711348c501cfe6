"""Config and tokenizer as transformers reads them from a folder, with its failures put into a user's words."""

from typing import Any, Literal

import transformers
from transformers import (
    CONFIG_MAPPING,
    AutoConfig,
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    AutoModelForTextEncoding,
    AutoTokenizer,
    PreTrainedTokenizerBase,
)
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    MODEL_FOR_MASKED_LM_MAPPING_NAMES,
    MODEL_FOR_TEXT_ENCODING_MAPPING_NAMES,
)

from todacomm.models.formats import check_packages
from todacomm.models.guarded import explained, quiet_transformers, short
from todacomm.models.sources import Source, read_config

Kind = Literal["decoder", "encoder", "encoder-decoder"]
Head = Literal["causal", "masked"]


def load_config(source: Source, trust_remote_code: bool) -> Any:
    """The model's config.

    Raises
    ------
    ValueError
        The architecture is unknown, needs its own code without leave, or the config is broken.
    """
    if source.gguf:
        check_packages("gguf", source.name)
        with quiet_transformers(), explained(f"{source.origin} cannot be read as GGUF"):
            return AutoConfig.from_pretrained(source.folder, gguf_file=source.gguf, local_files_only=True)
    raw = read_config(source.folder)
    family = raw["model_type"]
    if family not in CONFIG_MAPPING and not trust_remote_code:
        if "auto_map" in raw:
            raise ValueError(
                f"{source.name} brings its own code ({family}), which would run on this machine: "
                f"read it in {source.folder}, then set trust_remote_code=true if you trust it"
            )
        raise ValueError(
            f"{source.name} is of a family that transformers {transformers.__version__} does not know ({family}): "
            "a newer transformers may"
        )
    with explained(f"the config in {source.folder} cannot be used"):
        return AutoConfig.from_pretrained(source.folder, trust_remote_code=trust_remote_code, local_files_only=True)


def load_tokenizer(source: Source, trust_remote_code: bool) -> PreTrainedTokenizerBase:
    """The model's tokenizer.

    Raises
    ------
    ValueError
        Its files are broken, or it needs its own code without leave.
    """
    only = {"gguf_file": source.gguf} if source.gguf else {}
    try:
        return AutoTokenizer.from_pretrained(
            source.folder, trust_remote_code=trust_remote_code, local_files_only=True, **only
        )
    except Exception as error:  # a broken tokenizer.json raises a bare Exception
        raise ValueError(
            f"the tokenizer in {source.folder} cannot be loaded ({short(error)}): "
            "fetch its files again; if it brings its own code that you trust, set trust_remote_code=true"
        ) from error


def model_kind(config: Any) -> Kind:
    """Decoder, encoder, or both, by the model's own config."""
    if config.is_encoder_decoder:
        return "encoder-decoder"
    architecture = (config.architectures or [""])[0]
    if getattr(config, "is_decoder", False) or architecture.endswith(("ForCausalLM", "LMHeadModel")):
        return "decoder"
    own_code = getattr(config, "auto_map", None) or {}
    causal = config.model_type in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES or "AutoModelForCausalLM" in own_code
    masked = config.model_type in MODEL_FOR_MASKED_LM_MAPPING_NAMES or architecture.endswith("ForMaskedLM")
    return "decoder" if causal and not masked else "encoder"


def class_of_random(config: Any, kind: Kind) -> tuple[Any, Head | None]:
    """The class of a model with random weights: with a head where its trained form would have one."""
    auto, head = class_with_head(config, kind)
    architecture = (config.architectures or [""])[0]
    headless = architecture.endswith("Model") and not architecture.endswith("LMHeadModel")
    if headless and head and not (kind == "decoder" and config.tie_word_embeddings):
        return AutoModel, None
    return auto, head


def class_with_head(config: Any, kind: Kind) -> tuple[Any, Head | None]:
    """The class of a model with the language-model head that its kind has, and which that is."""
    own_code = getattr(config, "auto_map", None) or {}
    if kind == "decoder":
        return AutoModelForCausalLM, "causal"
    masked = config.model_type in MODEL_FOR_MASKED_LM_MAPPING_NAMES or "AutoModelForMaskedLM" in own_code
    if kind == "encoder" and masked:
        return AutoModelForMaskedLM, "masked"
    if config.model_type in MODEL_FOR_TEXT_ENCODING_MAPPING_NAMES:
        return AutoModelForTextEncoding, None  # of T5 the encoder alone
    return AutoModel, None
