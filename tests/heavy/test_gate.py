"""The gate on real things: the bundled decoder and changes of it, a registry on a server, a pair of Qwen2.5-0.5B."""

import importlib.util
import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import mlflow
import numpy as np
import pytest
import yaml
from junitparser import JUnitXml
from safetensors.torch import load_file, save_file

from tests.conftest import ROOT
from tests.gates.conftest import bent, model_clouds
from tests.heavy.conftest import project_environment
from tests.helpers.pages import blocks, commands
from tests.helpers.servers import server
from todacomm.demo import DEMO_MODELS
from todacomm.jobs.gate import gate
from todacomm.reports.gate import verdict_line
from todacomm.reports.gate_cells import WORDS

pytestmark = pytest.mark.heavy
__all__ = ["server"]
QUICK = {"samples": 80, "replicates": 40, "likelihood": False}


@pytest.fixture
def models(store: Path) -> Path:
    """A folder with a copy of the bundled decoder, and one whose first MLP is silenced."""
    for name in ("copy", "silenced"):
        shutil.copytree(DEMO_MODELS["demo-decoder"], store / name)
    weights = load_file(store / "silenced/model.safetensors")
    silenced = [name for name in weights if ".h.0.mlp.c_proj." in name]
    weights |= {name: 0.0 * weights[name] for name in silenced}
    save_file(weights, store / "silenced/model.safetensors", metadata={"format": "pt"})
    assert len(silenced) == 2
    return store


def test_the_bundled_decoder_and_changes_of_it(models):
    same, _ = gate(base="demo-decoder", candidate="copy", **QUICK)
    assert (same.verdict, same.exit_code) == ("same", 0)
    silenced, _ = gate(base="demo-decoder", candidate="silenced", **QUICK)
    assert silenced.analyses[0].run_id == same.analyses[0].run_id
    assert (silenced.verdict, silenced.exit_code) == ("different", 3)
    assert silenced.different[0] == "layer_0"
    assert silenced.layers["embedding"] == {"shape": "same", "places": "same"}
    few, _ = gate(base="demo-decoder", candidate="silenced", samples=20, replicates=20, pca=10, likelihood=False)
    assert (few.verdict, few.exit_code) == ("undecided", 4)
    assert few.texts_to_settle >= 50


def test_attention_and_mlps_are_cells_of_their_own(models):
    result, _ = gate(
        base="demo-decoder", candidate="silenced", layers="all,attention,ffn", shape="mean_cosine", **QUICK
    )
    assert result.different[:2] == ["layer_0_ffn", "layer_0"]
    assert result.layers["layer_0_attention"] == {"shape": "same", "places": "same"}
    assert result.layers["layer_0_ffn"] == {"shape": "undecided", "places": "different"}
    assert (result.table.loc[result.table["layer"] == "layer_0_ffn", "missing"] == "candidate").all()
    assert "layer_0_ffn first: the candidate's texts lie on fewer than 4 points" in verdict_line(result)


