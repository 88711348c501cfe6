"""A sweep from lists to its record: never twice, one failure is one failure, wrong names said before any work."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from mlflow import MlflowClient

import todacomm
from tests.helpers.tiny_models import tiny_model_folder
from todacomm import tracking
from todacomm.analysis.cache import inputs_digest
from todacomm.analysis.observe import observe
from todacomm.analysis.preflight import check_inputs
from todacomm.cli.console import exit_code
from todacomm.cli.running import run_sweep
from todacomm.jobs.sweep import SweepFailed, plan_sweep, sweep
from todacomm.reports.sweep import sweep_context
from todacomm.reports.sweep_words import describe_plan
from todacomm.settings.analysis import AnalysisConfig
from todacomm.settings.sweep import SweepConfig
from todacomm.sweeps.checks import check_texts, model_size

QUICK = {"samples": 12, "replicates": 0, "nulls": 0, "keep_clouds": False}


def settings(**options):
    return SweepConfig.load(None, {**QUICK, "compare": False, **options})


def runs(kind="analysis", status="FINISHED"):
    client = MlflowClient()
    found = client.search_runs(
        [experiment.experiment_id for experiment in client.search_experiments()],
        f"tags.`todacomm.kind` = '{kind}'" + (f" AND attributes.status = '{status}'" if status else ""),
    )
    return list(found)


@pytest.fixture
def clouds(tmp_path, rng):
    """Two files of clouds: the quickest models there are."""
    for name in ("one", "two"):
        np.savez(tmp_path / f"{name}.npz", a=rng.normal(size=(12, 5)), b=rng.normal(size=(12, 5)))
    return [f"clouds:{tmp_path / name}.npz" for name in ("one", "two")]


def test_what_is_finished_in_another_experiment_is_not_done_again(store, clouds):
    made = todacomm.analyze(model=clouds[0], experiment_name="Default", **QUICK)
    result, _ = sweep(settings(models=",".join(clouds)))
    assert list(result.table["status"]) == ["reused", "done"]
    assert result.table["run_id"][0] == made.run_id


def test_children_below_one_parent_and_a_comparison(store):
    told = []
    found, run = sweep(settings(weights="trained,random", compare=True, run_name="mine"), announce=told.append)
    children = runs()
    assert {child.data.tags["mlflow.parentRunId"] for child in children} == {run.run_id}
    assert {child.data.tags["todacomm.weights"] for child in children} == {"trained", "random"}
    assert list(found.table["status"]) == ["done", "done"]
    (parent,) = runs("sweep")
    assert (parent.info.run_id, parent.info.run_name) == (run.run_id, "mine")
    assert parent.data.metrics["progress/ended"] == 2
    (compared,) = runs("comparison")
    assert compared.data.tags["mlflow.parentRunId"] == run.run_id
    (given,) = found.comparisons.items()
    assert (given[0], given[1].name) == (compared.info.run_id, compared.info.run_name)
    assert [line.partition(":")[0].partition(" in ")[0] for line in told[-2:]] == ["comparing 2 analyses", "compared"]
    assert "2 analyses, 0 finished already" in told[0]
    assert "estimate" in told[0]
    assert [line.split("]")[0] for line in told if line.startswith("[")] == ["[1 of 2", "[2 of 2"]
    files = {file.path for file in MlflowClient().list_artifacts(run.run_id)}
    assert files == {"report.md", "report.html", "tables"}
    report = Path(MlflowClient().download_artifacts(run.run_id, "report.md")).read_text()
    assert given[0] in report
    assert given[1].warnings == tuple(compared.data.tags["todacomm.warnings"].splitlines())
    warned = replace(found, comparisons={"one": replace(given[1], warnings=("pooled in its own way",))})
    assert sweep_context(warned)["warnings"][-1] == "pooled in its own way"
    assert "to compare them" in told[0]
    assert "to compare" not in describe_plan(settings(models="a"), plan_sweep(settings(weights="trained,random")))


def test_a_run_that_is_deleted_meanwhile_is_a_problem_of_the_comparison(store, clouds):
    def delete_the_first(line):
        if line.startswith("[2 of 2"):
            MlflowClient().delete_run(runs()[-1].info.run_id)

    with pytest.raises(SweepFailed) as told:
        sweep(settings(models=",".join(clouds), compare=True), announce=delete_the_first)
    assert "is deleted: `mlflow runs restore" in told.value.result.problems["comparison"]
    assert list(told.value.result.table["status"]) == ["done", "done"]


def test_equal_names_are_compared_as_what_they_are(store, tmp_path):
    """Two models in folders of one name on two sets of texts in files of one name: a comparison for each set."""
    for place in "ab":
        (tmp_path / place).mkdir()
        tiny_model_folder(tmp_path / place, "gpt2", seed=ord(place)).rename(tmp_path / place / "net")
        texts = "\n".join(f"{place} line {i} of a few words" for i in range(20))
        (tmp_path / place / "lines.txt").write_text(texts, encoding="utf-8")
    models, datasets = (",".join(str(tmp_path / place / name) for place in "ab") for name in ("net", "lines.txt"))
    result, _ = sweep(settings(models=models, datasets=datasets, unit="line", compare=True))
    over = [MlflowClient().get_run(run_id).data.tags["todacomm.dataset"] for run_id in result.comparisons]
    assert over == ["lines", "lines"]
    assert all("read by" not in compared.name for compared in result.comparisons.values())
    one_set, _ = sweep(settings(models=models, datasets=datasets.partition(",")[0], unit="line", compare=True))
    (compared,) = one_set.comparisons.values()
    assert "read by" not in compared.name


def test_the_findings_of_the_comparison_are_printed_with_its_link(store, clouds, capsys):
    run_sweep(settings(models=",".join(clouds), compare=True))
    printed = capsys.readouterr().out
    (compared,) = runs("comparison")
    assert set(sweep(settings(models=",".join(clouds)))[0].table["weights"]) == {""}, "no weights were read"
    assert compared.info.run_id in printed
    assert compared.info.run_name in printed


def test_what_is_finished_is_reused_by_settings_and_files(store, clouds, rng):
    first, _ = sweep(settings(models=",".join(clouds)))
    second, run = sweep(settings(models=",".join(clouds)))
    assert list(second.table["status"]) == ["reused", "reused"]
    assert second.run_ids == first.run_ids
    assert MlflowClient().get_run(run.run_id).data.tags["todacomm.analyses"] == ",".join(first.run_ids)
    assert len(runs()) == 2
    with_clouds = {"models": clouds[0], "keep_clouds": True}
    assert [sweep(settings(**with_clouds))[0].table["status"][0] for _ in range(2)] == ["done", "reused"]
    assert plan_sweep(settings(models=clouds[1], keep_clouds=True)).missing

    path = Path(clouds[0].removeprefix("clouds:"))
    np.savez(path, a=rng.normal(size=(12, 5)))
    third, _ = sweep(settings(models=",".join(clouds)))
    assert list(third.table["status"]) == ["done", "reused"], "the same name with other content is another analysis"

    fourth, _ = sweep(settings(models=clouds[1], force=True))
    assert list(fourth.table["status"]) == ["done"]


def test_an_analysis_made_by_itself_counts(store, clouds):
    alone = todacomm.analyze(model=clouds[0], **QUICK)
    found, _ = sweep(settings(models=clouds[0]))
    assert found.run_ids == [alone.run_id]


def test_one_failure_is_one_failure(store, tmp_path, capsys):
    sound, broken = (tiny_model_folder(tmp_path / name, "gpt2") for name in ("sound", "broken"))
    (broken / "tokenizer.json").write_text("{}")
    config = settings(models=f"{broken},{sound}", compare=True)
    with pytest.raises(SweepFailed) as caught:
        sweep(config)
    found, run = caught.value.result, caught.value.run
    assert list(found.table["status"]) == ["failed", "done"]
    client = MlflowClient()
    assert client.get_run(run.run_id).info.status == "FAILED"
    table = Path(client.download_artifacts(run.run_id, "tables/failures.csv")).read_text()
    assert "tokenizer" in table
    report = Path(client.download_artifacts(run.run_id, "report.md")).read_text()
    assert "What failed, and why" in report
    assert not runs(status="FAILED"), "what was refused before any work is a row of the table and no run"

    assert exit_code(lambda: run_sweep(config)) == 1
    said = capsys.readouterr()
    assert "1 finished before, 1 failed" in said.err
    assert "tokenizer" in said.err
    assert "run      http" in said.out


def test_every_unknown_name_is_said_at_once_before_any_work(store):
    with pytest.raises(ValueError, match="3 of its names cannot be used") as caught:
        sweep(settings(models="demo-decoder,demo-decodr!,/no/folder", datasets="pydoc,wikitext3"))
    for name in ("demo-decodr!", "/no/folder", "wikitext3"):
        assert name in str(caught.value)
    assert runs("sweep", None) == []


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"models": ","}, "models is ',', an empty list"),
        ({"models": ""}, "models is an empty list"),
        ({"datasets": " "}, "datasets is an empty list"),
        ({"revisions": ","}, "revisions is ',', an empty list"),
        ({"weights": "trained,frozen"}, "unknown weights 'frozen'"),
        ({"models": "@/no/such/file"}, "no file at /no/such/file"),
        ({"runner": "slurm"}, "unknown runner 'slurm'"),
        ({"workers": 0}, "workers is 0"),
        ({"gpus_per_run": "many"}, "gpus_per_run is 'many'"),
        ({"memory_gb": -1}, "memory_gb is -1"),
        ({"address": "host:6379"}, "it is for runner=ray and dask"),
        ({"workers": 2}, "workers is 2 with runner=serial: give runner=processes"),
        ({"gpus_per_run": 1, "runner": "dask"}, "gpus_per_run is 1 with runner=dask: it is for runner=ray"),
        (
            {"cpus_per_run": 0.5, "runner": "processes"},
            "cpus_per_run is 0.5 with runner=processes: it is for runner=ray",
        ),
        ({"model": "gpt2"}, "model is for one analysis: here it is models"),
        ({"modles": "gpt2"}, "unknown option 'modles'"),
    ],
)
def test_a_wrong_setting_is_named_with_what_fits(options, says):
    with pytest.raises(ValueError, match=says):
        settings(**options)


def test_lists_come_from_files_and_duplicates_count_once(store, clouds, tmp_path):
    (tmp_path / "models.txt").write_text(f"# mine\n{clouds[0]}\n\n{clouds[1]}  # the second\n{clouds[0]}\n")
    plan = plan_sweep(settings(models=f"@{tmp_path / 'models.txt'}"))
    assert [item.config.model.model for item in plan.items] == clouds
    assert plan.notes == (f"models has {clouds[0]} 2 times: it counts once",)


def test_a_dry_run_leaves_nothing(tmp_path, monkeypatch, no_mlflow_settings, capsys, clouds):
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    assert exit_code(lambda: run_sweep(settings(models=clouds[0], dry_run=True))) == 0
    assert "1 analysis, 0 finished already" in capsys.readouterr().out
    assert sorted(tmp_path.iterdir()) == before


def test_two_processes_do_the_same_work(store, clouds):
    found, run = sweep(settings(models=",".join(clouds), runner="processes", workers=2))
    assert sorted(found.table["status"]) == ["done", "done"]
    assert {child.data.tags["mlflow.parentRunId"] for child in runs()} == {run.run_id}
    assert (
        len({child.data.tags["todacomm.pid"] for child in runs()} | {str(tracking.process_tags()["todacomm.pid"])}) > 1
    )


def test_a_run_left_open_by_a_dead_process_is_marked(store, clouds):
    client = tracking.open_store()
    experiment_id = client.create_experiment("todacomm")
    dead = {**tracking.process_tags(), "todacomm.process_started": "1"}
    gone = client.create_run(experiment_id, tags=dead).info.run_id
    alive = client.create_run(experiment_id, tags=tracking.process_tags()).info.run_id
    foreign = client.create_run(experiment_id, tags={**dead, "todacomm.host": "elsewhere"}).info.run_id
    sweep(settings(models=clouds[0]))
    assert client.get_run(gone).info.status == "KILLED"
    assert client.get_run(gone).data.tags["todacomm.interrupted"] == "its process is gone"
    assert {client.get_run(run).info.status for run in (alive, foreign)} == {"RUNNING"}


@pytest.mark.parametrize(("runner", "address"), [("ray", "127.0.0.1:9"), ("dask", "tcp://127.0.0.1:9")])
def test_a_cluster_that_does_not_answer_is_said_within_seconds(store, clouds, runner, address):
    pytest.importorskip({"ray": "ray", "dask": "distributed"}[runner])
    with pytest.raises(ValueError, match="nothing answers"):
        sweep(settings(models=clouds[0], runner=runner, address=address))


def test_a_file_of_clouds_in_the_home_folder_is_one_file_everywhere(tmp_path, monkeypatch, rng):
    monkeypatch.setenv("HOME", str(tmp_path))
    np.savez(tmp_path / "mine.npz", layer_0=rng.normal(size=(12, 4)))
    config = AnalysisConfig.from_flat({"model": "clouds:~/mine.npz"})
    check_inputs(config)
    assert model_size(config.model).n_layers == 1
    assert inputs_digest(config) is not None
    assert observe(config).model.source == str(tmp_path / "mine.npz")


def test_a_data_set_of_the_hub_may_name_its_field_beside_it():
    asked = {"dataset": "hf:openai/gsm8k:test", "text_column": "{question}"}
    check_texts(AnalysisConfig.from_flat(asked))
    with pytest.raises(ValueError, match="expected hf:path"):
        check_texts(AnalysisConfig.from_flat({"dataset": asked["dataset"]}))
