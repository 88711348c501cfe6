"""Names that hold numbers, in the order of the numbers."""

import re


def in_order(digits: str) -> tuple[int, str]:
    """A number as a key to sort by, however many digits it has."""
    return len(digits.lstrip("0")), digits.lstrip("0")


def by_numbers(name: str) -> list[object]:
    """A key to sort names by: numbers in them by size, all else as text.

    >>> sorted(["step10", "step9", "main", "v2.10", "v2.9"], key=by_numbers)
    ['main', 'step9', 'step10', 'v2.9', 'v2.10']
    """
    parts = re.split(r"([0-9]+)", name)
    return [in_order(part) if place % 2 else part for place, part in enumerate(parts)]
