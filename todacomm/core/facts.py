"""Facts that travel through every room as data; their words are made where they begin, and never parsed again."""

from typing import NamedTuple


class RunWarning(NamedTuple):
    """Something that a reader must know of a run.

    Attributes
    ----------
    code : str
        What kind of fact it is, such as ``few_distinct``: the same for every layer it holds for.
    text : str
        The fact in words, without the layer's name.
    layer : str
        The layer it holds for; empty where it holds for the whole run.

    >>> print(RunWarning("few_distinct", "3 distinct points of 60", "layer_0"))
    layer_0: 3 distinct points of 60
    """

    code: str
    text: str
    layer: str = ""

    def __str__(self) -> str:
        return f"{self.layer}: {self.text}" if self.layer else self.text
