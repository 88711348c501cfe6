"""The project's own files agree with each other and with the settings."""

import ast
import re
import shlex
import subprocess
import sys
import tomllib
from importlib import import_module
from importlib.metadata import packages_distributions

import pytest
import yaml
from click.testing import CliRunner

import entrypoints
from tests.conftest import ROOT
from todacomm.cli.mlproject import entry_points, mlproject_text

ENTRY_POINTS = entry_points(entrypoints)
OF_A_CLUSTER = ("address", "workers", "gpus_per_run", "cpus_per_run")


@pytest.fixture(scope="module")
def pyproject():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


@pytest.fixture(scope="module")
def mlproject():
    return yaml.safe_load((ROOT / "MLproject").read_text())


def test_conda_environment_lists_what_pyproject_asks_for(pyproject):
    conda = yaml.safe_load((ROOT / "conda.yaml").read_text())
    *_, pip = conda["dependencies"]
    project = pyproject["project"]
    assert sorted(pip["pip"]) == sorted(project["dependencies"] + project["optional-dependencies"]["fast"])


def test_mlproject_is_what_the_settings_make_of_it():
    assert (ROOT / "MLproject").read_text() == mlproject_text(ENTRY_POINTS), "make mlproject writes it again"


@pytest.mark.parametrize("module", ENTRY_POINTS)
def test_every_parameter_reaches_the_settings(mlproject, monkeypatch, module):
    """The command of an entry point, filled in as MLflow does it: all empty, then one option after the other given."""
    declared = mlproject["entry_points"]["main" if module == "analyze" else module]
    assert {parameter["default"] for parameter in declared["parameters"].values()} == {""}
    settings, main = ENTRY_POINTS[module], import_module(f"entrypoints.{module}").main
    default = settings().to_flat()
    seen = []
    monkeypatch.setattr(main, "job", seen.append)

    def read(**given):
        values = dict.fromkeys(declared["parameters"], "") | given
        words = shlex.split(declared["command"].format(**{name: shlex.quote(v) for name, v in values.items()}))
        assert words[:3] == ["python", "-m", f"entrypoints.{module}"]
        result = CliRunner().invoke(main, words[3:])
        assert result.exit_code == 0, result.output
        return seen.pop().to_flat()

    assert read() == default
    for name, one in settings.options().items():
        assert (name in declared["parameters"]) == one.offered
        if one.offered and not one.choices and name not in ("protocol", "landmarks", "tags", "sizes"):
            beside = {"runner": "ray"} if name in OF_A_CLUSTER else {}
            changed = read(**{name: another(one), **beside})
            assert {n for n in changed if changed[n] != default[n]} == {name, *beside}


def another(one):
    """A value that an option can have and has not."""
    if isinstance(one.default, bool):
        return str(not one.default)
    return str(one.default + 1) if isinstance(one.default, int | float) else "37"


@pytest.mark.parametrize(
    "module",
    [
        "todacomm", "todacomm.settings.analysis", "todacomm.cli.options", "todacomm.results.table",
        *(f"entrypoints.{name}" for name in ENTRY_POINTS),
    ],
)  # fmt: skip
def test_light_modules_stay_light(module):
    code = (
        f"import {module}, sys\n"
        "heavy = {'torch', 'transformers', 'mlflow', 'matplotlib', 'datasets', 'numba', 'gudhi', 'ripser'}\n"
        "heavy &= set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_every_package_that_is_imported_is_declared(pyproject):
    """Imports inside functions count too; what a package brings along may be gone with its next version."""
    project = pyproject["project"]
    extras = [name for group in project["optional-dependencies"].values() for name in group]
    declared = {re.split(r"[<>=\[;! ]", name)[0].lower() for name in (*project["dependencies"], *extras)}
    by_module = {"grpc": ["grpcio"], **packages_distributions()}
    undeclared = {}
    for path in (*ROOT.glob("todacomm/**/*.py"), *ROOT.glob("entrypoints/*.py"), *ROOT.glob("training/*.py")):
        for module in imported(path) - set(sys.stdlib_module_names) - {"todacomm", "entrypoints", "training"}:
            names = {re.sub(r"[._]", "-", name.lower()) for name in by_module.get(module, [module])}
            if not names & declared:
                undeclared[module] = str(path.relative_to(ROOT))
    assert undeclared == {}


def imported(path):
    """Top-level names of the modules that a file imports."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add(str(node.module).partition(".")[0])
    return names
