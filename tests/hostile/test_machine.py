"""A machine that fails: no room, no leave, no folder, no home, no streams, no driver. Each is one sentence."""

import errno
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from functools import partial

import numpy as np
import pytest
from click.testing import CliRunner

from tests.conftest import ROOT
from tests.helpers.records import record
from tests.helpers.results import make_result
from todacomm.analysis.own_clouds import read_clouds
from todacomm.cli import main
from todacomm.cli.console import exit_code
from todacomm.jobs.analyze import analyze
from todacomm.settings.analysis import AnalysisConfig
from todacomm.system.errors import UserError
from todacomm.system.printable import cell, printable
from todacomm.system.system_errors import explained
from todacomm.tracking import finished_analyses, load_analysis
from todacomm.tracking.store import open_store, remedy_of
from todacomm.tracking.write import check_output_dir, copied

OUTPUTS = [
    "x" * 300,
    "a/" * 3000,
    "~nobody-at-all/x",
    "/proc/out",
    "/dev/null",
    "/dev/null/x",
    "link",
    "a\0b",
    "loop/x",
]
STORES = [
    "postgresql+psycopg9://localhost/x", "mysql://127.0.0.1:1/x", "foo://x", "sqlite:////proc/x.db",
    "sqlite:///" + "x" * 300, "gs://bucket/x", "sftp://host/x", "http://127.0.0.1:1", "http://[::1", "http://host:port",
]  # fmt: skip
ESCAPES = ["\x1b]0;title\x07", "\x1b[2J\x1b[31mred", "\x9b31m", "a\rb", "\u202egnp.exe", "\ud800", "\x08" * 9]


@pytest.mark.parametrize("output", OUTPUTS)
def test_an_output_dir_that_cannot_be(tmp_path, monkeypatch, output):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to("nothing/at/all")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(UserError, match="output_dir"):
        check_output_dir(output)
    assert sorted(os.listdir(tmp_path)) == ["link", "loop"]


@pytest.mark.parametrize("uri", STORES)
def test_a_store_that_cannot_be(tmp_path, monkeypatch, no_mlflow_settings, uri):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    for attempt in (partial(open_store, writing=False), open_store):
        with pytest.raises(ValueError, match=r"store|recorded|path|artifact"):
            attempt()
    with suppress(ValueError):
        assert finished_analyses() == {}


def test_an_address_of_nothing_is_that_of_mlflow_s_own_store(tmp_path, monkeypatch, no_mlflow_settings):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    open_store()
    assert (tmp_path / "mlflow.db").is_file()


DRIVERS = {
    "psycopg2": "psycopg2-binary", "MySQLdb": "mysqlclient", "google.cloud": "google-cloud-storage", "pysftp": "pysftp",
}  # fmt: skip


@pytest.mark.parametrize(("module", "package"), DRIVERS.items())
def test_a_missing_driver_is_named_with_its_package(module, package):
    assert remedy_of(ModuleNotFoundError(f"No module named {module!r}", name=module)).endswith(f"pip install {package}")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.ELOOP])
def test_errors_of_the_system_are_one_sentence(number, capsys):
    def job():
        error = OSError(number, os.strerror(number), "/some/file")
        error.add_note("what else happened")
        raise error

    assert exit_code(job) == 1
    assert capsys.readouterr().err.startswith("error: ")
    assert "/some/file" in str(explained(OSError(number, os.strerror(number), "/some/file")))


def test_a_defect_keeps_its_traceback_and_notes_are_printed(capsys):
    def noted():
        error = ValueError("wrong")
        error.add_note("the run could not be marked as ended")
        raise error

    assert exit_code(noted) == 1
    assert capsys.readouterr().err == "error: wrong\nthe run could not be marked as ended\n"
    with pytest.raises(ZeroDivisionError):
        exit_code(lambda: 1 / 0)

    def interrupted():
        error = KeyboardInterrupt()
        error.add_note("the run could not be marked as ended")
        raise error

    assert exit_code(interrupted) == 130
    assert capsys.readouterr().err == "interrupted\nthe run could not be marked as ended\n"


