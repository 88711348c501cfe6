"""Pairs whose truth is known, through the whole job: verdicts, exit codes, and what is refused."""

import json
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from click.testing import CliRunner
from junitparser import JUnitXml
from mlflow import MlflowClient

import todacomm
from entrypoints.gate import main as entry_point
from tests.gates.conftest import SETTINGS, bent, judged, model_clouds, recorded
from todacomm.cli import main
from todacomm.figures.gate import gate_figure
from todacomm.gates.judging import gate_pair
from todacomm.gates.planning import planned
from todacomm.gates.result import FEWEST_TEXTS, SideWarning
from todacomm.jobs.gate import gate, write_plan
from todacomm.reports.gate import headline, verdict_line
from todacomm.reports.junit import junit_xml
from todacomm.settings.gate import GateConfig
from todacomm.tracking import job_run, load_analysis


def test_a_copy_that_is_turned_and_scaled_is_the_same(pairs):
    result, run = todacomm.gate(base=pairs["base"], candidate=pairs["copy"])
    assert result.verdict == "same"
    assert result.exit_code == 0
    assert result.aspects == {"shape": "same", "places": "same"}
    assert result.different == []
    assert result.changed.empty
    assert np.isnan(result.texts_to_settle)
    data = MlflowClient().get_run(run.run_id).data
    tags = data.tags
    assert (tags["todacomm.kind"], tags["todacomm.gate"], tags["todacomm.gate.places"]) == ("gate", "same", "same")
    assert data.metrics["summary/seconds_analyses"] > 0.0
    assert data.metrics["summary/seconds_judgement"] > 0.0


def test_a_stretched_layer_is_different_and_named(pairs):
    result, run = gate(base=pairs["base"], candidate=pairs["bent"])
    assert result.verdict == "different"
    assert result.exit_code == 3
    assert result.layers["layer_0"] == {"shape": "same", "places": "same"}
    assert result.different == ["layer_1"]
    assert set(result.changed["layer"]) == {"layer_1"}
    assert list(result.table["layer"].cat.categories) == list(result.table["layer_candidate"].cat.categories)
    assert result.table["layer"].max() == "layer_1"
    artifacts = Path(run.artifact_uri)
    record = json.loads((artifacts / "gate.json").read_text())
    assert (record["verdict"], record["exit_code"], record["first_different"]) == ("different", 3, "layer_1")
    assert len(record["cells"]) == 2 * 8
    assert "bent differs from base in 1 of 2 layers, layer_1 first: " in (artifacts / "report.md").read_text()
    assert "[interactive page](explorer.html)" in (artifacts / "report.md").read_text()
    assert "<svg" in (artifacts / "report.html").read_text()
    page = (artifacts / "explorer.html").read_text()
    assert "base and bent on" in page
    data = json.loads(re.search(r'id="explorer-data">(.*?)</script>', page, re.DOTALL)[1])
    assert {one["name"] for one in data["similarities"]} == {"cka", "procrustes", "knn_overlap"}


def test_texts_that_changed_places_have_the_same_shape(pairs):
    result = judged(pairs["base"], pairs["moved"])
    table = result.table.set_index(["layer", "metric"])
    assert table.loc[("layer_1", "h0_total_norm"), "difference"] == pytest.approx(0.0, abs=1e-9)
    assert result.layers["layer_1"]["places"] == "different"
    assert result.aspects["shape"] != "different"
    assert result.verdict == "different"
    assert result.changed["lost"].is_monotonic_decreasing
    assert np.isnan(result.texts_for_verdict)
    assert result.texts_to_settle > 120


def test_too_few_texts_give_no_verdict_even_on_a_copy(pairs):
    result = judged(pairs["few"], pairs["few_copy"])
    assert (result.verdict, result.exit_code) == ("undecided", 4)
    assert (result.table["difference"] == 0.0).all()
    assert result.texts_to_settle == result.texts_for_verdict == FEWEST_TEXTS


