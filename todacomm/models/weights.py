"""A model's files of weights: which to take, how large they are, which numbers they hold."""

import math
import re
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from todacomm.system.digests import digest_of, digest_of_file
from todacomm.system.foreign import foreign_file
from todacomm.system.units import format_bytes

SAFE = "model.safetensors"
PICKLED = "pytorch_model.bin"
OnSize = Callable[[int, int | None], None]
"""Called with the bytes that weights take on disk and, where it is known, the number of parameters in them."""
_PART = re.compile(r"(?P<stem>model|pytorch_model)-\d+-of-(?P<total>\d+)(?P<suffix>\.safetensors|\.bin)")


def pick_weights(files: Collection[str], where: str, allow_pickle: bool) -> list[str]:
    """Which of a model's files are its weights: safetensors, whole or in parts; pickles only where allowed.

    Raises
    ------
    ValueError
        There are none, only pickles, or parts are missing.

    >>> pick_weights(["config.json", "model.safetensors", "pytorch_model.bin"], "gpt2", allow_pickle=True)
    ['model.safetensors']
    """
    safe = _whole_or_parts(files, where, SAFE)
    pickled = _whole_or_parts(files, where, PICKLED)
    if safe:
        return safe
    if not pickled:
        raise ValueError(f"{where} has no weights: expected {SAFE}; weights=random needs none")
    if not allow_pickle:
        raise ValueError(
            f"{where} has its weights as a pickle only ({pickled[0]}), which can run code when read: "
            "set allow_pickle=true to read it with weights_only=True, or use a revision with safetensors"
        )
    return pickled


def _whole_or_parts(files: Collection[str], where: str, whole: str) -> list[str]:
    if whole in files:
        return [whole]
    matches = [match for file in sorted(files) if (match := _PART.fullmatch(file))]
    parts = [match for match in matches if match["stem"] + match["suffix"] == whole]
    if parts and (len(parts) < int(parts[0]["total"]) or f"{whole}.index.json" not in files):
        raise ValueError(
            f"{where} is incomplete: it has {len(parts)} of {int(parts[0]['total'])} parts of {whole}; "
            f"expected all of them and {whole}.index.json"
        )
    return [match[0] for match in parts]


def count_parameters(weights: Sequence[Path]) -> int | None:
    """Number of stored parameters, from the headers of safetensors files; None for pickles.

    Raises
    ------
    ValueError
        A file is broken or cut short.
    """
    from safetensors import safe_open

    if any(path.suffix != ".safetensors" for path in weights):
        return None
    total = 0
    for path in weights:
        with foreign_file(path, "weights", "fetch the file again"), safe_open(path, framework="numpy") as file:
            total += sum(math.prod(file.get_slice(name).get_shape()) for name in file.keys())  # noqa: SIM118
    return total


def sizes_in_words(n_bytes: int, n_parameters: int | None, bytes_each: int | None) -> str:
    """Size of weights on disk and, where the number of parameters is known, in memory.

    Parameters
    ----------
    bytes_each : int or None
        Bytes of a parameter in memory; None where the stored precision is kept.

    >>> sizes_in_words(498_000_000, 124_439_808, 4)
    '498 MB of weights on disk, about 498 MB in memory'
    """
    on_disk = f"{format_bytes(n_bytes)} of weights on disk"
    if n_parameters is None:
        return on_disk
    return f"{on_disk}, about {format_bytes(n_parameters * bytes_each if bytes_each else n_bytes)} in memory"


def digest_files(paths: Sequence[Path]) -> str:
    """Digest of weights as stored: the same whatever device and precision they are run in."""
    return digest_of(bytes.fromhex(digest_of_file(path)) for path in paths)
