"""Where to look at what was recorded."""

from pathlib import Path
from typing import Protocol

from todacomm.settings.analysis import RecordConfig
from todacomm.tracking._mlflow import get_tracking_uri, local_path
from todacomm.tracking.places import HTTP, scheme, shown, sqlite_path
from todacomm.tracking.store import open_store, store_errors

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


def home_link(server: str = LOCAL_UI) -> str:
    """Address of the list of experiments, or of the experiment that analyses go to by default, where it is there.

    Raises
    ------
    ValueError
        The store cannot be read.
    """
    client = open_store(writing=False)
    with store_errors(client.tracking_uri):
        experiment = client.get_experiment_by_name(RecordConfig().experiment_name)
    page = f"/{experiment.experiment_id}" if experiment else ""
    return f"{server.rstrip('/')}/#/experiments{page}?workflowType=machine_learning"


def is_server() -> bool:
    """Whether the store in use is an MLflow server, which has an interface of its own."""
    return scheme(get_tracking_uri()) in HTTP


def server_address() -> str:
    """Address of the server in use, without user and password."""
    return shown(get_tracking_uri())


def server_environment() -> dict[str, str]:
    """Environment variables under which ``mlflow ui`` shows the store in use, without the jobs it does not need."""
    return {"MLFLOW_BACKEND_STORE_URI": get_tracking_uri(), "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}


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