@pytest.mark.parametrize("text", ESCAPES)
def test_nothing_steers_the_terminal(text, capsys):
    def job():
        raise ValueError(f"no model {text}")

    assert exit_code(job) == 1
    printed = capsys.readouterr().err
    assert not any((ord(c) < 32 and c != "\n") or 0x7F <= ord(c) < 0xA0 or c == "\u202e" for c in printed)
    assert printable("läuft · 漢字 👩‍🔬\n") == "läuft · 漢字 👩‍🔬\n"
    assert cell("a\tb\nc") == "a\\tb\\nc"


def test_names_in_a_store_do_not_steer_the_terminal(store):
    run_id = record(make_result())
    open_store().update_run(run_id, name="\x1b[31mred")
    result = CliRunner().invoke(main, ["show", "latest"])
    assert result.exit_code == 0
    assert "\x1b" not in result.output
    assert "\\x1b[31mred" in result.output


def test_a_full_disk_leaves_no_half_copy(tmp_path, monkeypatch):
    (tmp_path / "files").mkdir()

    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("shutil.copytree", full)
    with (
        pytest.raises(UserError, match=r"output_dir .* cannot be written"),
        copied(tmp_path / "files", str(tmp_path / "out")),
    ):
        raise AssertionError("nothing may be recorded")
    assert sorted(os.listdir(tmp_path)) == ["files"]


def test_a_deleted_folder_is_named(tmp_path, monkeypatch, capsys):
    (tmp_path / "x").mkdir()
    monkeypatch.chdir(tmp_path / "x")
    (tmp_path / "x").rmdir()
    done = CliRunner().invoke(main, ["show", "latest"])
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == "error: the current folder was deleted: change into one that is there\n"
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x").mkdir()
    monkeypatch.chdir(tmp_path / "x")

    def at_work():
        (tmp_path / "x").rmdir()
        os.getcwd()

    assert exit_code(at_work) == 1
    assert capsys.readouterr().err.startswith("error: the current folder was deleted")
    monkeypatch.chdir(tmp_path)


def test_closed_streams_are_no_traceback(store, monkeypatch):
    """As Python has them behind 0<&- 2>&-: they are None."""
    for name in ("stdin", "stderr"):
        monkeypatch.setattr(sys, name, None)
    with pytest.raises(SystemExit) as ended:
        main(["show", "latest"])
    assert ended.value.code == 1


@pytest.mark.heavy
def test_a_deleted_folder_and_closed_streams_of_a_process(tmp_path):
    folder = tmp_path / "x"
    folder.mkdir()
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    code = f"import os; os.rmdir({str(folder)!r}); from todacomm.cli import main; main(['show', 'latest'])"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, env=env, check=False)
    assert done.returncode == 1
    assert done.stderr == "error: the current folder was deleted: change into one that is there\n"
    script = f"cd {tmp_path} && exec {sys.executable} -m todacomm show latest 0<&- 2>&-"
    closed = subprocess.run(["sh", "-c", script], stdout=subprocess.PIPE, timeout=120, env=env, check=False)
    assert closed.returncode == 1
    assert closed.stdout == b""


@pytest.mark.heavy
@pytest.mark.skipif(os.getuid() != 0, reason="only root can mount a small disk or become nobody")
@pytest.mark.parametrize("what", ["store", "output_dir", "TMPDIR"])
def test_a_disk_that_is_really_full(tmp_path, monkeypatch, what):
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", small], check=False).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        np.savez(tmp_path / "cloud.npz", layer_0=np.random.default_rng(0).normal(size=(400, 300)))
        (tmp_path / "work").mkdir()
        place = small if what == "store" else tmp_path / "work"
        option = f"--output-dir {small}/out" if what == "output_dir" else ""
        env = os.environ | {"PYTHONPATH": str(ROOT)} | ({"TMPDIR": str(small)} if what == "TMPDIR" else {})
        line = f"cd {place} && exec {sys.executable} -m todacomm run --model clouds:{tmp_path}/cloud.npz {option}"
        line += " --replicates 0 --nulls 0 --loops 0 --pca 0 --explorer false"
        done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=300, env=env, check=False)
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        assert "room" in done.stderr
        assert not list(small.glob("out*"))
    finally:
        subprocess.run(["umount", "-l", small], check=True)


