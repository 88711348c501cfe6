"""Everything that knows MLflow: runs that are being written, and analyses that are read back."""

from todacomm.tracking.analysis import Analysis, load_analyses, load_analysis, load_readable
from todacomm.tracking.comparison import RecordedComparison, load_comparison
from todacomm.tracking.family import Known, absolute_uri, finished_analyses, tried_analyses
from todacomm.tracking.health import check_store
from todacomm.tracking.jobs import JobRun, job_run, log_to_active_run, read_from_active_run, training_run
from todacomm.tracking.links import (
    home_link,
    is_server,
    report_path,
    run_link,
    server_address,
    server_environment,
    ui_command,
)
from todacomm.tracking.names import find_analysis, find_recorded
from todacomm.tracking.process import is_gone, process_tags
from todacomm.tracking.registry import PREFIX, ModelVersion, fetch_version, find_version, tag_version
from todacomm.tracking.run import OpenRun, end_abandoned, mark_refused, open_run
from todacomm.tracking.search import fits_model, full_first, search_analyses
from todacomm.tracking.store import open_store
from todacomm.tracking.write import AnalysisRun, analysis_run, run_name
