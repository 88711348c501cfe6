"""What every command does around its job: exit codes, errors on one screen, links at the end."""

import json
import logging
import os
import shlex
import shutil
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import Any

from todacomm.system.printable import printable, say

FAILED = 1
INTERRUPTED = 130
_LARGEST_LOG = 1_000_000


def exit_code(job: Callable[[], int | None], log: bool = True) -> int:
    """Run a job; 0 or the code that it gives, 1 with the error's text where the user can correct it, 130 after Ctrl-C
    and 143 after SIGTERM.

    An error that neither the user nor this machine can be the cause of is a defect of the program and keeps its
    traceback.

    Parameters
    ----------
    log : bool
        Show what the library logs, such as the size of a model before its download, on stderr.
    """
    from todacomm.system.signals import interruptible
    from todacomm.system.system_errors import check_folder, explained, open_missing_streams

    open_missing_streams()
    with interruptible(command=True), shown_log() if log else nullcontext():
        try:
            check_folder()
            return job() or 0
        except BrokenPipeError:
            raise
        except (ValueError, OSError, MemoryError) as error:
            shown = error if isinstance(error, ValueError) else explained(error)
            if shown is None:
                raise
            say("\n".join([f"error: {shown}", *getattr(error, "__notes__", ()), *logged_cause(error)]), file=sys.stderr)
            say_in_run(str(shown))
            return FAILED
        except KeyboardInterrupt as interrupt:
            say("\n".join(["interrupted", *getattr(interrupt, "__notes__", ())]), file=sys.stderr)
            return getattr(interrupt, "exit_code", INTERRUPTED)


def logged_cause(error: Exception) -> list[str]:
    """A line on where the traceback of an error's cause is: ``errors.log`` in the cache folder, readable by its user.

    Nothing where there is no cause but a missing file or an error of our own, or where the log cannot be written.
    """
    from todacomm.system.cache import cache_folder

    cause = error.__cause__
    if cause is None or isinstance(cause, FileNotFoundError) or type(cause).__module__.startswith("todacomm."):
        return []
    log = cache_folder() / "errors.log"
    full = log.is_file() and log.stat().st_size > _LARGEST_LOG
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if full else os.O_APPEND)
        with open(os.open(log, flags, 0o600), "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"{datetime.now():%Y-%m-%d %H:%M:%S} {shlex.join(sys.argv)}\n")
            traceback.print_exception(error, file=file)
    except OSError:
        return []
    return [f"its cause is in {log}"]


def say_in_run(reason: str) -> None:
    """Mark the run that ``mlflow run`` made for this process, where no job has taken it over, as refused."""
    if "MLFLOW_RUN_ID" in os.environ:
        from todacomm.tracking import mark_refused

        mark_refused(reason)


@contextmanager
def shown_log() -> Iterator[None]:
    """Show on stderr what the library logs."""
    logger, handler = logging.getLogger("todacomm"), logging.StreamHandler()
    handler.setFormatter(_Printable())
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


class _Printable(logging.Formatter):
    """Log lines without what would steer a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        return printable(super().format(record))


def check_output(output: Path | None) -> None:
    """Whether a report can be written to a file, checked before any work.

    Raises
    ------
    ValueError
        It is neither markdown nor HTML, or its folder does not exist.
    """
    if output is None:
        return
    if output.suffix not in (".md", ".html"):
        raise ValueError(f"output is {output}: expected a file that ends in .md or .html")
    if not output.absolute().parent.is_dir():
        raise ValueError(f"output {output} has no folder to stand in: make {output.absolute().parent} first")


def print_json(**facts: Any) -> None:
    """One line of JSON on stdout."""
    print(json.dumps(facts, ensure_ascii=True, allow_nan=False), flush=True)


def print_warnings(warnings: Any) -> None:
    """A line a warning on stderr."""
    for warning in warnings:
        say(f"warning: {warning}", file=sys.stderr)


def print_links(run: Any) -> None:
    """Where a finished run and its report are, and how to look at them."""
    from todacomm import tracking

    say(f"\nrun      {tracking.run_link(run)}")
    say(f"report   {tracking.report_path(run)}")
    print(f'look     {_opener()}, then press "Model training" on the experiment\'s page', flush=True)


def _opener() -> str:
    """The shortest command that opens MLflow's interface here."""
    from todacomm import tracking

    if Path("MLproject").is_file() and Path("Makefile").is_file():
        return "make ui"
    return "todacomm ui" if shutil.which("todacomm") else tracking.ui_command()
