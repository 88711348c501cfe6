"""Python's collector of cycles, for a process that does one job."""

import atexit
import gc


def collect_rarely() -> None:
    """Look for cycles after 50,000 new objects in place of 700, and not at all once the process ends.

    Imports of torch, transformers and MLflow make half a million objects that stay: looking through them again and
    again takes a fifth of the time of these imports, and taking them apart at the end another second. What has to be
    closed or removed at the end is so before: nothing here waits for the collector.
    """
    gc.set_threshold(50_000, 20, 100)
    atexit.register(gc.freeze)
