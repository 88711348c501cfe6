"""Loops in a report and on the console: the verdict, the texts in order, what the place goes with."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from todacomm.jobs.analyze import analyze
from todacomm.reports.loops import gap_sentences, goes_with, loop_blocks, loop_table, not_shown
from todacomm.results.loops import loop_texts
from todacomm.tracking.files import stage_loops


@pytest.fixture(scope="module")
def circle_file(tmp_path_factory):
    """A noisy circle with its angle, a number that follows it, and one that does not; and a layer of noise."""
    rng = np.random.default_rng(4)
    angle = rng.uniform(0.0, 2.0 * np.pi, 160)
    circle = rng.normal(scale=0.12, size=(160, 12))
    circle[:, 0] += np.cos(angle)
    circle[:, 1] += np.sin(angle)
    path = tmp_path_factory.mktemp("clouds") / "circle.npz"
    np.savez(
        path, circle=circle, noise=rng.normal(size=(160, 12)), height=np.sin(angle), luck=rng.normal(size=160),
        texts=np.array([f"angle <{a:.3f}>" for a in angle]),
    )  # fmt: skip
    return path


@pytest.fixture
def analysis(store, circle_file):
    return analyze(model=f"clouds:{circle_file}", pca=0, replicates=40, nulls=19)


def test_a_loop_is_claimed_with_its_texts_in_order(analysis, circle_file):
    loop = analysis.loop("circle")
    assert (loop.verdict, loop.rank) == ("loop", 1)
    assert loop.reproduction == analysis.loops["reproduction"].max() > 0.5
    angle = np.array([float(text.split("<")[1].rstrip(">")) for text in loop.texts["id"]])
    steps = np.angle(np.exp(1j * np.diff(angle, append=angle[0])))
    assert abs(steps.sum()) == pytest.approx(2 * np.pi)
    assert len(loop.angle) == 160
    assert analysis.loop("noise").verdict == "none"
    assert analysis.loop("noise").angle is None
    with pytest.raises(ValueError, match="circle has no bar of rank 9: it has ranks 1, 2, 3, 4, 5"):
        analysis.loop("circle", 9)


def test_the_place_on_the_loop_goes_with_what_follows_it_alone(analysis):
    result = analysis.result()
    rows = result.associations.set_index("covariate")
    assert rows.loc["height", "strength"] > 0.9
    assert rows.loc["height", "p_adjusted"] < 0.05 < rows.loc["luck", "p_adjusted"]
    sentence = goes_with(result, "circle", 1)
    assert "height" in sentence
    assert "luck" not in sentence


def test_a_column_named_as_one_of_the_table_of_loops_hides_nothing(analysis):
    result = analysis.result()
    texts = result.texts.assign(angle="north", rank=7)
    table = loop_texts(result.loop_points, texts)
    assert table.columns.is_unique
    assert (table["angle_"] == "north").all()
    assert (table["rank_"] == 7).all()
    assert set(table["rank"]) == set(result.loops["rank"])
    assert table.loc[(table["layer"] == "circle") & (table["rank"] == 1), "angle"].between(0, 2 * np.pi).all()


def test_a_bar_of_few_texts_says_what_is_left_of_it_and_bars_that_are_not_shown_are_counted(analysis):
    result = analysis.result()
    loops = result.loops.assign(verdict="few texts", reproduction=0.4, group_reproduction=0.2, prominence=0.1)
    few = dataclasses.replace(result, loops=loops)
    blocks = loop_blocks(few)
    assert {block.sentence for block in blocks} == {
        "40 % of its life is left on halves of the texts, 20 % on halves of their groups; it is the longest bar, alone "
        "or with the layer's other longest ones, on 10 % of the halves."
    }
    assert len(blocks) == 6
    assert not_shown(few) == f"The texts of {len(loops) - 6} more bars are in tables/loop_texts.csv."
    assert not_shown(result) == ""


def test_a_gap_is_named_by_its_width_and_the_least_p_as_such(analysis):
    result = analysis.result()
    row = {"layer": "noise", "subject": "gap", "rank": 2, "covariate": "height", "strength": 0.5}
    associations = pd.DataFrame([row | {"p": 0.001, "p_adjusted": 0.001}])
    (line,) = gap_sentences(dataclasses.replace(result, associations=associations))
    assert line == (
        "noise: the two sides of the second widest gap differ in height (strength 0.50, adjusted p ≤ 0.001)."
    )


def test_what_gaps_go_with_is_on_record_where_no_loops_are(analysis, tmp_path):
    result = analysis.result()
    (tmp_path / "tables").mkdir()
    stage_loops(dataclasses.replace(result, loops=result.loops.iloc[:0]), tmp_path)
    assert len(pd.read_csv(tmp_path / "tables/associations.csv")) == len(result.associations)


def test_report_and_files_say_the_same(analysis):
    result = analysis.result()
    assert [row[-1] for row in loop_table(result).rows] == ["loop", "none"]
    (block,) = loop_blocks(result)
    assert block.title == "circle: loop"
    assert len(block.texts) == result.loops.loc[0, "n_on_loop"]
    report = analysis.artifact("report.md").read_text()
    assert "circle: loop" in report
    assert "| h1_max_reproduction | Mean share" in report
    assert "| place on a loop |" in report
    assert "&lt;" in report
    assert "<" not in report.replace("<=", "")
    written = analysis.artifact("tables/loop_texts.csv").read_text()
    assert written.count("\n") == 1 + int(result.loops["n_on_loop"].sum())


def test_a_loop_that_is_not_the_longest_bar_of_its_layer_stands_in_the_table(analysis):
    result = analysis.result()
    loops = result.loops.copy()
    loops.loc[(loops["layer"] == "noise") & (loops["rank"] == 2), "verdict"] = "loop"
    rows = loop_table(dataclasses.replace(result, loops=loops)).rows
    assert [(row[0], row[1], row[-1]) for row in rows] == [
        ("circle", "1", "loop"), ("noise", "1", "none"), ("noise", "2", "loop"),
    ]  # fmt: skip


def test_the_series_over_depth_carries_the_reproduction(analysis):
    own = analysis.layers.set_index(["layer", "metric"])
    value = own.loc[("circle", "h1_max_reproduction")]
    assert value["lo"] <= value["value"] <= value["hi"] <= 1.0
    assert value["value"] == pytest.approx(analysis.loop("circle").reproduction)


def test_no_loops_are_looked_at_where_none_are_wanted(store, circle_file):
    analysis = analyze(model=f"clouds:{circle_file}", pca=0, replicates=5, nulls=0, loops=0)
    assert not len(analysis.loops)
    assert analysis.loop_points == ()
    assert loop_table(analysis.result()) is None
