"""The page of a comparison holds what the comparison measured, and a recorded one gets it when it is asked for."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import todacomm
from tests.comparison.conftest import make, only
from tests.helpers.records import record
from todacomm import tracking
from todacomm.cli.explore import explore
from todacomm.comparison.result import Comparison
from todacomm.explorer.of_comparison import ROOM, comparison_data, comparison_page, fitting, shown_labels
from todacomm.explorer.payload import texts_object
from todacomm.jobs.compare import measure_comparison
from todacomm.settings.comparison import ComparisonConfig

QUICK = {"rtd_points": 0, "permutations": 19, "allow_mixed": True}


@pytest.fixture
def three(store: Path) -> dict[str, str]:
    """alpha and its twin delta, and beta, which is one layer deeper and unrelated."""
    made = {"alpha": make("alpha", 4, seed=1), "beta": make("beta", 5, seed=2), "delta": make("delta", 4, seed=1)}
    return {name: record(result) for name, result in made.items()}


def held(page: str) -> dict:
    return json.loads(re.search(r'id="explorer-data">(.*?)</script>', page, re.DOTALL)[1])


def data_of(comparison: Comparison):
    return comparison_data(comparison.gathered, comparison.tables["similarity"], comparison.config)


def test_the_page_holds_the_numbers_of_the_comparison(three):
    comparison = measure_comparison(ComparisonConfig.from_flat(QUICK))
    data = data_of(comparison)
    assert [side.name for side in data.sides] == ["alpha", "beta", "delta"]
    table = comparison.tables["similarity"]
    for one in data.similarities:
        names = [[layer.name for layer in data.sides[at].layers] for at in (one.left, one.right)]
        own = only(table, measure=one.name, label_a=data.sides[one.left].name, label_b=data.sides[one.right].name)
        by_layer = own.set_index(["layer_a", "layer_b"])
        for (row, column), value in np.ndenumerate(one.values):
            expected = by_layer.loc[(names[0][row], names[1][column])]
            assert value == expected["value"]
            assert one.p[row, column] == pytest.approx(expected["p_adjusted"], nan_ok=True)
            assert one.chance[row, column] == pytest.approx(expected["chance"], nan_ok=True)


def test_common_neighbours_of_the_page_are_those_of_the_table(three):
    """Their mean over the texts is the similarity; twins have all in common."""
    comparison = measure_comparison(ComparisonConfig.from_flat(QUICK))
    data, table = data_of(comparison), comparison.tables["similarity"]
    row = only(table, measure="knn_overlap", label_a="alpha", label_b="beta", layer_a="layer_1", layer_b="final")
    near = [data.sides[0].layers[2].graph.neighbours, data.sides[1].layers[4].graph.neighbours]
    counts = np.array([len(set(a) & set(b)) for a, b in zip(*near, strict=True)])
    assert counts.mean() / 10 == pytest.approx(row["value"].iloc[0])
    twins = [data.sides[at].layers[1].graph.neighbours for at in (0, 2)]
    assert (twins[0] == twins[1]).all()


def test_a_comparison_records_its_page_and_shows_it(three, tmp_path):
    comparison, run = todacomm.compare(**QUICK, output_dir=str(tmp_path / "out"))
    recorded = tracking.load_comparison(run.run_id)
    page = recorded.file("explorer.html").read_text(encoding="utf-8")
    assert page == comparison.page == (tmp_path / "out/explorer.html").read_text(encoding="utf-8")
    assert held(page)["kind"] == "comparison"
    assert "sandbox" in comparison.explorer()._repr_html_()


def test_explore_opens_the_page_of_a_comparison_and_writes_one_that_is_missing(three, tmp_path):
    comparison, run = todacomm.compare(**QUICK, explorer=False, run_name="three of them")
    with pytest.raises(ValueError, match="explorer=true"):
        comparison.explorer()
    assert tracking.load_comparison(run.run_id).file("explorer.html") is None
    target = tmp_path / "page.html"
    for name in ("three of them", run.run_id[:8], "latest"):
        target.unlink(missing_ok=True)
        done = CliRunner().invoke(explore, [name, "-o", str(target)])
        assert done.exit_code == 0, done.output
        written, measured = held(target.read_text(encoding="utf-8")), held(comparison_page(comparison))
        assert written["similarities"] == measured["similarities"]
        assert [side["name"] for side in written["sides"]] == ["alpha", "beta", "delta"]
    analysis = CliRunner().invoke(explore, [three["beta"][:8], "-o", str(target)])
    assert analysis.exit_code == 0
    assert held(target.read_text(encoding="utf-8"))["kind"] == "layers"


def test_without_clouds_of_the_same_texts_there_is_no_page(store):
    record(make("alpha", 4))
    record(make("beta", 4, keep_clouds=False))
    comparison, run = todacomm.compare(rtd_points=0)
    assert (comparison.page, shown_labels(comparison.gathered)) == ("", [])
    done = CliRunner().invoke(explore, [run.run_id, "--no-browser"])
    assert done.exit_code == 1
    assert "no two analyses of the same texts with stored clouds" in done.output


def test_tokens_stand_on_the_page_where_the_models_agree_and_likelihood_for_each(store):
    alpha, beta = make("alpha", 4), make("beta", 4)
    texts = beta.texts.assign(last_token=[f"{word}?" for word in beta.texts["last_token"]], nll=np.arange(60.0))
    record(alpha)
    record(replace(beta, texts=texts))
    data = data_of(measure_comparison(ComparisonConfig.from_flat(QUICK)))
    chosen = np.random.default_rng(0).permutation(60)
    assert data.texts["id"].tolist() == list(alpha.texts["id"].iloc[chosen])
    stored = texts_object(data.texts)
    assert (stored["last_token"], stored["likelihood"]) == (None, None)
    columns = {column["name"]: column["numbers"] for column in stored["columns"] if "numbers" in column}
    assert columns["nats a token, beta"] == chosen.astype(float).tolist()


def test_checkpoints_stand_in_the_order_of_their_steps_and_are_spread_where_they_are_too_many(store, monkeypatch):
    for step in (1000, 0, 200, 100, 400):
        record(make("alpha", 4, seed=step, revision=f"step{step}"))
    comparison = measure_comparison(ComparisonConfig.from_flat({**QUICK, "permutations": 0}))
    data = data_of(comparison)
    assert [side.step for side in data.sides] == [0, 100, 200, 400, 1000]
    assert {side.training for side in data.sides} == {"alpha pydoc"}
    steps = {side.name: (side.training, side.step) for side in data.sides}
    monkeypatch.setattr("todacomm.explorer.of_comparison.ROOM", ROOM // 100)
    labels = fitting(comparison.gathered, list(steps), steps)
    assert [steps[label][1] for label in labels] == [0, 1000]
    assert data_of(comparison).warnings == ["2 of 5 models are on this page: 3 more would be too many"]
