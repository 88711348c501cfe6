"""The scripts of the documentation, run as they stand but for their size."""

import importlib.util

import pytest

from tests.conftest import ROOT


def script(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / f"docs/examples/{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_comparing_models(store, capsys):
    script("comparing_models").main(samples=24, replicates=20)
    told = capsys.readouterr().out
    assert "demo-decoder (random)" in told
    assert "Training made a difference in " in told
    assert told.count("layer_") >= 5
    assert "recorded as run" in told
    assert "warning" not in told.replace("warnings", "")


@pytest.mark.parametrize("path", sorted((ROOT / "docs/examples").glob("*.py")), ids=lambda path: path.stem)
def test_every_script_is_run_here(path):
    assert f'script("{path.stem}")' in (ROOT / "tests/test_examples.py").read_text()