def test_a_first_difference_takes_fewer_texts_than_all_that_is_open(pairs):
    few = {name: cloud[:20] for name, cloud in model_clouds().items()}
    result = judged(pairs["few"], recorded("few_bent", bent(few)))
    assert result.verdict == "undecided"
    assert result.texts_for_verdict == FEWEST_TEXTS < result.texts_to_settle
    assert "there are 20; about 50 texts would show a first difference" in verdict_line(result)


def test_a_wide_margin_makes_a_difference_the_same(pairs):
    wide = judged(pairs["base"], pairs["bent"], shape="mean_cosine", places="none", margin="0.9")
    narrow = judged(pairs["base"], pairs["bent"], shape="effective_rank", places="none", margin="0.01")
    assert (wide.verdict, narrow.verdict) == ("same", "different")
    assert wide.table["margin"].tolist() == [0.9, 0.9]


@pytest.mark.parametrize(("sides", "missing"), [(("base", "dead"), "candidate"), (("dead", "base"), "base")])
def test_a_layer_whose_texts_lie_on_one_point_in_one_model_lies_elsewhere(pairs, sides, missing):
    dead = pairs | {"dead": recorded("dead", model_clouds() | {"layer_1": np.ones((120, 8))})}
    result, run = gate(base=dead[sides[0]], candidate=dead[sides[1]])
    assert result.different == ["layer_1"]
    assert result.layers["layer_1"] == {"shape": "undecided", "places": "different"}
    assert f"layer_1 first: the {missing}'s texts lie on fewer than 4 points" in verdict_line(result)
    panel = gate_figure(result).axes[result.table["metric"].unique().tolist().index("cka_distance")]
    marks = [line.get_xydata() for line in panel.lines if line.get_marker() == "s"]
    assert [mark.tolist() for mark in marks if len(mark) and np.isfinite(mark).all()] == [[[1.0, 0.97]]]
    of_dead = load_analysis(dead["dead"]).warnings
    of_layer = [warning for warning in result.warnings if warning.layer == "layer_1"]
    assert of_layer
    assert set(of_layer) <= {SideWarning(*warning, side="dead") for warning in of_dead}
    record = json.loads((Path(run.artifact_uri) / "gate.json").read_text())
    assert record["warnings"] == [warning._asdict() for warning in result.warnings]
    both, _ = gate(base=dead["dead"], candidate=dead["dead"])
    assert {warning for warning in both.warnings if warning.code != "one_run"} <= set(of_dead)
    assert (both.verdict, both.layers["layer_1"]["places"]) == ("same", "undefined")
    assert both.names == ("dead", "dead")
    assert "one_run" in [warning.code for warning in both.warnings]
    assert "dead is the same as dead in 1 layer, on 120 texts" in verdict_line(both)
    assert headline(both)[1:] == [
        "Shape: same in layer_0.", "Places: same in layer_0.", "Nothing is defined in layer_1."
    ]  # fmt: skip
    assert result.open_cells.sum() == 5
    assert "Shape: open in layer_1, for want of a value." in headline(result)


def test_a_gate_that_fails_has_a_failing_case_even_where_no_number_of_texts_helps(pairs):
    half = recorded("half_dead", model_clouds() | {"layer_1": np.ones((120, 8))})
    result = judged(pairs["base"], half, places="none")
    assert (result.verdict, result.exit_code) == ("undecided", 4)
    assert verdict_line(result) == (
        "Whether half_dead is the same as base cannot be judged: what is open is defined in one of the two only."
    )
    (suite,) = JUnitXml.fromstring(junit_xml(result))
    assert (suite.tests, suite.failures, suite.skipped) == (10, 5, 0)
    assert b"H0 mean / median distance in layer_1: not defined in the candidate" in junit_xml(result)
    none = judged(half, half, shape="h1_max_norm", places="none")
    (suite,) = JUnitXml.fromstring(junit_xml(none))
    assert (none.verdict, suite.tests, suite.failures, suite.skipped) == ("same", 2, 0, 1)


