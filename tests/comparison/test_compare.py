"""The whole comparison: recorded, reported, and what bad input leaves behind."""

import dataclasses
import json
import re
from itertools import groupby
from pathlib import Path

import pandas as pd
import pytest
from mlflow import MlflowClient

import todacomm
from tests.comparison.conftest import add_diagram_distance, add_similarity, compare_entropy, make
from tests.helpers.records import record
from todacomm.comparison.findings import clearest, findings
from todacomm.comparison.metrics import short_of
from todacomm.comparison.result import Comparison
from todacomm.core.metrics import LAYER_METRICS
from todacomm.figures.comparison import comparison_figures, draw_comparison
from todacomm.jobs.compare import measure_comparison, write_tables
from todacomm.reports.blocks import Table
from todacomm.reports.comparison import comparison_context, write_comparison_reports
from todacomm.reports.comparison_sections import SECTIONS, Section, Task, show
from todacomm.reports.comparison_tables import divergences_table
from todacomm.reports.render import render_markdown
from todacomm.results.table import SCHEMA_VERSION
from todacomm.settings.comparison import ComparisonConfig

QUICK = {"rtd_points": 15, "rtd_permutations": 0}
EVIL = "a|b*c <img src=x onerror=y> [l](u)"


@pytest.fixture
def three(store: Path) -> None:
    record(make("alpha", 4))
    record(make("alpha", 4, weights="random", factor=0.5))
    record(make("beta", 5, factor=2.0))


def test_layers_of_models_of_different_depth_have_one_order(models: dict[str, str], tmp_path: Path) -> None:
    """In every table that a user gets; what is written has plain names."""
    comparison = measure_comparison(ComparisonConfig.from_flat({"models": "alpha,gamma", "geometry": "none"}))
    depth = ["embedding", "layer_0", "layer_1", "layer_2", "layer_3", "final"]
    curves = comparison.tables["depth_curves"]
    assert list(curves["layer"].cat.categories) == depth
    assert list(curves.sort_values("layer")["layer"].unique()) == depth
    pairs = comparison.tables["paired_differences"]
    assert pairs["layer_a"].dtype == pairs["layer_b"].dtype
    assert pairs.groupby("layer_b", observed=True).size().index.tolist() == [
        n for n in depth if n in {*pairs["layer_b"]}
    ]
    write_tables(comparison, tmp_path)
    for name in ("depth_curves", "paired_differences"):
        plain = pd.read_csv(tmp_path / f"tables/{name}.csv")
        columns = [column for column in plain if column.startswith("layer")]
        assert plain[columns].to_numpy().tolist() == comparison.tables[name][columns].to_numpy().tolist()


@pytest.mark.parametrize(
    ("permutations", "columns", "says"),
    [
        (0, 4, "There is no p: it takes 19"),
        (1, 5, "There is no p: it takes 19"),
        (19, 6, "p: the smallest and the largest"),
    ],
)
def test_a_divergence_has_a_p_where_there_are_draws_for_it(
    models: dict[str, str], permutations: int, columns: int, says: str
) -> None:
    options = {"models": "alpha,beta", "weights": "trained", "rtd_points": 15, "rtd_permutations": permutations}
    table = divergences_table(measure_comparison(ComparisonConfig.from_flat(options)))
    assert table is not None
    assert {len(table.header), *map(len, table.rows)} == {columns}
    assert says in table.caption
    assert ("paired at random" in table.caption) == (permutations > 0)


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
    assert drawn == [
        "controls.png", "depth.png", "distances.png", "mean_differences.png", "paired_differences.png", "ranking.png",
        "similarity_cka.png", "similarity_knn_overlap.png", "similarity_procrustes.png",
    ]  # fmt: skip
    page = (folder / "report.html").read_text()
    assert page.count("<svg") == len(drawn)
    assert (tmp_path / "out/report.md").read_text() == (folder / "report.md").read_text()
    assert list(todacomm.search_analyses()["model"]) == ["beta", "alpha", "alpha"]  # a comparison is no analysis


