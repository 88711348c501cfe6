"""A convergence from clouds to its record: what is measured, recommended, drawn and refused."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from mlflow import MlflowClient

from entrypoints.convergence import main
from tests.conftest import ROOT
from tests.helpers.tiny_models import tiny_model_folder
from todacomm.convergence.measure import measure_convergence
from todacomm.convergence.result import COLUMNS
from todacomm.core.inference import INTERVAL_METRICS
from todacomm.core.layer import analyze_layer
from todacomm.figures.convergence import convergence_figure
from todacomm.jobs.converge import converge
from todacomm.reports.convergence import headline
from todacomm.settings.analysis import AnalysisConfig
from todacomm.settings.convergence import ConvergenceConfig

SIZES = (20, 40, 80, 160)


@pytest.fixture(scope="module")
def clouds_file(tmp_path_factory):
    """An embedding and five blocks of Gaussian noise, 160 points in 24 dimensions."""
    rng = np.random.default_rng(0)
    names = ["embedding", *(f"layer_{i}" for i in range(5))]
    path = tmp_path_factory.mktemp("clouds") / "mine.npz"
    np.savez(path, **{name: rng.normal(size=(160, 24)) * (1 + i) for i, name in enumerate(names)})
    return path


def settings(clouds_file, sizes=SIZES, pcas=(5, 10, 0), repeats=6, **options):
    analysis = AnalysisConfig.from_flat({"model": f"clouds:{clouds_file}", "replicates": 8, **options})
    return ConvergenceConfig(analysis, sizes, pcas, repeats)


@pytest.fixture(scope="module")
def measured(clouds_file):
    said = []
    return measure_convergence(settings(clouds_file), announce=said.append), said


def test_three_layers_stand_for_all(measured):
    result, _ = measured
    assert result.layers == {"layer_0": 1, "layer_2": 3, "layer_4": 5}
    assert tuple(result.table.columns) == COLUMNS
    assert list(result.table["layer"].cat.categories) == list(result.recommended["layer"].cat.categories)
    assert result.table["layer"].max() == "layer_4"
    assert set(result.table["metric"]) == set(INTERVAL_METRICS)
    assert set(result.table["depth"]) == {0.2, 0.6, 1.0}


def test_every_size_and_number_of_components_has_its_row(measured):
    result, _ = measured
    rows = result.against_size("layer_2", "h0_total_norm")
    assert list(rows["n"]) == list(SIZES)
    assert list(rows["repeats"]) == [6, 6, 6, 1]
    assert list(result.against_pca("layer_2", "h0_total_norm")["pca"]) == [5, 10, 0]
    assert np.isfinite(rows[["value", "sd", "lo", "hi"]].to_numpy()).all()
    np.testing.assert_allclose(rows["hi"] - rows["lo"], 2 * 1.96 * rows["sd"], rtol=1e-3)


def test_all_points_are_measured_as_an_analysis_does(measured, clouds_file):
    result, _ = measured
    cloud = np.load(clouds_file)["layer_2"].astype(np.float32)
    for pca in (5, 10, 0):
        exact = analyze_layer(cloud, pca=pca).metrics
        rows = result.against_pca("layer_2", "h1_total_norm")
        assert rows.loc[rows["pca"] == pca, "value"].item() == pytest.approx(exact["h1_total_norm"])


def test_a_gaussian_recommends_what_stands_still_and_nothing_that_grows(measured):
    result, _ = measured
    for layer in result.layers:
        for metric in ("h0_entropy", "effective_rank", "h1_entropy"):
            assert result.recommended_size(layer, metric) in SIZES[:-1], metric
        assert np.isnan(result.recommended_size(layer, "h1_count"))
        assert result.last_doubling(layer, "h1_count") > 0.3
    assert set(result.recommended["metric"]).isdisjoint({"h0_total_persistence", "mean_norm", "h1_max_lifetime"})


def test_scale_free_numbers_agree_between_layers_that_differ_in_scale_alone(tmp_path, rng):
    """Layers share their subsets, so that a cloud and its multiple converge alike."""
    cloud = rng.normal(size=(60, 6))
    np.savez(tmp_path / "a.npz", layer_0=cloud, layer_1=8.0 * cloud)
    table = measure_convergence(settings(tmp_path / "a.npz", sizes=(20, 30, 60), pcas=(0,))).table
    first, second = (
        table[(table["layer"] == layer) & table["metric"].isin(["h0_total_norm", "h1_max_norm"])]
        for layer in ("layer_0", "layer_1")
    )
    np.testing.assert_allclose(first[["value", "sd"]], second[["value", "sd"]], rtol=1e-4)


def test_the_seed_decides_every_number(measured, clouds_file):
    again = measure_convergence(settings(clouds_file, threads=1))
    pd.testing.assert_frame_equal(measured[0].table, again.table)
    other = measure_convergence(settings(clouds_file, seed=7)).table
    assert not other["value"].equals(again.table["value"])


def test_the_time_is_said_before_the_work(measured):
    (said,) = measured[1]
    n_clouds = 3 * (3 * 6 + 8 * 3 + 3)
    assert said.startswith(f"{n_clouds} clouds of up to 160 points from 3 layers: expect ")


def test_layers_asked_for_and_sizes_of_their_own(clouds_file):
    result = measure_convergence(settings(clouds_file, sizes=None, layers="embedding,layer_3", replicates=0, pca=10))
    assert list(result.layers) == ["embedding", "layer_3"]
    assert result.sizes == (25, 37, 50, 75, 100, 160)
    assert result.pca == 10
    whole = result.table[result.table["n"] == 160]
    assert whole["sd"].isna().all()
    with pytest.raises(ValueError, match="has no layer layer_9: choose from embedding"):
        measure_convergence(settings(clouds_file, layers="layer_9"))


def test_the_largest_size_stands_for_all_where_it_is_smaller(clouds_file):
    result = measure_convergence(settings(clouds_file, sizes=(20, 50), pcas=(0,)))
    assert "a random 50 of the 160 points stand for all" in result.warnings[0].text
    assert result.table["n"].max() == 50
    with pytest.raises(ValueError, match="sizes has 200, there are 160 points"):
        measure_convergence(settings(clouds_file, sizes=(20, 200)))


def test_a_broken_layer_is_undefined_and_named(tmp_path, rng):
    cloud = rng.normal(size=(40, 5))
    broken = cloud.copy()
    broken[3, 2] = np.nan
    np.savez(tmp_path / "a.npz", layer_0=cloud, layer_1=broken, layer_2=np.ones((40, 5)))
    result = measure_convergence(settings(tmp_path / "a.npz", sizes=(10, 20, 40), pcas=(0,)))
    assert any(str(warning).startswith("layer_1: 1 of 40 rows hold nan") for warning in result.warnings)
    assert any(str(warning).startswith("layer_2: 1 distinct point of") for warning in result.warnings)
    assert np.isnan(result.recommended_size("layer_1", "h0_entropy"))
    assert headline(result)[0].endswith("compare; not defined in layer_1 and layer_2.")


def test_holes_that_are_not_measured_are_not_defined(clouds_file):
    result = measure_convergence(settings(clouds_file, maxdim=0))
    assert result.recommended["recommended_n"].notna().any()
    assert headline(result)[1].endswith(": not defined in layer_0, layer_2 and layer_4.")
    convergence_figure(result)


def test_nothing_is_called_unsettled_where_no_half_of_the_points_was_measured(clouds_file):
    result = measure_convergence(settings(clouds_file, sizes=(160,)))
    assert "no size up to half of the points was measured in layer_0" in headline(result)[0]


def test_a_run_is_recorded_whole(store, clouds_file, tmp_path):
    result, run = converge(settings(clouds_file, output_dir=str(tmp_path / "copy")))
    client = MlflowClient()
    recorded = client.get_run(run.run_id)
    assert recorded.info.status == "FINISHED"
    assert recorded.info.run_name == "convergence mine"
    tags = recorded.data.tags
    assert (tags["todacomm.kind"], tags["todacomm.model"]) == ("convergence", "mine")
    assert "settled from" in tags["mlflow.note.content"]
    assert recorded.data.params["config/sizes"] == "20,40,80,160"
    assert "config/nulls" not in recorded.data.params
    series = {point.step: point.value for point in client.get_metric_history(run.run_id, "recommended_n/h0_entropy")}
    assert series == {1: result.recommended_size("layer_0", "h0_entropy"),
                      3: result.recommended_size("layer_2", "h0_entropy"),
                      5: result.recommended_size("layer_4", "h0_entropy")}  # fmt: skip
    assert "recommended_n/h1_count" not in recorded.data.metrics, "a series without a number would be an empty chart"

    files = {
        path.relative_to(tmp_path / "copy").as_posix() for path in (tmp_path / "copy").rglob("*") if path.is_file()
    }
    assert files == {
        "plots/convergence.png", "plots/convergence.svg", "report.md", "report.html",
        "tables/convergence.csv", "tables/recommended.csv", "tables/convergence.json",
    }  # fmt: skip
    stored = json.loads((tmp_path / "copy/tables/convergence.json").read_text())
    back = pd.DataFrame(stored["convergence"]["rows"], columns=stored["convergence"]["columns"])
    np.testing.assert_allclose(back["value"].astype(float), result.table["value"])
    report = (tmp_path / "copy/report.md").read_text()
    assert "H1 bars | not reached (+" in report
    assert "-P sizes=20,40,80,160 -P pcas=0,5,10 -P repeats=6" in report
    assert "<svg" in (tmp_path / "copy/report.html").read_text()


def test_a_model_is_read_in_one_pass(store, tmp_path):
    folder = tiny_model_folder(tmp_path / "model")
    outcome = CliRunner().invoke(
        main,
        [*f"--model {folder} --samples 40 --sizes 10,20,40 --pcas 4,0 --repeats 3 --replicates 4".split()],
    )
    assert outcome.exit_code == 0, outcome.output
    assert "expect" in outcome.stderr
    assert "H0 mean lifetime / median distance: " in outcome.stdout
    assert "report   " in outcome.stdout


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ("--sizes ten", "expected a whole number, or several with commas"),
        ("--sizes 5,50", "sizes has 5: expected at least 10"),
        ("--sizes 50,600", "sizes has 600 with samples=500"),
        ("--pcas auto", "expected a whole number, or several with commas"),
        ("--pcas -3", "expected at least 0"),
        ("--repeats 1", "expected at least 2"),
        ("--landmarks 50", "No such option"),
        ("--samples 5", "expected at least 10"),
    ],
)
def test_wrong_usage_is_said_before_any_work(options, says):
    outcome = CliRunner().invoke(main, options.split())
    assert outcome.exit_code == 2
    assert says in outcome.output


def test_landmarks_have_no_part_in_it():
    with pytest.raises(ValueError, match="leave them out"):
        ConvergenceConfig(AnalysisConfig.from_flat({"landmarks": 50}))


def test_numbers_are_sorted_and_each_taken_once():
    assert ConvergenceConfig.from_flat({"sizes": "100,50, 100"}).sizes == (50, 100)


def test_torch_and_figures_stay_out_of_the_measuring(clouds_file):
    code = (
        "import sys; from todacomm.settings.analysis import AnalysisConfig\n"
        "from todacomm.convergence.measure import measure_convergence\n"
        "from todacomm.settings.convergence import ConvergenceConfig\n"
        f"analysis = AnalysisConfig.from_flat({{'model': 'clouds:{clouds_file}', 'replicates': 0}})\n"
        "measure_convergence(ConvergenceConfig(analysis, (20, 40), (0,), 2))\n"
        "assert not {'torch', 'transformers', 'mlflow', 'matplotlib'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
