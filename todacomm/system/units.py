"""Counts, sizes and times in words."""


def count(n: int, noun: str, plural: str = "") -> str:
    """A count with its noun.

    >>> count(1, "draw"), count(39, "draw"), count(2, "analysis", "analyses")
    ('1 draw', '39 draws', '2 analyses')
    """
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


def format_bytes(n_bytes: float) -> str:
    """A size in the largest unit that keeps it above 1.

    >>> format_bytes(1_250_000_000), format_bytes(300_000), format_bytes(0)
    ('1.2 GB', '300 kB', '0 bytes')
    """
    for size, unit in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if n_bytes >= size:
            value = n_bytes / size
            return f"{value:.1f} {unit}" if value < 100 else f"{value:.0f} {unit}"
    return f"{n_bytes:.0f} bytes"


def format_seconds(seconds: float) -> str:
    """A time as an estimate gives it.

    >>> format_seconds(40), format_seconds(400), format_seconds(40_000)
    ('40 seconds', '7 minutes', '11.1 hours')
    >>> format_seconds(0.2)
    'under a second'
    """
    if seconds < 1:
        return "under a second"
    if seconds < 100:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 100 * 60 else f"{seconds / 3600:.1f} hours"
