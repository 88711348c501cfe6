"""The names of a model's layers, and which of them an analysis wants."""

EMBEDDING = "embedding"
FINAL = "final"


def layer_names(n_blocks: int, has_final: bool) -> tuple[str, ...]:
    """Every layer in the order of depth.

    ``embedding`` is what enters the first block, positions included; ``layer_i`` what block i gives; ``final`` what
    comes out of the norm or projection after the last block, where there is one.

    >>> layer_names(2, has_final=True)
    ('embedding', 'layer_0', 'layer_1', 'final')
    """
    return (EMBEDDING, *(block_name(i) for i in range(n_blocks)), *((FINAL,) if has_final else ()))


def block_name(index: int) -> str:
    """Name of what a block gives."""
    return f"layer_{index}"


def choose_layers(wanted: str, available: tuple[str, ...]) -> tuple[str, ...]:
    """The layers asked for, in the order of depth.

    Parameters
    ----------
    wanted : str
        ``all``, or names with commas.

    Raises
    ------
    ValueError
        A name is none of the model's layers, or none is given; the message lists them.

    >>> choose_layers("final,layer_0", layer_names(2, has_final=True))
    ('layer_0', 'final')
    """
    names = {word.strip() for word in wanted.split(",") if word.strip()}
    unknown = sorted(names - {"all", *available})
    if unknown or not names:
        seen = f"unknown layer {', '.join(map(repr, unknown))}" if unknown else "no layer given"
        raise ValueError(f"{seen}: this model has {', '.join(available)}; all takes every one")
    return available if "all" in names else tuple(name for name in available if name in names)
