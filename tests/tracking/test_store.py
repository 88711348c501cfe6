"""Which store is used, what its first use does, and what is said where it cannot be used."""

import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from mlflow import MlflowClient

from tests.helpers.records import record
from todacomm.results.result import Result
from todacomm.settings.analysis import AnalysisConfig
from todacomm.tracking import (
    analysis_run,
    fetch_version,
    find_version,
    finished_analyses,
    load_analysis,
    open_store,
    search_analyses,
)
from todacomm.tracking.places import check_artifacts, scheme, shown, sqlite_path

CONFIG = AnalysisConfig()
ROOT = Path(__file__).resolve().parents[2]
FIRST_USE = """
from todacomm.settings.analysis import AnalysisConfig
from todacomm.tracking import analysis_run
with analysis_run(AnalysisConfig()) as run:
    print(run.run_id, run.run.experiment_id)
"""


@pytest.fixture
def free_port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def test_a_fresh_folder_gets_mlflows_own_default_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "with space"
    folder.mkdir()
    (folder / "mlflow.db-new").write_text("what an interrupted first use left")
    monkeypatch.chdir(folder)
    with analysis_run(CONFIG) as run:
        pass
    assert (folder / "mlflow.db").is_file()
    assert not (folder / "mlflow.db-new").exists()
    info = MlflowClient().get_run(run.run_id).info
    assert info.artifact_uri == str(folder / "mlruns" / info.experiment_id / run.run_id / "artifacts")
    assert {e.name for e in MlflowClient().search_experiments()} == {"Default", "todacomm"}


