"""An analysis written to a real store and read back, through MLflow's own client and through ours."""

import dataclasses
import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from mlflow import MlflowClient
from PIL import Image

from tests.helpers.records import record
from tests.helpers.results import empty_nulls, make_result
from todacomm.core.homology import resolve_engine
from todacomm.results.findings import findings
from todacomm.results.result import Result
from todacomm.results.table import run_values
from todacomm.settings.analysis import OPTIONS, AnalysisConfig
from todacomm.tracking import analysis_run, load_analysis, search_analyses
from todacomm.tracking.entries import LONGEST_TAG, fitted, metrics
from todacomm.tracking.files import read_cloud, stage
from todacomm.tracking.process import process_tags


def history(run_id: str, key: str) -> dict[int, float]:
    return {point.step: point.value for point in MlflowClient().get_metric_history(run_id, key)}


def test_what_was_written_is_read_back_equal(recorded: str, result: Result) -> None:
    back = load_analysis(recorded).result()
    pd.testing.assert_frame_equal(back.table, result.table)
    pd.testing.assert_frame_equal(back.nulls, result.nulls)
    assert back.config == result.config
    assert (back.model, back.dataset) == (result.model, result.dataset)
    assert (back.warnings, back.seconds) == (result.warnings, result.seconds)
    for ours, theirs in zip(back.layers, result.layers, strict=True):
        assert (ours.name, ours.index, ours.depth, ours.warnings) == (
            theirs.name,
            theirs.index,
            theirs.depth,
            theirs.warnings,
        )
        np.testing.assert_equal(ours.diagrams, theirs.diagrams)
        np.testing.assert_equal(ours.curves, theirs.curves)
    np.testing.assert_equal(back.clouds, result.clouds)
    assert list(back.replicates) == list(result.replicates)
    for layer, values in result.replicates.items():
        np.testing.assert_allclose(back.replicates[layer], values, rtol=1e-6)


def test_an_analysis_answers_for_a_layer_by_name_and_by_the_number_in_it(recorded: str, result: Result) -> None:
    analysis = load_analysis(recorded)
    assert analysis.layer_names == ("embedding", "layer_0", "layer_1", "layer_2", "final")
    np.testing.assert_array_equal(analysis.cloud("layer_1"), analysis.cloud(1))
    np.testing.assert_array_equal(analysis.cloud("layer_1"), result.clouds["layer_1"])
    np.testing.assert_array_equal(analysis.diagrams(-1)[1], result.layers[-1].diagrams[1])
    assert analysis.curves("final")["betti_1"].shape == analysis.curves("final")["scale"].shape
    assert analysis.text_ids == result.dataset.ids
    assert analysis.run["perplexity"] == 21.5
    assert math.isnan(analysis.run["expansion_ratio"])
    with pytest.raises(ValueError, match=r"no layer 'layer_9': choose embedding, layer_0"):
        analysis.cloud("layer_9")
    with pytest.raises(ValueError, match=r"no layer 3: choose embedding, layer_0"):
        analysis.cloud(3)
    np.testing.assert_array_equal(analysis.cloud(np.int64(1)), analysis.cloud(1))
    np.testing.assert_array_equal(analysis.diagrams(np.int8(-1))[1], analysis.diagrams(-1)[1])
    for wrong in (np.int64(3), True, 1.0):
        with pytest.raises(ValueError, match=r"no layer (3|True|1\.0): choose embedding, layer_0"):
            analysis.cloud(wrong)


def test_series_over_depth_have_the_layer_as_step_and_keep_nan(recorded: str, result: Result) -> None:
    rows = result.table[(result.table["metric"] == "h0_total_norm") & (result.table["control"] == "")]
    expected = dict(enumerate(rows["value"]))
    assert math.isnan(expected[0])
    np.testing.assert_equal(history(recorded, "1_main/h0_total_norm"), expected)
    np.testing.assert_equal(history(recorded, "interval/h0_total_norm_hi"), dict(enumerate(rows["hi"])))
    assert history(recorded, "layer/relative_depth") == {0: 0.0, 1: 0.25, 2: 0.5, 3: 0.75, 4: 1.0}
    assert set(history(recorded, "null/h1_max_norm_mean")) == {1, 2, 3, 4}
    assert len(history(recorded, "control/random_weights/h1_max_norm")) == 5


