"""Objects in place of names: they give what files give, stay as they were, and are never taken from the cache."""

import datasets
import numpy as np
import pandas as pd
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer

import todacomm
from tests.helpers.tiny_models import TEXTS, tiny_model_folder
from todacomm.analysis.given import given_clouds, given_objects
from todacomm.analysis.own_clouds import read_clouds
from todacomm.settings.analysis import AnalysisConfig

FEW = {"replicates": 0, "nulls": 0, "pca": 10, "explorer": False}


@pytest.fixture
def folder(tmp_path):
    return tiny_model_folder(tmp_path / "llama", "llama")


@pytest.fixture
def model(folder):
    return AutoModelForCausalLM.from_pretrained(folder)


@pytest.fixture
def tokenizer(folder):
    return AutoTokenizer.from_pretrained(folder)


def observed(tokenizer, texts=TEXTS, **options):
    config, observe = given_objects(tokenizer, list(texts), options)
    return observe(config)


def test_a_model_and_texts_in_memory_give_what_their_files_give(store, folder, model, tokenizer):
    (store / "texts.txt").write_text("\n".join(TEXTS) + "\n", encoding="utf-8")
    by_name = todacomm.analyze(
        model=str(folder), dataset="texts.txt", samples=len(TEXTS), unit="row", null_kinds="random_weights", **FEW
    )
    by_object = todacomm.analyze(
        model=model, tokenizer=tokenizer, texts=list(TEXTS), null_kinds="random_weights", **FEW
    )

    assert by_object.dataset.digest == by_name.dataset.digest
    values = [analysis.layers.set_index(["control", "layer", "metric"])["value"] for analysis in (by_name, by_object)]
    pd.testing.assert_series_equal(*values, rtol=1e-6)
    assert by_object.model.source == "object:LlamaForCausalLM"
    report = by_object.artifact("report.md").read_text(encoding="utf-8")
    assert "todacomm.analyze(model=model, tokenizer=tokenizer, texts=texts, samples=12" in report
    assert "mlflow run" not in report


def test_the_model_stays_as_it_was(model, tokenizer):
    model.train()
    model.model.layers[0].eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    modes = [module.training for module in model.modules()]
    torch.manual_seed(1)
    state = torch.random.get_rng_state()
    for weights in ("trained", "random"):
        observed(tokenizer, model=model, weights=weights)
    assert [module.training for module in model.modules()] == modes
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(parameter.requires_grad for parameter in model.parameters())
    assert torch.equal(torch.random.get_rng_state(), state)


def test_changed_weights_are_another_model(model, tokenizer):
    first = observed(tokenizer, model=model)
    with torch.no_grad():
        model.model.layers[1].mlp.down_proj.weight.mul_(1.1)
    second = observed(tokenizer, model=model)
    assert first.model.weights_digest != second.model.weights_digest
    np.testing.assert_array_equal(first.clouds["layer_0"], second.clouds["layer_0"])
    assert np.abs(first.clouds["layer_1"] - second.clouds["layer_1"]).max() > 1e-4


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_a_model_is_read_in_its_own_precision(model, tokenizer, dtype):
    whole, half = observed(tokenizer, model=model), observed(tokenizer, model=model.to(dtype))
    assert f"torch.{half.model.dtype}" == str(dtype)
    assert half.model.weights_digest != whole.model.weights_digest
    np.testing.assert_allclose(half.clouds["layer_0"], whole.clouds["layer_0"], rtol=0.1, atol=0.1)


