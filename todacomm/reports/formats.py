"""Numbers and lists as a reader wants them."""

import math
from collections.abc import Sequence

import numpy as np

UNDEFINED = "not defined"


def number(value: float | None, digits: int = 3) -> str:
    """A number with ``digits`` significant digits; whole numbers stay whole.

    >>> [number(x) for x in (0.12345, 1234.5, 500, 0, 2.5e-07, float("nan"))]
    ['0.123', '1,234', '500', '0', '2.50e-7', 'not defined']
    """
    if value is None or not math.isfinite(value):
        return UNDEFINED
    if value < 0:
        return "−" + number(-value, digits)
    if value == 0 or (float(value).is_integer() and value < 1e9):
        return f"{int(value):,}"
    size = math.floor(math.log10(value))
    if not -4 <= size < 9:
        return f"{value:.{digits - 1}e}".replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")
    return f"{value:,.{max(digits - 1 - size, 0)}f}"


def plus_minus(value: float, half_width: float) -> str:
    """A number with the half-width of its interval, both cut where the half-width's second digit stands.

    >>> plus_minus(0.57123, 0.0231), plus_minus(1234.5, 120.0), plus_minus(10.625, 0.00026), plus_minus(2.0, 0.0)
    ('0.571 ± 0.023', '1,234 ± 120', '10.62 ± 0.00026', '2')
    """
    if not math.isfinite(value) or not math.isfinite(half_width):
        return number(value, 4)
    if half_width <= 1e-9 * abs(value):
        return number(value, 4)
    if half_width < 1e-4 * abs(value) or half_width < 1e-6:
        return f"{number(value, 4)} ± {number(half_width, 2)}"
    places = max(1 - math.floor(math.log10(half_width)), 0)
    return f"{value:,.{places}f} ± {half_width:,.{places}f}"


def share(value: float) -> str:
    """A share in percent.

    >>> share(0.1234), share(1.0), share(0.0004)
    ('12.3 %', '100 %', '0.04 %')
    """
    if not math.isfinite(value):
        return UNDEFINED
    percent = 100 * value
    if 99.95 <= percent < 100:
        return "over 99.9 %"
    return f"{percent:.1f} %".replace(".0 %", " %") if percent >= 0.1 or percent == 0 else f"{percent:.1g} %"


def p_value(value: float, draws: float = math.nan) -> str:
    """A p-value; the least that so many draws allow has ``≤`` before it.

    >>> p_value(0.025), p_value(1.0), p_value(0.0002), p_value(0.025, 39)
    ('0.025', '1', '< 0.001', '≤ 0.025')
    """
    if is_floor(value, draws):
        return f"≤ {p_value(value)}"
    if not math.isfinite(value):
        return UNDEFINED
    return "< 0.001" if value < 0.001 else f"{value:.3f}".rstrip("0").rstrip(".")


def p_equals(value: float, draws: float) -> str:
    """A p-value in a sentence: one that no draw can be below says so.

    >>> p_equals(0.2, 39), p_equals(0.025, 39)
    ('p = 0.2', 'p ≤ 0.025, the least that 39 draws allow')
    """
    if is_floor(value, draws):
        return f"p {p_value(value, draws)}, the least that {number(draws)} draws allow"
    return f"p = {p_value(value)}"


def is_floor(p: float, draws: float) -> bool:
    """Whether a Monte-Carlo p is the least that so many draws allow; False where their number is not known."""
    return math.isfinite(draws) and p <= 1.0001 / (draws + 1)


def signed(value: float, half_width: float) -> str:
    """A difference with its sign and the half-width of its interval.

    >>> signed(-0.1034, 0.021), signed(0.25, float("nan"))
    ('−0.103 ± 0.021', '+0.2500')
    """
    text = plus_minus(abs(value), half_width)
    return text if text == UNDEFINED else ("−" if value < 0 else "+") + text


def detectable(smallest: float) -> str:
    """What stands beside "no difference".

    >>> detectable(0.0512), detectable(float("nan"))
    ('smallest detectable difference 0.051', 'power not known')
    """
    return f"smallest detectable difference {number(smallest, 2)}" if math.isfinite(smallest) else "power not known"


def fold(value: float) -> str:
    """A ratio as a growth.

    >>> fold(27.31), fold(float("nan"))
    ('27.3-fold', 'not defined')
    """
    return f"{number(value)}-fold" if math.isfinite(value) else UNDEFINED


def listing(words: Sequence[str]) -> str:
    """Words as a sentence has them.

    >>> listing(["a", "b", "c"]), listing(["a"])
    ('a, b and c', 'a')
    """
    words = list(words)
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def layers(names: Sequence[str], chosen: np.ndarray) -> str:
    """The chosen layers by name, neighbours drawn together.

    >>> layers(["embedding", "layer_0", "layer_1", "layer_2", "final"], np.array([1, 1, 1, 0, 1], dtype=bool))
    'embedding to layer_1 and final'
    """
    runs: list[list[int]] = []
    for i in np.flatnonzero(chosen):
        if runs and runs[-1][-1] == i - 1:
            runs[-1].append(int(i))
        else:
            runs.append([int(i)])
    parts: list[str] = []
    for run in runs:
        parts += [f"{names[run[0]]} to {names[run[-1]]}"] if len(run) > 2 else [names[i] for i in run]
    return listing(parts)
