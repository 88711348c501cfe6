"""The callback in a real Trainer: series over training steps in the trainer's own run, and an untouched training."""

import re
import shutil

import mlflow
import pandas as pd
import pytest
from transformers import AutoModelForCausalLM, AutoTokenizer, Trainer, TrainerCallback, TrainingArguments

import todacomm
from tests.helpers.tiny_models import TEXTS, tiny_model_folder


@pytest.fixture
def train(tmp_path):
    """Train a tiny model for six steps, and give it back."""
    folder = tiny_model_folder(tmp_path / "llama", "llama")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    rows = [{"input_ids": ids, "labels": ids} for ids in ([*tokenizer(text)["input_ids"], 1, 1][:8] for text in TEXTS)]
    rows = [row for row in rows if len(row["input_ids"]) == 8]

    def run(callbacks, resume=False, **options):
        model = AutoModelForCausalLM.from_pretrained(folder, attention_dropout=0.1)
        options = {"max_steps": 6, "report_to": "none", "save_strategy": "no", **options}
        arguments = TrainingArguments(
            str(tmp_path / "trained"), per_device_train_batch_size=2, learning_rate=1e-2, seed=3, logging_steps=3,
            use_cpu=True, disable_tqdm=True, **options,
        )  # fmt: skip
        trainer = Trainer(model, arguments, train_dataset=rows, eval_dataset=rows[:2], callbacks=callbacks)
        trainer.train(resume_from_checkpoint=resume)
        return model

    run.tokenizer, run.folder = tokenizer, tmp_path / "trained"
    return run


def test_series_over_the_steps_stand_in_the_run_of_the_trainer(store, train):
    callback = todacomm.TopologyCallback(list(TEXTS), train.tokenizer, every=2, pca=10)
    with mlflow.start_run() as run:
        model = train([callback], report_to="mlflow")

    client = mlflow.MlflowClient()
    series = client.get_metric_history(run.info.run_id, "topology/h0_total_norm/layer_1")
    assert [point.step for point in series] == [0, 2, 4, 6]
    assert len({point.value for point in series}) == 4
    assert "loss" in client.get_run(run.info.run_id).data.metrics
    table = pd.read_csv(client.download_artifacts(run.info.run_id, "topology.csv"))
    perplexity = table[table["metric"] == "perplexity"].set_index("step")["value"]
    assert perplexity[6] < 0.8 * perplexity[0]

    last = todacomm.analyze(
        model=model, tokenizer=train.tokenizer, texts=list(TEXTS), pca=10, replicates=0, nulls=0
    ).layers
    expected = last[(last["metric"] == "h0_total_norm") & (last["layer"] == "layer_1")]["value"].item()
    assert series[-1].value == pytest.approx(expected, rel=1e-6)


def test_intervals_and_p_that_are_asked_for_are_in_the_table(store, train):
    options = {"replicates": 20, "nulls": 19, "pca": 10}
    callback = todacomm.TopologyCallback(list(TEXTS), train.tokenizer, every=100, **options)
    with mlflow.start_run() as run:
        model = train([callback], report_to="mlflow")
    table = pd.read_csv(mlflow.MlflowClient().download_artifacts(run.info.run_id, "topology.csv"))
    last = todacomm.analyze(model=model, tokenizer=train.tokenizer, texts=list(TEXTS), **options).layers
    last = last.astype({"layer": str})
    row = ["layer", "metric"]
    for name in ("value", "se", "lo", "hi", "p", "p_adjusted"):
        measured = table[table["step"] == table["step"].max()].set_index(row)[name]
        expected = last.set_index(row)[name].reindex(measured.index)
        assert expected.notna().any()
        pd.testing.assert_series_equal(measured, expected, rtol=1e-5)


def test_the_training_is_what_it_is_without_the_callback(store, train):
    with mlflow.start_run():
        watched = train([todacomm.TopologyCallback(list(TEXTS), train.tokenizer, every=1, pca=10)])
    for (name, one), other in zip(watched.named_parameters(), train([]).parameters(), strict=True):
        assert one.equal(other), name


