"""Which layers are the residual stream and which are added to it: their names say.

``layer_3`` is the residual stream after block 3; ``layer_3_attention`` and ``layer_3_ffn`` are what the block's
attention and its MLP add on the way. They are clouds of other vectors: no curve, ratio or family of tests joins them
with it.
"""

import re
from collections.abc import Iterable

ATTENTION, FFN = "attention", "ffn"
STREAMS = (ATTENTION, FFN)
RESIDUAL = "residual"
ENDS = ("embedding", "final")
"""Layers of the residual stream that are no block's output."""
_STREAM = re.compile(rf"(?P<block>layer_\d+)_(?P<kind>{'|'.join(STREAMS)})")


def kind_of(layer: str) -> str:
    """``attention``, ``ffn`` or ``residual``: which stream a layer belongs to.

    >>> kind_of("layer_3_ffn"), kind_of("layer_3"), kind_of("final")
    ('ffn', 'residual', 'residual')
    """
    match = _STREAM.fullmatch(layer)
    return match["kind"] if match else RESIDUAL


def block_of(layer: str) -> str:
    """The layer that a block gives, of what it adds; any other layer is its own.

    >>> block_of("layer_3_ffn"), block_of("final")
    ('layer_3', 'final')
    """
    match = _STREAM.fullmatch(layer)
    return match["block"] if match else layer


def groups(layers: Iterable[str]) -> dict[str, list[str]]:
    """The layers by stream, each in the order of depth: the residual stream first, none that is empty.

    >>> groups(["embedding", "layer_0_ffn", "layer_0"])
    {'residual': ['embedding', 'layer_0'], 'ffn': ['layer_0_ffn']}
    """
    names = list(layers)
    kinds = {kind: [name for name in names if kind_of(name) == kind] for kind in (RESIDUAL, *STREAMS)}
    return {kind: members for kind, members in kinds.items() if members}


def places(layers: Iterable[str]) -> dict[str, int]:
    """Each layer's place on the axis of depth: what a block adds stands where the block's own output does.

    >>> places(["embedding", "layer_0_attention", "layer_0_ffn", "layer_0", "final"])
    {'embedding': 0, 'layer_0_attention': 1, 'layer_0_ffn': 1, 'layer_0': 1, 'final': 2}
    """
    names = list(layers)
    order = {block: place for place, block in enumerate(dict.fromkeys(map(block_of, names)))}
    return {name: order[block_of(name)] for name in names}
