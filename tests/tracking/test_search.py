"""Finding analyses, and what is said where there is nothing to find or to load."""

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from mlflow import MlflowClient

from tests.helpers.records import record
from tests.helpers.results import make_result
from tests.helpers.stores import copy_store
from todacomm.results.result import Result
from todacomm.settings.analysis import AnalysisConfig
from todacomm.tracking import (
    find_analysis,
    load_analysis,
    load_comparison,
    open_run,
    report_path,
    run_link,
    search_analyses,
    ui_command,
)


@pytest.fixture(scope="module")
def recorded_once(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, str]]]:
    folder = tmp_path_factory.mktemp("several")
    copy_store(template, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield folder, _record_several()


@pytest.fixture
def several(recorded_once: tuple[Path, dict[str, str]], monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Run ids of four analyses in the current folder, the last of them the second one again."""
    folder, made = recorded_once
    monkeypatch.chdir(folder)
    return made


def _record_several() -> dict[str, str]:
    made = {
        "gpt2": record(make_result(n_layers=3, model="gpt2")),
        "bert": record(make_result(n_layers=3, model="bert", dataset="squad", experiment_name="others")),
        "random": record(make_result(n_layers=3, model="gpt2", weights="random", control=False)),
        "again": record(
            make_result(n_layers=3, model="bert", dataset="squad", experiment_name="others", run_name="2nd")
        ),
    }
    with pytest.raises(RuntimeError), open_run("analysis", "fails", "todacomm"):
        raise RuntimeError
    with open_run("training", "no analysis", "todacomm"):
        pass
    return made


def found(several: dict[str, str], frame: pd.DataFrame) -> list[str]:
    names = {run_id: name for name, run_id in several.items()}
    return [names[run_id] for run_id in frame["run_id"]]


def test_a_hub_id_a_path_and_a_short_name_mean_the_same(several: dict[str, str]) -> None:
    for model, dataset in (("bert", "squad"), ("google-bert/bert-base-uncased", "/data/squad.json"), ("be*", "squad")):
        assert found(several, search_analyses(model=model, dataset=dataset)) == ["again", "bert"]
    assert find_analysis("openai-community/gpt2") == find_analysis("gpt2") == several["gpt2"]
    assert search_analyses()["run_name"].tolist() == ["2nd", "gpt2 random pydoc 60", "bert squad 60", "gpt2 pydoc 60"]


def test_every_finished_analysis_is_found_newest_first(several: dict[str, str]) -> None:
    assert found(several, search_analyses()) == ["again", "random", "bert", "gpt2"]
    assert len(search_analyses(status=None)) == 5
    assert search_analyses(status="FAILED")["run_name"].tolist() == ["fails"]


def test_filters(several: dict[str, str]) -> None:
    assert found(several, search_analyses(model="gp*")) == ["random", "gpt2"]
    assert found(several, search_analyses(weights="random")) == ["random"]
    assert found(several, search_analyses(dataset="squad")) == ["again", "bert"]
    assert found(several, search_analyses("others", model="bert")) == ["again", "bert"]
    assert found(several, search_analyses(newest=True)) == ["again", "random", "gpt2"]
    assert found(several, search_analyses(run_ids=[several["gpt2"], several["bert"]])) == ["bert", "gpt2"]
    assert search_analyses(revision="none").empty


def test_rows_hold_settings_and_numbers_in_their_own_types(several: dict[str, str]) -> None:
    row = search_analyses(run_ids=[several["bert"]]).iloc[0]
    assert (row["experiment"], row["dataset"], row["samples"], row["pooling"]) == ("others", "squad", 60, "last")
    assert row["standardize"] is False or not row["standardize"]
    assert row["perplexity"] == 21.5
    analysis = load_analysis(several["bert"])
    assert row["loops"] == analysis.config.inference.loops
    assert row["n_loops"] == (analysis.loops["verdict"] == "loop").sum() != row["loops"]
    assert row["warnings"].startswith("intervals rest on 8 half-samples")
    assert pd.Timestamp.now("UTC") - row["start_time"] < pd.Timedelta(minutes=10)
    assert list(search_analyses(model="none").columns)[:5] == [
        "run_id", "run_name", "experiment", "status", "start_time",
    ]  # fmt: skip


def test_pages_are_put_together(several: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("todacomm.tracking._mlflow._PAGE", 2)
    assert found(several, search_analyses()) == ["again", "random", "bert", "gpt2"]


def test_what_is_not_there_is_named_with_what_is(several: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="no experiment 'otters': there are Default, others, todacomm"):
        search_analyses("otters")
    with pytest.raises(ValueError, match="no run 'abc' in this store"):
        search_analyses(run_ids=["abc"])
    with pytest.raises(ValueError, match="unknown status 'DONE': choose FINISHED"):
        search_analyses(status="DONE")


def test_loading_what_is_no_finished_analysis(store: Path, recorded: str) -> None:
    client = MlflowClient()
    with pytest.raises(ValueError, match=r"no run 'abc' in this store: todacomm\.search_analyses\(\) lists"):
        load_analysis("abc")
    with pytest.raises(ValueError, match="is not one of todacomm"):
        load_analysis(client.create_run("0").info.run_id)
    with open_run("analysis", "slow", "todacomm") as run, pytest.raises(ValueError, match="is still running"):
        load_analysis(run.run_id)
    client.delete_run(recorded)
    with pytest.raises(ValueError, match="is deleted: `mlflow runs restore"):
        load_analysis(recorded)


def test_a_deleted_run_is_neither_found_nor_loaded(store: Path, recorded: str) -> None:
    """By itself, with its experiment, and in a deleted experiment after the run alone was restored."""
    client = MlflowClient()
    experiment = client.get_run(recorded).info.experiment_id
    with open_run("comparison", "two of them", "todacomm") as compared:
        client.log_dict(compared.run_id, {"sources": {}, "options": {}}, "tables/comparison.json")
    assert load_comparison(compared.run_id).run_id == compared.run_id

    def each_says(by_id: str) -> None:
        for run_id, read in ((recorded, load_analysis), (compared.run_id, load_comparison)):
            with pytest.raises(ValueError, match=by_id.format(run_id)):
                read(run_id)
        with pytest.raises(ValueError, match=by_id.format(recorded)):
            search_analyses(run_ids=[recorded])
        assert search_analyses().empty

    for run_id in (recorded, compared.run_id):
        client.delete_run(run_id)
    each_says("run {0} is deleted: `mlflow runs restore --run-id {0}` brings it back")
    client.delete_experiment(experiment)
    gone = f"run {{0}} is in the experiment 'todacomm', .* `mlflow experiments restore --experiment-id {experiment}`"
    each_says(gone)
    for run_id in (recorded, compared.run_id):
        client.restore_run(run_id)
    each_says(gone)
    client.restore_experiment(experiment)
    assert search_analyses(run_ids=[recorded])["run_id"].tolist() == [load_analysis(recorded).run_id]
    assert load_comparison(compared.run_id).run_id == compared.run_id


def test_a_comparison_that_did_not_finish_is_not_loaded(store: Path) -> None:
    with open_run("comparison", "slow", "todacomm") as run, pytest.raises(ValueError, match="is still running"):
        load_comparison(run.run_id)
    with pytest.raises(RuntimeError), open_run("comparison", "fails", "todacomm") as run:
        raise RuntimeError
    with pytest.raises(ValueError, match=f"run {run.run_id} was failed: there are no results of it"):
        load_comparison(run.run_id)


def test_tables_of_another_schema(store: Path, recorded: str) -> None:
    path = load_analysis(recorded).artifact("tables/layers.json")
    stored = json.loads(path.read_text(encoding="utf-8"))
    for schema, todo in ((stored["schema"] + 1, "upgrade todacomm"), (0, "run the analysis again")):
        path.write_text(json.dumps({**stored, "schema": schema}), encoding="utf-8")
        with pytest.raises(ValueError, match=rf"run {recorded}: .*layers.json has schema {schema}, .*: {todo}"):
            load_analysis(recorded)
    path.write_text("[]", encoding="utf-8")
    with pytest.raises(ValueError, match=r"cannot be read as the tables of an analysis .*: run the analysis again"):
        load_analysis(recorded)


def test_deleted_artifacts(store: Path, recorded: str) -> None:
    analysis = load_analysis(recorded)
    analysis.artifact("clouds/01_layer_0.npz").unlink()
    with pytest.raises(ValueError, match=r"has no clouds/01_layer_0\.npz \(it was deleted\): analyse again"):
        analysis.cloud("layer_0")
    analysis.artifact("tables/layers.json").unlink()
    with pytest.raises(ValueError, match=r"has no tables/layers\.json"):
        load_analysis(recorded)


def test_links_open_the_half_of_the_interface_that_shows_runs(
    store: Path, recorded: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    analysis = load_analysis(recorded)
    assert run_link(analysis) == (
        f"http://127.0.0.1:5000/#/experiments/{analysis.experiment_id}/runs/{recorded}?workflowType=machine_learning"
    )
    assert report_path(analysis) == f"{analysis.artifact_uri}/report.html"
    assert ui_command() == "mlflow ui"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:////data/runs.db")
    assert ui_command() == "mlflow ui --backend-store-uri sqlite:////data/runs.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://me:secret@runs.example.org/")
    assert ui_command() == "open https://runs.example.org/"
    assert run_link(analysis).startswith(f"https://runs.example.org/#/experiments/{analysis.experiment_id}/runs/")


def test_two_analyses_differ_in_their_hash_when_a_setting_that_decides_numbers_does(result: Result) -> None:
    other = dataclasses.replace(result, config=AnalysisConfig.from_flat({**result.config.to_flat(), "seed": 1}))
    assert other.config.digest() != result.config.digest()