def test_other_layers_are_matched_by_depth_and_said(pairs):
    clouds = model_clouds()
    deep = recorded("deep", {f"layer_{i}": clouds["layer_1" if i == 3 else "layer_0"] for i in range(4)})
    result = judged(pairs["base"], deep)
    assert result.verdict == "same"
    (warning,) = [warning for warning in result.warnings if warning.code == "other_layers"]
    assert "the base's first: layer_1 with layer_3; 0 of the base's and 2 of the candidate's" in warning.text


def test_one_model_named_twice_is_analysed_once(pairs):
    np.savez("twice.npz", **model_clouds())
    result, _ = gate(base="clouds:twice.npz", candidate="clouds:twice.npz", pca=0, replicates=20, figures="none")
    assert result.analyses[0].run_id == result.analyses[1].run_id


def test_what_fails_is_chosen(pairs):
    def code(fail_on: str) -> int:
        return judged(pairs["base"], pairs["bent"], fail_on=fail_on, places="none").exit_code

    assert [code(fail_on) for fail_on in ("different", "undecided", "none")] == [3, 0, 0]


def test_the_command_ends_with_the_verdict(pairs):
    arguments = ["gate", pairs["base"], pairs["bent"], "--output-dir", "gate-of-bent"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 3
    assert result.stdout.startswith("gate: different\n")
    assert "layer_1" in result.stdout

    suites = JUnitXml.fromfile("gate-of-bent/junit.xml")
    assert {suite.name: (suite.tests, suite.errors) for suite in suites} == {"shape": (10, 0), "places": (6, 0)}
    failed = {case.classname for suite in suites for case in suite if any(r.type is None for r in case.result)}
    assert failed == {"layer_1"}
    root = ElementTree.parse("gate-of-bent/junit.xml").getroot()
    messages = [failure.get("message") for failure in root.iter("failure")]
    assert any("1 − CKA in layer_1" in message and "different" in message for message in messages)

    entry = CliRunner().invoke(entry_point, ["--base", pairs["base"], "--candidate", pairs["bent"], "--config", ""])
    assert (entry.exit_code, entry.stdout.partition("\n")[0]) == (3, "gate: different")

    few = CliRunner().invoke(main, ["gate", pairs["few"], pairs["few_copy"]])
    assert few.exit_code == 4
    assert few.stdout.startswith("gate: not enough texts\n")
    assert "there are 20; about 50 texts would settle all that is open" in few.stdout
    assert CliRunner().invoke(main, ["gate", pairs["base"], pairs["copy"]]).exit_code == 0


def test_two_sets_of_texts_are_compared_by_shape_alone(pairs):
    other = recorded("elsewhere", model_clouds(), texts=[f"text {i}" for i in range(120)])
    result = judged(pairs["base"], other)
    assert result.names == ("base on 120 own texts", "elsewhere on 120 own texts")
    assert result.models == ("base", "elsewhere")
    assert set(result.aspects) == {"shape"}
    assert any("places are not compared: the two read different texts" in str(warning) for warning in result.warnings)
    with pytest.raises(ValueError, match="nothing is left to compare"):
        judged(pairs["base"], other, shape="none")


def test_a_model_is_analysed_as_the_run_beside_it_and_only_once(pairs):
    np.savez("fresh.npz", **np.load("base.npz", allow_pickle=False))
    result, _ = gate(base=pairs["base"], candidate="clouds:fresh.npz")
    assert result.verdict == "same"
    again, _ = gate(base=pairs["base"], candidate="clouds:fresh.npz")
    assert again.analyses[1].run_id == result.analyses[1].run_id
    for replicates in (90, 100):  # the second is the default
        with pytest.raises(ValueError, match=rf"replicates={replicates} \(there 40\) was asked for"):
            gate(base=pairs["base"], candidate="clouds:fresh.npz", replicates=replicates)


def test_a_finished_analysis_without_clouds_does_not_hide_the_places(pairs):
    np.savez("lean.npz", **np.load("base.npz", allow_pickle=False))
    without = todacomm.analyze(model="clouds:lean.npz", keep_clouds=False, explorer=False, **SETTINGS)
    of_shape, _ = gate(base=pairs["base"], candidate="clouds:lean.npz", places="none")
    assert of_shape.analyses[1].run_id == without.run_id
    result, _ = gate(base=pairs["base"], candidate="clouds:lean.npz")
    assert result.aspects == {"shape": "same", "places": "same"}


@pytest.mark.parametrize(("texts", "names"), [("text", ["net", "net"]), ("other", ["net on a", "net on b"])])
def test_two_models_of_one_name_are_told_from_each_other(pairs, texts, names):
    first = load_analysis(pairs["base"])
    second = load_analysis(recorded(f"net_{texts}", model_clouds(), texts=[f"{texts} {i}" for i in range(120)]))
    for side, folder in ((first, "a"), (second, "b")):
        facts = {"name": "net", "family": "gpt2", "source": f"{folder}/net", "weights_digest": folder}
        side.model, side.dataset = replace(side.model, **facts), replace(side.dataset, name=folder)
    if texts == "text":
        second.dataset = first.dataset
        names = [f"net on a #{side.run_id[:6]}" for side in (first, second)]
    result = gate_pair(first, second, GateConfig(places="none"))
    assert list(result.names) == names
    assert "two models have the name net: a/net and b/net" in map(str, result.warnings)


def test_ten_texts_are_too_few_for_a_verdict_and_no_failure(pairs):
    ten = recorded("ten", {name: cloud[:10] for name, cloud in model_clouds().items()})
    result = judged(ten, ten)
    assert (result.verdict, result.texts_to_settle) == ("undecided", FEWEST_TEXTS)


def test_two_clouds_without_a_hole_are_the_same_whatever_is_asked_of_holes(pairs, rng):
    line = np.column_stack([np.sort(rng.normal(size=60)), np.zeros(60)])
    ids = [recorded(name, {"layer_0": cloud}) for name, cloud in {"line": line, "longer": 3.0 * line}.items()]
    result = judged(*ids, shape="h0_total_norm,h1_count", places="none")
    assert result.verdict == "same"
    assert set(result.table["verdict"]) == {"same", "undefined"}


def test_a_plan_has_no_number_of_texts_for_what_is_undefined(pairs):
    flat = recorded("flat", model_clouds() | {"layer_0": np.ones((120, 8)), "layer_1": np.ones((120, 8))})
    assert planned(load_analysis(flat), GateConfig()).table["texts"].isna().all()


def test_a_plan_needs_fewer_texts_where_the_candidate_errs_with_the_base(pairs):
    plan = planned(load_analysis(pairs["base"]), GateConfig())
    every = plan.table[plan.table["metric"] == "all"]
    assert every["correlation"].tolist() == [0.0, 0.9, 0.99]
    texts = every["texts"].to_numpy()
    assert texts[0] / texts[1] == pytest.approx(10.0, rel=0.01)
    assert texts[2] == FEWEST_TEXTS < texts[1]
    assert plan.table["texts"].min() == FEWEST_TEXTS


def test_the_record_of_a_plan_is_strict_json(pairs, tmp_path):
    plan = planned(load_analysis(pairs["base"]), GateConfig())
    plan.table.loc[0, "texts"] = np.inf
    with job_run("gate", "plan", "todacomm") as run:
        write_plan(plan, run, tmp_path)
    rows = json.loads((tmp_path / "gate.json").read_text(), parse_constant=pytest.fail)["plan"]
    assert rows[0]["texts"] is None
    assert rows[1]["texts"] == plan.table["texts"][1]


def test_a_plan_and_groups_through_the_command(pairs):
    printed = CliRunner().invoke(main, ["gate", pairs["base"], "--plan", "true"])
    assert printed.exit_code == 0
    assert "all at once" in printed.stdout
    groups = CliRunner().invoke(main, ["gate", pairs["base"], "--groups", "tongue", "--permutations", "3"])
    assert groups.exit_code in (0, 3, 4)
    assert groups.stdout.startswith("gate: ")
    beside = CliRunner().invoke(main, ["gate", pairs["base"], "nowhere", "--plan", "true"])
    assert "a plan is from the base alone: nowhere was not read" in beside.stderr
    assert "/runs/" in beside.stdout


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "base is empty"),
        ({"base": "demo-decoder"}, "candidate is empty"),
        ({"base": "demo-decoder", "candidate": "models:/demo"}, r"expected models:/NAME/VERSION \(a number"),
        ({"base": "a", "margin": "rtd=0.1"}, "margin has 'rtd=0.1', which is not compared: choose h0_total_norm"),
        ({"base": "a", "margin": "0"}, "margin has '0': expected a number above 0"),
        ({"base": "a", "shape": "none", "places": "none"}, "shape is none, and nothing else is compared"),
        ({"base": "a", "shape": "none", "plan": True}, "shape is none, and nothing else is compared"),
        ({"base": "a", "replicates": 0}, "a gate needs half-samples"),
        ({"base": "a", "replicates": 1}, "expected replicates of 2 at least"),
        ({"base": "clouds:a.npz", "candidate_dataset": "pydoc"}, "candidate_dataset=pydoc would have no effect"),
        ({"base": "a", "groups": "x", "candidate": "b"}, "expected a column, or column,first,second, and no candidate"),
        ({"base": "a", "groups": "x,b,b"}, "groups is x,b,b: expected two different groups"),
        ({"base": "a", "groups": "x", "plan": True}, "groups is x, and a plan is of a candidate"),
        ({"base": "a", "margin": "0.1,0.2"}, "margin has two numbers for all metrics of shape"),
        ({"base": "a", "margin": "procrustes=0.1,procrustes=0.2"}, "margin has two numbers for procrustes"),
        ({"base": "a", "margin": "procrustes=1000"}, "margin has 'procrustes=1000': expected a share of the variance"),
        ({"base": "a", "margin": "nan"}, "margin has 'nan': expected a number above 0"),
        ({"base": "a", "fail_on": "none,different"}, "fail_on is none,different: expected none alone"),
        ({"model": "a"}, "model is for one analysis: here it is base$"),
    ],
)
def test_what_cannot_be_judged_is_refused(pairs, options, message):
    with pytest.raises(ValueError, match=message):
        gate(**options)