def test_the_report_holds_every_section_its_tables_and_the_reasons_for_what_is_empty(three: None) -> None:
    found = measure_comparison(ComparisonConfig.from_flat(QUICK))
    context = comparison_context(found)
    assert context["title"] == "3 models on pydoc"
    empty = {"correlates", "families"}
    assert set(context["tables"]) == set(SECTIONS) - empty - {"depth_curves", "model_distances"}
    for table in context["tables"].values():
        assert len(table.caption) > 60
        assert all(len(row) == len(table.header) for row in table.rows)
    blocks = {block.name: block for part in context["parts"] for block in part.sections}
    assert set(blocks) == set(SECTIONS) - {"runs"}
    assert {part.title for part in context["parts"] if part.introduction} == {"Paired geometry"}
    assert {name for name, block in blocks.items() if block.reason} == empty
    assert {picture.file for block in blocks.values() for picture in block.figures} == {
        f"plots/{name}.png" for name in comparison_figures()
    }


def test_the_cells_of_a_paired_table_are_its_numbers(three: None) -> None:
    found = measure_comparison(ComparisonConfig.from_flat({"geometry": "none"}))
    table = show(found)["paired_differences"]
    rows = found.tables["paired_differences"]
    rows = rows[(rows["label_a"] == "alpha") & (rows["label_b"] == "beta") & (rows["metric"] == "h0_total_norm")]
    (row,) = table.rows
    assert row[0] == "alpha − beta"
    assert (rows["p_adjusted"] <= 0.05).all()
    assert len(rows) == 4
    assert row[table.header.index(short_of("h0_total_norm"))].startswith(f"4 of 4; {clearest(rows)['layer_a']}: ")


