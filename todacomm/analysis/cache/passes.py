"""Where the state of a model's pass is kept that goes a block at a time, so that a killed one can go on."""

import logging
import os
import time
from pathlib import Path

from todacomm.system.cache import cache_bytes, cache_folder, own_paths, remove

log = logging.getLogger(__name__)

PASSES = "passes"
ABANDONED_SECONDS = 7 * 24 * 3600


def passes_folder() -> Path | None:
    """The folder of all unfinished passes, without those that nobody went on with for a week.

    None where the cache keeps nothing or cannot be written: then a killed pass begins anew.
    """
    folder = cache_folder() / PASSES
    try:
        if not cache_bytes():
            return None
        folder.mkdir(parents=True, exist_ok=True)
        for old in own_paths(PASSES):
            if time.time() - old.stat().st_mtime > ABANDONED_SECONDS:
                remove(old)
    except (OSError, ValueError) as error:
        log.info("a pass that is killed will begin anew: %s cannot be used (%s)", folder, error)
        return None
    return folder if os.access(folder, os.W_OK) else None