def test_the_store_has_the_documented_keys_and_no_more(recorded: str) -> None:
    run = MlflowClient().get_run(recorded)
    groups = {key.rpartition("/")[0] for key in run.data.metrics}
    assert groups == {
        "1_main", "tda", "cloud", "geometry", "layer", "summary", "interval", "null", "control/random_weights",
    }  # fmt: skip
    assert {key for key in run.data.metrics if key.startswith(("interval", "null", "control"))} == {
        "interval/h0_total_norm_lo", "interval/h0_total_norm_hi", "interval/h1_max_norm_lo", "interval/h1_max_norm_hi",
        "null/h1_max_norm_mean", "null/h0_total_norm_mean",
        "control/random_weights/h0_total_norm", "control/random_weights/h1_max_norm",
    }  # fmt: skip
    assert "geometry/spectrum_alpha" not in run.data.metrics, "a series without a number would be an empty chart"
    assert run.data.metrics["summary/bits_per_byte"] == 1.25
    assert run.data.metrics["summary/seconds_homology"] == 0.8
    assert all(math.isnan(value) or abs(value) < 1e300 for value in run.data.metrics.values())


def test_what_never_changes_is_no_series_and_runs_have_numbers_to_sort_by(recorded: str, result: Result) -> None:
    values = MlflowClient().get_run(recorded).data.metrics
    assert "cloud/truncated_fraction" not in values
    assert "cloud/top_token_fraction" not in values
    assert min(values) == "1_main/h0_total_norm", "the interface sorts charts by their keys"
    assert [key.partition("/")[0] for key in values][:3] == ["1_main", "1_main", "summary"], "and lists them as written"
    rows = result.table[(result.table["metric"] == "h1_max_norm") & (result.table["control"] == "")]
    blocks = rows[rows["layer"].str.startswith("layer_")]["value"]
    assert values["summary/mean_h1_max_norm"] == pytest.approx(blocks.mean())
    assert values["summary/max_h1_max_norm"] == pytest.approx(blocks.max())
    assert values["summary/loops"] == (result.loops["verdict"] == "loop").sum()


def test_a_maximum_over_blocks_is_not_taken_past_one_that_is_undefined(result: Result) -> None:
    table = result.table.copy()
    table.loc[(table["layer"] == "layer_1") & (table["metric"] == "h1_max_norm"), "value"] = np.nan
    keys = {point.key for point in metrics(dataclasses.replace(result, table=table))}
    assert not keys & {"summary/max_h1_max_norm", "summary/mean_h1_max_norm"}
    assert "summary/max_h0_total_norm" in keys


def test_parameters_tags_and_input_name_what_was_done(recorded: str, result: Result) -> None:
    run = MlflowClient().get_run(recorded)
    assert run.info.status == "FINISHED"
    assert run.info.run_name == "demo-decoder pydoc 60"
    assert run.data.params == {
        "config/model": "demo-decoder", "config/dataset": "pydoc", "config/samples": "60", "config/pca": "0",
        "config/seed": "0", "config/replicates": "8", "config/nulls": "19",
    }, "what differs from its default, and nothing else"  # fmt: skip
    settings = dict(line.split("=", 1) for line in run.data.tags["todacomm.settings"].splitlines())
    assert settings["pooling"] == "last", "auto is recorded as what it came to"
    assert set(settings) == set(OPTIONS)
    assert search_analyses()[["samples", "standardize", "pooling"]].values.tolist() == [[60, False, "last"]]
    tags = {key.removeprefix("todacomm."): v for key, v in run.data.tags.items() if key.startswith("todacomm.")}
    assert tags == {
        "kind": "analysis",
        "schema": "4",
        "model": "demo-decoder",
        "weights": "trained",
        "family": "gpt2",
        "dataset": "pydoc",
        "texts_digest": "fedcba9876543210",
        "weights_digest": "0123456789abcdef",
        "config_hash": result.config.digest(),
        **{key.removeprefix("todacomm."): value for key, value in process_tags().items()},
        "protocol": tags["protocol"],
        "settings": run.data.tags["todacomm.settings"],
        "deviations": tags["deviations"],
        "warnings": "\n".join(map(str, result.warnings)),
    }
    assert tags["warnings"].startswith("the cloud is small\n")
    assert "embedding: 1 distinct point of 60: no shape to measure" in tags["warnings"].splitlines()
    assert tags["protocol"].startswith("standard v2 sha256:")
    assert "samples=60 instead of 500" in tags["deviations"]
    (used,) = run.inputs.dataset_inputs
    assert (used.dataset.name, used.dataset.digest) == ("pydoc", "fedcba9876543210")
    assert json.loads(used.dataset.source) == {"uri": "bundled:pydoc", "revision": "3.11.13"}


