"""Where to look at what was recorded."""

from pathlib import Path
from typing import Protocol

from todacomm.tracking._mlflow import get_tracking_uri, local_path
from todacomm.tracking.places import HTTP, scheme, shown, sqlite_path

LOCAL_UI = "http://127.0.0.1:5000"


class Recorded(Protocol):
    """A run by its ids."""

    @property
    def run_id(self) -> str: ...
    @property
    def experiment_id(self) -> str: ...


class WithArtifacts(Protocol):
    """A run that knows where its files are."""

    @property
    def artifact_uri(self) -> str: ...


def run_link(run: Recorded) -> str:
    """Address of a run's page in MLflow's interface, in the half of it that shows runs."""
    uri = get_tracking_uri()
    server = shown(uri).rstrip("/") if scheme(uri) in HTTP else LOCAL_UI
    return f"{server}/#/experiments/{run.experiment_id}/runs/{run.run_id}?workflowType=machine_learning"


def report_path(run: WithArtifacts) -> str:
    """Where the report is: a file, or its address in a remote store of artifacts."""
    folder = local_path(run.artifact_uri)
    return str(folder / "report.html") if folder else f"{run.artifact_uri}/report.html"


def ui_command() -> str:
    """The command that opens MLflow's interface on the store in use."""
    uri = get_tracking_uri()
    if scheme(uri) in HTTP:
        return f"open {shown(uri)}"
    if sqlite_path(uri) == Path("mlflow.db").absolute():
        return "mlflow ui"
    return f"mlflow ui --backend-store-uri {shown(uri)}"
