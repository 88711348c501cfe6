"""Imports that put off some packages: the same names, and a plain import where that fails."""

import subprocess
import sys
from pathlib import Path

import pytest

from todacomm.system.deferred import import_deferring


def test_mlflow_without_its_judges_has_them_when_they_are_used() -> None:
    program = """
import sys
import todacomm.tracking
print("fastapi" in sys.modules, "mlflow.genai.scorers.base" in sys.modules)
import mlflow
from mlflow.genai.judges import Judge, make_judge
print(callable(mlflow.genai.evaluate), make_judge.__module__, mlflow.genai.scorers.Scorer.__name__)
print(type(mlflow.genai).__name__, type(mlflow.genai.__spec__.loader).__name__)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "False True",
        "True mlflow.genai.judges.make_judge Scorer",
        "module SourceFileLoader",
    ]


def library(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, package: str, module: str) -> None:
    """A library whose package counts how often it is executed, with one module in it."""
    (folder / name / "part").mkdir(parents=True)
    (folder / name / "__init__.py").write_text("runs = []\n")
    (folder / name / "part/__init__.py").write_text(package)
    (folder / name / "part/inner.py").write_text(module)
    monkeypatch.syspath_prepend(str(folder))


def test_a_package_put_off_is_executed_once_with_its_first_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = "import put_off\nput_off.runs.append(1)\nvalue = 2\n"
    library(tmp_path, monkeypatch, "put_off", package, "value = 1\n")
    import_deferring(["put_off", "put_off.part.inner"], ["put_off.part"])
    import put_off.part.inner

    assert put_off.part.inner.value == 1
    assert put_off.runs == []
    assert put_off.part.value == 2
    assert put_off.runs == [1]
    with pytest.raises(AttributeError):
        _ = put_off.part.nothing
    assert put_off.runs == [1]


def test_modules_that_need_their_package_first_are_imported_plainly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = "import first_of_all\nfirst_of_all.ready = True\n"
    module = "import first_of_all\nif not hasattr(first_of_all, 'ready'):\n    raise ImportError('too early')\n"
    library(tmp_path, monkeypatch, "first_of_all", package, module)
    before = list(sys.meta_path)
    import_deferring(["first_of_all", "first_of_all.part.inner"], ["first_of_all.part"])
    assert sys.modules["first_of_all"].ready
    assert "first_of_all.part.inner" in sys.modules
    assert sys.meta_path == before
