"""The project's own files agree with each other and with the settings."""

import subprocess
import sys
import tomllib

import pytest
import yaml

from tests.conftest import ROOT
from todacomm.config import OPTIONS
from todacomm.options import kebab, shown_default


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


@pytest.mark.parametrize("module", ["todacomm", "todacomm.config", "todacomm.options", "todacomm.tables"])
def test_light_modules_stay_light(module):
    code = (
        f"import {module}, sys\n"
        "heavy = {'torch', 'transformers', 'mlflow', 'matplotlib', 'datasets', 'gudhi', 'ripser'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
