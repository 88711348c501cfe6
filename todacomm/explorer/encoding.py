"""Arrays and words as JSON that a page can hold: numbers in 16 or 32 bits, nothing that HTML could read as markup."""

import base64
import json
import math
import re
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

LEVELS = 65534
"""Steps between the least and the largest number of a column in 16 bits; the code above them stands for nan."""
MISSING = 65535
_UNSAFE = re.compile("[<>&\u2028\u2029\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


def quantised(values: ArrayLike) -> dict[str, Any]:
    """Numbers in 16 bits, column by column between the least and the largest.

    Off by at most ``(high - low) / 65534 / 2`` in each column, see :func:`restored`.

    Parameters
    ----------
    values : array, shape (n,) or (n, n_columns)
        nan and infinity become nan.
    """
    array = np.asarray(values, dtype=np.float64)
    columns = array.reshape(len(array), math.prod(array.shape[1:]))
    finite = np.isfinite(columns)
    low = np.where(finite, columns, np.inf).min(axis=0, initial=np.inf)
    high = np.where(finite, columns, -np.inf).max(axis=0, initial=-np.inf)
    low, high = np.where(np.isfinite(low), low, 0.0), np.where(np.isfinite(high), high, 0.0)
    step = np.where(high > low, (high - low) / LEVELS, 1.0)
    codes = np.full(columns.shape, MISSING, dtype="<u2")
    codes[finite] = np.rint((np.where(finite, columns, 0.0) - low) / step)[finite]
    return {
        "type": "q16", "shape": list(array.shape), "low": low.tolist(), "high": high.tolist(), "data": _base64(codes),
    }  # fmt: skip


def single(values: ArrayLike) -> dict[str, Any]:
    """Numbers in 32 bits: seven digits."""
    array = np.asarray(values, dtype="<f4")
    return {"type": "f32", "shape": list(array.shape), "data": _base64(array)}


def rows(values: ArrayLike) -> dict[str, Any]:
    """Row numbers in 16 bits, or in 32 where they do not fit; -1 stands for none.

    Raises
    ------
    ValueError
        A number below -1.
    """
    array = np.asarray(values, dtype=np.int64)
    if (array < -1).any():
        raise ValueError(f"row {array.min()}: expected -1 for none, or the number of a row")
    wide = bool((array >= MISSING).any())
    codes = np.where(array < 0, 2**32 - 1 if wide else MISSING, array).astype("<u4" if wide else "<u2")
    return {"type": "u32" if wide else "u16", "shape": list(array.shape), "data": _base64(codes)}


def restored(packed: dict[str, Any]) -> np.ndarray:
    """The array that was packed, as the page reads it.

    >>> restored(quantised([0.0, 0.25, float("nan"), 1.0])).round(4).tolist()
    [0.0, 0.25, nan, 1.0]
    >>> restored(rows([3, -1])).tolist()
    [3, -1]
    """
    kind = {"q16": "<u2", "f32": "<f4", "u16": "<u2", "u32": "<u4"}[packed["type"]]
    codes = np.frombuffer(base64.b64decode(packed["data"]), dtype=kind).reshape(packed["shape"])
    if packed["type"] == "f32":
        return codes.astype(np.float64)
    if packed["type"] == "q16":
        low, high = np.array(packed["low"]), np.array(packed["high"])
        columns = codes.reshape(len(codes), len(low)).astype(np.float64)
        values = np.where(columns == MISSING, np.nan, low + columns * (high - low) / LEVELS)
        return values.reshape(packed["shape"])
    return np.where(codes == np.iinfo(kind).max, -1, codes.astype(np.int64))


def number(value: float, digits: int = 6) -> float | None:
    """A number with so many digits; None where it is not finite.

    >>> number(1.23456789), number(float("nan"))
    (1.23457, None)
    """
    return float(f"{value:.{digits}g}") if math.isfinite(value) else None


def script_json(value: Any) -> str:
    """JSON for a script element that is no script: whatever HTML or JavaScript could take for more is escaped.

    Escaped are ``<``, ``>`` and ``&``, the two line separators that JavaScript knows beyond JSON's, and code points
    that are no characters, which UTF-8 cannot hold or HTML replaces.

    >>> script_json("</script><!--")
    '"\\\\u003c/script\\\\u003e\\\\u003c!--"'
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return _UNSAFE.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


def _base64(array: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")
