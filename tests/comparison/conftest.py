"""Analyses in a store of their own, made once: two models with trained and random weights, and a third."""

import dataclasses
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.helpers.records import record
from tests.helpers.results import make_result
from tests.helpers.stores import copy_store
from todacomm.core.metrics import LAYER_METRICS
from todacomm.core.similarity import DIAGRAM_DISTANCES, SIMILARITIES
from todacomm.results.result import Result


@pytest.fixture(autouse=True)
def undisturbed(no_mlflow_settings: None) -> None:
    """Every test here starts without MLflow settings of the user's."""


def make(model: str, n_layers: int, factor: float = 1.0, **facts: Any) -> Result:
    """A result whose numbers, intervals and half-samples are multiplied; ``facts`` go to the model's or the options."""
    about = {name: facts.pop(name) for name in ("kind", "family", "pooling") if name in facts}
    result = make_result(n_layers=n_layers, model=model, control=False, **facts)
    table = result.table.copy()
    columns = ["value", "se", "lo", "hi"]
    layers = ~table["metric"].isin(["n_points", "n_distinct", "perplexity", "bits_per_byte"])
    table.loc[layers, columns] *= factor
    replicates = {name: factor * values for name, values in result.replicates.items()}
    return dataclasses.replace(
        result, model=dataclasses.replace(result.model, **about), table=table, replicates=replicates
    )


def with_likelihood(result: Result, bits: float) -> Result:
    """The same result with other bits per byte."""
    table = result.table.copy()
    table.loc[table["metric"] == "bits_per_byte", "value"] = bits
    return dataclasses.replace(result, table=table)


@pytest.fixture(scope="session")
def recorded_models(template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    folder = tmp_path_factory.mktemp("models")
    copy_store(template, folder)
    results = {
        "alpha": make("alpha", 5),
        "alpha (random)": make("alpha", 5, factor=0.5, weights="random"),
        "beta": make("beta", 4, factor=1.02, kind="encoder", pooling="cls", family="bert", seed=0),
        "beta (random)": make("beta", 4, factor=0.7, weights="random", kind="encoder", pooling="cls", family="bert"),
        "gamma": make("gamma", 6, factor=2.0),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return folder, {label: record(result) for label, result in results.items()}


@pytest.fixture
def models(recorded_models: tuple[Path, dict[str, str]], monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Run ids by label of five analyses in the current folder's store; it is only read."""
    folder, ids = recorded_models
    monkeypatch.chdir(folder)
    return ids


def compare_entropy(monkeypatch: pytest.MonkeyPatch) -> None:
    """One more metric is compared: its row of the registry says so."""
    row = dataclasses.replace(LAYER_METRICS["h1_entropy"], compared=True, label="Evenness of loops", short="Evenness")
    monkeypatch.setitem(LAYER_METRICS, "h1_entropy", row)


def add_similarity(monkeypatch: pytest.MonkeyPatch) -> None:
    """One more similarity of clouds: 1 for clouds of equally many points."""
    row = dataclasses.replace(
        SIMILARITIES["cka"], prepare=len, measure=lambda a, b: float(a == b), permuted=None, label="Equal sizes",
        short="sizes",
    )  # fmt: skip
    monkeypatch.setitem(SIMILARITIES, "equal_sizes", row)


def add_diagram_distance(monkeypatch: pytest.MonkeyPatch) -> None:
    """One more distance of diagrams: by how many bars they differ."""
    row = dataclasses.replace(
        DIAGRAM_DISTANCES["bottleneck"], measure=lambda a, b: float(abs(len(a) - len(b))), short="bars",
        reading="Bars more or fewer.",
    )  # fmt: skip
    monkeypatch.setitem(DIAGRAM_DISTANCES, "bars", row)


def only(table: pd.DataFrame, **wanted: Any) -> pd.DataFrame:
    """The rows with these values."""
    for column, value in wanted.items():
        table = table[table[column] == value]
    return table
