"""Look an observation up before a model is run, and keep it afterwards."""

from collections.abc import Callable
from dataclasses import replace

from todacomm.analysis.cache.key import observation_key
from todacomm.analysis.cache.store import read_entry, write_entry
from todacomm.core.facts import RunWarning
from todacomm.results.observation import Observation
from todacomm.settings.analysis import AnalysisConfig


def remembered(
    config: AnalysisConfig, seed: int | None, shuffle_seed: int | None, compute: Callable[[], Observation]
) -> Observation:
    """The observation in the cache, or the one that ``compute`` makes, which is then stored.

    Whatever is wrong with the cache is a warning of the observation, never an error.
    """
    warnings: list[RunWarning] = []
    key = observation_key(config, seed, shuffle_seed)
    stored = read_entry(key, warnings) if key else None
    if stored is not None:
        return replace(stored, warnings=(*stored.warnings, *warnings))
    observed = compute()
    key = key or observation_key(config, seed, shuffle_seed)
    if key is not None:
        write_entry(key, observed, warnings)
    return replace(observed, warnings=(*observed.warnings, *warnings))
