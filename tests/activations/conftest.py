"""Tiny models of every architecture, each loaded once."""

from collections.abc import Callable
from functools import cache

import pytest

from tests.helpers.tiny_models import ARCHITECTURES, tiny_model_folder
from todacomm.models import LoadedModel, load_model
from todacomm.settings.analysis import ModelConfig


@pytest.fixture(scope="session")
def load_tiny(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], LoadedModel]:
    """A tiny model by its architecture."""

    @cache
    def load(architecture: str) -> LoadedModel:
        folder = tiny_model_folder(tmp_path_factory.mktemp("models"), architecture)
        return load_model(ModelConfig(model=str(folder)), seed=0)

    return load


@pytest.fixture(params=ARCHITECTURES)
def tiny(request: pytest.FixtureRequest, load_tiny: Callable[[str], LoadedModel]) -> LoadedModel:
    """Every architecture in turn."""
    return load_tiny(request.param)
