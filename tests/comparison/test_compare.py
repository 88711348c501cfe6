"""The whole comparison: recorded, reported, and what bad input leaves behind."""

import dataclasses
import json
import re
from pathlib import Path

import pandas as pd
import pytest
from mlflow import MlflowClient

import todacomm
from tests.comparison.conftest import make
from tests.helpers.records import record
from todacomm.figures.comparison import draw_comparison
from todacomm.jobs.compare import measure_comparison
from todacomm.reports.comparison import comparison_context, write_comparison_reports
from todacomm.settings.comparison import ComparisonConfig

QUICK = {"rtd_points": 15, "rtd_permutations": 0}
EVIL = "a|b*c <img src=x onerror=y> [l](u)"


@pytest.fixture
def three(store: Path) -> None:
    record(make("alpha", 4))
    record(make("alpha", 4, weights="random", factor=0.5))
    record(make("beta", 5, factor=2.0))


def test_a_comparison_is_recorded_with_its_sources_tables_and_pictures(three: None, tmp_path: Path) -> None:
    found, run = todacomm.compare(output_dir=str(tmp_path / "out"), **QUICK)
    recorded = MlflowClient().get_run(run.run_id)
    assert recorded.info.status == "FINISHED"
    tags = recorded.data.tags
    assert tags["todacomm.kind"] == "comparison"
    assert tags["todacomm.sources"].split(",") == list(found.gathered.runs["run_id"])
    assert recorded.data.params["config/rtd_points"] == "15"
    folder = Path(run.artifact_uri)
    for name, table in found.tables.items():
        written = pd.read_csv(folder / f"tables/{name}.csv")
        assert len(written) == len(table)
    facts = json.loads((folder / "tables/comparison.json").read_text())
    assert facts["sources"] == dict(zip(found.labels, found.gathered.runs["run_id"], strict=True))
    drawn = sorted(path.name for path in (folder / "plots").glob("*.png"))
    assert drawn == ["controls.png", "depth.png", "distances.png", "ranking.png", "similarity_cka.png",
                     "similarity_knn_overlap.png", "similarity_procrustes.png"]  # fmt: skip
    page = (folder / "report.html").read_text()
    assert page.count("<svg") == 7
    assert (tmp_path / "out/report.md").read_text() == (folder / "report.md").read_text()
    assert list(todacomm.search_analyses()["model"]) == ["beta", "alpha", "alpha"]  # a comparison is no analysis


def test_the_report_says_what_stands_and_what_does_not(three: None) -> None:
    found = measure_comparison(ComparisonConfig.from_flat(QUICK))
    context = comparison_context(found)
    assert context["title"] == "3 models on pydoc"
    words = " ".join(context["headline"])
    assert "is largest in beta" in words
    assert "above the interval of every other" in words
    assert "No correlation with likelihood is given: 2 trained models" in words
    assert set(context["tables"]) >= {"runs", "ranking", "controls", "paired_differences", "similarity"}
    for table in context["tables"].values():
        assert len(table.caption) > 60
        assert all(len(row) == len(table.header) for row in table.rows)
    assert "correlates" in context["gaps"]


def test_a_name_that_would_break_the_page_is_text(store: Path, tmp_path: Path) -> None:
    for name in (EVIL, "beta"):
        result = make("alpha", 4)
        record(dataclasses.replace(result, model=dataclasses.replace(result.model, name=name)))
    found = measure_comparison(ComparisonConfig.from_flat({"geometry": "none"}))
    draw_comparison(found, tmp_path)
    write_comparison_reports(found, tmp_path)
    page = (tmp_path / "report.html").read_text()
    assert "<img" not in page
    assert "&lt;img src=x onerror=y&gt;" in page
    assert 'href="u"' not in page
    rows = [line for line in (tmp_path / "report.md").read_text().splitlines() if line.startswith("| a")]
    cells = {len(re.split(r"(?<!\\)\|", row)) for row in rows}
    assert rows
    assert len(cells) <= 4  # a row has as many cells as its table has columns, whatever the name holds


def test_a_template_of_ones_own_gets_every_number(three: None, tmp_path: Path) -> None:
    own = tmp_path / "own.md.j2"
    own.write_text(
        "{{ title }}\n{% for row in frames.ranking %}{{ row.label }}={{ row.value | number }};{% endfor %}\n"
    )
    _, run = todacomm.compare(template=str(own), geometry="none")
    text = (Path(run.artifact_uri) / "report.md").read_text()
    assert text.startswith("3 models on pydoc\n")
    assert text.count("beta=") == 7


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("{{ nothing_of_the_kind }}", "'nothing_of_the_kind' is undefined .its variables are compared"),
        ("{{ ''.__class__.__mro__ }}", "unsafe|undefined"),
        ("{% include '../../../etc/passwd' %}", "etc/passwd"),
        ("{% if %}", "line 1"),
        (None, "absent.md.j2"),
    ],
)
def test_a_template_that_cannot_be_used_fails_with_its_reason(three: None, tmp_path: Path, source, says) -> None:
    own = tmp_path / "absent.md.j2"
    if source is not None:
        own.write_text(source)
    with pytest.raises(ValueError, match=says):
        todacomm.compare(template=str(own), geometry="none")
    runs = MlflowClient().search_runs([e.experiment_id for e in MlflowClient().search_experiments()])
    kinds = {run.data.tags["todacomm.kind"]: run.info.status for run in runs if run.info.status != "FINISHED"}
    assert set(kinds.items()) <= {("comparison", "FAILED")}
    for run in runs:
        if run.data.tags["todacomm.kind"] == "comparison":
            assert MlflowClient().list_artifacts(run.info.run_id) == []


def test_a_run_without_tables_is_named(three: None) -> None:
    from todacomm.tracking import load_analysis

    newest = todacomm.search_analyses()["run_id"].iloc[0]
    load_analysis(newest).artifact("tables/layers.json").unlink()
    with pytest.raises(ValueError, match=f"run {newest} has no tables/layers.json"):
        todacomm.compare(**QUICK)


def test_an_older_schema_says_what_to_do(three: None) -> None:
    from todacomm.tracking import load_analysis

    newest = todacomm.search_analyses()["run_id"].iloc[0]
    path = load_analysis(newest).artifact("tables/layers.json")
    path.write_text(path.read_text().replace('"schema": 2', '"schema": 0', 1))
    with pytest.raises(ValueError, match="schema 0, this version reads schema 2: run the analysis again"):
        todacomm.compare(**QUICK)


def test_data_sets_are_compared_with_a_template_of_their_own(store: Path, tmp_path: Path) -> None:
    for dataset in ("pydoc", "squad"):
        result = make("alpha", 4, dataset=dataset)
        record(dataclasses.replace(result, texts=dataclasses.replace(result.texts, digest=dataset)))
    found, run = todacomm.compare(**QUICK)
    assert found.over == "datasets"
    text = (Path(run.artifact_uri) / "report.md").read_text()
    assert text.startswith("# 2 data sets read by alpha")
    assert "The model is one and the same" in text
    assert found.tables["paired_differences"].empty


def test_everything_without_intervals_is_said(store: Path) -> None:
    for name in ("alpha", "beta"):
        result = make(name, 4, replicates=0)
        table = result.table.assign(se=float("nan"), lo=float("nan"), hi=float("nan"))
        record(dataclasses.replace(result, table=table))
    context = comparison_context(measure_comparison(ComparisonConfig.from_flat({"geometry": "none"})))
    assert any("without intervals there is no saying how sure that is" in text for text in context["headline"])
    assert "has no half-samples" in context["gaps"]["paired_differences"]
