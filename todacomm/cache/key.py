"""What an observation depends on, found out without loading a model.

Of a local model: the digests of its files. Of one on the hub: the commit, and the digests of its snapshot in the hub's
cache. Of texts: the digest of their file, or of the texts themselves. Beside them: every option that the forward pass
sees, the versions of what computes it, and the digest of our own code for it.
"""

import hashlib
import json
import os
import platform
import sys
import sysconfig
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from todacomm.cache.digests import file_digest
from todacomm.config import AUTO, AnalysisConfig, ModelConfig

_PACKAGES = ("torch", "transformers", "tokenizers", "numpy")
_OWN_CODE = ("activations", "models", "texts")


@dataclass(frozen=True, slots=True)
class Key:
    """Name of an entry, and the facts behind it.

    Attributes
    ----------
    digest : str
        Of the facts; the entry's file is named after it.
    label : str
        Model, revision, weights and data set for a reader.
    """

    digest: str
    label: str
    facts: dict[str, Any]


def observation_key(config: AnalysisConfig, seed: int | None = None, shuffle_seed: int | None = None) -> Key | None:
    """Key of what :func:`todacomm.observation.run_model` sees with these arguments.

    None where the model's files are not on this machine yet, or where it cannot be said what they are: running the
    model finds out, or says what is wrong.
    """
    model = _model_facts(config.model)
    texts = _texts_facts(config) if model else None
    if model is None or texts is None:
        return None
    random = config.model.weights == "random"
    facts = {
        "model": model,
        "texts": texts,
        "seed": config.record.seed,
        "weights_seed": (config.record.seed if seed is None else seed) if random else None,
        "shuffle_seed": shuffle_seed,
        "accelerator": _accelerator() if AUTO in (config.model.device, config.model.dtype) else None,
        "packages": {name: _version(name) for name in _PACKAGES},
        "code": _code_digest(),
    }
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:32]
    words = [config.model.model, config.model.revision, config.model.weights, config.texts.dataset]
    return Key(digest, " ".join(word for word in words if word), facts)


def _model_facts(config: ModelConfig) -> dict[str, Any] | None:
    from todacomm.models.hub import SMALL_FILES
    from todacomm.models.sources import CONFIG, cached_folder
    from todacomm.models.weights import pick_weights

    try:
        folder = cached_folder(config.model, config.revision)
        if folder is None or not (folder / CONFIG).is_file():
            return None
        files = {path.name for path in folder.iterdir() if path.is_file()}
        chosen = pick_weights(files, str(folder), config.allow_pickle) if config.weights == "trained" else []
        beside = [name for name in files if Path(name).suffix in SMALL_FILES]
        return {
            "options": asdict(config),
            "name": folder.resolve().name,
            "files": {name: file_digest(folder / name) for name in sorted({*chosen, *beside})},
        }
    except (OSError, ValueError):  # the model's own loading says it better
        return None


def _texts_facts(config: AnalysisConfig) -> dict[str, Any] | None:
    options = asdict(config.texts)
    dataset, path = config.texts.dataset, Path(config.texts.dataset).expanduser()
    if dataset == "pydoc":
        origin = [platform.python_version(), *platform.python_build(), sysconfig.get_path("stdlib")]
        return {"options": options, "origin": origin}
    try:
        if path.is_file():
            return {"options": options, "origin": [str(path.resolve()), file_digest(path)]}
        from todacomm.texts import load_texts

        texts = load_texts(config.texts, config.record.seed)
    except (OSError, ValueError):  # loading them for the model says it better
        return None
    return {"options": options, "origin": [texts.source, texts.revision, texts.digest]}


def _accelerator() -> str:
    """What ``auto`` would take, as far as it can be told without torch."""
    if sys.platform == "darwin":
        return "mps"
    present: Iterable[Path] = Path("/dev").glob("nvidia[0-9]*")
    return f"cuda {os.environ.get('CUDA_VISIBLE_DEVICES', 'all')}" if any(present) else "cpu"


@cache
def _code_digest() -> str:
    package = Path(__file__).resolve().parents[1]
    total = hashlib.sha256()
    for folder in _OWN_CODE:
        for path in sorted((package / folder).glob("*.py")):
            total.update(path.read_bytes())
    return total.hexdigest()[:16]


@cache
def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""
