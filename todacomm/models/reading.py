"""Config, tokenizer and weights as transformers reads them from a folder, with its failures put into a user's words."""

import pickle
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from textwrap import shorten
from typing import Any, Literal

import torch
import transformers
from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError
from transformers import (
    CONFIG_MAPPING,
    AutoConfig,
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    AutoModelForTextEncoding,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    MODEL_FOR_MASKED_LM_MAPPING_NAMES,
    MODEL_FOR_TEXT_ENCODING_MAPPING_NAMES,
)
from transformers.utils import logging

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
    try:
        return AutoTokenizer.from_pretrained(source.folder, trust_remote_code=trust_remote_code, local_files_only=True)
    except Exception as error:  # a broken tokenizer.json raises a bare Exception
        raise ValueError(
            f"the tokenizer in {source.folder} cannot be loaded ({_short(error)}): "
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


def load_weights(
    source: Source, config: Any, kind: Kind, dtype: torch.dtype | None, trust_remote_code: bool
) -> tuple[PreTrainedModel, Head | None]:
    """The model with its trained weights, without the head where the head's weights are not all there.

    Parameters
    ----------
    dtype : torch.dtype or None
        None keeps the stored one.

    Raises
    ------
    ValueError
        Weights of the body are missing, or the files are broken or do not fit the config.
    """
    auto, head = class_with_head(config, kind)
    failure = f"the weights in {source.folder} cannot be loaded"
    with explained(failure), torch.random.fork_rng(devices=[]):  # a missing head is drawn at random
        model, info = auto.from_pretrained(
            source.folder,
            config=config,
            dtype=dtype or "auto",
            use_safetensors=source.weights[0].suffix == ".safetensors",
            weights_only=True,
            local_files_only=True,
            trust_remote_code=trust_remote_code,
            output_loading_info=True,
        )
    body = f"{model.base_model_prefix}." if head else ""
    missing = sorted(key for key in info["missing_keys"] if "pooler." not in key)
    lost = [key for key in missing if key.startswith(body)]
    if lost:
        raise ValueError(lost_weights(source.folder, model, lost))
    if missing:
        return model.base_model, None
    return model, head


def lost_weights(folder: Path, model: Any, lost: Sequence[str]) -> str:
    """What to say of weights that a body needs and the files lack."""
    return (
        f"{folder} lacks {len(lost)} weights that {type(model).__name__} needs ({', '.join(lost[:3])}"
        f"{', ...' if len(lost) > 3 else ''}): its weights do not belong to its config, or the file is incomplete"
    )


def initialise(config: Any, kind: Kind, seed: int, trust_remote_code: bool) -> tuple[PreTrainedModel, Head | None]:
    """The architecture with float32 weights drawn from the seed, and a head where its trained form would have one."""
    auto, head = class_of_random(config, kind)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = auto.from_config(config, dtype=torch.float32, trust_remote_code=trust_remote_code)
    return model, head


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


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """Without transformers' own notes and bars on the console."""
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


_FAILURES = (
    OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError,
    SafetensorError, StrictDataclassError, pickle.UnpicklingError,
)  # fmt: skip


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Turn the failures of transformers into a ``ValueError`` that begins with ``what``."""
    try:
        yield
    except _FAILURES as error:
        raise ValueError(f"{what}: {_short(error)}") from error


def _short(error: Exception) -> str:
    """What an error says, on one line of bearable length."""
    return shorten(str(error), 240, placeholder=" ...") or type(error).__name__
