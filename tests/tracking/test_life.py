"""How a run begins and ends: taken over or new, finished, failed or killed, by itself or below another."""

import os
import shlex
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import mlflow
import pytest
from click.testing import CliRunner
from mlflow import MlflowClient

from tests.helpers.records import record
from todacomm.cli.console import exit_code
from todacomm.cli.options import entry_point
from todacomm.results.result import Result
from todacomm.settings.analysis import AnalysisConfig
from todacomm.system.progress import silent
from todacomm.system.signals import Interrupted, interruptible, reason_of
from todacomm.tracking import analysis_run, load_analysis, open_run, training_run
from todacomm.tracking.store import open_store

CONFIG = AnalysisConfig()
ROOT = Path(__file__).resolve().parents[2]
WAITING = """
import sys, time
from todacomm.settings.analysis import AnalysisConfig
from todacomm.tracking import analysis_run
try:
    with analysis_run(AnalysisConfig()) as run:
        print(run.run_id, flush=True)
        for _ in range(600):
            time.sleep(0.1)
except KeyboardInterrupt as interrupt:
    sys.exit(getattr(interrupt, "exit_code", 130))
"""


def status(run_id: str) -> str:
    return MlflowClient().get_run(run_id).info.status


def tags(run_id: str) -> dict[str, str]:
    return MlflowClient().get_run(run_id).data.tags


def start(script: str, folder: Path, **environment: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.Popen(
        [sys.executable, "-c", script], cwd=folder, env=environment, stdout=subprocess.PIPE, text=True
    )


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def test_a_run_that_raises_is_failed_and_the_error_goes_on(store: Path) -> None:
    with pytest.raises(ZeroDivisionError), analysis_run(CONFIG) as run:
        1 / 0  # noqa: B018
    assert status(run.run_id) == "FAILED"
    assert tags(run.run_id)["todacomm.model"] == "demo-decoder"
    with pytest.raises(ValueError, match="was failed: there are no results of it"):
        load_analysis(run.run_id)


def test_a_mistake_before_any_work_leaves_no_run(store: Path) -> None:
    with pytest.raises(ValueError, match="bad"), analysis_run(CONFIG) as run:  # noqa: PT012
        run.run.watched(silent)
        raise ValueError("bad")
    assert MlflowClient().get_run(run.run_id).info.lifecycle_stage == "deleted"
    with pytest.raises(ValueError, match="late"), analysis_run(CONFIG) as run:  # noqa: PT012
        run.run.watched(silent)("homology", 0, 1)
        raise ValueError("late")
    assert (status(run.run_id), MlflowClient().get_run(run.run_id).info.lifecycle_stage) == ("FAILED", "active")


def test_a_mistake_is_said_in_the_run_that_mlflow_made(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client = MlflowClient()
    made = [client.create_run("0").info.run_id for _ in range(3)]
    monkeypatch.setenv("MLFLOW_RUN_ID", made[0])
    with pytest.raises(ValueError, match="bad"), analysis_run(CONFIG) as run:  # noqa: PT012
        run.run.watched(silent)
        raise ValueError("bad")
    monkeypatch.setenv("MLFLOW_RUN_ID", made[1])
    assert exit_code(lambda: mistake("nothing to compare")) == 1
    monkeypatch.setenv("MLFLOW_RUN_ID", made[2])
    assert CliRunner().invoke(entry_point(AnalysisConfig, mistake, ""), ["--samples", "-3"]).exit_code == 2
    reasons = [client.get_run(run_id).data.tags["todacomm.refused"] for run_id in made]
    assert reasons == ["bad", "nothing to compare", "samples is -3: expected at least 10"]
    assert all(client.get_run(run_id).info.run_name.startswith("refused: ") for run_id in made)
    assert status(made[0]) == "FAILED"


def mistake(reason: Any) -> None:
    raise ValueError(reason)


def test_a_run_whose_upload_fails_is_not_finished(store: Path, result: Result, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"mlflow\.db cannot be used"), analysis_run(CONFIG) as run:  # noqa: PT012
        (store / "mlruns").write_text("in the way of the folder of artifacts")
        run.write(result, tmp_path / "staging")
    assert status(run.run_id) == "FAILED"


def test_a_store_that_vanishes_at_work_is_one_line_without_mlflows_traceback(
    store: Path, result: Result, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ValueError, match=r"mlflow\.db cannot be used") as caught, analysis_run(CONFIG) as run:  # noqa: PT012
        (store / "mlflow.db").unlink()
        run.write(result, tmp_path / "staging")
    assert str(caught.value).endswith("a run that stays open is ended by the next analysis")
    (note,) = caught.value.__notes__
    assert "could not be marked as ended" in note
    assert "\n" not in note + str(caught.value)
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize("with_experiment", [False, True])
def test_a_run_that_is_deleted_at_work_says_so(
    store: Path, result: Result, tmp_path: Path, with_experiment: bool
) -> None:
    client = MlflowClient()

    def delete(run: Any) -> str:
        client.delete_experiment(run.run.experiment_id) if with_experiment else client.delete_run(run.run_id)
        return f"the run {run.run_id} was deleted while it was being made"

    with pytest.raises(ValueError, match="was deleted while") as told, analysis_run(CONFIG) as run:  # noqa: PT012
        deleted = delete(run)
        run.write(result, tmp_path / "staging")
    assert str(told.value) == f"{deleted}: start again, and leave it until it has ended"
    assert not hasattr(told.value, "__notes__")
    if with_experiment:
        client.restore_experiment(run.run.experiment_id)
    with pytest.raises(ZeroDivisionError) as wrong, analysis_run(CONFIG) as run:  # noqa: PT012
        deleted = delete(run)
        1 / 0  # noqa: B018
    assert wrong.value.__notes__ == [deleted]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), Interrupted(signal.SIGTERM)])