BEST = {
    "save_strategy": "steps", "save_steps": 2, "eval_strategy": "steps", "eval_steps": 2,
    "metric_for_best_model": "eval_loss", "greater_is_better": True,  # the loss falls: the first is the best
}  # fmt: skip


class Stop(TrainerCallback):
    """End a training after the evaluation of step 4, as early stopping does."""

    def on_evaluate(self, args, state, control, **_):
        control.should_training_stop = state.global_step == 4


def by_step(callback, metric="h0_total_norm", layer="layer_1"):
    return {row["step"]: row["value"] for row in callback.rows if (row["metric"], row["layer"]) == (metric, layer)}


@pytest.fixture
def every_step(store, train):
    """What stands at each step of a training."""
    callback = todacomm.TopologyCallback(list(TEXTS), train.tokenizer, every=1, pca=10)
    with mlflow.start_run():
        train([callback], **BEST)
    return by_step(callback)


@pytest.mark.parametrize(
    ("every", "others", "best", "steps"),
    [
        (3, [], True, [0, 2, 3, 6]),
        (2, [], True, [0, 2, 4, 6]),
        (4, [], True, [0, 2, 4, 6]),
        (3, [Stop()], True, [0, 2, 3, 4]),
        (3, [Stop()], False, [0, 3, 4]),
    ],
)
def test_every_number_stands_at_the_step_whose_weights_it_is_of(every_step, train, every, others, best, steps):
    for place in range(len(others) + 1):
        callback = todacomm.TopologyCallback(list(TEXTS), train.tokenizer, every=every, pca=10)
        with mlflow.start_run():
            train([*others[:place], callback, *others[place:]], load_best_model_at_end=best, **BEST)
        assert by_step(callback) == pytest.approx({step: every_step[step] for step in steps}, rel=1e-6)
        assert list(by_step(callback)) == steps


def test_a_training_that_is_resumed_in_its_run_goes_on_with_its_series(store, train):
    first, second = (todacomm.TopologyCallback(list(TEXTS), train.tokenizer, every=1, pca=10) for _ in range(2))
    with mlflow.start_run() as run:
        train([first], save_strategy="steps", save_steps=3, max_steps=3)
    with mlflow.start_run(run_id=run.info.run_id):
        train([second], resume=True)

    client = mlflow.MlflowClient()
    series = client.get_metric_history(run.info.run_id, "topology/h0_total_norm/layer_1")
    assert [point.step for point in series] == [0, 1, 2, 3, 4, 5, 6]
    assert by_step(second) == {point.step: point.value for point in series}
    earlier = [row for row in second.rows if row["step"] <= 3]
    pd.testing.assert_frame_equal(pd.DataFrame(earlier), pd.DataFrame(first.rows), check_exact=True)
    table = pd.read_csv(client.download_artifacts(run.info.run_id, "topology.csv"))
    assert table["step"].tolist() == [row["step"] for row in second.rows]


def test_steps_after_the_checkpoint_are_measured_again_and_a_new_training_begins_anew(store, train):
    callback = todacomm.TopologyCallback(list(TEXTS), train.tokenizer, every=1, pca=10)
    with mlflow.start_run():
        train([callback], save_strategy="steps", save_steps=3, max_steps=4)
        shutil.rmtree(train.folder / "checkpoint-4")
        train([callback], resume=True, max_steps=4)
        assert list(by_step(callback)) == [0, 1, 2, 3, 4]
        train([callback], max_steps=1)
        assert list(by_step(callback)) == [0, 1]


def test_two_in_one_trainer_are_refused(store, train):
    callbacks = [todacomm.TopologyCallback(list(TEXTS), train.tokenizer, pca=10) for _ in range(2)]
    with mlflow.start_run(), pytest.raises(ValueError, match="the trainer has two TopologyCallbacks"):
        train(callbacks)


