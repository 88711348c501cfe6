"""The project's own files agree with each other and with the settings."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib import import_module
from importlib.metadata import packages_distributions

import pytest
import yaml

from tests.conftest import ROOT
from todacomm.cli.options import kebab, shown_default, spelled
from todacomm.settings.analysis import OPTIONS
from todacomm.settings.comparison import COMPARISON_OPTIONS
from todacomm.settings.sweep import REPLACED, SWEEP_OPTIONS


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


def test_main_offers_every_option_with_its_default(mlproject):
    main = mlproject["entry_points"]["main"]
    assert list(main["parameters"]) == list(OPTIONS)
    for name, parameter in main["parameters"].items():
        assert parameter["default"] == shown_default(name)
        assert f"--{kebab(name)} {{{name}}}" in main["command"]


def test_sweep_offers_its_lists_and_every_option_of_an_analysis(mlproject):
    expected = {name: spelled(field.default) for name, field in SWEEP_OPTIONS.items()}
    expected |= {name: shown_default(name) for name in OPTIONS if name not in REPLACED}
    declared = mlproject["entry_points"]["sweep"]["parameters"]
    assert {name: parameter["default"] for name, parameter in declared.items()} == expected


def test_compare_offers_every_option_with_its_default(mlproject):
    declared = mlproject["entry_points"]["compare"]["parameters"]
    assert {name: parameter["default"] for name, parameter in declared.items()} == {
        name: spelled(field.default) for name, field in COMPARISON_OPTIONS.items()
    }


@pytest.mark.parametrize(
    "module",
    ["todacomm", "todacomm.settings.analysis", "todacomm.cli.options", "todacomm.results.table", "entrypoints.sweep"],
)
def test_light_modules_stay_light(module):
    code = (
        f"import {module}, sys\n"
        "heavy = {'torch', 'transformers', 'mlflow', 'matplotlib', 'datasets', 'gudhi', 'ripser'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_every_entry_point_is_a_module_and_takes_its_parameters(mlproject):
    for name, entry_point in mlproject["entry_points"].items():
        module = "analyze" if name == "main" else name
        assert entry_point["command"].startswith(f"python -m entrypoints.{module} ")
        options = {option.name: option for option in import_module(f"entrypoints.{module}").main.params}
        for parameter, declared in entry_point["parameters"].items():
            assert f"--{kebab(parameter)} {{{parameter}}}" in entry_point["command"]
            assert parameter in options
            if name == "train_demo":
                assert str(options[parameter].default) == declared["default"]


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
