"""Intervals for other clusters of texts: on record, in comparisons and gates; refused where they mean nothing."""

import json

import numpy as np
import pandas as pd
import pytest

import todacomm
from todacomm.analysis.inference import control_replicates, draw_control
from todacomm.analysis.observe import observe
from todacomm.comparison.differences import paired_differences, unpaired
from todacomm.core.inference import INTERVAL_METRICS, half_samples
from todacomm.gates.groups import gate_groups
from todacomm.gates.judging import gate_pair
from todacomm.results.texts import clusters_of, text_table
from todacomm.settings.analysis import AnalysisConfig
from todacomm.settings.gate import GateConfig

FEW = {"replicates": 30, "nulls": 0, "loops": 0, "explorer": False, "figures": "none"}
CLUSTERS = np.repeat(np.arange(24), 5)


def clouds(shift: float = 0.0) -> dict[str, np.ndarray]:
    """Two layers of 24 clusters of five texts that lie alike."""
    rng = np.random.default_rng(0)
    cloud = 2.0 * rng.normal(size=(24, 10))[CLUSTERS] + rng.normal(size=(120, 10))
    return {"layer_0": cloud, "layer_1": cloud[:, ::-1] * 1.5 + shift * rng.normal(size=cloud.shape)}


def analysed(name: str = "one", shift: float = 0.0, **options):
    labels = pd.DataFrame({"speaker": [f"s{number}" for number in CLUSTERS], "half": np.resize(["x", "y"], 120)})
    return todacomm.analyze_clouds(clouds(shift), labels, name=name, **FEW, **options)


def test_the_record_says_what_intervals_are_of_and_they_are_wider(store):
    plain, clustered = analysed(), analysed(cluster="speaker")
    assert plain.clusters is None
    assert clustered.clusters == tuple(f"s{number}" for number in CLUSTERS)
    assert (plain.n_units, clustered.n_units) == (120, 24)
    errors = [
        one.layers.query("metric == 'median_distance' and layer == 'layer_0'")["se"].item()
        for one in (plain, clustered)
    ]
    assert errors[1] > 1.3 * errors[0]
    report = clustered.artifact("report.md").read_text(encoding="utf-8")
    assert "30 half-samples, each of half of the values of speaker" in report
    assert "half of the values" not in plain.artifact("report.md").read_text(encoding="utf-8")


def test_half_samples_of_texts_and_of_clusters_do_not_compare(store):
    first, second, third = analysed(), analysed("two", 0.1, cluster="speaker"), analysed("three", cluster="speaker")
    with pytest.raises(ValueError, match=r"cluster: .*speaker"):
        todacomm.compare(run_ids=(first.run_id, second.run_id))
    mixed, _ = todacomm.compare(run_ids=(first.run_id, second.run_id), allow_mixed=True)
    assert unpaired(mixed.gathered, *mixed.gathered.labels) == "their half-samples are of other clusters"
    assert paired_differences(mixed.gathered).empty
    together, _ = todacomm.compare(run_ids=(second.run_id, third.run_id))
    assert not paired_differences(together.gathered).empty


def test_a_gate_judges_halves_of_clusters_and_refuses_those_of_groups(store):
    base, candidate, plain = (
        analysed(cluster="speaker"),
        analysed("two", 0.3, cluster="speaker"),
        analysed("three", 0.3),
    )
    config = GateConfig.from_flat({"base": base.run_id, "permutations": 0})
    gates = [gate_pair(base, candidate, config), gate_pair(analysed("four"), plain, config)]
    for gate in gates:
        assert set(gate.table["aspect"]) == {"shape", "places"}
    errors = [gate.table.set_index(["layer", "metric"])["se"] for gate in gates]
    ratio = (errors[0] / errors[1]).dropna()
    assert ratio["layer_1", "cka_distance"] != pytest.approx(1.0, rel=1e-3)  # other half-samples of places too
    with pytest.raises(ValueError, match="cluster: "):
        gate_pair(base, plain, config)
    groups = GateConfig.from_flat({"base": base.run_id, "groups": "half"})
    with pytest.raises(ValueError, match=f"analyse {base.run_id} without cluster=speaker"):
        gate_groups(base, groups)


def test_a_control_has_the_half_samples_of_the_run():
    config = AnalysisConfig.from_flat(
        {"model": "demo-encoder", "samples": 40, "layers": "layer_0", "pooling": "mean", "cluster": "document",
         "replicates": 3, "null_kinds": "random_weights"}
    )  # fmt: skip
    observed = observe(config)
    control = draw_control("random_weights", 0, config, observed)
    (values,) = control_replicates(config, control).values()
    documents = observed.texts["document"].tolist()
    half = half_samples(40, 3, config.record.seed, documents)[1]
    norms = np.linalg.norm(control.observed.clouds["layer_0"][half].astype(float), axis=1)
    assert values[1, INTERVAL_METRICS.index("mean_norm")] == pytest.approx(norms.mean(), rel=1e-5)


def test_documents_that_lie_alike_are_no_warning_where_intervals_are_of_documents(store):
    options = {"model": "demo-encoder", "pooling": "mean", "samples": 200, "layers": "layer_3", **FEW}
    options |= {"dataset": "documents.jsonl", "likelihood": False}
    rng = np.random.default_rng(0)
    topics = [[f"word{number}{letter}" for letter in "abcdefgh"] for number in range(12)]
    documents = [json.dumps({"text": " ".join(rng.choice(topic, 1500))}) for topic in topics]
    (store / "documents.jsonl").write_text("\n".join(documents), encoding="utf-8")
    codes = [
        {warning.code for warning in todacomm.analyze(**options, **how).warnings}
        for how in ({}, {"cluster": "document"})
    ]
    assert "texts_of_one_document" in codes[0]
    assert "texts_of_one_document" not in codes[1]
    assert "few_clusters" in codes[1]


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ("speakr", "cluster is 'speakr', and the texts have no such column: choose document, speaker, gap, one"),
        ("gap", "cluster is 'gap', which 2 of 4 texts have no value of"),
        ("one", "cluster is 'one', which is 'x' in all texts: halves are drawn of two at least"),
        ("position", "the texts have no such column"),
    ],
)
def test_a_column_that_gives_no_clusters_is_named(column, message):
    columns = {"speaker": ["a", "a", "b", "b"], "gap": [1.0, None, 2.0, float("nan")], "one": ["x"] * 4}
    table = text_table(list("abcd"), documents=list("aabb"), columns=columns)
    with pytest.raises(ValueError, match=message):
        clusters_of(table, column)
    assert clusters_of(table, "") is None
    assert clusters_of(table, "document") == ("a", "a", "b", "b")


def test_a_wrong_column_is_refused_before_any_run(store):
    with pytest.raises(ValueError, match="choose document, speaker, half"):
        analysed(cluster="speakr")
    with pytest.raises(ValueError, match="choose document, or name it in text_columns"):
        todacomm.analyze(model="demo-encoder", samples=20, cluster="speaker")
    assert todacomm.search_analyses().empty


@pytest.mark.parametrize("options", [{"replicates": 0}, {"landmarks": 20}])
def test_clusters_without_half_samples_are_a_contradiction(options):
    with pytest.raises(ValueError, match="cluster is 'document'"):
        AnalysisConfig.from_flat({"cluster": "document", **options})