def test_one_more_compared_metric_similarity_and_distance_of_diagrams_are_in_tables_figures_and_report(
    three: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare_entropy(monkeypatch)
    add_similarity(monkeypatch)
    add_diagram_distance(monkeypatch)
    found = measure_comparison(ComparisonConfig.from_flat(QUICK))
    files = draw_comparison(found, tmp_path)
    write_comparison_reports(found, tmp_path)
    for name in ("ranking", "mean_differences", "paired_differences", "controls"):
        assert "h1_entropy" in set(found.tables[name]["metric"]), name
        assert "Evenness" in show(found)[name].header, name
    assert "sizes" in show(found)["similarity"].header
    assert "bars" in found.tables["diagram_distances"]
    assert {"H0 bars", "H1 bars"} < set(show(found)["diagram_distances"].header)
    assert "Bars: bars more or fewer." in show(found)["diagram_distances"].caption
    assert "plots/similarity_equal_sizes.png" in files
    page = (tmp_path / "report.html").read_text()
    assert page.count("<svg") == len(comparison_figures())
    assert "Equal sizes of every two layers" in page
    assert ("Evenness", LAYER_METRICS["h1_entropy"].meaning) in comparison_context(found)["glossary"]
    assert "Evenness of loops" in (tmp_path / "plots/depth.svg").read_text() or "<!-- Evenness of loops -->" in page


def test_one_more_section_is_computed_shown_and_explained_with_one_row(
    three: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def compute(task: Task) -> pd.DataFrame:
        return task.tables["runs"][["label", "points"]]

    def shown(comparison: Comparison) -> Table:
        return Table("", "How many texts each analysis read.", ["Analysis", "Points"], [["alpha", "60"]])

    row = Section("Texts read", compute, show=shown)
    monkeypatch.setitem(SECTIONS, "texts_read", row)
    empty = dataclasses.replace(
        row, compute=lambda task: compute(task).iloc[:0], why_empty=lambda gathered, config: "there is none"
    )
    monkeypatch.setitem(SECTIONS, "nothing", empty)
    found = measure_comparison(ComparisonConfig.from_flat({"geometry": "none"}))
    context = comparison_context(found)
    assert context["tables"]["texts_read"].title == "Texts read"
    assert found.gaps["nothing"] == "there is none"
    assert "Nothing to show: there is none." in render_markdown("comparison.md.j2", context)


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
    lines = (tmp_path / "report.md").read_text().splitlines()
    widths = [len(re.split(r"(?<!\\)\|", line)) if line.startswith("|") else 0 for line in lines]
    tables = [list(own) for is_table, own in groupby(widths, key=bool) if is_table]
    assert len(tables) > 4
    assert all(len(set(own)) == 1 for own in tables), "every row has as many cells as its table has columns"
    assert sum("a\\|b" in line for line in lines if line.startswith("|")) >= 4


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
    ("source", "says", "runs"),
    [
        ("{{ nothing_of_the_kind }}", "'nothing_of_the_kind' is undefined .its variables are compared", ["FAILED"]),
        ("{{ ''.__class__.__mro__ }}", "unsafe|undefined", ["FAILED"]),
        ("{% include '../../../etc/passwd' %}", "asks for ../../../etc/passwd: only the project's templates and", []),
        ("{% if %}", "line 1", []),
        (None, "absent.md.j2", []),
    ],
)
def test_a_template_that_cannot_be_used_fails_with_its_reason(three: None, tmp_path: Path, source, says, runs) -> None:
    """What is known before any work leaves no run; what only its rendering shows leaves a failed one without files."""
    own = tmp_path / "absent.md.j2"
    if source is not None:
        own.write_text(source)
    with pytest.raises(ValueError, match=says):
        todacomm.compare(template=str(own), geometry="none")
    recorded = MlflowClient().search_runs([e.experiment_id for e in MlflowClient().search_experiments()])
    made = [run for run in recorded if run.data.tags["todacomm.kind"] == "comparison"]
    assert [run.info.status for run in made] == runs
    assert [file for run in made for file in MlflowClient().list_artifacts(run.info.run_id)] == []
    assert {run.info.status for run in recorded if run not in made} == {"FINISHED"}


def test_a_run_without_tables_is_left_out_and_named(three: None) -> None:
    from todacomm.tracking import load_analysis

    newest = todacomm.search_analyses()["run_id"].iloc[0]
    load_analysis(newest).artifact("tables/layers.json").unlink()
    comparison, _ = todacomm.compare(**QUICK)
    assert newest not in set(comparison.gathered.runs["run_id"])
    assert any(f"run {newest} has no tables/layers.json" in warning.text for warning in comparison.warnings)


def test_an_older_schema_is_left_out_and_says_what_to_do(three: None) -> None:
    from todacomm.tracking import load_analysis

    newest = todacomm.search_analyses()["run_id"].iloc[0]
    path = load_analysis(newest).artifact("tables/layers.json")
    path.write_text(path.read_text().replace(f'"schema": {SCHEMA_VERSION}', '"schema": 0', 1))
    comparison, _ = todacomm.compare(**QUICK)
    assert newest not in set(comparison.gathered.runs["run_id"])
    said = f"schema 0, this version reads schema {SCHEMA_VERSION}: run the analysis again"
    assert any(said in warning.text for warning in comparison.warnings)


def test_data_sets_are_compared_with_a_template_of_their_own(store: Path, tmp_path: Path) -> None:
    for dataset in ("pydoc", "squad"):
        result = make("alpha", 4, dataset=dataset)
        record(dataclasses.replace(result, dataset=dataclasses.replace(result.dataset, digest=dataset)))
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
    found = measure_comparison(ComparisonConfig.from_flat({"geometry": "none"}))
    assert {finding.values["decided_by"] for finding in findings(found) if finding.kind == "largest"} == {"nothing"}
    assert "has no half-samples" in found.gaps["paired_differences"]
    assert "has no half-samples" in found.gaps["mean_differences"]
