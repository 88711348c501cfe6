"""Whether the results of a run may be read: it is there, and it finished."""

from todacomm.tracking._mlflow import MlflowClient, Run
from todacomm.tracking.run import INTERRUPTED
from todacomm.tracking.store import store_errors


def check_there(client: MlflowClient, run: Run) -> None:
    """Refuse a run that is deleted, by itself or with its experiment; MLflow restores one without the other.

    Raises
    ------
    ValueError
        It is deleted; the message has the command that brings it back.
    """
    run_id = run.info.run_id
    with store_errors(client.tracking_uri):
        experiment = client.get_experiment(run.info.experiment_id)
    if experiment.lifecycle_stage != "active":
        command = f"mlflow experiments restore --experiment-id {experiment.experiment_id}"
        raise ValueError(
            f"run {run_id} is in the experiment {experiment.name!r}, which is deleted: `{command}` brings it back with "
            "its runs"
        )
    if run.info.lifecycle_stage != "active":
        raise ValueError(f"run {run_id} is deleted: `mlflow runs restore --run-id {run_id}` brings it back")


def check_finished(client: MlflowClient, run: Run) -> None:
    """Refuse a run that is deleted or did not finish.

    Raises
    ------
    ValueError
        It has no results that can be read; the message says why.
    """
    check_there(client, run)
    run_id, tags, status = run.info.run_id, run.data.tags, run.info.status
    if status in ("RUNNING", "SCHEDULED"):
        raise ValueError(f"run {run_id} is still running: wait until it is finished")
    if status != "FINISHED":
        why = f" by {tags[INTERRUPTED]}" if INTERRUPTED in tags else ""
        raise ValueError(f"run {run_id} was {status.lower()}{why}: there are no results of it")
