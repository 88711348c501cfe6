"""A call in a second process does what a call here does, fails as one here does, and never outlives its caller."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from todacomm.system.errors import UserError
from todacomm.system.side_process import SideProcess, in_forks, side_process, start_ahead

MODULE = """
import os, signal, time
from todacomm.system.side_process import in_forks
from todacomm.system.errors import UserError

class Odd(Exception):
    def __init__(self, one, two):
        super().__init__(f"{one} and {two}")

def write(path, text):
    path.write_text(f"{text} {os.getpid()}")

def refuse():
    raise UserError("a problem", "a remedy")

def full():
    raise OSError(28, "No space left on device", "/a/file")

def defect():
    {}["absent"]

def odd():
    raise Odd(1, 2)

def killed():
    os.kill(os.getpid(), signal.SIGKILL)

def wait(path):
    in_forks([lambda name=name: ((path / name).write_text(str(os.getpid())), time.sleep(60)) for name in "ab"], 2)
"""


@pytest.fixture
def process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SideProcess]:
    (tmp_path / "work_beside.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    with side_process("work_beside", unless="work_beside") as made:
        assert made is not None
        yield made


def test_a_call_is_made_in_another_process(process: SideProcess, tmp_path: Path) -> None:
    process.begin("write", tmp_path / "file", "written by")
    process.finish()
    text, number = (tmp_path / "file").read_text().rsplit(" ", 1)
    assert text == "written by"
    assert int(number) != os.getpid()
    assert "work_beside" not in sys.modules


@pytest.mark.parametrize(
    ("function", "error", "text"),
    [
        ("refuse", UserError, "a problem: a remedy"),
        ("full", OSError, "No space left on device"),
        ("defect", KeyError, "absent"),
        ("odd", RuntimeError, "Odd: 1 and 2"),
        ("killed", UserError, "ended before its work was done"),
        ("missing", UserError, "ended before its work was done"),
    ],
)
def test_what_fails_there_is_raised_here(
    process: SideProcess, function: str, error: type[Exception], text: str
) -> None:
    process.begin(function)
    with pytest.raises(error, match=text) as caught:
        process.finish()
    if function == "refuse":
        assert (caught.value.problem, caught.value.remedy) == ("a problem", "a remedy")
    traced = "work_beside.py" in "".join(getattr(caught.value, "__notes__", ()))
    assert traced == (function in ("defect", "odd"))


def test_a_module_that_cannot_be_imported_fails_the_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_beside.py").write_text("import nothing_of_the_kind")
    monkeypatch.syspath_prepend(tmp_path)
    with side_process("broken_beside", unless="broken_beside") as process:
        assert process is not None
        process.begin("anything")
        with pytest.raises(ModuleNotFoundError, match="nothing_of_the_kind"):
            process.finish()


def interrupted_at_work(folder: Path) -> None:
    with side_process("work_beside", unless="work_beside") as process:
        assert process is not None
        process.begin("wait", folder)
        deadline = time.monotonic() + 60
        while not all((folder / name).is_file() for name in "ab") and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.2)
        raise KeyboardInterrupt


def test_what_is_left_undone_ends_with_the_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "work_beside.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        interrupted_at_work(tmp_path)
    numbers = {int((tmp_path / name).read_text()) for name in "ab"}
    assert len(numbers) == 2
    deadline = time.monotonic() + 30
    while any(map(at_work, numbers)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(at_work, numbers))


def at_work(number: int) -> bool:
    """Whether a process is there, and not one that nobody has asked how it ended."""
    try:
        return psutil.Process(number).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_no_process_is_made_where_the_imports_are_done() -> None:
    with side_process("json", unless="os") as process:
        assert process is None


def test_forks_share_the_tasks_and_an_error_of_any_is_raised(tmp_path: Path) -> None:
    """In a process of its own: forks need one without threads."""
    code = f"""
import os
from pathlib import Path
from todacomm.system.side_process import in_forks
folder = Path({str(tmp_path)!r})

def task(number):
    (folder / str(number)).open("x").close()
    if number == 299:
        raise ValueError("the last one")

try:
    in_forks([lambda number=number: task(number) for number in range(300)], 3)
except ValueError as error:
    (folder / str(error)).touch()
"""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    child = os.spawnve(os.P_WAIT, sys.executable, [sys.executable, "-c", code], environment)
    assert child == 0
    assert {path.name for path in tmp_path.iterdir()} == {*map(str, range(300)), "the last one"}
    with pytest.raises(ValueError, match="here"):
        in_forks([lambda: int("here")], 1)


def test_a_process_started_ahead_is_the_one_of_the_block_and_a_second_block_has_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "work_ahead.py").write_text("import os\n\ndef write(path):\n    path.write_text(str(os.getpid()))\n")
    monkeypatch.syspath_prepend(tmp_path)
    others = set(psutil.Process().children())
    start_ahead("work_ahead", unless="work_ahead")
    start_ahead("work_ahead", unless="work_ahead")
    (before,) = set(psutil.Process().children()) - others
    with side_process("work_ahead", unless="work_ahead") as process:
        assert process is not None
        process.begin("write", tmp_path / "pid")
        process.finish()
        assert (tmp_path / "pid").read_text() == str(before.pid)
    assert not before.is_running()
    with side_process("work_ahead", unless="work_ahead"):
        assert before not in psutil.Process().children()


def test_a_process_started_ahead_for_nothing_ends_with_this_one(tmp_path: Path) -> None:
    code = (
        "from todacomm.system.side_process import start_ahead; import psutil\n"
        "start_ahead('json.tool', unless='json.tool')\nprint(*[one.pid for one in psutil.Process().children()])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not psutil.pid_exists(int(done.stdout))
