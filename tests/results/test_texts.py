"""What each point read comes back as it was recorded, with or without its words."""

import numpy as np
import pandas as pd
import pytest

from todacomm.jobs.analyze import analyze
from todacomm.results.texts import TEXT_COLUMNS, record_of, restored, text_table, user_columns, without_words


def test_the_table_survives_json_whatever_is_in_it():
    table = text_table(
        ["a#0", "a#1", "b#0"],
        ["<b>one</b>", "", "three\u2028four \x1b[31m"],
        nll=[1.5, np.nan, 0.1 + 0.2],
        columns={"label": ["x", None, "z"], "score": [1, 2.5, None], "id": [1, 2, 3]},
    )
    pd.testing.assert_frame_equal(restored(record_of(table)), table)
    assert user_columns(table) == ["label", "score", "id_"]
    assert table["score"].tolist()[:2] == [1.0, 2.5]
    assert table["last_word"].tolist() == ["<b>one</b>", "", "\x1b[31m"]


def test_numbers_that_json_has_not_are_missing():
    table = text_table(["a", "b", "c", "d"], columns={"score": [1, np.inf, -np.inf, 10**400], "n": [2**70, 1, 0, True]})
    assert record_of(table)["score"] == [1.0, None, None, None]
    assert record_of(table)["n"] == [float(2**70), 1.0, 0.0, 1.0]


def test_infinity_is_no_number_and_a_missing_word_is_empty():
    table = text_table(["a", "b"], columns={"score": [np.inf, 1.0], "word": ["x", np.nan]})
    assert table["score"].isna().tolist() == [True, False]
    assert table["word"].tolist() == ["x", ""]
    table.loc[0, "nll"] = -np.inf
    assert record_of(table)["nll"] == [None, None]


def test_every_column_has_a_name_of_its_own_and_hundreds_are_no_warning(recwarn):
    table = text_table(["a"], columns={"id_": ["mine"], "id": [7], **{f"c{i}": [i] for i in range(300)}})
    assert user_columns(table)[:2] == ["id_", "id__"]
    assert table.loc[0, ["id_", "id__", "c299"]].tolist() == ["mine", 7, 299]
    assert not recwarn.list


def test_without_words_numbers_and_ids_stay():
    table = text_table(["a"], ["secret words"], n_tokens=[2], columns={"label": ["x"]})
    left = without_words(table)
    assert "secret" not in left.to_csv()
    assert left.loc[0, ["id", "n_tokens", "label"]].tolist() == ["a", 2.0, "x"]


@pytest.fixture
def reviews(tmp_path):
    path = tmp_path / "reviews.csv"
    rows = [
        f'"The {i} boats came back in the evening of day {i}.",{i},{"even" if i % 2 == 0 else "odd"}' for i in range(12)
    ]
    path.write_text("text,stars,parity\n" + "\n".join(rows))
    return path


def test_an_analysis_keeps_what_each_point_read(store, reviews):
    options = {"dataset": str(reviews), "unit": "row", "samples": 12, "replicates": 0, "nulls": 0}
    analysis = analyze(**options, text_columns="stars,parity", layers="layer_0")
    table = analysis.texts
    assert list(table.columns) == [*TEXT_COLUMNS, "stars", "parity"]
    assert table["id"].tolist() == list(analysis.text_ids)
    assert table["text"][3] == "The 3 boats came back in the evening of day 3."
    assert table["last_word"][3] == "3."
    assert table["stars"].tolist() == list(range(12))
    assert table["parity"].tolist()[:2] == ["even", "odd"]
    predicted = (table["n_tokens"] - 1).to_numpy()
    assert np.exp(np.average(table["nll"], weights=predicted)) == pytest.approx(analysis.run["perplexity"], rel=1e-6)
    stored = pd.read_csv(analysis.artifact("tables/texts.csv"))
    assert stored["id"].tolist() == table["id"].tolist()
    assert stored["stars"].tolist() == table["stars"].tolist()

    private = analyze(**options, text_columns="stars", keep_texts=False, layers="layer_0")
    assert private.texts["nll"].tolist() == pytest.approx(table["nll"].tolist())
    for path in ("config/texts.json", "tables/texts.csv"):
        assert "boats" not in private.artifact(path).read_text()


def test_a_column_that_is_not_there_is_named(reviews):
    with pytest.raises(ValueError, match="no column 'star': set text_columns to some of text, stars, parity"):
        analyze(dataset=str(reviews), unit="row", samples=12, text_columns="star")
