"""A recorded comparison, as far as it is read back: what it compared, with which settings, and its files."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from todacomm.system.foreign import parsed, read_json
from todacomm.system.scratch import held_folder
from todacomm.tracking._mlflow import MlflowClient, MlflowException, local_path, quiet
from todacomm.tracking.finished import check_finished
from todacomm.tracking.run import KIND
from todacomm.tracking.store import open_store

COMPARISON = "comparison"
FACTS = "tables/comparison.json"


@dataclass(frozen=True)
class RecordedComparison:
    """A comparison in the store.

    Attributes
    ----------
    sources : tuple of str
        Ids of the analyses compared.
    options : dict
        Settings by their flat names.
    """

    run_id: str
    sources: tuple[str, ...]
    options: dict[str, Any]
    _client: MlflowClient = field(repr=False)
    _copies: Path = field(repr=False)

    def file(self, path: str) -> Path | None:
        """A file of the run on this machine, or None; a copy of a remote one lives as long as this object."""
        return _file(self._client, self.run_id, path, self._copies)


def load_comparison(run_id: str) -> RecordedComparison | None:
    """A comparison by the id of its run; None where the run is none.

    Raises
    ------
    ValueError
        There is no such run, it did not finish or was deleted, itself or with its experiment, or what it compared is
        not on record.
    """
    client = open_store(writing=False)
    copies = held_folder(client)
    try:
        run = client.get_run(run_id)
    except MlflowException as error:
        raise ValueError(f"no run {run_id!r} in this store") from error
    if run.data.tags.get(KIND) != COMPARISON:
        return None
    check_finished(client, run)
    facts_file = _file(client, run_id, FACTS, copies)
    if facts_file is None:
        raise ValueError(f"run {run_id} has no {FACTS}: what it compared is not known; compare again")
    facts = read_json(facts_file, "the record of a comparison", "compare again")
    with parsed(facts_file, "the record of a comparison", "compare again"):
        return RecordedComparison(run_id, tuple(facts["sources"].values()), dict(facts["options"]), client, copies)


def _file(client: MlflowClient, run_id: str, path: str, folder: Path) -> Path | None:
    local = local_path(str(client.get_run(run_id).info.artifact_uri))
    if local is not None:
        return local / path if (local / path).is_file() else None
    try:
        with quiet():
            return Path(client.download_artifacts(run_id, path, str(folder)))
    except (MlflowException, OSError):  # not there
        return None
