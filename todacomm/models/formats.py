"""What a model is stored as, beside plain safetensors: quantised weights, GGUF files; and what reading it needs."""

from importlib.util import find_spec
from typing import Any

QUANTISED: dict[str, tuple[str, ...]] = {
    "bitsandbytes": ("bitsandbytes", "accelerate"),
    "gptq": ("gptqmodel", "optimum"),
    "awq": ("gptqmodel", "accelerate"),
    "torchao": ("torchao", "accelerate"),
    "fp8": ("accelerate",),
    "compressed-tensors": ("compressed_tensors",),
    "gguf": ("gguf", "accelerate"),
}
"""How weights are quantised, as a config names it -> the packages that reading them needs."""
GGUF_SUFFIX = ".gguf"


def quantisation(settings: Any) -> str:
    """How a model's weights are quantised by its config; empty where they are not.

    >>> from types import SimpleNamespace
    >>> quantisation(SimpleNamespace(quantization_config={"quant_method": "gptq", "bits": 4}))
    'gptq'
    """
    given = getattr(settings, "quantization_config", None)
    if not given:
        return ""
    read = given.get if isinstance(given, dict) else lambda name, default=None: getattr(given, name, default)
    method = read("quant_method", None)
    if method is None and (read("load_in_8bit", False) or read("load_in_4bit", False)):
        method = "bitsandbytes"
    return str(getattr(method, "value", method) or "unknown").removesuffix("_4bit").removesuffix("_8bit")


def check_packages(method: str, what: str) -> None:
    """Whether the packages are there that reading a format needs.

    Parameters
    ----------
    method : str
        Of :data:`QUANTISED`, or another one that transformers reads, of which the packages are not known here.

    Raises
    ------
    ValueError
        One is missing, or transformers does not read it.
    """
    if method and method not in QUANTISED:
        from transformers import __version__
        from transformers.quantizers.auto import AUTO_QUANTIZATION_CONFIG_MAPPING

        if method not in AUTO_QUANTIZATION_CONFIG_MAPPING:
            raise ValueError(f"{what} is stored as {method!r}, which transformers {__version__} does not read")
    missing = [package for package in QUANTISED.get(method, ()) if find_spec(package) is None]
    if missing:
        names = " ".join(package.replace("_", "-") for package in missing)
        raise ValueError(
            f"{what} is stored as {method}, which {names} read{'s' if len(missing) == 1 else ''}: "
            f"pip install {names}, or take the model without quantisation"
        )


def gguf_options(file: str) -> dict[str, Any]:
    """Arguments with which transformers reads a GGUF file into plain weights, by its own code alone."""
    try:
        from transformers import GgufConfig
    except ImportError:  # a version that knows no other way
        return {"gguf_file": file}
    return {"gguf_file": file, "quantization_config": GgufConfig(dequantize=True)}
