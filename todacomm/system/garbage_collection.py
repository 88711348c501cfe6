"""Python's collector of cycles, for a process that does one job."""

import gc


def collect_rarely() -> None:
    """Look for cycles after 50,000 new objects in place of 700.

    Imports of torch, transformers and MLflow make half a million objects that stay: looking through them again and
    again takes a fifth of the time of these imports.
    """
    gc.set_threshold(50_000, 20, 100)
