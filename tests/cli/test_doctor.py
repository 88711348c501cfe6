"""``todacomm doctor``: what is well, what is not, and what to do; nothing is made or changed by looking."""

import shutil
import sqlite3

import pytest
from mlflow import MlflowClient

from tests.helpers.records import record
from tests.helpers.results import make_result
from todacomm.system import checkup
from todacomm.system.checkup import NOTE, OK, PROBLEM
from todacomm.tracking import check_store, open_run


def levels(findings):
    return {finding.subject: finding.level for finding in findings}


def test_a_sound_place_has_no_problem(store, todacomm):
    record(make_result())
    result = todacomm("doctor")
    assert result.exit_code == 0, result.output
    assert "problem " not in result.stdout
    assert all(line.startswith(("ok ", "note ", " ")) for line in result.stdout.splitlines())
    for subject in (
        "python",
        "packages",
        "files",
        "torch",
        "conda",
        "uv",
        "pyenv",
        "hub",
        "cache",
        "activations",
        "store",
        "runs",
    ):
        assert f" {subject} " in result.stdout


def test_a_deleted_folder_is_said(shell, tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    done = shell("doctor")
    assert done.returncode == 1
    assert done.stderr.startswith("error: the current folder was deleted")


def test_looking_makes_no_store(no_mlflow_settings, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert levels(check_store()) == {"store": OK, "reachable": OK}
    assert not list(tmp_path.iterdir())
    (tmp_path / "mlflow.db").touch()
    found = {finding.subject: finding for finding in check_store()}["reachable"]
    assert (found.level, found.fact) == (OK, "there, and empty: the first analysis makes it")
    assert not (tmp_path / "mlflow.db").stat().st_size


@pytest.mark.parametrize("uri", ["sqlite:///", "sqlite:///:memory:"])
def test_a_store_in_memory_is_a_problem(no_mlflow_settings, monkeypatch, todacomm, uri):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    result = todacomm("doctor")
    assert result.exit_code == 1
    assert f"the tracking store {uri} names no file" in result.stdout
    assert "-> set MLFLOW_TRACKING_URI to a file" in result.stdout


def test_a_file_that_is_no_database_is_not_a_matter_of_permissions(no_mlflow_settings, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mlflow.db").write_text("no database at all, but long enough to be looked at as one")
    (found,) = [finding for finding in check_store() if finding.level == PROBLEM]
    assert "file is not a database" in found.fact
    assert found.advice.startswith("set MLFLOW_TRACKING_URI to another file")


def test_a_stray_file_store_is_a_problem(store, todacomm):
    (store / "mlruns/0").mkdir(parents=True)
    (store / "mlruns/0/meta.yaml").write_text("")
    result = todacomm("doctor")
    assert result.exit_code == 1
    assert "mlruns/0/meta.yaml is left from a store of files" in result.stdout
    assert "-> move" in result.stdout


def test_a_moved_store_is_a_problem(store, monkeypatch, tmp_path_factory):
    record(make_result())
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "moved"
    shutil.move(store, elsewhere)
    monkeypatch.chdir(elsewhere)
    found = [finding for finding in check_store() if finding.level == PROBLEM]
    assert [finding.subject for finding in found] == ["artifacts"]
    assert "was made in" in found[0].fact
    assert "sqlite3" in found[0].advice


def test_another_closed_experiment_is_a_note(store):
    record(make_result())
    with sqlite3.connect(store / "mlflow.db") as database:
        database.execute("update experiments set artifact_location = 'mlflow-artifacts:/0' where experiment_id = 0")
    database.close()
    assert levels(check_store())["artifacts"] == NOTE


def test_an_unreachable_server_is_a_problem(no_mlflow_settings, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:secret@127.0.0.1:9")
    findings = list(check_store())
    assert findings[-1].level == PROBLEM
    assert "no tracking store answers" in findings[-1].fact
    assert not any("secret" in finding.fact for finding in findings)


def test_a_run_left_running_is_a_note_with_its_id(store):
    with open_run("analysis", "open", "todacomm") as run:
        found = {finding.subject: finding for finding in check_store()}["runs"]
    assert found.level == NOTE
    assert run.run_id in found.fact
    assert run.run_id in found.advice
    assert MlflowClient().get_run(run.run_id).info.status == "FINISHED"
    assert levels(check_store())["runs"] == OK


def test_a_missing_package_and_a_wrong_version_are_problems(monkeypatch):
    monkeypatch.setattr(
        checkup, "requirements", lambda: ["nonesuch>=1", "numpy<1", "click", "none; python_version<'3'"]
    )
    found = next(iter(checkup.check_packages()))
    assert found.level == PROBLEM
    assert "nonesuch is missing" in found.fact
    assert "numpy is" in found.fact
    assert "click" not in found.fact


@pytest.mark.parametrize(("disk", "level"), [(1e9, NOTE), (1e12, OK)])
def test_little_room_is_a_note(monkeypatch, disk, level):
    monkeypatch.setattr(checkup.shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(disk, 0, disk))
    assert [finding.level for finding in checkup.check_disk()] == [level]


def test_a_missing_runner_says_what_to_do(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert {finding.level for finding in checkup.check_runners()} == {NOTE}
    assert all(finding.advice for finding in checkup.check_runners())


@pytest.mark.parametrize(
    ("gigabytes", "level", "fact"),
    [
        ("2", OK, "up to 2.0 GB are kept in"),
        ("0", NOTE, "TODACOMM_CACHE_GB is 0"),
        ("abc", NOTE, "TODACOMM_CACHE_GB is 'abc': expected gigabytes"),
        ("nan", NOTE, "TODACOMM_CACHE_GB is 'nan': expected gigabytes"),
    ],
)
def test_how_much_is_kept_of_activations_is_looked_at(monkeypatch, tmp_path, gigabytes, level, fact):
    monkeypatch.setenv("TODACOMM_CACHE", str(tmp_path / "deep" / "cache"))
    monkeypatch.setenv("TODACOMM_CACHE_GB", gigabytes)
    (finding,) = checkup.check_activations()
    assert finding.level == level
    assert finding.fact.startswith(fact)
    assert not list(tmp_path.iterdir())


def test_a_file_in_the_place_of_the_cache_is_named(monkeypatch, tmp_path):
    (tmp_path / "cache").write_text("")
    monkeypatch.setenv("TODACOMM_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("TODACOMM_CACHE_GB", raising=False)
    (finding,) = checkup.check_activations()
    assert (finding.level, finding.advice) == (NOTE, "set TODACOMM_CACHE to a folder of your own")
    assert finding.fact == f"{tmp_path / 'cache'} cannot be written: activations are not kept"
