"""All layers of a run at once: nothing invented, nothing lost, the same numbers however it is computed."""

import numpy as np
import pytest

from todacomm.core.inference import INTERVAL_METRICS, TESTED_METRICS, control_rows, half_samples, infer, replicate
from todacomm.core.layer import analyze_layer
from todacomm.core.metrics import LAYER_METRICS
from todacomm.results.table import NULL_COLUMNS, tidy

N_POINTS = 40


@pytest.fixture
def clouds(rng):
    """A degenerate embedding, one with a few duplicates, two sound layers and one that overflowed."""
    tokens = rng.normal(size=(5, 6))[rng.integers(5, size=N_POINTS)]
    some = rng.normal(size=(N_POINTS, 6))
    some[:4] = some[4:8]
    overflowed = np.ones((N_POINTS, 6))
    overflowed[3, 2] = np.inf
    sound = {f"layer_{i}": rng.normal(size=(N_POINTS, 6)) * np.arange(1, 7) for i in (2, 3)}
    return {"embedding": tokens, "layer_0": some, "layer_1": overflowed, **sound}


def run(clouds, **options):
    layers = {name: analyze_layer(cloud) for name, cloud in clouds.items()}
    return layers, infer(layers, clouds, **{"replicates": 20, "nulls": 19, "seed": 1, **options})


def test_every_defined_metric_has_its_interval(clouds):
    layers, inference = run(clouds)
    estimates = inference.intervals["layer_2"]
    assert set(estimates) == set(INTERVAL_METRICS)
    for metric, (value, se, lo, hi) in estimates.items():
        if np.isfinite(layers["layer_2"].metrics[metric]):
            assert value == layers["layer_2"].metrics[metric]
            assert lo <= value <= hi, metric
            assert hi - lo == pytest.approx(2 * 1.96 * se, rel=1e-3), metric
    assert all(np.isnan(estimate.se) for estimate in inference.intervals["layer_1"].values())


def test_intervals_are_those_of_the_half_samples_of_the_seed(clouds):
    layers, inference = run(clouds)
    halves = half_samples(N_POINTS, 20, seed=1)
    alone = replicate(layers["layer_3"], clouds["layer_3"], halves)
    assert np.array_equal(inference.replicates["layer_3"], alone.values, equal_nan=True)


def test_layers_with_duplicates_stand_outside_the_family(clouds):
    _, inference = run(clouds)
    families = {row["layer"]: row["family"] for row in inference.null_rows}
    assert families == {"embedding": 1, "layer_0": 1, "layer_2": 2, "layer_3": 2}
    (warning,) = inference.warnings
    assert warning.code == "rotated_singly"
    assert "embedding, layer_0" in warning.text


def test_what_blocks_add_changes_no_number_of_the_residual_stream(clouds, rng):
    tied = rng.normal(size=(N_POINTS, 6))
    tied[0] = tied[1]
    added = {"layer_0_attention": tied, "layer_2_attention": 9 * clouds["layer_2"], "layer_2_ffn": clouds["layer_3"]}
    _, alone = run(clouds)
    _, beside = run({**added, **clouds})
    rows = [row for row in beside.null_rows if row["layer"] in clouds]
    for expected, row in zip(alone.null_rows, rows, strict=True):
        np.testing.assert_equal(row, expected)
    assert {row["layer"]: row["family"] for row in beside.null_rows if row["layer"] in added} == dict.fromkeys(added, 1)
    np.testing.assert_equal(beside.run_intervals, alone.run_intervals)


def test_null_rows_fit_their_table(clouds):
    layers, inference = run(clouds)
    table = tidy(inference.null_rows, NULL_COLUMNS)
    assert set(table["metric"]) == set(TESTED_METRICS)
    assert (table["draws"].where(table["metric"] != "h0_total_norm", 19) == 19).all()
    for column in ("p", "p_adjusted"):
        assert table[column].between(1 / (table["draws"] + 1), 1).all()
    assert (table["lo"] <= table["mean"]).all()
    for row in inference.null_rows:
        value = layers[row["layer"]].metrics[row["metric"]]
        assert row["difference"] == pytest.approx(value - row["mean"])
        if LAYER_METRICS[row["metric"]].interval and row["layer"] != "embedding":  # of five points no half has a loop
            assert row["se"] > 0.0


def test_draws_of_h0_go_on_where_none_reaches_it_and_other_rows_stand(rng):
    """A bent sheet against a Gaussian cloud: the one is drawn further, the other, in a stream of its own, is not."""
    sheet = np.column_stack([(u := rng.uniform(-2, 2, 80)) ** 2, u, rng.uniform(-1, 1, 80)])
    clouds = {"layer_0": sheet, "layer_0_ffn": rng.normal(size=(80, 3))}
    _, plain = run(clouds, further_nulls=0)
    _, further = run(clouds, further_nulls=30)
    for before, row in zip(plain.null_rows, further.null_rows, strict=True):
        if row["metric"] == "h0_total_norm" and row["layer"] == "layer_0":
            assert (before["draws"], before["p_adjusted"]) == (19, 1 / 20)
            assert (row["draws"], row["p"], row["p_adjusted"]) == (49, 1 / 50, 1 / 50)
        else:
            np.testing.assert_equal(row, before)


def test_few_draws_are_not_continued(rng):
    sheet = np.column_stack([(u := rng.uniform(-2, 2, 80)) ** 2, u, rng.uniform(-1, 1, 80)])
    _, inference = run({"layer_0": sheet}, nulls=5)
    assert {row["draws"] for row in inference.null_rows} == {5}