def test_an_interrupted_run_is_killed_and_says_why(store: Path, error: KeyboardInterrupt) -> None:
    with pytest.raises(KeyboardInterrupt), analysis_run(CONFIG) as run:
        raise error
    assert status(run.run_id) == "KILLED"
    assert tags(run.run_id)["todacomm.interrupted"] == ("SIGTERM" if isinstance(error, Interrupted) else "SIGINT")
    with pytest.raises(ValueError, match=r"was killed by SIG(INT|TERM)"):
        load_analysis(run.run_id)


def test_a_signal_ends_the_process_with_its_exit_code(store: Path) -> None:
    with start(WAITING, store) as terminated, start(WAITING, store) as interrupted:
        ended = {first_line(terminated): "SIGTERM", first_line(interrupted): "SIGINT"}
        terminated.send_signal(signal.SIGTERM)
        interrupted.send_signal(signal.SIGINT)
        assert (terminated.wait(60), interrupted.wait(60)) == (143, 130)
    for run_id, reason in ended.items():
        assert status(run_id) == "KILLED"
        assert tags(run_id)["todacomm.interrupted"] == reason


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_that_comes_while_an_object_is_deleted_is_not_lost(signum: signal.Signals) -> None:
    class Deaf:
        def __del__(self) -> None:
            signal.raise_signal(signum)

    def work() -> None:
        with interruptible():
            Deaf()
            time.sleep(10)

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt) as ended:
        work()
    assert reason_of(ended.value) == signum.name
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_the_run_is_made_leaves_none_open(
    store: Path, monkeypatch: pytest.MonkeyPatch, signum: signal.Signals
) -> None:
    create = MlflowClient.create_run

    def interrupted(client: MlflowClient, *words: object, **options: object) -> object:
        run = create(client, *words, **options)
        signal.raise_signal(signum)
        return run

    monkeypatch.setattr(MlflowClient, "create_run", interrupted)
    with pytest.raises(KeyboardInterrupt), analysis_run(CONFIG):
        pytest.fail("the work was begun")
    (run,) = MlflowClient().search_runs([MlflowClient().get_experiment_by_name("todacomm").experiment_id])
    assert run.info.status == "KILLED"
    assert run.data.tags["todacomm.interrupted"] == signum.name


