"""How many blocks a model has, by its own config: known before any weights are read."""

from todacomm.models.guarded import quiet_transformers
from todacomm.models.plausible import check_sizes
from todacomm.models.reading import load_config
from todacomm.models.sources import find_source
from todacomm.settings.analysis import ModelConfig


def check_blocks(config: ModelConfig, expected: int) -> None:
    """Whether a model has as many blocks as its user believes.

    Raises
    ------
    ValueError
        It has another number of them, or cannot be found.
    """
    blocks = count_blocks(config)
    if blocks != expected:
        raise ValueError(
            f"{config.model} has {blocks} blocks by its own config, not {expected}: leave --num-layers out, or mend it"
        )


def count_blocks(config: ModelConfig) -> int:
    """Blocks of a model; of one with encoder and decoder, those of the encoder.

    Raises
    ------
    ValueError
        The model cannot be found or its config not be read.
    """
    source = find_source(
        config.model, config.revision, weights=False, allow_pickle=config.allow_pickle, seen=lambda *_: None
    )
    with quiet_transformers():
        settings = load_config(source, config.trust_remote_code)
        text_settings = settings.get_text_config()
        check_sizes(text_settings, str(source.folder))
    return int(text_settings.num_hidden_layers)
