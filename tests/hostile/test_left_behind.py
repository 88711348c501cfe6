"""What killed processes leave: open runs and temporary folders, ended and removed at the next start."""

import os
import subprocess
import sys
import tempfile
import time

import numpy as np
import pytest
from click.testing import CliRunner

from tests.conftest import ROOT
from tests.helpers.records import record
from tests.helpers.results import make_result
from todacomm.cli import main
from todacomm.core.layer import analyze_layer
from todacomm.jobs.analyze import analyze
from todacomm.results.table import by_layer
from todacomm.system.scratch import PREFIX, remove_left, scratch_folder
from todacomm.tracking.process import PID, STARTED, process_tags
from todacomm.tracking.store import experiment_id, open_store


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def age(folder):
    os.utime(folder, (time.time() - 3600, time.time() - 3600))


def test_a_folder_lives_as_long_as_its_process(temporary):
    with scratch_folder() as folder:
        (folder / "a").write_text("b")
        age(folder.parent)
        assert remove_left() == []
        assert (folder / "a").is_file()
    assert os.listdir(temporary) == []


def test_the_folder_of_a_killed_process_is_removed_at_the_next_start(temporary):
    code = "import os; from todacomm.system.scratch import scratch_folder as new\nwith new(): os.kill(os.getpid(), 9)"
    env = os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)}
    subprocess.run([sys.executable, "-c", code], env=env, timeout=120, check=False)
    (left,) = temporary.iterdir()
    (temporary / f"{PREFIX}link").symlink_to(ROOT)
    (temporary / "todacomm-of-somebody-else").mkdir()
    assert remove_left() == []  # as young as one that is about to be locked
    age(left)
    with scratch_folder():
        assert not left.exists()
    assert (ROOT / "pyproject.toml").is_file()
    assert sorted(os.listdir(temporary)) == ["todacomm-of-somebody-else", f"{PREFIX}link"]


def left_open(name="todacomm"):
    """A run as a killed process leaves it."""
    client = open_store()
    tags = {**process_tags(), PID: "999999999", STARTED: "1", "todacomm.kind": "analysis"}
    return client, client.create_run(experiment_id(client, name), tags=tags).info.run_id


def test_the_next_run_ends_those_of_processes_that_are_gone(store):
    client, run_id = left_open()
    record(make_result())
    run = client.get_run(run_id)
    assert (run.info.status, run.data.tags["todacomm.interrupted"]) == ("KILLED", "its process is gone")


def test_doctor_ends_them_when_asked(store, monkeypatch):
    monkeypatch.setattr("todacomm.system.checkup.CHECKS", ())
    client, run_id = left_open("another")
    told = CliRunner().invoke(main, ["doctor"])
    assert "todacomm doctor --fix" in told.output
    assert client.get_run(run_id).info.status == "RUNNING"
    fixed = CliRunner().invoke(main, ["doctor", "--fix"])
    assert "1 of processes that are gone were marked as killed" in fixed.output
    assert client.get_run(run_id).info.status == "KILLED"


def test_layers_may_be_called_as_anything_is_called(store, tmp_path):
    names = ["metrics", "path", "layer", "cloud", "a/b", "h1", "scale", "half_samples", "..", "con"]
    clouds = {name: np.random.default_rng(7).normal(size=(30, 4)) for name in names}
    np.savez(tmp_path / "own.npz", **{name: cloud for name, cloud in clouds.items() if name not in ("path", "..")})
    analysis = analyze(
        model=f"clouds:{tmp_path}/own.npz", nulls=0, replicates=3, loops=1, figures="none", explorer=False
    )
    assert set(analysis.layer_names) == set(names) - {"path", ".."}
    assert len(by_layer(analysis.layers)) == len(names) - 2
    assert set(analysis.replicates) == set(analysis.layer_names)
    assert analysis.cloud("a/b").shape == (30, 4)


def test_the_cosine_of_a_row_at_the_centroid_is_not_measured(rng):
    half = rng.normal(size=(30, 5))
    cloud = np.concatenate([half, -half, np.full((1, 5), 1e-17)])
    assert [warning.code for warning in analyze_layer(cloud, metric="cosine").warnings] == ["no_direction"]
    assert analyze_layer(cloud).metrics["n_distinct"] == 61


def test_the_cosine_takes_a_direction_for_one_point(rng):
    half = rng.normal(size=(30, 5))
    directions = analyze_layer(np.concatenate([half, -half]), metric="cosine", pca=0)
    repeated = analyze_layer(np.concatenate([half, 2 * half, -half, -2 * half]), metric="cosine", pca=0)
    assert directions.metrics["n_distinct"] == repeated.metrics["n_distinct"] == 60
    assert repeated.metrics["h0_total_persistence"] == pytest.approx(directions.metrics["h0_total_persistence"])


def test_near_twins_are_a_warning(rng):
    cloud = rng.normal(size=(300, 20))
    cloud[:35] = cloud[100:135] + 1e-5
    assert "near_duplicates" in {warning.code for warning in analyze_layer(cloud).warnings}
    sound = analyze_layer(rng.normal(size=(300, 20)))
    assert "near_duplicates" not in {warning.code for warning in sound.warnings}
