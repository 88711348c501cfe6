"""Python's collector of cycles, for a process that does one job."""

import atexit
import gc


def collect_rarely() -> None:
    """Look for cycles after 500,000 new objects in place of 700, and not at all once the process ends.

    Imports of torch, transformers and MLflow make half a million objects that stay: looking through them again and
    again takes a fifth of the time of these imports, and taking them apart at the end another second. Of two million
    objects that an analysis makes some 4,000 are in cycles, so that its memory does not grow. What has to be
    closed or removed at the end is so before: nothing here waits for the collector.
    """
    gc.set_threshold(500_000, 20, 100)
    atexit.register(gc.freeze)
