"""Whether the models and data sets of a sweep are there: asked before any work, nothing downloaded."""

import os
from dataclasses import dataclass, replace
from typing import Any

from todacomm.analysis.preflight import check_dataset
from todacomm.settings.analysis import AnalysisConfig, ModelConfig

_LAYERS = ("num_hidden_layers", "n_layer", "n_layers", "num_layers")
_WIDTHS = ("hidden_size", "n_embd", "d_model", "dim")
_TYPICAL_LAYERS, _TYPICAL_WIDTH = 12, 768


@dataclass(frozen=True, slots=True)
class ModelSize:
    """What is known of a model before it is loaded.

    Attributes
    ----------
    n_parameters : int
        As stored; by layers and width where no weights are there.
    n_layers, width : int
        Blocks and their width by the config; typical ones where the config is not on this machine yet.
    download : int
        Bytes of weights that are still on the hub.
    """

    n_parameters: int
    n_layers: int
    width: int
    download: int = 0


UNKNOWN = ModelSize(0, _TYPICAL_LAYERS, _TYPICAL_WIDTH)
"""Of a model that cannot be looked up."""


def model_size(config: ModelConfig) -> ModelSize:
    """What is known of a model, without loading or downloading it.

    Raises
    ------
    ValueError
        There is no such model or revision, or its files are not what is expected.
    """
    from todacomm.models.hub import look_up
    from todacomm.models.sources import find_source, gguf_file, hub_id_of, local_folder, read_config

    if path := config.clouds_file:
        if not path.is_file():
            raise ValueError(f"no cloud file at {path}: give the path of a file after clouds:")
        return ModelSize(0, 1, 1)
    if file := gguf_file(config.model, config.revision):
        return replace(UNKNOWN, n_parameters=file.stat().st_size)  # a byte each, roughly
    trained = config.weights == "trained"
    folder = local_folder(config.model, config.revision)
    download, sizes = 0, [0]
    if folder is not None:
        stored: list[int | None] = [None]

        def note(n_bytes: int, n_parameters: int | None) -> None:
            sizes[0], stored[0] = n_bytes, n_parameters

        find_source(config.model, config.revision, weights=trained, allow_pickle=config.allow_pickle, on_size=note)
        n_parameters = stored[0]
    else:
        listed = look_up(hub_id_of(config.model), config.revision, weights=trained, allow_pickle=config.allow_pickle)
        folder, download, n_parameters = listed.snapshot, listed.download, listed.n_parameters
        sizes[0] = sum(listed.weights.values())
    settings = read_config(folder) if folder else {}
    n_layers, width = _first(settings, _LAYERS, _TYPICAL_LAYERS), _first(settings, _WIDTHS, _TYPICAL_WIDTH)
    by_shape = 12 * n_layers * width**2 + _first(settings, ("vocab_size",), 50_000) * width
    return ModelSize(n_parameters or sizes[0] // 4 or by_shape, n_layers, width, download)


def check_texts(config: AnalysisConfig) -> None:
    """Whether a data set's name means something, and texts that are on this machine can be had as they are asked for.

    Raises
    ------
    ValueError
        It does not; or what is asked of the texts, such as their number, cannot be had.
    """
    from todacomm.texts import load_texts

    dataset = config.texts.dataset
    if config.model.clouds_file:
        return
    check_dataset(config.texts)
    if dataset == "pydoc" or os.path.isfile(os.path.expanduser(dataset)):
        load_texts(config.texts, config.record.seed)


def _first(settings: dict[str, Any], names: tuple[str, ...], otherwise: int) -> int:
    known = (settings[name] for name in names if isinstance(settings.get(name), int))
    return next(known, otherwise)
