"""From a model's name to a folder with its files: bundled, local, or from the hub."""

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from todacomm.demo import DEMO_MODELS
from todacomm.models.formats import GGUF_SUFFIX
from todacomm.models.hub import fetch
from todacomm.models.names import model_name
from todacomm.models.presets import PRESETS
from todacomm.models.weights import OnSize, count_parameters, pick_weights
from todacomm.system.foreign import check_regular, read_json

CONFIG = "config.json"
TOKENIZERS = (
    "tokenizer.json", "tokenizer.model", "vocab.txt", "vocab.json", "spiece.model", "sentencepiece.bpe.model",
    "source.spm", "tekken.json",
)  # fmt: skip
"""Files of which a tokenizer needs at least one."""
_HUB_ID = re.compile(r"\w[\w.-]*(/[\w.-]+)?")


@dataclass(frozen=True)
class Source:
    """Where a model's files are.

    Attributes
    ----------
    name : str
        What tables and reports call the model.
    origin : str
        Hub id, path, or ``bundled:`` and a name.
    revision : str
        Commit on the hub, or the subfolder of a local folder.
    weights : tuple of Path
        Files of the weights; empty where none are wanted.
    gguf : str
        Name of the one GGUF file that holds config, tokenizer and weights; empty where the model is a folder of files.
    """

    name: str
    origin: str
    revision: str
    folder: Path
    weights: tuple[Path, ...] = ()
    gguf: str = ""


def find_source(
    name: str, revision: str, *, weights: bool, allow_pickle: bool, on_size: OnSize = lambda *_: None
) -> Source:
    """Find a model's files; those on the hub are downloaded, after their size is handed to ``on_size``.

    Parameters
    ----------
    name : str
        Preset, existing folder or GGUF file, or hub id.
    revision : str
        Hub revision, or a subfolder of a local folder; empty for the default.
    weights : bool
        Whether the weights are wanted; without them a config and a tokenizer are enough.
    allow_pickle : bool
        Whether ``.bin`` weights will do where there are no safetensors.
    on_size : callable
        Told the size of the weights before they are downloaded or read.

    Raises
    ------
    ValueError
        The name is unknown, the hub cannot be reached or refuses, or files are missing or broken.
    """
    if path := gguf_file(name, revision):
        on_size(path.stat().st_size, None)
        return Source(path.stem, name, "", path.parent, (path,), path.name)
    source = _bundled_or_local(name, revision)
    on_hub = source is None
    if source is None:
        hub_id = hub_id_of(name)
        folder = fetch(hub_id, revision, weights=weights, allow_pickle=allow_pickle, on_size=on_size)
        source = Source(model_name(name), hub_id, folder.name, folder)

    files = {path.name for path in source.folder.iterdir() if not path.is_dir()}
    if CONFIG not in files:
        raise ValueError(f"{source.folder} has no {CONFIG}: expected the folder of a Hugging Face model")
    if files.isdisjoint(TOKENIZERS) and not any(file.endswith(".tiktoken") for file in files):
        raise ValueError(f"{source.folder} has no tokenizer: expected tokenizer.json or a vocabulary beside {CONFIG}")
    for file in files:
        check_regular(source.folder / file)
    if not weights:
        return source
    paths = tuple(source.folder / file for file in pick_weights(files, str(source.folder), allow_pickle))
    n_parameters = count_parameters(paths)
    if not on_hub:
        on_size(sum(path.stat().st_size for path in paths), n_parameters)
    return replace(source, weights=paths)


def local_folder(name: str, revision: str) -> Path | None:
    """The folder of a bundled or local model; None for what can only be on the hub.

    Raises
    ------
    ValueError
        The folder has no such subfolder, or the model is a GGUF file.
    """
    if gguf_file(name, revision):
        raise ValueError(f"{name} is one file, and no folder")
    source = _bundled_or_local(name, revision)
    return source.folder if source else None


def gguf_file(name: str, revision: str = "") -> Path | None:
    """The GGUF file that a name stands for; None where it stands for another kind of model.

    Raises
    ------
    ValueError
        There is a revision beside it.
    """
    path = Path(os.path.expanduser(name))
    if path.suffix != GGUF_SUFFIX or not os.path.isfile(path):
        return None
    if revision:
        raise ValueError(f"{path} is one file and has no revision {revision!r}: leave revision empty")
    return path


def hub_id_of(name: str) -> str:
    """The repository on the hub that a name stands for.

    Raises
    ------
    ValueError
        It has not the form of one.
    """
    hub_id = PRESETS[name].hub_id if name in PRESETS else name
    if hub_id.endswith(GGUF_SUFFIX):
        raise ValueError(f"no file {name}: give the path of an existing GGUF file")
    if not _HUB_ID.fullmatch(hub_id):
        raise ValueError(f"no folder {name}: give a preset, a hub id or the path of an existing folder")
    return hub_id


def _bundled_or_local(name: str, revision: str) -> Source | None:
    """The source of a model on this disk; None for what can only be on the hub."""
    path = Path(os.path.expanduser(name))
    if name in PRESETS:
        if PRESETS[name].hub_id:
            return None
        label, origin, folder = name, f"bundled:{name}", DEMO_MODELS[name]
        if not folder.is_dir():
            raise ValueError(f"the bundled {name} is missing from this installation: install todacomm again")
    elif os.path.isdir(path):
        label, origin, folder = model_name(name), name, path
    else:
        return None
    return Source(label, origin, revision, _subfolder(folder, revision) if revision else folder)


def _subfolder(folder: Path, revision: str) -> Path:
    inside = folder / revision
    if not inside.is_dir() or folder.resolve() not in inside.resolve().parents:
        others = sorted(path.name for path in folder.iterdir() if (path / CONFIG).is_file())
        advice = f"choose {', '.join(others)}" if others else "leave revision empty, the folder holds one model"
        raise ValueError(f"{folder} has no subfolder {revision!r}: {advice}")
    return inside


def read_config(folder: Path) -> dict[str, Any]:
    """The ``config.json`` of a model as it stands.

    Raises
    ------
    ValueError
        It is no JSON, or names no architecture.
    """
    path = folder / CONFIG
    config = read_json(path, "the JSON of a model's config", "fetch the file again")
    if not isinstance(config.get("model_type"), str):
        raise ValueError(f"{path} names no model_type: expected the config of a Hugging Face transformer")
    return config