def test_tags_of_the_users_own_and_what_a_notebook_shows(store: Path, staging: Path) -> None:
    result = make_result(n_layers=3, tags="team=nlp,why=a=b", run_name="<b>mine</b>")
    with analysis_run(result.config) as run:
        run.write(result, staging, headline="Nothing loops & nothing grows.")
    assert search_analyses(tags={"team": "nlp", "why": "a=b"})["run_id"].tolist() == [run.run_id]
    analysis = load_analysis(run.run_id)
    assert analysis.headline == "Nothing loops & nothing grows."
    shown = analysis._repr_html_()
    assert "&lt;b&gt;mine&lt;/b&gt;" in shown
    assert "Nothing loops &amp; nothing grows." in shown
    assert analysis.findings == findings(result)
    assert analysis.plot("diagram", layer=0).size == (64, 48)
    bare = load_analysis(record(make_result(3, figures="none")))
    with pytest.raises(ValueError, match=r"was recorded with figures=none: it has no plots/summary\.png"):
        bare.plot()
    with pytest.raises(ValueError, match=r"has no picture plots/nope\.png: choose"):
        analysis.plot("nope")
    with pytest.raises(ValueError, match="names that begin so are taken by the record itself"):
        make_result(n_layers=3, tags="todacomm.model=mine")


def test_files_are_strict_json_and_arrays_without_objects(result: Result, tmp_path: Path) -> None:
    stage(result, tmp_path)

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    for path in tmp_path.rglob("*.json"):
        json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse)
    for path in tmp_path.rglob("*.npz"):
        with np.load(path, allow_pickle=False) as arrays:
            assert all(arrays[name].dtype.kind in "fiU" for name in arrays.files)
    with np.load(tmp_path / "clouds/02_layer_1.npz", allow_pickle=False) as arrays:
        assert arrays["cloud"].dtype == np.float32
        assert tuple(arrays["text_ids"]) == result.dataset.ids
    assert read_cloud(tmp_path / "clouds/02_layer_1.npz").shape == (60, 16)


def test_the_recorded_settings_run_the_analysis_again(recorded: str, result: Result) -> None:
    path = load_analysis(recorded).artifact("config/resolved.yaml")
    again = AnalysisConfig.from_flat(yaml.safe_load(path.read_text(encoding="utf-8")))
    assert again.model.pooling == "last"
    assert again.texts == result.config.texts
    assert again.topology.engine == resolve_engine("auto")
    assert again.digest() == dataclasses.replace(result.config, model=again.model).digest()


def test_staged_pictures_become_a_slider(store: Path, result: Result, staging: Path) -> None:
    with analysis_run(result.config) as run:
        run.write(result, staging, note="**Headline**")
    client = MlflowClient()
    shown = sorted(info.path for info in client.list_artifacts(run.run_id, "images") if info.path.endswith(".png"))
    assert [name.split("+")[:3] for name in shown] == [["images/persistence_diagram", "step", step] for step in "01"]
    tags = client.get_run(run.run_id).data.tags
    for info in client.list_artifacts(run.run_id, "images"):
        with Image.open(load_analysis(run.run_id).artifact(info.path)) as picture:
            assert picture.size == (64, 48), "the chart shows the compressed one, which MLflow makes 256 pixels wide"
    assert tags["mlflow.loggedImages"] == "True"
    assert tags["mlflow.note.content"] == "**Headline**"
    assert load_analysis(run.run_id).artifact("report.md").read_text(encoding="utf-8") == "# A report\n"


def test_output_dir_gets_every_file_of_the_run(store: Path, staging: Path) -> None:
    result = make_result(n_layers=3, output_dir="out/here")
    with analysis_run(result.config) as run:
        run.write(result, staging)
    ours = {str(path.relative_to("out/here")) for path in Path("out/here").rglob("*") if path.is_file()}
    theirs = Path(load_analysis(run.run_id).artifact_uri)
    assert ours == {str(path.relative_to(theirs)) for path in theirs.rglob("*") if "images" not in path.parts} - {
        str(path.relative_to(theirs)) for path in theirs.rglob("*") if path.is_dir()
    }
    assert [path.name for path in Path("out").iterdir()] == ["here"]


def test_output_dir_that_holds_something_is_refused_before_the_run(store: Path) -> None:
    (store / "out").mkdir()
    (store / "out/notes.txt").write_text("mine")
    config = AnalysisConfig.from_flat({"output_dir": "out"})
    with pytest.raises(ValueError, match="is there already and not empty"), analysis_run(config):
        pass
    assert not MlflowClient().search_runs(["0"])
    (store / "out/notes.txt").unlink()
    with analysis_run(config):
        pass


def test_clouds_are_left_out_on_request(store: Path) -> None:
    result = make_result(n_layers=3, keep_clouds=False)
    analysis = load_analysis(record(result))
    assert len(analysis.text_ids) == 60
    assert analysis.result().clouds == {}
    with pytest.raises(ValueError, match="has no clouds: analyse again with keep_clouds=true"):
        analysis.cloud("embedding")


