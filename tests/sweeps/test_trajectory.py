"""Checkpoints over training: series by training step, distances between consecutive diagrams, no p-value."""

import numpy as np
import pytest
from mlflow import MlflowClient

from tests.helpers.tiny_models import tiny_model_folder
from todacomm.comparison.trajectory import autocorrelation, changes
from todacomm.jobs.sweep import plan_sweep, sweep
from todacomm.reports.sweep import sweep_context
from todacomm.settings.steps import revision_and_step
from todacomm.settings.sweep import SweepConfig

QUICK = {"samples": 12, "replicates": 0, "nulls": 0, "keep_clouds": False, "compare": False}


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory):
    """A folder with three checkpoints: the same architecture from three seeds."""
    folder = tmp_path_factory.mktemp("trained")
    for seed, step in enumerate((0, 100, 1000)):
        tiny_model_folder(folder, "gpt2", seed=seed).rename(folder / f"step-{step:06d}")
    return folder


def test_the_parent_carries_series_over_the_training_step(store, checkpoints):
    config = SweepConfig.load(
        None, {**QUICK, "models": str(checkpoints), "revisions": "step-001000,step-000000,step-000100"}
    )
    found, run = sweep(config)
    (trajectory,) = found.trajectories
    assert trajectory.steps == (0, 100, 1000)
    client = MlflowClient()
    history = client.get_metric_history(run.run_id, "trajectory/perplexity")
    assert sorted(point.step for point in history) == [0, 100, 1000]
    changed = client.get_metric_history(run.run_id, "trajectory/h0_distance")
    assert sorted(point.step for point in changed) == [100, 1000]
    assert all(point.value > 0 for point in changed)
    plots = {file.path for file in client.list_artifacts(run.run_id, "plots")}
    names = ("trajectory_depth", "trajectory_change", "trajectory_perplexity")
    assert plots == {f"plots/{name}.{kind}" for name in names for kind in ("png", "svg")}
    report = client.download_artifacts(run.run_id, "report.md")
    with open(report, encoding="utf-8") as text:
        assert "no p-value is given" in text.read()


def test_the_comparison_of_checkpoints_draws_them_over_training(store, checkpoints):
    """Also where a revision's name does not tell its step."""
    names = {"step-000000": 0, "step-000100": 100, "step-001000": 7000}
    listed = "step-000000,step-000100,step-001000=7000"
    found, run = sweep(
        SweepConfig.load(None, {**QUICK, "models": str(checkpoints), "revisions": listed, "compare": True})
    )
    (comparison,) = found.comparisons
    warnings = sweep_context(found)["warnings"]
    assert len(warnings) == len(set(warnings)) > 0  # the comparison has those of the training too
    client = MlflowClient()
    for name in ("trajectory/perplexity", "trajectory/h1_rate"):
        series = [
            sorted((point.step, point.value) for point in client.get_metric_history(run_id, name))
            for run_id in (run.run_id, comparison)
        ]
        assert series[0] == series[1], name
        assert {step for step, _ in series[0]} <= set(names.values()), name
        assert series[0][-1][0] == 7000
    assert "plots/trajectory_change.svg" in {file.path for file in client.list_artifacts(comparison, "plots")}
    with open(client.download_artifacts(comparison, "report.md"), encoding="utf-8") as text:
        report = text.read()
    assert "Rate of topological change" in report
    assert "no p-value is given" in report


def test_two_trainings_have_series_of_their_own_whatever_their_folders_are_called(store, tmp_path):
    """Named as everywhere, and where the names are equal told from each other by a run."""
    folders = [tmp_path / "one" / "model", tmp_path / "a" / "net", tmp_path / "b" / "net"]
    for seed, folder in enumerate(folders):
        folder.mkdir(parents=True)
        for step in (100, 200):
            tiny_model_folder(folder, "gpt2", seed=10 * seed + step).rename(folder / f"step-{step}")
    options = {"models": ",".join(map(str, folders)), "revisions": "step-100,step-200"}
    result, run = sweep(SweepConfig.load(None, {**QUICK, **options}))
    first, *others = [one.name for one in result.trajectories]
    assert first == "one pydoc"
    assert others == [f"net pydoc #{result.run_ids[i][:6]}" for i in (2, 4)]
    series = [key for key in MlflowClient().get_run(run.run_id).data.metrics if key.endswith("/perplexity")]
    assert len(series) == 3
    assert all(len(MlflowClient().get_metric_history(run.run_id, key)) == 2 for key in series)


def test_the_distance_does_not_see_the_scale_and_is_zero_for_what_stands_still():
    diagrams = {"layer_0": [np.array([[0.0, 1.0], [0.0, 2.0]])]}
    found = changes(
        [1, 2, 4], {1: diagrams, 2: diagrams, 4: {"layer_0": [np.array([[0.0, 1.0], [0.0, 4.0]])]}}, {"layer_0": 0.5}
    )
    assert list(found["distance"]) == [0.0, 2.0]
    assert list(found["rate"]) == [0.0, 1000.0]


@pytest.mark.parametrize("entry", ["main=", "main=soon", "=5", "main=1.5", "main=²", f"main={10**20}"])
def test_a_step_that_is_no_number_is_an_error(entry):
    with pytest.raises(ValueError, match="expected NAME=STEP"):
        revision_and_step(entry)


def test_two_revisions_of_one_step_are_noted(store, checkpoints):
    revisions = "step-000100,step-001000=100,step-000000"
    plan = plan_sweep(SweepConfig.load(None, {**QUICK, "models": str(checkpoints), "revisions": revisions}))
    assert plan.notes == ("2 revisions are of step 100: over training the first of them counts",)


def test_white_noise_is_not_autocorrelated_and_a_random_walk_is(rng):
    noise = rng.normal(size=2000)
    assert abs(autocorrelation(noise)) < 0.1
    assert autocorrelation(noise.cumsum()) > 0.9
