"""Models on the Hugging Face hub: into the local cache, with a clear word where that fails."""

import re
from pathlib import Path

from todacomm.models.weights import SizeSeen, pick_weights

SMALL_FILES = (".json", ".txt", ".model", ".jinja", ".spm", ".tiktoken", ".py")
"""Suffixes of the files beside the weights: config, tokenizer, code."""
_COMMIT = re.compile(r"[0-9a-f]{40}")


def fetch(hub_id: str, revision: str, *, weights: bool, allow_pickle: bool, seen: SizeSeen) -> Path:
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
    from huggingface_hub import HfApi, snapshot_download, try_to_load_from_cache
    from huggingface_hub import errors as hub
    from huggingface_hub.errors import HTTPError  # of the client it was built on

    try:
        listing = HfApi().model_info(hub_id, revision=revision or None, files_metadata=True)
        sizes = {file.rfilename: file.size or 0 for file in listing.siblings or ()}
        wanted = [file for file in sizes if "/" not in file and Path(file).suffix in SMALL_FILES]
        if weights:
            chosen = pick_weights(sizes, hub_id, allow_pickle)
            seen(sum(sizes[file] for file in chosen), listing.safetensors.total if listing.safetensors else None)
            wanted += chosen
        return Path(snapshot_download(hub_id, revision=revision or None, allow_patterns=wanted))
    except hub.GatedRepoError as error:
        raise ValueError(
            f"{hub_id} is gated: accept its terms on its page on the hub, then `hf auth login` or set HF_TOKEN"
        ) from error
    except hub.RevisionNotFoundError as error:
        raise ValueError(f"{hub_id} has no revision {revision!r}: name one of its branches, tags or commits") from error
    except hub.RepositoryNotFoundError as error:
        raise ValueError(
            f"no model {hub_id!r} on the hub and no folder of that name: check the spelling; "
            "a private model needs `hf auth login` or HF_TOKEN"
        ) from error
    except (hub.OfflineModeIsEnabled, hub.LocalEntryNotFoundError, HTTPError) as error:
        cached = try_to_load_from_cache(hub_id, "config.json", revision=revision or None)
        if isinstance(cached, str):
            return Path(cached).parent
        raise ValueError(
            f"the hub cannot be reached for {hub_id!r} ({_reason(error)}), it is not in the hub's cache, and there is "
            "no folder of that name: connect, or give a local folder, demo-decoder or demo-encoder"
        ) from error


def cached_snapshot(hub_id: str, revision: str) -> Path | None:
    """The snapshot that :func:`fetch` would return, if it is in the hub's cache; nothing is downloaded.

    A branch or tag is looked up on the hub, which may have a newer commit than the cache; without a connection the
    cached one counts, as it does for :func:`fetch`.
    """
    from huggingface_hub import HfApi, try_to_load_from_cache
    from huggingface_hub.errors import HfHubHTTPError, HTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled

    commit: str | None = revision or None
    if not _COMMIT.fullmatch(revision):
        try:
            commit = HfApi().model_info(hub_id, revision=commit).sha
        except (OfflineModeIsEnabled, LocalEntryNotFoundError, HfHubHTTPError, HTTPError):
            commit = revision or None
    cached = try_to_load_from_cache(hub_id, "config.json", revision=commit)
    return Path(cached).parent if isinstance(cached, str) else None


def _reason(error: Exception) -> str:
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    if isinstance(error, OfflineModeIsEnabled):
        return "HF_HUB_OFFLINE is set"
    if isinstance(error, HfHubHTTPError):
        return f"it answers {error.response.status_code}"
    return type(error).__name__
