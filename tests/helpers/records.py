"""Results put into the store in use."""

from pathlib import Path
from tempfile import TemporaryDirectory

from todacomm.results.result import Result
from todacomm.tracking import analysis_run


def record(result: Result, note: str = "", parent: str | None = None) -> str:
    """Record a result without pictures; the id of its run."""
    with TemporaryDirectory() as folder, analysis_run(result.config, parent=parent) as run:
        run.write(result, Path(folder), note)
    return run.run_id