def test_dropout_is_off(folder, tokenizer):
    model = AutoModelForCausalLM.from_pretrained(folder, attention_dropout=0.5).train()
    first, second = (observed(tokenizer, model=model).clouds["final"] for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_a_head_that_is_no_language_model_is_left_aside(folder, model, tokenizer):
    classifier = AutoModelForSequenceClassification.from_pretrained(folder, num_labels=2)
    with_head, without = observed(tokenizer, model=model), observed(tokenizer, model=classifier)
    assert with_head.likelihood["perplexity"] > 1
    assert without.likelihood == {}
    np.testing.assert_allclose(without.clouds["final"], with_head.clouds["final"], rtol=1e-6)


@pytest.mark.parametrize(
    "texts",
    [
        list(TEXTS),
        pd.Series(TEXTS),
        pd.DataFrame({"text": TEXTS}),
        datasets.Dataset.from_dict({"text": list(TEXTS)}),
        datasets.Dataset.from_dict({"text": list(TEXTS)})["text"],
    ],
    ids=["list", "series", "frame", "dataset", "column"],
)
def test_texts_come_in_many_forms(texts, model, tokenizer):
    config, observe = given_objects(tokenizer, texts, {"model": model})
    assert observe(config).texts["text"].tolist() == list(TEXTS)


@pytest.mark.parametrize("table", [pd.DataFrame, datasets.Dataset.from_dict], ids=["frame", "dataset"])
def test_a_prompt_takes_several_columns_of_a_table(table, model, tokenizer):
    rows = table({"question": list(TEXTS), "count": list(range(len(TEXTS)))})
    config, observe = given_objects(tokenizer, rows, {"model": model, "text_column": "{question} {count}."})
    assert observe(config).texts["text"][3] == f"{TEXTS[3]} 3."
    with pytest.raises(ValueError, match="no column 'answer': set text_column to one of question, count"):
        given_objects(tokenizer, rows, {"model": model, "text_column": "{answer}"})


@pytest.mark.parametrize("stored", [list, np.array], ids=["as made", "as read from parquet"])
@pytest.mark.parametrize("table", [pd.DataFrame, datasets.Dataset.from_dict], ids=["frame", "dataset"])
def test_a_table_holds_conversations(table, stored, model, tokenizer):
    tokenizer.chat_template = "{% for message in messages %}{{ message['content'] }}{% endfor %}"
    messages = [stored([{"role": "user", "content": text}]) for text in TEXTS]
    if table is not pd.DataFrame:
        messages = list(map(list, messages))
    options = {"model": model, "text_column": "messages", "chat": True}
    config, observe = given_objects(tokenizer, table({"messages": messages}), options)
    assert observe(config).texts["text"].tolist() == list(TEXTS)


def test_columns_of_a_table_are_recorded_with_its_texts(model, tokenizer):
    frame = pd.DataFrame({"words": TEXTS, "length": [len(text) for text in TEXTS]})
    options = {"model": model, "text_column": "words", "text_columns": "length", "samples": 10}
    config, observe = given_objects(tokenizer, frame, options)
    assert observe(config).texts["length"].tolist() == [float(len(text)) for text in TEXTS[:10]]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"tokenizer": None}, "tokenizer is a NoneType"),
        ({"model": torch.nn.Linear(2, 2)}, "model is a Linear: expected a transformers.PreTrainedModel"),
        ({"model": "gpt2"}, "give the model as an object"),
        ({"adapter": "lora"}, "adapter would have no effect: objects are read as they are"),
        ({"dtype": "bfloat16", "unit": "passage"}, "dtype, unit would have no effect"),
        ({"texts": "one long text"}, "texts is a str"),
        ({"texts": [*TEXTS, 3]}, "texts holds a int in row 13"),
        ({"texts": []}, "texts holds 0: expected at least 10"),
        ({"texts": TEXTS[:9]}, "texts holds 9: expected at least 10"),
        ({"texts": set(TEXTS)}, "texts is a set"),
        ({"texts": datasets.DatasetDict(train=datasets.Dataset.from_dict({"text": TEXTS}))}, "such as its 'train'"),
        ({"samples": 13}, "samples is 13, texts has 12"),
        ({"dataset": "pydoc"}, "got texts and dataset='pydoc'"),
        ({"text_column": "words"}, "texts is a list of strings"),
        ({"texts": pd.DataFrame({"words": TEXTS})}, "no column 'text'"),
        ({"config": AnalysisConfig()}, "got a config beside objects"),
    ],
)
def test_what_cannot_be_used_is_refused_before_a_run_is_made(store, model, tokenizer, change, says):
    with pytest.raises(ValueError, match=says):
        todacomm.analyze(**{"model": model, "tokenizer": tokenizer, "texts": list(TEXTS), **change})
    assert todacomm.search_analyses().empty


def test_what_was_an_object_cannot_be_named(store):
    with pytest.raises(ValueError, match="object in memory"):
        todacomm.analyze(model="object:llama")
    with pytest.raises(ValueError, match="object in memory"):
        todacomm.analyze(model="clouds:object:mine")


def test_arrays_give_what_their_file_gives(store, rng):
    layers = {"late": rng.normal(size=(40, 6)), "early": rng.normal(size=(40, 3))}
    np.savez("mine.npz", **layers, topic=np.arange(40))
    of_file = todacomm.analyze(model="clouds:mine.npz", **FEW)
    of_arrays = todacomm.analyze_clouds(layers, {"topic": range(40)}, name="mine", **FEW)
    assert of_arrays.layer_names == ("late", "early")
    pd.testing.assert_series_equal(of_file.layers["value"], of_arrays.layers["value"])
    pd.testing.assert_frame_equal(of_file.texts, of_arrays.texts)
    report = of_arrays.artifact("report.md").read_text(encoding="utf-8")
    assert "todacomm.analyze_clouds(clouds, name='mine', samples=40" in report


@pytest.mark.parametrize("name", ["llama-3.1", "organisation/model", "a.npz"])
def test_the_name_of_arrays_is_no_path(rng, name):
    assert given_clouds(rng.normal(size=(20, 3)), None, name).model.name == name


def test_an_array_is_a_layer_or_a_stack_of_them(rng):
    stack = rng.normal(size=(2, 15, 4))
    assert list(given_clouds(stack, None, "a").clouds) == ["layer_0", "layer_1"]
    assert list(given_clouds(stack[0], None, "a").clouds) == ["layer_0"]
    half = given_clouds(torch.tensor(stack[1], dtype=torch.bfloat16, requires_grad=True), None, "a").clouds["layer_0"]
    np.testing.assert_allclose(half, stack[1], rtol=2**-8)


