"""`mlflow run .` on the two clouds that actopo 0.1.0 ships: its counts, and no loop."""

import pytest

import todacomm
from tests.heavy.conftest import mlflow_run
from tests.published.test_actopo import PUBLISHED, cloud_file

pytestmark = pytest.mark.heavy


@pytest.mark.parametrize("name", PUBLISHED)
def test_no_loop_is_claimed_of_a_cloud_with_a_published_betti_number(project, tmp_path, monkeypatch, name):
    store = f"sqlite:///{tmp_path}/mlflow.db"
    options = ("-P", f"model=clouds:{cloud_file(name)}", "-P", "protocol=actopo-v5")
    run_id = mlflow_run(project, *options, MLFLOW_TRACKING_URI=store)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store)
    analysis = todacomm.load_analysis(run_id)
    own = analysis.layers.set_index("metric")["value"]
    assert own["h1_count_long"] == PUBLISHED[name]
    assert "loop" not in set(analysis.loops["verdict"])
    assert analysis.loops["reproduction"].iloc[0] < 0.5
    assert "No loop is detected" in analysis.artifact("report.md").read_text(encoding="utf-8")
