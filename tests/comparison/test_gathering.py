"""Which analyses are chosen, what they are called, and which are refused."""

import dataclasses
from itertools import product
from math import nan
from pathlib import Path

import pytest

from tests.comparison.conftest import make
from tests.helpers.records import record
from todacomm.comparison import gather
from todacomm.comparison.agreement import comparable_groups
from todacomm.core.facts import RunWarning
from todacomm.core.inference.dependence import OF_ONE_DOCUMENT
from todacomm.settings.comparison import ComparisonConfig
from todacomm.tracking import find_analysis, load_analyses, search_analyses


def test_everything_is_gathered_in_one_table_with_labels_that_tell_apart(models: dict[str, str]) -> None:
    found = gather()
    assert found.labels == ["alpha", "alpha (random)", "beta", "beta (random)", "gamma"]
    assert dict(zip(found.runs["label"], found.runs["run_id"], strict=True)) == models
    assert set(found.table["label"]) == set(found.labels)
    assert found.over == "models"
    assert found.differing.empty
    rows = found.table[(found.table["label"] == "gamma") & (found.table["metric"] == "h0_total_norm")]
    assert list(rows["layer"]) == ["embedding", "layer_0", "layer_1", "layer_2", "layer_3", "final"]
    assert [warning.code for warning in found.warnings] == ["mixed_pooling"]


@pytest.mark.parametrize(
    ("options", "labels"),
    [
        ({"models": "alp*"}, ["alpha", "alpha (random)"]),
        ({"models": "beta, gamma", "weights": "trained"}, ["beta", "gamma"]),
        ({"experiment": "todacomm", "weights": "random"}, ["alpha (random)", "beta (random)"]),
        ({"tags": "todacomm.family=bert"}, ["beta", "beta (random)"]),
        ({"pooling": "cls", "samples": "60"}, ["beta", "beta (random)"]),
    ],
)
def test_analyses_are_chosen_by_name_weights_and_tags(models, options, labels) -> None:
    assert gather(**options).labels == labels


def test_analyses_are_chosen_by_how_they_were_measured(store: Path) -> None:
    for name, n_points in product(("alpha", "beta"), (40, 60)):
        record(make(name, 3, n_points=n_points))
    for samples in (40, 60):
        chosen = gather(samples=samples, endings="any", layers="all")
        assert (chosen.labels, set(chosen.runs["points"])) == (["alpha", "beta"], {samples})
    with pytest.raises(ValueError, match="todacomm compare --samples 40"):
        gather(newest=False)
    for options in ({"endings": "distinct"}, {"layers": "attention,ffn"}):
        ((name, value),) = options.items()
        with pytest.raises(ValueError, match=f"no finished analysis matches {name}={value}"):
            gather(**options)


def test_a_mean_over_blocks_says_which_it_is_without(store: Path) -> None:
    """A block that could not be measured may be the largest of them."""
    whole = make("alpha", 5)
    table = whole.table.copy()
    table.loc[(table["layer"] == "layer_1") & (table["metric"] == "h0_total_norm"), ["value", "se", "lo", "hi"]] = nan
    record(dataclasses.replace(whole, table=table))
    record(make("beta", 5))
    (warning,) = gather().warnings
    assert warning.text == "alpha: means over its blocks are without layer_1, where no shape was measured"


def test_run_ids_choose_these_and_no_others(models: dict[str, str]) -> None:
    chosen = [models["gamma"], models["alpha"]]
    assert gather(run_ids=",".join(chosen)).labels == ["alpha", "gamma"]
    with pytest.raises(ValueError, match="no run 'abc' in this store"):
        gather(run_ids=f"abc,{chosen[0]}")


def test_no_match_says_what_there_is(models: dict[str, str]) -> None:
    with pytest.raises(
        ValueError, match=r"no finished analysis matches models=delta\*: .* the store has alpha \(random\) on"
    ):
        gather(models="delta*")
    with pytest.raises(ValueError, match="1 finished analysis matches models=gamma: a comparison needs two"):
        gather(models="gamma")
    with pytest.raises(ValueError, match="no experiment 'nowhere': there are"):
        gather(experiment="nowhere")


def test_the_newest_of_each_is_taken_unless_all_are_asked_for(store: Path) -> None:
    first, second, other = (record(make(name, 4)) for name in ("alpha", "alpha", "beta"))
    assert list(gather().runs["run_id"]) == [second, other]
    everything = gather(newest=False)
    assert set(everything.runs["run_id"]) == {first, second, other}
    assert {label.partition(" #")[0] for label in everything.labels} == {"alpha on pydoc", "beta"}
    assert len(set(everything.labels)) == 3


def trained_again(name: str, n_texts: int, digest: str, **options: object) -> str:
    result = make(name, n_texts, **options)
    return record(dataclasses.replace(result, model=dataclasses.replace(result.model, weights_digest=digest)))


def test_two_models_of_one_name_are_both_taken(store: Path) -> None:
    """A folder called ``model`` in two places, or trained on: the newest of each, not of the name."""
    old, first, second = (trained_again("alpha", 4, digest) for digest in ("aa", "aa", "bb"))
    assert set(gather().runs["run_id"]) == {first, second}
    assert set(gather(newest=False).runs["run_id"]) == {old, first, second}
    (group,) = comparable_groups(load_analyses([first, second]))
    assert set(group.run_ids) == {first, second}


def test_random_weights_of_other_seeds_are_one_model(store: Path) -> None:
    trained_again("alpha", 4, "aa", weights="random")
    newest, other = trained_again("alpha", 4, "bb", weights="random"), record(make("beta", 4))
    assert set(gather().runs["run_id"]) == {newest, other}


