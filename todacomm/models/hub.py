"""Models on the Hugging Face hub: into the local cache, with a clear word where that fails."""

import re
from pathlib import Path
from typing import NamedTuple

from todacomm.models.pooling import FILE as POOLING
from todacomm.models.weights import OnSize, pick_weights

SMALL_FILES = (".json", ".txt", ".model", ".jinja", ".spm", ".tiktoken", ".py")
"""Suffixes of the files beside the weights: config, tokenizer, code."""
_COMMIT = re.compile(r"[0-9a-f]{40}")


class Listed(NamedTuple):
    """Weights on the hub: size by file, parameters where known, bytes to download, the snapshot if there is one."""

    weights: dict[str, int]
    n_parameters: int | None
    download: int
    snapshot: Path | None


class _Listing(NamedTuple):
    sizes: dict[str, int]
    n_parameters: int | None
    commit: str


def fetch(hub_id: str, revision: str, *, weights: bool, allow_pickle: bool, on_size: OnSize) -> Path:
    """Download a model's config, tokenizer and, where wanted, weights into the hub's cache.

    Returns
    -------
    Path
        The snapshot in the cache, named after its commit. Without a connection: the one that is there already.

    Raises
    ------
    ValueError
        No such model or revision, no access, no usable weights, or no connection and nothing cached.
    """
    from huggingface_hub import snapshot_download

    try:
        listing = _listing(hub_id, revision)
        wanted = [file for file in listing.sizes if "/" not in file and Path(file).suffix in SMALL_FILES]
        wanted += [POOLING] if POOLING in listing.sizes else []
        if weights:
            chosen = pick_weights(listing.sizes, hub_id, allow_pickle)
            on_size(sum(listing.sizes[file] for file in chosen), listing.n_parameters)
            wanted += chosen
        return Path(snapshot_download(hub_id, revision=revision or None, allow_patterns=wanted))
    except _errors() as error:
        if _is_silence(error) and (cached := _cached(hub_id, revision)):
            return cached
        raise _refusal(error, hub_id, revision) from error


def look_up(hub_id: str, revision: str, *, weights: bool, allow_pickle: bool) -> Listed:
    """What :func:`fetch` would take, and how much of it is not in the hub's cache yet; nothing is downloaded.

    Raises
    ------
    ValueError
        As :func:`fetch` does.
    """
    from huggingface_hub import try_to_load_from_cache

    try:
        listing = _listing(hub_id, revision)
    except _errors() as error:
        if _is_silence(error) and (cached := _cached(hub_id, revision)):
            sizes = {path.name: path.stat().st_size for path in cached.iterdir() if path.is_file()}
            chosen = pick_weights(sizes, hub_id, allow_pickle) if weights else []
            return Listed({file: sizes[file] for file in chosen}, None, 0, cached)
        raise _refusal(error, hub_id, revision) from error
    chosen = pick_weights(listing.sizes, hub_id, allow_pickle) if weights else []
    missing = [
        file for file in chosen if not isinstance(try_to_load_from_cache(hub_id, file, revision=listing.commit), str)
    ]
    sizes = {file: listing.sizes[file] for file in chosen}
    return Listed(sizes, listing.n_parameters, sum(sizes[file] for file in missing), _cached(hub_id, listing.commit))


def _listing(hub_id: str, revision: str) -> "_Listing":
    from huggingface_hub import HfApi

    listing = HfApi().model_info(hub_id, revision=revision or None, files_metadata=True)
    sizes = {file.rfilename: file.size or 0 for file in listing.siblings or ()}
    return _Listing(sizes, listing.safetensors.total if listing.safetensors else None, listing.sha or revision)


def _cached(hub_id: str, revision: str) -> Path | None:
    """The snapshot in the hub's cache."""
    from huggingface_hub import try_to_load_from_cache

    config = try_to_load_from_cache(hub_id, "config.json", revision=revision or None)
    return Path(config).parent if isinstance(config, str) else None


def _errors() -> tuple[type[Exception], ...]:
    """What the hub's client raises where there is something to tell the user."""
    from huggingface_hub import errors as hub
    from huggingface_hub.errors import HTTPError  # of the client it was built on

    return (hub.HfHubHTTPError, hub.OfflineModeIsEnabled, hub.LocalEntryNotFoundError, HTTPError)


def _is_silence(error: Exception) -> bool:
    """Whether the hub did not answer the question, so that its cache may."""
    from huggingface_hub import errors as hub

    return not isinstance(error, hub.GatedRepoError | hub.RevisionNotFoundError | hub.RepositoryNotFoundError)


def _refusal(error: Exception, hub_id: str, revision: str) -> ValueError:
    from huggingface_hub import errors as hub

    if isinstance(error, hub.GatedRepoError):
        return ValueError(
            f"{hub_id} is gated: accept its terms on its page on the hub, then `hf auth login` or set HF_TOKEN"
        )
    if isinstance(error, hub.RevisionNotFoundError):
        return ValueError(f"{hub_id} has no revision {revision!r}: name one of its branches, tags or commits")
    if isinstance(error, hub.RepositoryNotFoundError):
        return ValueError(
            f"no model {hub_id!r} on the hub and no folder of that name: check the spelling; "
            "a private model needs `hf auth login` or HF_TOKEN"
        )
    return ValueError(
        f"the hub cannot be reached for {hub_id!r} ({_reason(error)}), it is not in the hub's cache, and there is "
        "no folder of that name: connect, or give a local folder, demo-decoder or demo-encoder"
    )


def current_commit(hub_id: str, revision: str) -> str | None:
    """The commit that :func:`fetch` would take now; nothing is downloaded. None where there is no telling.

    A branch or tag is looked up on the hub, which may have moved on since the download; without a connection the one in
    the hub's cache counts, as it does for :func:`fetch`.
    """
    if _COMMIT.fullmatch(revision):
        return revision
    from huggingface_hub import HfApi

    try:
        return HfApi().model_info(hub_id, revision=revision or None).sha
    except _errors():
        cached = _cached(hub_id, revision)
        return cached.name if cached else None


def _reason(error: Exception) -> str:
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    if isinstance(error, OfflineModeIsEnabled):
        return "HF_HUB_OFFLINE is set"
    if isinstance(error, HfHubHTTPError):
        return f"it answers {error.response.status_code}"
    return type(error).__name__
