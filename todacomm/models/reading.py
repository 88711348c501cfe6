"""Config, tokenizer and weights as transformers reads them from a folder, with its failures put into a user's words."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, NamedTuple

import torch
import transformers
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

from todacomm.models.formats import check_packages, gguf_options, quantisation
from todacomm.models.guarded import explained, quiet_transformers, short
from todacomm.models.matching import Matches, match
from todacomm.models.plausible import check_room
from todacomm.models.sources import Source, read_config
from todacomm.models.stored import Stored, stored_tensors

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


class Read(NamedTuple):
    """A model as transformers read it.

    Attributes
    ----------
    head : str or None
        The head that its class has, whether its weights are there or not.
    missing, unused : set of str
        The model's tensors that the files lack; theirs that the model does not take.
    stored, matches : dict, Matches
        What the files hold and how it fits, where that can be said from plain safetensors; otherwise empty.
    """

    model: PreTrainedModel
    head: Head | None
    missing: set[str]
    unused: set[str]
    stored: dict[str, Stored]
    matches: Matches


def load_weights(
    source: Source,
    config: Any,
    kind: Kind,
    dtype: torch.dtype | None,
    trust_remote_code: bool,
    device_map: Any = None,
) -> Read:
    """The model with its trained weights, as far as they are there: the rest is drawn at random.

    Parameters
    ----------
    dtype : torch.dtype or None
        None keeps the stored one.
    device_map : str or dict, optional
        Where transformers puts the parts; on the processor without it.

    Raises
    ------
    ValueError
        The files are broken, do not fit the config or into memory, or need a package that is not there.
    """
    auto, head = class_with_head(config, kind)
    method = "gguf" if source.gguf else quantisation(config)
    check_packages(method, source.name)
    plain = not method and all(path.suffix == ".safetensors" for path in source.weights)
    stored = stored_tensors(source.weights) if plain else {}
    matches = Matches({}, {}, ())
    if not method:
        bytes_each = (dtype or next((one.dtype for one in stored.values()), torch.float32)).itemsize
        empty = without_memory(auto, config, trust_remote_code, source)
        matches = match(empty, stored)
        if unlike := unlike_shapes(empty, matches, stored):
            raise ValueError(f"the weights in {source.folder} cannot be loaded: {wrong_shapes(unlike)}")
        if device_map is None:
            check_room(empty, bytes_each, str(source.folder))
    if source.gguf:
        options = gguf_options(source.gguf)
    else:
        options = {"use_safetensors": source.weights[0].suffix == ".safetensors", "ignore_mismatched_sizes": True}
    if device_map is not None:
        if find_spec("accelerate") is None:
            raise ValueError(f"{source.name} over several devices needs accelerate: pip install accelerate")
        options["device_map"] = device_map
    failure = f"the weights in {source.folder} cannot be loaded"
    with explained(failure), torch.random.fork_rng(devices=[]):  # a missing head is drawn at random
        model, info = auto.from_pretrained(
            source.folder,
            config=config,
            dtype=dtype or "auto",
            weights_only=True,
            local_files_only=True,
            trust_remote_code=trust_remote_code,
            output_loading_info=True,
            **options,
        )
        if unlike := sorted((name, tuple(stored), tuple(own)) for name, stored, own in info["mismatched_keys"]):
            raise ValueError(wrong_shapes(unlike))
    return Read(model, head, set(info["missing_keys"]), set(info["unexpected_keys"]), stored, matches)


def without_memory(auto: Any, config: Any, trust_remote_code: bool, source: Source) -> PreTrainedModel:
    """A model of which no tensor holds anything.

    Raises
    ------
    ValueError
        The config describes nothing that can be built.
    """
    with explained(f"the config in {source.folder} cannot be used"):
        with torch.device("meta"):
            model: PreTrainedModel = auto.from_config(deepcopy(config), trust_remote_code=trust_remote_code)
        hollow = [name for name, parameter in model.named_parameters() if not parameter.numel()]
        if hollow:
            raise ValueError(f"{hollow[0]} would have the shape {tuple(model.get_parameter(hollow[0]).shape)}")
    return model


def unlike_shapes(
    model: PreTrainedModel, matches: Matches, stored: Mapping[str, Stored]
) -> list[tuple[str, tuple[int, ...], tuple[int, ...]]]:
    """The tensors whose stored shape is not the model's: name, shape as stored, shape in the model."""
    own = model.state_dict()
    pairs = ((name, stored[source].shape, tuple(own[name].shape)) for name, source in matches.direct.items())
    return sorted(pair for pair in pairs if pair[1] != pair[2])


def wrong_shapes(unlike: Sequence[tuple[str, tuple[int, ...], tuple[int, ...]]]) -> str:
    """What to say of tensors that do not have the model's shapes.

    >>> wrong_shapes([("wte.weight", (400, 32), (400, 64))])
    'wte.weight has shape (400, 32) in the file and (400, 64) by the config: they do not belong together'
    """
    name, stored, own = unlike[0]
    more = f" (and {len(unlike) - 1} more)" if len(unlike) > 1 else ""
    return f"{name}{more} has shape {stored} in the file and {own} by the config: they do not belong together"


def lost_weights(folder: Path, model: Any, lost: Sequence[str]) -> str:
    """What to say of weights that a body needs and the files lack."""
    return (
        f"{folder} lacks {len(lost)} weights that {type(model).__name__} needs ({', '.join(lost[:3])}"
        f"{', ...' if len(lost) > 3 else ''}): its weights do not belong to its config, or the file is incomplete"
    )


def initialise(
    config: Any, kind: Kind, seed: int, trust_remote_code: bool, source: Source | None = None
) -> tuple[PreTrainedModel, Head | None]:
    """The architecture with float32 weights drawn from the seed, and a head where its trained form would have one.

    Parameters
    ----------
    source : Source, optional
        Where the config is from; with it, that can be built and fits into memory is asked first.

    Raises
    ------
    ValueError
        The config describes nothing that can be built, or more than fits into memory.
    """
    auto, head = class_of_random(config, kind)
    if source is not None:
        empty = without_memory(auto, config, trust_remote_code, source)
        check_room(empty, torch.float32.itemsize, str(source.folder))
    where = source.folder if source else "hand"
    with explained(f"the config in {where} cannot be used"), torch.random.fork_rng(devices=[]):
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
