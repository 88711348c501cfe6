"""A cache of the Hugging Face hub as it is after a download, with tiny models in the place of the real ones."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.helpers.hub import COMMIT
from tests.helpers.tiny_models import tiny_model_folder


def keep_model(
    cache: Path, hub_id: str, architecture: str, revisions: Iterable[str] = ("main",), **settings: Any
) -> None:
    """Put a tiny model of an architecture under a hub id into a cache, the same under every revision."""
    repository = cache / f"models--{hub_id.replace('/', '--')}"
    (repository / "snapshots").mkdir(parents=True)
    (repository / "refs").mkdir()
    for revision in revisions:
        (repository / "refs" / revision).write_text(COMMIT)
    tiny_model_folder(cache, architecture, **settings).rename(repository / "snapshots" / COMMIT)
