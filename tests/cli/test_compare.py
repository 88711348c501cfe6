"""``todacomm compare`` as a user types it."""

import json
import shlex

import pytest
from mlflow import MlflowClient

from tests.helpers.records import record
from tests.helpers.results import make_result
from todacomm import tracking
from todacomm.cli.compare import with_runs
from todacomm.settings.comparison import ComparisonConfig
from todacomm.tracking import names, search_analyses

FEW = "--rtd-points 12 --rtd-permutations 0"


def all_runs():
    client = MlflowClient()
    return client.search_runs([e.experiment_id for e in client.search_experiments()])


def test_runs_are_compared_by_name_and_the_report_is_copied(store, todacomm, tmp_path):
    for name in ("alpha", "beta", "gamma"):
        record(make_result(n_layers=3, model=name, control=False, run_name=f"run of {name}"))
    printed = todacomm(f'compare "run of alpha,run of beta" -o report.md {FEW}')
    assert printed.exit_code == 0, printed.stderr
    assert "H0 mean lifetime / median distance is largest in" in printed.stdout
    report = (tmp_path / "report.md").read_text()
    assert "gamma" not in report
    assert report.startswith("# 2 models on pydoc")
    (run,) = [r for r in all_runs() if r.data.tags["todacomm.kind"] == "comparison"]
    assert run.info.run_name == "alpha, beta on pydoc"
    line = json.loads(todacomm(f"compare alpha,beta --geometry none --explorer false --json {FEW}").stdout)
    assert list(line) == ["run_id", "comparison", "link", "report", "headline", "warnings"]
    assert line["comparison"] == "alpha, beta on pydoc"
    assert line["headline"].startswith("H0 mean lifetime / median distance is largest in")


def test_a_model_means_its_newest_analysis_with_trained_weights(store):
    for options in ({"seed": 1}, {}, {"weights": "random"}):
        record(make_result(n_layers=3, model="gpt2", control=False, run_name=f"gpt2 {options}", **options))
    record(make_result(n_layers=3, model="bert", control=False, run_name="bert"))
    meant = with_runs(ComparisonConfig(), "gpt2,bert").run_ids
    names = search_analyses().set_index("run_id")["run_name"]
    assert [names[run_id] for run_id in meant] == ["gpt2 {}", "bert"]
    (random,) = with_runs(ComparisonConfig(weights="random"), "gpt2").run_ids
    assert names[random] == "gpt2 {'weights': 'random'}"


def test_what_cannot_be_compared_is_reported_on_one_screen(store, todacomm):
    assert todacomm("compare --output report.txt").stderr == (
        "error: output is report.txt: expected a file that ends in .md or .html\n"
    )
    empty = todacomm("compare")
    assert empty.exit_code == 1
    assert "there are no finished analyses: run some first" in empty.stderr
    for name, options in {"alpha": {}, "beta": {"pca": 5}}.items():
        record(make_result(n_layers=3, model=name, control=False, **options))
    refused = todacomm("compare")
    assert refused.exit_code == 1
    assert "pca: 0 (alpha), 5 (beta)" in refused.stderr
    assert len(refused.stderr.splitlines()) < 6
    runs = all_runs()
    assert not [r for r in runs if r.data.tags["todacomm.kind"] == "comparison"], "nothing was done: there is no run"


def test_wrong_usage_ends_with_2(store, todacomm):
    assert todacomm("compare nothing-of-that-name").exit_code == 2
    printed = todacomm("compare --geometry all")
    assert printed.exit_code == 2
    assert "unknown geometry 'all': choose matched, grid or none" in printed.stderr


def test_many_names_take_two_looks_into_the_store(store, monkeypatch):
    asked = []
    runs = {name: record(make_result(model=name, control=False)) for name in ("alpha", "beta", "gamma")}

    def search(*args, **options):
        asked.append(options)
        return search_analyses(*args, **options)

    monkeypatch.setattr(tracking, "search_analyses", search)
    monkeypatch.setattr(names, "search_analyses", search)
    given = ["alpha", runs["beta"][:12], "gamma", *(["alpha", "gamma"] * 10)]
    config = with_runs(ComparisonConfig(), ",".join(given))
    assert config.run_ids == tuple(runs[name] for name in ("alpha", "beta", "gamma"))
    assert len(asked) == 2


@pytest.mark.parametrize("runs", ["", " ", ","])
def test_an_empty_name_is_not_everything(todacomm, runs):
    done = todacomm(f"compare {shlex.quote(runs)}")
    assert done.exit_code == 2
    assert f"RUN is {runs!r}, an empty list: name at least one, or leave it out for all" in done.stderr