def test_an_infinity_becomes_undefined_with_a_warning(store: Path, result: Result) -> None:
    table = result.table.copy()
    table.loc[(table["layer"] == "layer_1") & (table["metric"] == "h1_max_ratio"), "value"] = np.inf
    analysis = load_analysis(record(dataclasses.replace(result, table=table)))
    values = analysis.layers.set_index(["weights", "layer", "metric"])["value"]
    assert math.isnan(values["trained", "layer_1", "h1_max_ratio"])
    assert str(analysis.warnings[-1]) == "layer_1: h1_max_ratio is infinite and stands as undefined"
    assert math.isnan(history(analysis.run_id, "tda/h1_max_ratio")[2])


def test_an_analysis_without_nulls_control_or_intervals(store: Path) -> None:
    result = make_result(n_layers=3, control=False, replicates=0, nulls=0)
    bare = result.table.assign(se=np.nan, lo=np.nan, hi=np.nan, p=np.nan, p_adjusted=np.nan, null="")
    result = dataclasses.replace(result, table=bare, nulls=empty_nulls())
    analysis = load_analysis(record(result))
    assert analysis.nulls.empty
    assert list(analysis.tables.nulls.columns) == list(empty_nulls().columns)
    assert not {point.key.split("/")[0] for point in metrics(result)} & {"interval", "null", "control"}


def test_a_control_of_random_weights_is_the_runs_own_when_asked_for(store: Path) -> None:
    result = make_result(n_layers=3, control=False, weights="random")
    analysis = load_analysis(record(result))
    assert analysis.run == pytest.approx(run_values(result.table), nan_ok=True)
    assert MlflowClient().get_run(analysis.run_id).info.run_name == "demo-decoder random pydoc 60"


def test_names_that_are_paths_or_markup_survive(store: Path) -> None:
    name = "../odd models/<b>|`x`' \"ü"
    result = make_result(n_layers=3, model=name, dataset="a'b.txt", run_name='it\'s "<i>"')
    analysis = load_analysis(record(result))
    assert analysis.config.model.model == name
    assert analysis.run_name == 'it\'s "<i>"'
    assert set(analysis.layers["model"]) == {name}


def test_a_long_list_of_warnings_is_cut_at_a_line_with_a_pointer() -> None:
    text = "\n".join(f"layer_{i}: something is not as it should be" for i in range(1000))
    cut = fitted(text)
    assert len(cut) <= LONGEST_TAG
    *lines, pointer = cut.splitlines()
    assert text.startswith("\n".join(lines) + "\n")
    assert "report.md" in pointer


def test_two_runs_may_record_the_same_texts_at_once(store: Path, result: Result) -> None:
    """Eight threads, each with a client of its own, all finding the data set absent at first."""
    from concurrent.futures import ThreadPoolExecutor

    from todacomm.tracking.write import _dataset, log_dataset

    client = MlflowClient()
    runs = [client.create_run("0").info.run_id for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda run_id: log_dataset(MlflowClient(), run_id, _dataset(result.dataset)), runs))
    digests = {client.get_run(run_id).inputs.dataset_inputs[0].dataset.digest for run_id in runs}
    assert digests == {result.dataset.digest}


def test_layers_by_depth_with_a_control_beside_them(store: Path) -> None:
    """Eleven layers, whose names in the order of letters are no order of depth; one row each whatever was drawn."""
    analysis = load_analysis(record(make_result(11)))
    names = list(analysis.layer_names)
    for control in ("", *set(analysis.controls["control"])):
        wide = analysis.by_layer(control=control)
        assert list(wide.index) == names
        assert wide["depth"].is_monotonic_increasing

    assert len(set(analysis.controls["control"])) > 0
    assert len(analysis.layers) + len(analysis.controls) == len(analysis.tables.layers)
    for frame in (analysis.layers, analysis.controls):
        wide = frame.pivot(index="layer", columns="metric", values="value")
        assert [name for name in wide.index if name != "run"] == names
        shuffled = frame.sample(frac=1.0, random_state=0)
        assert list(shuffled.sort_values("layer")["layer"].unique()) == list(wide.index)
        assert list(shuffled.groupby("layer").groups) == list(wide.index)
    values = analysis.by_layer(control).drop(columns="depth")
    np.testing.assert_array_equal(wide.loc[names, values.columns], values)
    for frame in (analysis.nulls, analysis.loops):
        assert list(frame.sort_values("layer")["layer"].unique()) == names
    own = analysis.layers
    assert own.groupby("stream")["layer"].nunique().to_dict() == {"": 1, "residual": len(names)}
