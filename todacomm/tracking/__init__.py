"""Everything that knows MLflow: runs that are being written, and analyses that are read back."""

from todacomm.tracking.analysis import Analysis, load_analyses, load_analysis
from todacomm.tracking.health import check_store
from todacomm.tracking.interrupt import Interrupted, interruptible
from todacomm.tracking.jobs import JobRun, job_run
from todacomm.tracking.links import (
    home_link,
    is_server,
    report_path,
    run_link,
    server_address,
    server_environment,
    ui_command,
)
from todacomm.tracking.names import find_analysis
from todacomm.tracking.run import OpenRun, open_run
from todacomm.tracking.search import search_analyses
from todacomm.tracking.store import open_store
from todacomm.tracking.write import AnalysisRun, TrainingRun, analysis_run, run_name, training_run

__all__ = [
    "Analysis",
    "AnalysisRun",
    "Interrupted",
    "JobRun",
    "OpenRun",
    "TrainingRun",
    "analysis_run",
    "check_store",
    "find_analysis",
    "home_link",
    "interruptible",
    "is_server",
    "job_run",
    "load_analyses",
    "load_analysis",
    "open_run",
    "open_store",
    "report_path",
    "run_link",
    "run_name",
    "search_analyses",
    "server_address",
    "server_environment",
    "training_run",
    "ui_command",
]
