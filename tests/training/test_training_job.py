"""The entry point as a user runs it: on the real packages, recorded in a store."""

import json
from importlib import metadata

import pytest
from click.testing import CliRunner

from entrypoints.train_demo import main
from training.corpus import DISTRIBUTIONS

MISSING = [name for name in DISTRIBUTIONS if not list(metadata.Distribution.discover(name=name))]
pytestmark = [
    pytest.mark.heavy,
    pytest.mark.skipif(bool(MISSING), reason=f"needs the extra demo-training: {', '.join(MISSING)} not installed"),
]


def test_a_training_is_recorded_with_its_sources_curve_and_perplexities(store):
    from mlflow import MlflowClient

    options = ["--model", "demo-decoder", "--steps", "2", "--output-dir", "trained", "--experiment-name", "short"]
    done = CliRunner().invoke(main, options)
    assert done.exit_code == 0, done.output
    assert "trained/demo-decoder/step-000002" in done.output

    training = json.loads((store / "trained/demo-decoder/training.json").read_text())
    assert [source["name"] for source in training["sources"]] == list(DISTRIBUTIONS)
    assert training["characters"]["train"] > 40 * training["characters"]["held_out"] > 10_000_000
    assert [point["step"] for point in training["curve"]] == [0, 2]

    client = MlflowClient()
    (run,) = client.search_runs([client.get_experiment_by_name("short").experiment_id])
    assert run.info.status == "FINISHED"
    assert run.data.params["config/steps"] == "2"
    assert run.data.metrics["perplexity/pydoc"] == pytest.approx(training["perplexities"]["pydoc"])
    assert {file.path for file in client.list_artifacts(run.info.run_id)} == {
        "step-000000", "step-000002", "training.json",
    }  # fmt: skip
