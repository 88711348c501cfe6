"""Models of MLflow's registry: named by version or alias, brought to this machine as one folder, tagged."""

import json
import re
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from todacomm.system.digests import digest_of_json
from todacomm.system.errors import UserError
from todacomm.system.foreign import read_json
from todacomm.tracking._mlflow import MlflowClient, MlflowException, download_artifacts, quiet
from todacomm.tracking.store import open_store, store_errors

PREFIX = "models:/"
_SIZES = "sizes.json"
_URI = re.compile(r"models:/(?P<name>[^/@]+)(?:/(?P<version>\d+|latest)|@(?P<alias>[^/@]+))")


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A version of a registered model; ``created`` tells it from one of the same name and number made later."""

    name: str
    version: str
    created: int

    @property
    def uri(self) -> str:
        """Its address in the registry."""
        return f"{PREFIX}{self.name}/{self.version}"


def find_version(uri: str) -> ModelVersion:
    """The version that ``models:/NAME/VERSION``, ``models:/NAME/latest`` or ``models:/NAME@ALIAS`` names.

    Raises
    ------
    ValueError
        The address has another form, or the registry has no such version.
    """
    parts = _URI.fullmatch(uri)
    if parts is None:
        raise ValueError(
            f"{uri!r} is no registered model: expected models:/NAME/VERSION (a number, or latest) or models:/NAME@ALIAS"
        )
    client = open_store(writing=False)
    name = parts["name"]
    try:
        if parts["version"] == "latest":
            newest = client.search_model_versions(
                f"name = {_quoted(name)}", order_by=["version_number DESC"], max_results=1
            )
            if not newest:
                raise ValueError(f"the registry has no version of {name}: `mlflow ui` lists its models")
            version = newest[0]
        elif parts["version"]:
            version = client.get_model_version(name, parts["version"])
        else:
            version = client.get_model_version_by_alias(name, parts["alias"])
    except MlflowException as error:
        raise ValueError(f"the registry has no {uri} ({error.message}): `mlflow ui` lists its models") from error
    return ModelVersion(name, str(version.version), version.creation_timestamp)


def fetch_version(version: ModelVersion, cache: Path) -> Path:
    """The folder of a registered transformers model: config, weights and tokenizer side by side.

    Parameters
    ----------
    cache : Path
        Folder in which it stays, so that a second use downloads nothing; a copy of which a file is gone or cut short
        is fetched again.

    Raises
    ------
    ValueError
        It cannot be downloaded, or holds no transformers model.
    """
    client = open_store(writing=False)
    key = digest_of_json([client.tracking_uri, version.uri, version.created])
    place = cache / key
    folder = place / re.sub(r"[^\w.-]", "_", f"{version.name}-v{version.version}")
    if _is_complete(folder):
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix=f"{key}-") as scratch:
        fresh = Path(scratch) / "fresh"
        _put_together(version, _download(client, version, Path(scratch) / "loaded"), fresh / folder.name)
        sizes = {file.name: file.stat().st_size for file in (fresh / folder.name).iterdir()}
        (fresh / _SIZES).write_text(json.dumps(sizes), encoding="utf-8")
        if not _is_complete(folder):
            shutil.rmtree(place, ignore_errors=True)
        with suppress(OSError):  # another process was quicker
            fresh.rename(place)
    if not _is_complete(folder):
        raise UserError(f"the copy of {version.uri} in {place} is damaged and cannot be replaced", "remove that folder")
    return folder


def tag_version(version: ModelVersion, tags: Mapping[str, str]) -> None:
    """Set tags of a registered model's version."""
    client = open_store()
    with store_errors(client.tracking_uri):
        for name, text in tags.items():
            client.set_model_version_tag(version.name, version.version, name, text)


def _is_complete(folder: Path) -> bool:
    """Whether every file of a stored copy is there in the size in which it was fetched."""
    try:
        sizes = read_json(folder.parent / _SIZES, "the sizes of a model's files", "fetch the model again")
        return all((folder / name).stat().st_size == size for name, size in sizes.items())
    except (OSError, ValueError):
        return False


def _quoted(name: str) -> str:
    """A name as MLflow's filters take it: in the kind of quotes that it does not hold, for they know no escape.

    >>> print(_quoted("demo"), _quoted("it's"))
    'demo' "it's"
    """
    quote = next((quote for quote in "'\"" if quote not in name), None)
    if quote is None:
        raise ValueError(
            f"MLflow cannot search for {name}, which has both kinds of quotes: give the number of its version"
        )
    return f"{quote}{name}{quote}"


def _download(client: MlflowClient, version: ModelVersion, target: Path) -> Path:
    """The folder of a version's files, as MLflow stores them."""
    with store_errors(client.tracking_uri), quiet():
        place = client.get_model_version_download_uri(version.name, version.version)
        loaded = Path(download_artifacts(artifact_uri=version.uri, dst_path=str(target)))
    if not any(path.is_file() for path in loaded.rglob("*")):
        raise UserError(
            f"the files of {version.uri} are gone from {place}",
            "bring them back there, or register the model again; `todacomm doctor` sees whether the store was moved",
        )
    return loaded


def _put_together(version: ModelVersion, loaded: Path, whole: Path) -> None:
    """MLflow stores the model in one folder and its tokenizer in another."""
    model = next((place for place in (loaded / "model", loaded) if (place / "config.json").is_file()), None)
    if model is None:
        raise UserError(
            f"{version.uri} holds no config.json", "register it with mlflow.transformers, or the folder of a model"
        )
    whole.mkdir(parents=True)
    for place in (model, loaded / "components" / "tokenizer"):
        for file in place.glob("*"):
            if file.is_file():
                shutil.copy(file, whole / file.name)
