"""What is known of the model and the texts behind an analysis: typed, and as a dictionary for files."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

OWN = "clouds"
"""Family of clouds that come from a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """What is recorded of a model; text is empty and a number None where it is not known.

    Attributes
    ----------
    name, source, revision : str
        Its name in tables, with that of an adapter's folder; hub id, path or ``bundled:...``; commit on the hub or
        subfolder.
    family : str
        Architecture as the config names it; ``clouds`` for a file of clouds.
    kind : str
        ``decoder``, ``encoder``, or ``encoder-decoder``, of which the encoder is read.
    n_layers, width : int
        Blocks, or layers of a file of clouds; width between them.
    n_parameters : int or None
        Parameters of all that was loaded.
    context_length : int or None
        Longest text in tokens; None without a limit.
    pooling : str
        ``last``, ``cls`` or ``mean``.
    weights : str
        ``trained`` or ``random``.
    weights_digest : str
        Of the files as stored; of the parameters where they are random.
    head : str or None
        ``causal``, ``masked``, or None where the checkpoint holds no language-model head.
    dtype, device : str
        As the model runs.
    placement : str
        ``whole`` on a device, ``spread`` over several, or ``stream``: a block at a time.
    stored_as : str
        How the weights are stored where they are not plain: ``gguf``, ``gptq``, ...
    adapter, adapter_digest : str
        Folder and digest of an adapter merged into the weights.
    max_length : int or None
        Tokens of the longest text read.
    start_tokens : str or None
        Special tokens with which most texts begin, as the tokenizer spells them.
    n_predicted : int
        Tokens that the likelihood is measured on.
    """

    name: str
    source: str
    revision: str = ""
    family: str = ""
    kind: str = ""
    n_layers: int
    width: int
    n_parameters: int | None = None
    context_length: int | None = None
    pooling: str = ""
    weights: str = "trained"
    weights_digest: str = ""
    head: str | None = None
    dtype: str = ""
    device: str = ""
    placement: str = ""
    stored_as: str = ""
    adapter: str = ""
    adapter_digest: str = ""
    max_length: int | None = None
    start_tokens: str | None = None
    n_predicted: int = 0

    def record(self) -> dict[str, Any]:
        """The facts by name, fit for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextFacts:
    """What is recorded of a set of texts.

    Attributes
    ----------
    name, source, revision : str
        Its name in tables; where it comes from; commit, version or digest of the source.
    unit : str
        ``passage``, ``line`` or ``row``: what a text is.
    samples : int
        Texts, one point each.
    digest : str
        Of the texts in order: equal digests, equal texts.
    n_documents : int
        Documents that they come from.
    ids : tuple of str
        Which text each point is; empty where they were not read back.
    """

    name: str
    source: str
    revision: str = ""
    unit: str
    samples: int
    digest: str
    n_documents: int
    ids: tuple[str, ...] = ()

    def record(self) -> dict[str, Any]:
        """The facts by name, fit for JSON, without the ids: as many as there are texts."""
        facts = asdict(self)
        del facts["ids"]
        return facts

    @classmethod
    def restore(cls, record: Mapping[str, Any]) -> "TextFacts":
        """Facts as :meth:`record` has them, with or without ``ids``.

        >>> facts = TextFacts(name="a", source="b", unit="row", samples=2, digest="c", n_documents=1, ids=("x", "y"))
        >>> TextFacts.restore(facts.record() | {"ids": ["x", "y"]}) == facts
        True
        """
        return cls(**{**record, "ids": tuple(record.get("ids", ()))})
