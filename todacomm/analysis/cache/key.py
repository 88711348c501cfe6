"""What an observation depends on, without loading a model.

Of a local model: the digests of its files. Of one on the hub: the commit. Of texts: the digest of their file, or of the
texts themselves. Beside them: every option that the forward pass sees, the versions of what computes it, and
:data:`VERSION`.
"""

import os
import platform
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from todacomm.analysis.cache.digests import file_digest
from todacomm.models.names import model_name
from todacomm.settings.analysis import AnalysisConfig, ModelConfig, TextsConfig
from todacomm.settings.values import AUTO
from todacomm.system.digests import digest_of_json
from todacomm.system.installed import package_version
from todacomm.texts.names import dataset_name

_PACKAGES = ("torch", "transformers", "tokenizers", "numpy")
VERSION = 3
"""Raised whenever texts, models or activations give other clouds for the same settings."""


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
    """Key of what :func:`todacomm.analysis.observe.run_model` sees with these arguments.

    None where the model or the texts are not known: running the model reports what is wrong.
    """
    inputs = _inputs(config, _model_files, _texts_origin)
    if inputs is None:
        return None
    random = config.model.weights == "random"
    facts = {
        "inputs": inputs,
        "model": asdict(config.model),
        "texts": asdict(config.texts),
        "seed": config.record.seed,
        "weights_seed": (config.record.seed if seed is None else seed) if random else None,
        "shuffle_seed": shuffle_seed,
        "accelerator": _accelerator() if AUTO in (config.model.device, config.model.dtype) else None,
        "packages": {name: package_version(name) for name in _PACKAGES},
        "version": VERSION,
    }
    names = model_name(config.model.model), dataset_name(config.texts.dataset)
    words = [names[0], config.model.revision, config.model.weights, names[1]]
    return Key(_digest(facts), " ".join(word for word in words if word), facts)


def inputs_digest(config: AnalysisConfig) -> str | None:
    """Digest of the model and the texts as they are now; None where it is not known without running the model.

    Two analyses that agree in it and in :meth:`todacomm.settings.analysis.AnalysisConfig.digest` are the same.
    """
    return inputs_digests([config])[0]


def inputs_digests(configs: Iterable[AnalysisConfig]) -> list[str | None]:
    """:func:`inputs_digest` of many analyses, each model and each set of texts looked at once."""
    model_files, texts_origin = cache(_model_files), cache(_texts_origin)
    inputs = (_inputs(config, model_files, texts_origin) for config in configs)
    return [None if facts is None else _digest(facts)[:16] for facts in inputs]


def _inputs(
    config: AnalysisConfig,
    model_files: Callable[[ModelConfig], dict[str, Any] | None],
    texts_origin: Callable[[TextsConfig, int], list[str]],
) -> dict[str, Any] | None:
    try:
        if file := config.model.clouds_file:
            return {"clouds": file_digest(file)}
        model = model_files(config.model)
        return {"model": model, "texts": texts_origin(config.texts, config.record.seed)} if model else None
    except (OSError, ValueError):  # the loading of the model or the texts says what is wrong with them
        return None


def _model_files(config: ModelConfig) -> dict[str, Any] | None:
    """The commit of a model on the hub; of a local one its folder's name and the digests of its files."""
    from todacomm.models.adapters import adapter_files
    from todacomm.models.hub import SMALL_FILES, current_commit
    from todacomm.models.sources import gguf_file, hub_id_of, local_folder
    from todacomm.models.weights import pick_weights

    adapter = {}
    if config.adapter:
        adapter = {"adapter": [file_digest(path) for path in adapter_files(Path(config.adapter).expanduser())]}
    if file := gguf_file(config.model, config.revision):
        return {"name": file.resolve().name, "files": file_digest(file)} | adapter
    folder = local_folder(config.model, config.revision)
    if folder is None:
        hub_id = hub_id_of(config.model)
        commit = current_commit(hub_id, config.revision)
        return {"hub": hub_id, "commit": commit} | adapter if commit else None
    files = {path.name for path in folder.iterdir() if path.is_file()}
    chosen = pick_weights(files, str(folder), config.allow_pickle) if config.weights == "trained" else []
    beside = [name for name in files if Path(name).suffix in SMALL_FILES]
    digests = {name: file_digest(folder / name) for name in sorted({*chosen, *beside})}
    return {"name": folder.resolve().name, "files": digests} | adapter


def _texts_origin(config: TextsConfig, seed: int) -> list[str]:
    """The documentation's Python version, a file's path and digest, else the texts' own digest: they are drawn."""
    path = Path(os.path.expanduser(config.dataset))
    if config.dataset == "pydoc":
        return [platform.python_version(), platform.python_implementation()]
    if os.path.isfile(path):
        return [str(path.resolve()), file_digest(path)]
    from todacomm.texts import load_texts

    texts = load_texts(config, seed)
    return [texts.source, texts.revision, texts.digest]


def _digest(facts: dict[str, Any]) -> str:
    return digest_of_json(facts, 32)


def _accelerator() -> str:
    """What ``auto`` would take, as far as it is known without torch."""
    if sys.platform == "darwin":
        return "mps"
    present: Iterable[Path] = Path("/dev").glob("nvidia[0-9]*")
    return f"cuda {os.environ.get('CUDA_VISIBLE_DEVICES', 'all')}" if any(present) else "cpu"