@pytest.mark.parametrize("processes", [2, pytest.param(4, marks=pytest.mark.heavy)])
def test_processes_may_start_at_once_on_a_fresh_store(tmp_path: Path, processes: int) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", FIRST_USE]
    started = [
        subprocess.Popen(
            command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(processes)
    ]
    said = [process.communicate(timeout=120) for process in started]
    assert [process.returncode for process in started] == [0] * processes, said
    assert {err for _, err in said} == {""}, "first use is quiet"
    runs, experiments = zip(*(out.split() for out, _ in said), strict=True)
    assert len(set(runs)) == processes
    assert len(set(experiments)) == 1


def test_the_uri_in_the_environment_wins(
    store: Path, tmp_path_factory: pytest.TempPathFactory, result: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "runs.db"
    (store / "mlflow.db").rename(elsewhere)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{elsewhere}")
    analysis = load_analysis(record(result))
    assert not (store / "mlflow.db").exists()
    assert search_analyses()["run_id"].tolist() == [analysis.run_id]


def test_a_stray_store_of_files_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mlruns/3").mkdir(parents=True)
    (tmp_path / "mlruns/3/meta.yaml").touch()
    with pytest.raises(ValueError, match=r"mlruns/3/meta\.yaml is left from a store of files.*move mlruns/3 out of"):
        open_store()


def test_a_store_of_files_by_uri_is_refused_with_mlflows_reason(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", (store / "files").as_uri())
    with pytest.raises(ValueError, match=r"(?s)cannot be used.*maintenance mode.*sqlite"):
        open_store()


@pytest.mark.parametrize("uri", ["http://127.0.0.1:{port}", "postgresql://me:secret@127.0.0.1:{port}/mlflow"])
def test_an_unreachable_store_is_an_error_within_seconds(
    store: Path, monkeypatch: pytest.MonkeyPatch, free_port: int, uri: str
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri.format(port=free_port))
    began = time.monotonic()
    with pytest.raises(ValueError, match="no tracking store answers at") as told:
        open_store()
    assert time.monotonic() - began < 8
    assert "secret" not in str(told.value)


def test_a_file_that_is_no_database_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mlflow.db").write_text("no database at all, but long enough to be looked at as one")
    advice = "set MLFLOW_TRACKING_URI to another file, such as sqlite:///runs.db, or move this one away"
    for writing, verb in ((True, "written"), (False, "read")):
        with pytest.raises(ValueError, match=rf"mlflow\.db cannot be {verb} \(file is not a database\): {advice}"):
            open_store(writing)


@pytest.mark.parametrize("uri", ["sqlite://", "sqlite:///", "sqlite:///:memory:"])
def test_a_store_in_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_mlflow_settings: None, uri: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    for writing in (True, False):
        with pytest.raises(ValueError, match=rf"the tracking store {uri} names no file, .*: set MLFLOW_TRACKING_URI"):
            open_store(writing)
    assert not list(tmp_path.iterdir())


def test_a_store_in_the_place_of_a_folder_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/file/mlflow.db")
    with pytest.raises(ValueError, match=r"cannot be used .*File exists.*check MLFLOW_TRACKING_URI"):
        open_store()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_closed_store_is_an_error(store: Path) -> None:
    (store / "mlflow.db").chmod(0o444)
    with pytest.raises(ValueError, match=r"cannot be written \(attempt to write a readonly database\)"):
        open_store()
    assert open_store(writing=False)


def test_a_locked_store_is_an_error(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("todacomm.tracking.places._LOCKED_SECONDS", 0.1)
    with closing(sqlite3.connect(store / "mlflow.db")) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(ValueError, match=r"cannot be written \(database is locked\): wait for the process"):
            open_store()


def test_reading_makes_no_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=r"nothing is recorded at .*mlflow\.db: start where the analyses ran"):
        search_analyses()
    assert not list(tmp_path.iterdir())
    (tmp_path / "mlflow.db").touch()
    with pytest.raises(ValueError, match=r"nothing is recorded at .*mlflow\.db: start where the analyses ran"):
        search_analyses()
    assert finished_analyses() == {}
    assert not (tmp_path / "mlflow.db").stat().st_size
    open_store()
    assert search_analyses().empty


@pytest.mark.parametrize("copied", [False, True])
def test_a_moved_checkout_says_so_and_how_to_mend_it(
    store: Path, recorded: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, copied: bool
) -> None:
    moved = tmp_path_factory.mktemp("moved") / "here"
    (shutil.copytree if copied else shutil.move)(store, moved)
    monkeypatch.chdir(moved)
    with pytest.raises(ValueError, match=r"was made in .*: move it back, or remove") as told, analysis_run(CONFIG):
        pass
    if not copied:
        with pytest.raises(ValueError, match="was made in"):
            load_analysis(recorded)
    database, changes = re.findall(r'"([^"]+)"', str(told.value))
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript(changes)
    assert Path(load_analysis(recorded).artifact_uri).is_relative_to(moved)
    with analysis_run(CONFIG) as run:
        pass
    assert Path(MlflowClient().get_run(run.run_id).info.artifact_uri).is_relative_to(moved)


def test_registered_models_move_with_the_store(
    store: Path, recorded: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Version 1 names a folder of a run, 2 a logged model, and 3 a folder beside the store, which was not moved."""
    client, beside = MlflowClient(), Path(f"{store}-beside")
    client.create_registered_model("demo")
    place = Path(client.get_run(recorded).info.artifact_uri) / "model"
    logged = client.create_logged_model("0", name="demo")
    for folder in (place, Path(logged.artifact_location), beside):
        folder.mkdir(parents=True)
        (folder / "config.json").write_text("{}")
    client.create_model_version("demo", str(place), recorded)
    client.create_model_version("demo", f"models:/{logged.model_id}", model_id=logged.model_id)
    client.create_model_version("demo", str(beside))
    moved = tmp_path_factory.mktemp("moved") / "here"
    shutil.move(store, moved)
    monkeypatch.chdir(moved)
    with pytest.raises(ValueError, match="was made in") as told, analysis_run(CONFIG):
        pass
    database, changes = re.findall(r'"([^"]+)"', str(told.value))
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript(changes)
    for version in "123":
        assert (fetch_version(find_version(f"models:/demo/{version}"), moved / "cache") / "config.json").is_file()
    assert MlflowClient().get_logged_model(logged.model_id).artifact_location.startswith(str(moved))


def test_an_older_store_is_mended_in_the_tables_that_it_has(
    store: Path, recorded: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    moved = tmp_path_factory.mktemp("moved") / "mlflow.db"
    with closing(sqlite3.connect(store / "mlflow.db")) as connection:
        connection.executescript("DROP TABLE logged_models; ALTER TABLE model_versions DROP COLUMN storage_location")
    experiment = MlflowClient().get_experiment_by_name("todacomm")
    shutil.move(store, moved.parent / "gone")
    shutil.copy(moved.parent / "gone/mlflow.db", moved)
    with pytest.raises(ValueError, match=r"UPDATE model_versions SET source") as told:
        check_artifacts(f"sqlite:///{moved}", experiment, writing=False)
    database, changes = re.findall(r'"([^"]+)"', str(told.value))
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript(changes)


def test_a_store_elsewhere_is_no_copy_of_the_one_here(
    store: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store named by its address keeps its artifacts in the folder where it is first used, beside another store."""
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{elsewhere}")
    monkeypatch.setenv("MLFLOW_RUN_ID", open_store().create_run("0").info.run_id)
    with analysis_run(CONFIG) as run:
        pass
    assert Path(open_store().get_run(run.run_id).info.artifact_uri).is_relative_to(store / "mlruns")


def test_an_experiment_of_a_server_is_refused_without_it(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What ``mlflow ui`` makes of ``Default`` when it is the first to open the store."""
    client = MlflowClient()
    served = client.create_experiment("served", artifact_location="mlflow-artifacts:/7")
    monkeypatch.setenv("MLFLOW_RUN_ID", client.create_run(served).info.run_id)
    with (
        pytest.raises(ValueError, match=r"'served' was made by an MLflow server.*--experiment-name"),
        analysis_run(CONFIG),
    ):
        pass


def test_a_deleted_experiment_is_named(store: Path) -> None:
    client = MlflowClient()
    client.delete_experiment(client.create_experiment("todacomm"))
    with pytest.raises(ValueError, match="'todacomm' is deleted: restore it with"), analysis_run(CONFIG):
        pass


def test_an_artifact_location_of_the_users_own_is_fine(store: Path, result: Result, tmp_path_factory) -> None:
    folder = tmp_path_factory.mktemp("artifacts")
    MlflowClient().create_experiment("todacomm", artifact_location=folder.as_uri())
    assert Path(load_analysis(record(result)).artifact("tables/layers.json")).is_relative_to(folder)


def test_addresses_are_told_apart() -> None:
    assert scheme("mysql+pymysql://db/x") == "mysql"
    assert sqlite_path("sqlite:////data/my%20runs.db") == Path("/data/my runs.db")
    assert sqlite_path("sqlite://") is None
    assert sqlite_path("http://host:5000") is None
    assert shown("http://host:5000") == "http://host:5000"