def test_two_models_of_one_name_are_no_model_on_two_sets_of_texts(store: Path) -> None:
    runs = [
        trained_again("alpha", 4, digest, dataset=dataset)
        for digest, dataset in (("aa", "pydoc"), ("bb", "squad"), ("aa", "squad"))
    ]
    together = {group.run_ids for group in comparable_groups(load_analyses([runs[0], runs[1]]))}
    assert together == {(runs[0],), (runs[1],)}
    assert len(comparable_groups(load_analyses([runs[0], runs[2]]))) == 1


def test_what_a_gate_made_for_itself_stands_behind_what_was_asked_for(store: Path) -> None:
    lean = {"nulls": 0, "loops": 0, "explorer": False}
    full, other = record(make("alpha", 4)), record(make("beta", 4))
    newer, only = record(make("alpha", 4, **lean)), record(make("gamma", 4, **lean))
    assert list(gather().runs["run_id"]) == [full, other, only]
    assert (find_analysis("alpha"), find_analysis("gamma"), find_analysis(newer[:8])) == (full, only, newer)


def test_different_settings_are_refused_with_what_differs(store: Path) -> None:
    record(make("alpha", 4))
    record(make("beta", 4, pca=10, metric="cosine"))
    with pytest.raises(ValueError, match="not measured in the same way") as told:
        gather()
    assert "pca: 0 (alpha), 10 (beta)" in str(told.value)
    assert "metric: euclidean (alpha), cosine (beta)" in str(told.value)
    assert "unit" not in str(told.value)
    mixed = gather(allow_mixed=True)
    assert list(mixed.differing["setting"]) == ["pca", "metric"]
    assert mixed.warnings[0].code == "mixed_settings"


def test_several_groups_that_compare_are_a_short_table_with_a_command_for_each(store: Path) -> None:
    """Two data sets of two models each, two of them with another setting, and one alone."""

    def recorded(model: str, dataset: str = "pydoc", **options: int) -> str:
        result = make(model, 4, dataset=dataset, **options)
        texts = dataclasses.replace(result.dataset, digest=f"digest of {dataset}")
        return record(dataclasses.replace(result, dataset=texts))

    for dataset in ("pydoc", "squad"):
        for model in ("alpha", "beta"):
            recorded(model, dataset)
    ids = [recorded(model, pca=10) for model in ("gamma", "delta")]
    recorded("epsilon", pca=12)
    with pytest.raises(ValueError, match="These groups compare") as refused:
        gather()
    lines = str(refused.value).splitlines()
    assert len(lines) < 8
    assert sum("todacomm compare " in line for line in lines) == 3
    assert any(line.endswith("todacomm compare --dataset squad") for line in lines)
    assert any(all(run_id[:8] in line for run_id in ids) for line in lines)
    assert "digest of" not in str(refused.value)
    assert any(line.strip().startswith("1 more") for line in lines)


def test_one_run_named_twice_is_an_error_that_says_so(models: dict[str, str]) -> None:
    run = models["alpha"]
    with pytest.raises(
        ValueError, match=f"1 finished analysis matches run_ids={run}: a comparison needs two different ones"
    ):
        gather(run_ids=f"{run},{run}")
    assert gather(run_ids=f"{run},{run},{models['beta']}").labels == ["alpha", "beta"]


def test_one_model_over_several_data_sets_is_a_comparison_of_data_sets(store: Path) -> None:
    for dataset in ("pydoc", "squad"):
        result = make("alpha", 4, dataset=dataset)
        record(dataclasses.replace(result, dataset=dataclasses.replace(result.dataset, digest=dataset)))
    found = gather()
    assert (found.over, found.labels) == ("datasets", ["pydoc", "squad"])
    with pytest.raises(ValueError, match="dataset: pydoc"):
        gather(over="models")


def test_an_empty_store_says_so(store: Path) -> None:
    with pytest.raises(ValueError, match="there are no finished analyses: run some first"):
        gather()


def test_wrong_options_name_the_right_ones() -> None:
    for options, says in [
        ({"modles": "x"}, "did you mean models"),
        ({"over": "both"}, "unknown over 'both': choose auto, models or datasets"),
        ({"weights": "none"}, "unknown weights 'none': choose trained or random"),
        ({"tags": "mine"}, "expected key=value"),
        ({"rtd_points": "3"}, "rtd_points is 3: expected at least 10"),
        ({"newest": "maybe"}, "newest is 'maybe': expected true or false"),
    ]:
        with pytest.raises(ValueError, match=says):
            ComparisonConfig.from_flat(options)


def test_tags_of_ones_own_are_searched(models: dict[str, str]) -> None:
    assert list(search_analyses(tags={"todacomm.weights": "trained", "todacomm.model": "gamma"})["model"]) == ["gamma"]


def test_intervals_that_do_not_speak_of_other_documents_are_named(store: Path) -> None:
    """What is said of an analysis holds of its differences from others."""
    alike = RunWarning(OF_ONE_DOCUMENT, "60 texts are of 6 documents")
    record(dataclasses.replace(make("alpha", 3), warnings=(alike,)))
    record(make("beta", 3))
    record(dataclasses.replace(make("gamma", 3), warnings=(alike,)))
    (warning,) = gather().warnings
    assert warning.code == OF_ONE_DOCUMENT
    assert warning.text.endswith("not of other documents (cluster=document): alpha, gamma")


def test_checkpoints_stand_in_the_order_of_their_numbers(store: Path) -> None:
    runs = {step: record(make("alpha", 4, revision=f"step{step}")) for step in (1000, 80, 9)}
    gathered = gather()
    assert list(gathered.runs["run_id"]) == [runs[9], runs[80], runs[1000]]
    assert gathered.labels == ["alpha@step9", "alpha@step80", "alpha@step1000"]