def test_a_user_whom_the_system_does_not_list(store, tmp_path, monkeypatch, rng):
    """Without HOME, without a name, without an entry: all that a process asks them of."""
    for name in ("HOME", "USER", "LOGNAME", "LNAME", "USERNAME", "TODACOMM_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)

    def unlisted(*_):
        raise KeyError("uid not found: 54321")

    monkeypatch.setattr("pwd.getpwuid", unlisted)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    np.savez("cloud.npz", layer_0=rng.normal(size=(30, 4)))
    line = "run --model clouds:cloud.npz --nulls 0 --replicates 0 --loops 0 --figures none --explorer false"
    done = CliRunner().invoke(main, line.split())
    assert done.exit_code == 0, done.output
    assert "Traceback" not in done.output


@pytest.mark.heavy
@pytest.mark.parametrize("home", [{}, {"HOME": "/nonexistent"}], ids=["none", "absent"])
def test_a_process_without_a_home(tmp_path, home):
    """One that the system does not list, as in a container; where none can be made here, this user."""
    np.savez(tmp_path / "cloud.npz", layer_0=np.random.default_rng(0).normal(size=(60, 5)))
    unlisted = ["unshare", "--user", "--map-user=54321", "--map-group=54321"]
    possible = shutil.which("unshare") and not subprocess.run([*unlisted, "true"], check=False).returncode
    names = ("HOME", "USER", "LOGNAME", "TODACOMM_CACHE", "MPLCONFIGDIR", "XDG_CACHE_HOME", "MLFLOW_TRACKING_URI")
    env = {key: value for key, value in os.environ.items() if key not in names}
    env |= {"PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path), **home}
    line = "-m todacomm run --model clouds:cloud.npz --nulls 0 --replicates 0 --loops 0 --figures summary"
    command = [*(unlisted if possible else []), sys.executable, *line.split()]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=300, check=False)
    assert "Traceback" not in done.stderr
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "mlflow.db").is_file()


def test_an_analysis_is_whole_where_its_copy_cannot_be_made(store, tmp_path):
    """The copy comes first: what is FAILED has no results."""
    np.savez(tmp_path / "cloud.npz", layer_0=np.random.default_rng(0).normal(size=(30, 4)))
    with pytest.raises(UserError, match="output_dir"):
        analyze(model=f"clouds:{tmp_path}/cloud.npz", output_dir="/proc/x", nulls=0, replicates=0, loops=0)
    few = {"nulls": 0, "replicates": 0, "loops": 0, "figures": "none"}
    analysis = analyze(model=f"clouds:{tmp_path}/cloud.npz", output_dir=str(tmp_path / "out"), **few)
    assert load_analysis(analysis.run_id).run_id == analysis.run_id
    assert (tmp_path / "out/report.md").is_file()


def test_the_cause_of_an_error_is_in_a_log_that_is_named(tmp_path, monkeypatch, capsys):
    """What a parser raised, with its traceback; a plain mistake has no cause and no log."""
    monkeypatch.setenv("TODACOMM_CACHE", str(tmp_path / "cache"))
    (tmp_path / "a.npz").write_bytes(b"PK\x03\x04 and no more")
    log = tmp_path / "cache/errors.log"
    assert exit_code(lambda: AnalysisConfig.from_flat({"samples": 3})) == 1
    assert not log.exists()
    for times in (1, 2):
        assert exit_code(lambda: read_clouds(tmp_path / "a.npz") and None) == 1
        assert capsys.readouterr().err.splitlines()[-1] == f"its cause is in {log}"
        assert log.read_text().count("Traceback (most recent call last)") == 2 * times
    assert log.stat().st_mode & 0o777 == 0o600
    assert "zipfile" in log.read_text()
    monkeypatch.setenv("TODACOMM_CACHE", "/proc/nowhere")
    assert exit_code(lambda: read_clouds(tmp_path / "a.npz") and None) == 1
    assert "its cause" not in capsys.readouterr().err