def test_the_seed_decides_every_number_and_the_threads_none(clouds):
    _, one = run(clouds)
    _, two = run(clouds, threads=3)
    _, other = run(clouds, seed=2)
    rows, same, different = (tidy(inference.null_rows, NULL_COLUMNS) for inference in (one, two, other))
    assert rows.equals(same)
    assert not rows.equals(different)
    assert all(np.array_equal(one.replicates[name], two.replicates[name], equal_nan=True) for name in clouds)


def test_what_is_not_asked_for_is_empty(clouds):
    _, nothing = run(clouds, replicates=0, nulls=0)
    assert not nothing.intervals
    assert not nothing.run_intervals
    assert not nothing.bands
    assert not nothing.null_rows
    assert not nothing.warnings
    _, nulls_alone = run(clouds, replicates=0)
    assert all(np.isnan(row["se"]) for row in nulls_alone.null_rows)


def test_few_replicates_and_degenerate_halves_have_a_warning(clouds):
    _, inference = run(clouds, replicates=8, nulls=0)
    assert "few_half_samples" in {warning.code for warning in inference.warnings}
    _, single = run(clouds, replicates=1, nulls=0)
    assert "one_half_sample" in {warning.code for warning in single.warnings}
    assert np.isnan(single.intervals["layer_2"]["h0_total_norm"].se)
    few = {"embedding": np.vstack([np.eye(3)[:1].repeat(36, axis=0), np.eye(4)[:, :3]])}
    _, degenerate = run(few, nulls=0)
    codes = {warning.code for warning in degenerate.warnings if warning.layer == "embedding"}
    assert codes == {"degenerate_half_samples", "interval_undefined"}


def test_all_layers_degenerate_is_an_outcome(rng):
    layers, inference = run({"embedding": np.zeros((12, 3)), "layer_0": np.ones((12, 3))})
    assert not inference.null_rows
    assert all(
        np.isnan(estimate.se) for estimate in inference.intervals["layer_0"].values() if np.isnan(estimate.value)
    )
    assert np.isnan(inference.run_intervals["expansion_ratio"].se)
    assert not any(layer.defined for layer in layers.values())


@pytest.mark.parametrize("maxdim", [0, 1, 2])
def test_any_degree_is_welcome(rng, maxdim):
    clouds = {"embedding": rng.normal(size=(14, 3)), "layer_0": rng.normal(size=(14, 3))}
    layers = {name: analyze_layer(cloud, maxdim=maxdim) for name, cloud in clouds.items()}
    inference = infer(layers, clouds, replicates=20, nulls=3)
    assert ({row["metric"][:2] for row in inference.null_rows}) == ({"h0"} if maxdim == 0 else {"h0", "h1"})
    assert ("degree_2_without_intervals" in {warning.code for warning in inference.warnings}) == (maxdim == 2)
    assert set(inference.bands["layer_0"]) >= {"betti_0_lo", "betti_0_hi"}


def test_an_expansion_ratio_has_an_interval_of_its_own(rng):
    start = rng.normal(size=(60, 8))
    clouds = {"embedding": start, "layer_0": 3.0 * start, "layer_1": 5.0 * start + rng.normal(size=(60, 8))}
    _, inference = run(clouds, nulls=0)
    ratio, scale_free = inference.run_intervals["expansion_ratio"], inference.run_intervals["expansion_ratio_norm"]
    assert 4.9 < ratio.value < 5.4
    assert 0.0 < ratio.se < 0.2
    assert scale_free.lo < 1.0 < scale_free.hi + 0.1


def test_a_control_on_the_same_half_samples_gives_paired_differences(rng):
    clouds = {"embedding": rng.normal(size=(60, 8)), "layer_0": rng.normal(size=(60, 8))}
    near = {name: cloud + 0.05 * rng.normal(size=cloud.shape) for name, cloud in clouds.items()}
    layers, inference = run(clouds, nulls=0)
    control, others = run(near, nulls=0)
    rows = control_rows("random_weights", layers, [control], inference.replicates, others.replicates)
    by_metric = {row["metric"]: row for row in rows if row["layer"] == "layer_0"}
    assert set(by_metric) <= set(INTERVAL_METRICS)
    assert 0.0 < by_metric["mean_norm"]["se"] < 0.3 * inference.intervals["layer_0"]["mean_norm"].se
    assert tidy(rows, NULL_COLUMNS)["p"].isna().all()


def test_progress_begins_with_nothing_done_goes_step_by_step_and_reaches_its_end(clouds):
    """Time left is that of the steps so far: a layer's half-samples are a hundred of them, and not one."""
    steps = []
    run(clouds, progress=lambda stage, done, total: steps.append((stage, done, total)))
    assert {("half-samples", done, 80) for done in range(81)} <= set(steps)  # of the layers that have a shape
    assert [step for step in steps if step[0] == "rotations"] == [("rotations", done, 19) for done in range(20)]
    last = {stage: (done, total) for stage, done, total in steps}
    assert all(done == total for done, total in last.values())


@pytest.mark.parametrize(("nulls", "warned"), [(0, False), (2, True), (19, False)])
def test_draws_that_can_decide_nothing_are_a_warning(clouds, nulls, warned):
    _, inference = run(clouds, replicates=0, nulls=nulls)
    assert ("too_few_draws" in {warning.code for warning in inference.warnings}) == warned