def test_a_champion_of_a_real_registry_and_the_commands_of_the_page(server, models, monkeypatch):
    """What the page shows for GitHub, run as it stands, on a server's registry."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    monkeypatch.setenv("TODACOMM_CACHE", str(models / "cache"))
    parts = {
        "model": AutoModelForCausalLM.from_pretrained(models / "copy"),
        "tokenizer": AutoTokenizer.from_pretrained(models / "copy"),
    }
    for _ in range(2):
        mlflow.transformers.log_model(
            parts, name="model", task="text-generation", pip_requirements=["transformers"], registered_model_name="demo"
        )
    client = mlflow.MlflowClient(server)
    client.set_registered_model_alias("demo", "champion", "1")
    (models / "silenced").rename(models / "candidate")

    page = ROOT / "docs/how-to/gate.md"
    (action,) = (yaml.safe_load(block) for block in blocks(page, "yaml"))
    steps = [step["run"] for step in action["jobs"]["gate"]["steps"] if "run" in step]
    assert steps[0].startswith("pip install")
    small = " ".join(f"--{name.replace('_', '-')} {str(value).lower()}" for name, value in QUICK.items())
    assert run(f"{steps[1]} {small}") == 3
    assert sum(suite.failures for suite in JUnitXml.fromfile("gate/junit.xml")) > 0

    (line,) = [line for line in commands(page) if "--fail-on" in line]
    assert run(f"{line} {small}") == 3

    assert run(f"todacomm gate models:/demo@champion models:/demo/2 {small}") == 0
    tags = client.get_model_version("demo", "2").tags
    assert (tags["todacomm.gate"], tags["todacomm.gate.base"]) == ("same", "demo-v1")
    assert client.get_run(tags["todacomm.gate.run"]).data.tags["todacomm.gate"] == "same"


def test_under_mlflow_run_the_verdict_is_a_tag_files_and_a_line(project, store):
    """MLflow turns 3 and 4 into 1: what tells them apart."""
    environment = project_environment(MLFLOW_TRACKING_URI=f"sqlite:///{store / 'mlflow.db'}", PYTHONPATH="")
    clouds = model_clouds()
    np.savez(store / "base.npz", **clouds)
    np.savez(store / "few.npz", **{name: cloud[:20] for name, cloud in clouds.items()})
    np.savez(store / "bent.npz", **bent(clouds))
    outcomes = {("base", "base"): (0, "same"), ("base", "bent"): (1, "different"), ("few", "few"): (1, "undecided")}
    client = mlflow.MlflowClient(environment["MLFLOW_TRACKING_URI"])
    for sides, (code, verdict) in outcomes.items():
        files = dict(zip(("base", "candidate"), (f"clouds:{store / name}.npz" for name in sides), strict=True))
        given = [f"-P{name}={value}" for name, value in (files | {"pca": 0, "replicates": 40}).items()]
        command = ["mlflow", "run", ".", "-e", "gate", "--env-manager=local", *given]
        done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, timeout=500)
        assert done.returncode == code, done.stderr[-3000:]
        assert done.stdout.startswith(f"gate: {WORDS[verdict]}\n"), done.stdout
        (run,) = client.search_runs(["0"], f"tags.`todacomm.kind` = 'gate' and tags.`todacomm.gate` = '{verdict}'")
        assert run.data.tags["mlflow.project.entryPoint"] == "gate"
        artifacts = Path(run.info.artifact_uri)
        assert json.loads((artifacts / "gate.json").read_text())["verdict"] == verdict
        failures = sum(suite.failures for suite in JUnitXml.fromfile(str(artifacts / "junit.xml")))
        assert (failures > 0) == (code == 1)


def run(command: str) -> int:
    """Exit code of a line of a shell in which ``todacomm`` is this checkout's."""
    todacomm = f"{shlex.quote(sys.executable)} -m todacomm "
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(["sh", "-c", command.replace("todacomm ", todacomm, 1)], env=environment).returncode


@pytest.mark.skipif(importlib.util.find_spec("actopo") is None, reason="the package actopo 0.1.0 is not installed")
def test_a_base_and_its_instruct_model_are_different(store):
    """Qwen2.5-0.5B, 600 texts, as the package actopo 0.1.0 ships them: CKA .602."""
    spec = importlib.util.find_spec("actopo")
    folder = Path(spec.submodule_search_locations[0]) / "data"
    for name in ("base", "instruct"):
        cloud = np.load(folder / f"example_{name}.npy", allow_pickle=False)
        np.savez(store / f"{name}.npz", layer_0=cloud)
    result, _ = gate(base="clouds:base.npz", candidate="clouds:instruct.npz", replicates=30)
    assert result.aspects["places"] == "different"
    assert result.verdict == "different"
    cka = result.table.set_index("metric").loc["cka_distance", "difference"]
    assert 1.0 - cka == pytest.approx(0.602, abs=5e-4)