def test_a_list_of_arrays_is_a_layer_each(rng):
    layers = [rng.normal(size=(15, 4)), torch.ones((15, 2), requires_grad=True)]
    assert {name: cloud.shape[1] for name, cloud in given_clouds(layers, None, "a").clouds.items()} == {
        "layer_0": 4,
        "layer_1": 2,
    }


@pytest.mark.parametrize(
    ("clouds", "labels", "says"),
    [
        (np.zeros((15, 4)), {"k": [1, 2, 3]}, r"label k has shape \(3,\): expected \(15,\)"),
        (np.zeros((15, 4)), {"k": [[1], [1, 2]]}, "label k has rows of 1 and 2 numbers"),
        (np.zeros((15, 4)), pd.Series(range(15)), "labels is a Series: expected a DataFrame"),
        ({"early": [[1.0, 2.0], [3.0]]}, None, "early has rows of 1 and 2 numbers"),
        ({"early": [1.0, 2.0]}, None, r"a holds no cloud, but early of shape \(2,\) and float64: store"),
        ({}, None, "a holds no cloud and nothing else"),
        (np.ones((15, 4)) * 1j, None, r"layer_0 of shape \(15, 4\) and complex128"),
    ],
)
def test_what_is_no_cloud_or_label_is_named(clouds, labels, says):
    with pytest.raises(ValueError, match=says):
        given_clouds(clouds, labels, "a")


@pytest.mark.parametrize("case", ["spread", "centroid"])
def test_a_layer_of_distinct_points_that_cannot_be_measured_is_recorded_as_such(store, rng, case):
    """Squares of its distances vanish, or a row at the centroid has no direction: beside a sound layer and alone."""
    sound = rng.normal(size=(40, 5))
    broken = sound * 1e-35 if case == "spread" else np.vstack([sound[:-1], sound[:-1].mean(axis=0)])
    options = {**FEW, "explorer": True, "figures": "none", "metric": "cosine" if case == "centroid" else "euclidean"}
    for layers in ({"layer_0": broken, "layer_1": sound}, {"layer_0": broken}):
        analysis = todacomm.analyze_clouds(layers, **options)
        of_layer = [warning.code for warning in analysis.warnings if warning.layer == "layer_0"]
        assert of_layer == ["out_of_range" if case == "spread" else "no_direction"]
        shape = analysis.layers[(analysis.layers["layer"] == "layer_0") & (analysis.layers["metric"] == "h0_count")]
        assert shape["value"].isna().all()
    (nothing,) = [warning.text for warning in analysis.warnings if warning.code == "nothing_measured"]
    assert nothing == "no layer could be measured: the warning of each says why"


def test_the_page_has_the_points_that_were_measured_where_standardising_tells_more_of_them_apart(store, rng):
    cloud = rng.normal(size=(40, 12))
    cloud[:, 0] = 1e8 * (np.arange(40) % 7)
    options = {**FEW, "pca": 0, "explorer": True, "figures": "none", "standardize": True}
    layers = todacomm.analyze_clouds({"layer_0": cloud}, **options).layers.set_index("metric")["value"]
    assert (layers["n_distinct"], layers["h0_count"]) == (7, 6)


def test_settings_of_arrays_hold_as_those_of_files(store, rng):
    layers = {"early": rng.normal(size=(20, 4)), "late": rng.normal(size=(20, 4))}
    assert todacomm.analyze_clouds(layers, layers="late", **FEW).layer_names == ("late",)
    for options, says in (
        ({"layers": "nope"}, "no layer nope: choose from early, late"),
        ({"samples": 19}, "has 20"),
        ({"model": "gpt2", "weights": "random"}, "model is 'gpt2': clouds have no model to run"),
    ):
        with pytest.raises(ValueError, match=says):
            todacomm.analyze_clouds(layers, **options)


@pytest.mark.parametrize("values", [["\ud800", *"bbbbbbbbb"], ["\ud800", None, *"bbbbbbbb"]])
@pytest.mark.parametrize("column", ["mood", "texts"])
def test_half_of_a_character_is_named(column, values):
    with pytest.raises(ValueError, match=f"label {column} holds half of a character in row 1"):
        given_clouds(np.eye(10), {column: values}, "mine")


def test_half_of_a_character_in_a_file_of_clouds_is_named(tmp_path):
    np.savez(tmp_path / "mine.npz", layer=np.eye(10), mood=np.array(["b", "\udfff", *"bbbbbbbb"]))
    with pytest.raises(ValueError, match=r"mine\.npz: 'mood' holds half of a character in row 2"):
        read_clouds(tmp_path / "mine.npz")


def test_texts_that_repeat_another_are_counted_as_those_of_a_data_set():
    observed = given_clouds(np.eye(10), {"texts": ["a", "a", "a", *"bcdefgh"]}, "mine")
    (warning,) = [warning for warning in observed.warnings if warning.code == "repeated_texts"]
    assert warning.text == "2 of 10 texts repeat another one word for word"
    assert not given_clouds(np.eye(10), {"mood": ["a"] * 10}, "mine").warnings