@pytest.mark.parametrize("behind", [False, True])
def test_a_signal_while_the_store_is_read_leaves_no_lock_behind(store: Path, behind: bool) -> None:
    """The frames of the interrupted query hold its lock, or those of an error that was being handled."""

    def read() -> None:
        rows = sqlite3.connect(store / "mlflow.db").execute("SELECT name FROM sqlite_master")
        assert next(rows)
        if behind:
            raise OSError
        signal.raise_signal(signal.SIGTERM)

    with pytest.raises(Interrupted), analysis_run(CONFIG) as run:  # noqa: PT012
        began = time.monotonic()
        try:
            read()
        except OSError:
            signal.raise_signal(signal.SIGTERM)
    assert time.monotonic() - began < 5
    assert status(run.run_id) == "KILLED"
    assert tags(run.run_id)["todacomm.interrupted"] == "SIGTERM"


def test_a_signal_at_the_very_end_does_not_unmake_the_run(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    terminate = MlflowClient.set_terminated

    def interrupted(client: MlflowClient, *words: object, **options: object) -> None:
        terminate(client, *words, **options)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(MlflowClient, "set_terminated", interrupted)
    with analysis_run(CONFIG) as run:
        pass
    assert status(run.run_id) == "FINISHED"


def test_a_device_is_never_replaced_by_a_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:////dev/null")
    with pytest.raises(ValueError, match="/dev/null is a pipe, socket or device"), analysis_run(CONFIG):
        pytest.fail("the work was begun")
    with pytest.raises(ValueError, match="/dev/null is a pipe, socket or device"):
        open_store(writing=False)
    assert Path("/dev/null").is_char_device()


def test_a_handler_of_the_users_own_stays(store: Path) -> None:
    def mine(signum: int, frame: object) -> None: ...

    before = signal.signal(signal.SIGTERM, mine)
    try:
        with analysis_run(CONFIG):
            assert signal.getsignal(signal.SIGTERM) is mine
        assert signal.getsignal(signal.SIGTERM) is mine
    finally:
        signal.signal(signal.SIGTERM, before)


def test_the_run_that_mlflow_run_made_is_taken_over_once(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client = MlflowClient()
    made = client.create_run("0").info.run_id
    monkeypatch.setenv("MLFLOW_RUN_ID", made)
    with analysis_run(CONFIG) as first:
        pass
    with analysis_run(CONFIG) as second:
        pass
    assert first.run_id == made
    assert second.run_id != made
    assert client.get_run(made).info.run_name == "demo-decoder pydoc 500"


def test_a_name_given_to_mlflow_run_stays(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = MlflowClient().create_run("0", run_name="my-run-1").info.run_id
    monkeypatch.setenv("MLFLOW_RUN_ID", made)
    with analysis_run(CONFIG):
        pass
    assert MlflowClient().get_run(made).info.run_name == "my-run-1"


def test_parameters_of_mlflow_run_do_not_stand_in_the_way(
    store: Path, result: Result, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    client = MlflowClient()
    made = client.create_run("0").info.run_id
    client.log_param(made, "model", "'quoted model'")
    monkeypatch.setenv("MLFLOW_RUN_ID", made)
    assert record(result) == made
    assert client.get_run(made).data.params["config/model"] == "demo-decoder"
    assert load_analysis(made).experiment_id == "0"


@pytest.mark.parametrize(
    ("made_in", "asked", "warned"),
    [("Default", "mine", True), ("Default", "todacomm", True), ("theirs", "mine", True), ("theirs", "todacomm", False)],
)
def test_an_experiment_that_mlflow_run_did_not_choose_is_warned_of(
    store: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    made_in: str,
    asked: str,
    warned: bool,
) -> None:
    client = MlflowClient()
    place = client.get_experiment_by_name(made_in)
    experiment = place.experiment_id if place else client.create_experiment(made_in)
    monkeypatch.setenv("MLFLOW_RUN_ID", client.create_run(experiment).info.run_id)
    with analysis_run(AnalysisConfig.from_flat({"experiment_name": asked})) as run:
        assert run.run.experiment_id == experiment
    assert (f"--experiment-name {asked}" in caplog.text) == warned


def test_an_ended_run_is_not_taken_over(store: Path, recorded: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_RUN_ID", recorded)
    with pytest.raises(ValueError, match=r"which has ended \(finished\): unset it"), analysis_run(CONFIG):
        pass


def test_inside_the_callers_own_run_it_is_nested(store: Path) -> None:
    mine = mlflow.create_experiment("mine")
    with mlflow.start_run(experiment_id=mine) as outer:
        with analysis_run(CONFIG) as run:
            active = mlflow.active_run()
            assert active
            assert active.info.run_id == outer.info.run_id
        mlflow.log_metric("still", 1)
    assert tags(run.run_id)["mlflow.parentRunId"] == outer.info.run_id
    assert MlflowClient().get_run(run.run_id).info.experiment_id == mine
    assert (status(run.run_id), status(outer.info.run_id)) == ("FINISHED", "FINISHED")


def test_a_failure_inside_leaves_the_callers_run_open(store: Path) -> None:
    with mlflow.start_run(experiment_id="0") as outer:
        with pytest.raises(ValueError, match="bad"), analysis_run(CONFIG) as run:
            raise ValueError("bad")
        assert status(outer.info.run_id) == "RUNNING"
    assert status(run.run_id) == "FAILED"


def test_children_of_a_sweep_name_their_parent(store: Path) -> None:
    with open_run("sweep", "all of them", "sweeps") as sweep, analysis_run(CONFIG, parent=sweep.run_id) as child:
        pass
    assert tags(child.run_id)["mlflow.parentRunId"] == sweep.run_id
    assert tags(sweep.run_id)["todacomm.kind"] == "sweep"
    with pytest.raises(ValueError, match="is a sweep: expected an analysis"):
        load_analysis(sweep.run_id)


def test_a_training_logs_steps_and_files(store: Path, staging: Path) -> None:
    with training_run("train tiny", {"steps": 2, "seed": None}, "training") as run:
        for step in (1, 2):
            run.log_numbers({"loss": 1 / step}, step=step)
        run.write_folder(staging)
    client = MlflowClient()
    assert [(p.step, p.value) for p in client.get_metric_history(run.run_id, "loss")] == [(1, 1.0), (2, 0.5)]
    assert "report.md" in {info.path for info in client.list_artifacts(run.run_id)}
    assert client.get_run(run.run_id).data.params == {"config/steps": "2", "config/seed": "auto"}


STUCK = (
    "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])\n        print(run.run_id, flush=True)"
)
CHILDREN = {
    "at work": WAITING,
    "in native code": WAITING.replace("print(run.run_id, flush=True)", STUCK),
    "importing": "import os, time, todacomm\nprint(os.environ['MLFLOW_RUN_ID'], flush=True)\ntime.sleep(2)\n" + WAITING,
}
PARENT = """
import subprocess, sys, time
subprocess.Popen({command!r} if {shell} else [sys.executable, "-c", {child!r}])
time.sleep(600)
"""


@pytest.mark.heavy
@pytest.mark.parametrize("shell", [False, True])
@pytest.mark.parametrize("child", CHILDREN)
def test_a_child_ends_with_its_mlflow_run(store: Path, child: str, shell: bool) -> None:
    """The child of a killed ``mlflow run`` is on its own: it sees that, and ends within seconds, wherever it is."""
    client = MlflowClient()
    made = client.create_run("0", tags={"mlflow.source.type": "PROJECT"}).info.run_id
    command = ["bash", "-c", f"{shlex.join([sys.executable, '-c', CHILDREN[child]])}; true"]
    script = PARENT.format(command=command, shell=shell, child=CHILDREN[child])
    with start(script, store, MLFLOW_RUN_ID=made) as parent:
        assert first_line(parent) == made
        parent.kill()
        began = time.monotonic()
        while status(made) == "RUNNING" and time.monotonic() - began < 30:
            time.sleep(0.1)
        assert time.monotonic() - began < (15 if child == "importing" else 5)
    assert status(made) == "KILLED"
    assert tags(made)["todacomm.interrupted"] == "mlflow run is gone"