@pytest.mark.parametrize(
    "asked", [{"base_revision": "v1"}, {"candidate_revision": "v2"}, {"candidate_dataset": "squad"}]
)
def test_what_would_have_no_effect_on_a_finished_analysis_is_refused(pairs, asked):
    ((option, value),) = asked.items()
    with pytest.raises(ValueError, match=f"is a finished analysis, and {option}={value} would have no effect"):
        gate(base=pairs["base"], candidate=pairs["copy"], **asked)
    with pytest.raises(ValueError, match="would have no effect"):
        gate(base=pairs["base"], candidate_dataset="squad")


def test_runs_that_do_not_compare_are_refused(pairs):
    with pytest.raises(ValueError, match="not measured in the same way") as refused:
        judged(pairs["base"], pairs["few"])
    assert str(refused.value).splitlines()[1:] == [
        "  points: 120 (base on 120 own texts), 20 (few on 20 own texts)",
        "analyse both with equal settings",
    ]
    halves = "base has replicates=40, seed=42; other_seed has replicates=40, seed=7. Analyse both"
    with pytest.raises(ValueError, match=halves):
        judged(pairs["base"], pairs["other_seed"])


def test_margins_of_all_metrics_and_of_one():
    margins = GateConfig(margin="twonn_dimension=0.3,0.1,procrustes=0.02").margins()
    assert margins == {
        "h0_total_norm": 0.1, "h1_max_norm": 0.1, "twonn_dimension": 0.3, "effective_rank": 0.1, "mean_cosine": 0.1,
        "cka_distance": 0.01, "procrustes": 0.02, "neighbours_lost": 0.01,
    }  # fmt: skip
    assert GateConfig().margins()["twonn_dimension"] == 0.15