def test_a_table_of_another_kind_in_the_run_is_refused(store, train):
    with mlflow.start_run():
        train([], save_strategy="steps", save_steps=3, max_steps=3)
        mlflow.log_text("a,b\n1,2\n", "topology.csv")
        with pytest.raises(ValueError, match="cannot be read as the topology of earlier steps"):
            train([todacomm.TopologyCallback(list(TEXTS), train.tokenizer, pca=10)], resume=True)


def test_without_a_run_it_says_how_to_have_one(store, train):
    with pytest.raises(ValueError, match="no MLflow run is active: set report_to='mlflow'"):
        train([todacomm.TopologyCallback(list(TEXTS), train.tokenizer)])


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"every": 0}, "every is 0: expected a whole number, at least 1"),
        ({"every": 2.5}, "every is 2.5: expected a whole number"),
        ({"every": "2"}, "every is '2': expected a whole number"),
        ({"metrics": ["h1_max_nrom"]}, "'h1_max_nrom', which is not measured here: did you mean h1_max_norm?"),
        ({"metrics": ["h1_max_norm"], "maxdim": 0}, "metrics has 'h1_max_norm', which is not measured here"),
        ({"metrics": "zzz"}, "choose from h0_total"),
        ({"output_dir": "x", "figures": "all"}, "output_dir, figures would have no effect: model and run are"),
        ({"adapter": "x"}, "adapter would have no effect"),
        ({"pcaa": 3}, "unknown option 'pcaa': did you mean pca?"),
        ({"pca": -1}, "pca is -1: expected at least 0"),
        ({"distances": True}, "distances=true is for model=clouds:FILE"),
        ({"samples": 100}, "samples is 100, texts has 12"),
        ({"text_column": "body"}, "text_column and text_columns are for tables"),
        ({"tokenizer": None}, "tokenizer is a NoneType"),
        ({"texts": "one"}, "texts is a str"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_before_any_training(train, options, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        todacomm.TopologyCallback(**{"texts": list(TEXTS), "tokenizer": train.tokenizer, **options})


@pytest.mark.parametrize(
    ("metrics", "names"),
    [
        ("h1_max_norm", ("h1_max_norm",)),
        ("h0_total_norm, perplexity", ("h0_total_norm", "perplexity")),
        (pd.Series(["h2_entropy", "top_token_fraction"]), ("h2_entropy", "top_token_fraction")),
    ],
)
def test_a_string_is_one_metric_or_several_with_commas(train, metrics, names):
    assert todacomm.TopologyCallback(list(TEXTS), train.tokenizer, 1, metrics, maxdim=2).metrics == names


class Break(TrainerCallback):
    """Spoil the weights of the second block after step 2."""

    def on_step_end(self, args, state, control, model=None, **_):
        if state.global_step == 2:
            model.model.layers[1].mlp.down_proj.weight.data.fill_(float("nan"))


def test_where_a_series_ends_a_warning_says_why_once(store, train, caplog):
    callback = todacomm.TopologyCallback(list(TEXTS), train.tokenizer, every=1, metrics="h0_total_norm", pca=10)
    with mlflow.start_run() as run:
        train([Break(), callback], max_steps=4)

    client = mlflow.MlflowClient()
    series = client.get_metric_history(run.info.run_id, "topology/h0_total_norm/layer_1")
    assert [point.step for point in series] == [0, 1]
    table = pd.read_csv(client.download_artifacts(run.info.run_id, "topology_warnings.csv"))
    rows = table[(table["layer"] == "layer_1") & (table["code"] == "not_finite")]
    assert rows["step"].tolist() == [2]
    assert rows["text"].item().startswith("12 of 12 rows hold nan or infinity")
    lines = [line for line in caplog.messages if "layer_1: 12 of 12 rows hold nan" in line]
    assert [line.partition(":")[0] for line in lines] == ["step 2"]
