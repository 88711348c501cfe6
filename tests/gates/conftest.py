"""Pairs of analyses of known truth, made once: a model's clouds, a copy, one that is bent, one whose texts moved."""

from pathlib import Path

import numpy as np
import pytest

from tests.helpers.records import record
from tests.helpers.stores import copy_store
from todacomm.gates.judging import gate_pair
from todacomm.gates.result import Gate
from todacomm.jobs.analyze import measure
from todacomm.settings.analysis import AnalysisConfig
from todacomm.settings.gate import GateConfig
from todacomm.tracking import load_analyses

N_TEXTS, N_DIMS = 120, 8
SETTINGS = {"pca": 0, "replicates": 40, "nulls": 0, "loops": 0}


def model_clouds(n_texts: int = N_TEXTS) -> dict[str, np.ndarray]:
    """Two layers of the same texts, and what tells their two kinds from each other."""
    rng = np.random.default_rng(0)
    cloud = rng.normal(size=(n_texts, N_DIMS)) * np.linspace(1, 2, N_DIMS)
    return {"layer_0": cloud, "layer_1": cloud + 0.3 * rng.normal(size=cloud.shape)}


def bent(clouds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The second layer stretched: another shape, and other places."""
    return clouds | {"layer_1": clouds["layer_1"] * np.arange(1.0, N_DIMS + 1)}


def moved(clouds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The second layer's texts exchanged: the very same shape, other places."""
    order = np.random.default_rng(1).permutation(len(clouds["layer_1"]))
    return clouds | {"layer_1": clouds["layer_1"][order]}


def recorded(name: str, clouds: dict[str, np.ndarray], seed: int = 42, **labels: list[str]) -> str:
    """Id of the run of an analysis of clouds, in the store in use."""
    labels = labels or {"tongue": np.resize(["en", "fr"], len(clouds["layer_0"]))}
    np.savez(f"{name}.npz", **clouds, **labels)
    return record(measure(AnalysisConfig.from_flat({"model": f"clouds:{name}.npz", "seed": seed, **SETTINGS})))


@pytest.fixture(scope="session")
def recorded_pairs(template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    folder = tmp_path_factory.mktemp("gates")
    copy_store(template, folder)
    clouds = model_clouds()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        runs = {
            "base": clouds,
            "copy": {name: np.float32(3.0 * cloud[:, ::-1]) for name, cloud in clouds.items()},
            "bent": bent(clouds),
            "moved": moved(clouds),
            "few": {name: cloud[:20] for name, cloud in clouds.items()},
            "few_copy": {name: cloud[:20].copy() for name, cloud in clouds.items()},
        }
        ids = {name: recorded(name, these) for name, these in runs.items()}
        return folder, ids | {"other_seed": recorded("other_seed", clouds, seed=7)}


@pytest.fixture
def pairs(recorded_pairs: tuple[Path, dict[str, str]], no_mlflow_settings: None, monkeypatch: pytest.MonkeyPatch):
    """Name -> id of its run; the store is that of the current folder."""
    folder, runs = recorded_pairs
    monkeypatch.chdir(folder)
    return runs


def judged(base: str, candidate: str, **options: object) -> Gate:
    """The verdicts on two runs, nothing recorded."""
    return gate_pair(*load_analyses([base, candidate]), GateConfig.from_flat(options))
