"""The names of a model's layers, and which of them an analysis wants."""

from collections.abc import Sequence

from todacomm.core.streams import STREAMS, groups

EMBEDDING = "embedding"
FINAL = "final"
ALL = "all"
MIDDLE = "middle"


def layer_names(n_blocks: int, has_final: bool) -> tuple[str, ...]:
    """The layers of the residual stream in the order of depth.

    ``embedding`` is what enters the first block, positions included; ``layer_i`` what block i gives; ``final`` what
    comes out of the norm or projection after the last block, where there is one.

    >>> layer_names(2, has_final=True)
    ('embedding', 'layer_0', 'layer_1', 'final')
    """
    return (EMBEDDING, *(block_name(i) for i in range(n_blocks)), *((FINAL,) if has_final else ()))


def block_name(index: int) -> str:
    """Name of what a block gives."""
    return f"layer_{index}"


def stream_name(index: int, kind: str) -> str:
    """Name of what a block's attention or MLP adds to the residual stream.

    >>> stream_name(3, "ffn")
    'layer_3_ffn'
    """
    return f"{block_name(index)}_{kind}"


def with_streams(layers: Sequence[str], n_blocks: int) -> tuple[str, ...]:
    """The layers and, before each block's own, what its attention and its MLP add.

    >>> with_streams(layer_names(1, has_final=True), 1)
    ('embedding', 'layer_0_attention', 'layer_0_ffn', 'layer_0', 'final')
    """
    added = {block_name(i): [stream_name(i, kind) for kind in STREAMS] for i in range(n_blocks)}
    return tuple(name for layer in layers for name in (*added.get(layer, ()), layer))


def choose_layers(wanted: Sequence[str], available: tuple[str, ...]) -> tuple[str, ...]:
    """The layers asked for, in the order of depth.

    Parameters
    ----------
    wanted : sequence of str
        Names; ``all`` stands for the residual stream, ``attention`` and ``ffn`` for what the blocks' attention and MLP
        add to it, ``middle`` for what the middle block gives (of an even number of blocks the upper of the two).

    Raises
    ------
    ValueError
        A name is none of the model's layers, or none is given; the message says which there are.

    >>> choose_layers(["final", "layer_0"], layer_names(2, has_final=True))
    ('layer_0', 'final')
    >>> choose_layers(["ffn", "layer_1"], with_streams(layer_names(2, has_final=True), 2))
    ('layer_0_ffn', 'layer_1_ffn', 'layer_1')
    >>> choose_layers(["middle"], layer_names(12, has_final=True))
    ('layer_6',)
    """
    names = list(dict.fromkeys(wanted))
    residual, *streams = groups(available).items()
    known = {ALL: residual[1], **dict(streams), MIDDLE: [middle_layer(available)]}
    unknown = [name for name in names if name not in known and name not in available]
    if unknown or not names:
        wrong = f"unknown layer {', '.join(map(repr, unknown))}" if unknown else "no layer given"
        there = "; ".join(f"{_span(members)} ({word})" for word, members in known.items())
        none = "" if streams else "; what its attention and its MLP add to these was not found"
        raise ValueError(f"{wrong}: this model has {there}{none}")
    chosen = {member for name in names for member in known.get(name, [name])}
    return tuple(name for name in available if name in chosen)


def middle_layer(available: Sequence[str]) -> str:
    """The middle block of the residual stream, of an even number the upper of the two; without blocks its last layer.

    >>> middle_layer(layer_names(3, has_final=True)), middle_layer(["final"])
    ('layer_1', 'final')
    """
    residual = next(iter(groups(available).values()))
    blocks = [name for name in residual if name not in (EMBEDDING, FINAL)] or residual[-1:]
    return blocks[len(blocks) // 2]


def _span(names: Sequence[str]) -> str:
    """Names in a few words: numbered ones by the first and the last.

    >>> _span(layer_names(12, has_final=True))
    'embedding, layer_0 to layer_11, final'
    """
    numbered = [name for name in names if name not in (EMBEDDING, FINAL)]
    ends = [f"{numbered[0]} to {numbered[-1]}"] if len(numbered) > 2 else numbered
    return ", ".join([*(n for n in names if n == EMBEDDING), *ends, *(n for n in names if n == FINAL)])
