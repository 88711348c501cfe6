"""A real sqlite store in a folder of its own, and one finished analysis to record."""

from pathlib import Path

import pytest
from PIL import Image

from tests.helpers.records import record
from tests.helpers.results import make_result
from todacomm.results.result import Result


@pytest.fixture(autouse=True)
def undisturbed(no_mlflow_settings: None) -> None:
    """Every test here starts without MLflow settings of the user's."""


@pytest.fixture(scope="session")
def result() -> Result:
    """Five layers, the first of them degenerate."""
    return make_result(degenerate_embedding=True, warnings=("the cloud is small",))


@pytest.fixture
def recorded(store: Path, result: Result) -> str:
    """Id of a finished analysis."""
    return record(result)


@pytest.fixture
def staging(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as figures and reports leave it, with the pictures of two layers."""
    folder = tmp_path_factory.mktemp("staging")
    (folder / "plots/diagrams").mkdir(parents=True)
    for index, layer in enumerate(("00_embedding", "01_layer_0")):
        Image.new("RGB", (64, 48), (40 * index, 90, 90)).save(folder / f"plots/diagrams/{layer}.png")
    (folder / "report.md").write_text("# A report\n", encoding="utf-8")
    return folder
