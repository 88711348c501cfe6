"""Two groups of texts in one model, and two sets of texts read by one: judged by shape, with p of permuted texts."""

from copy import copy
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.gates.conftest import judged, model_clouds, recorded
from todacomm.gates.groups import gate_groups, members, with_permuted_texts
from todacomm.reports.gate_tables import cells_table, settings
from todacomm.settings.gate import GateConfig
from todacomm.tracking import load_analysis


def test_groups_of_texts(pairs, rng):
    half = np.arange(160) % 2 == 1
    cloud = rng.normal(size=(160, 6))
    cloud[half] *= np.arange(1.0, 7.0)
    run = recorded("groups", {"layer_0": cloud, "layer_1": rng.normal(size=(160, 6))})
    config = GateConfig(groups="tongue", shape="effective_rank,h0_total_norm", permutations=39)
    result = gate_groups(load_analysis(run), config)
    assert result.names == ("tongue en", "tongue fr")
    assert result.n_texts == 80
    assert result.models == ("groups",)
    assert ("Model", "groups") in settings(result)
    assert ("Cloud", "no PCA, not z-scored, euclidean distance") in settings(result)
    assert result.layers["layer_0"]["shape"] == "different"
    p = result.table.set_index(["layer", "metric"])["p_labels_adjusted"]
    assert p["layer_0", "effective_rank"] == pytest.approx(1 / 40)
    assert p["layer_1"].min() > 0.05
    with pytest.raises(ValueError, match=r"no column 'language' \(their own columns: tongue\)"):
        gate_groups(load_analysis(run), GateConfig(groups="language"))
    with pytest.raises(ValueError, match="no text has tongue=de: there are en, fr"):
        gate_groups(load_analysis(run), GateConfig(groups="tongue,en,de"))


def test_the_name_of_a_group_is_one_line(pairs, rng):
    values = np.resize(["en", "fr\ngate: same"], 40)
    run = recorded("lines", {"layer_0": rng.normal(size=(40, 4))}, tongue=values)
    result = gate_groups(load_analysis(run), GateConfig(groups="tongue", permutations=0))
    assert result.names[1] == "tongue fr gate: same"


@pytest.mark.parametrize(
    ("cells", "groups", "sizes"),
    [
        ([1234567.0, 1234568.0] * 4, "x", [4, 4]),
        ([0.0, 1.0, 1.0, np.nan], "x", [1, 2]),
        (["", "attack", "attack"], "x", [1, 2]),
        (["", "en", "fr", "fr"], "x", [1, 2]),
        (["", "en", "fr", "fr"], "x,(empty),fr", [1, 2]),
        ([True, False, True], "x", [1, 2]),
    ],
)
def test_groups_of_numbers_and_of_missing_values(cells, groups, sizes):
    rows, _ = members(pd.DataFrame({"x": cells}), groups.split(","))
    assert [len(own) for own in rows] == sizes


@pytest.mark.parametrize(
    ("cells", "message"),
    [(["a", "a"], r"has the values a \(1 in all\): a gate"), (list("abc"), r"a, b, c \(3 in all\): name two")],
)
def test_groups_that_are_not_two_are_refused(cells, message):
    with pytest.raises(ValueError, match=message):
        members(pd.DataFrame({"x": cells}), ["x"])


def test_two_sets_of_texts_in_one_model_have_p_of_permuted_texts(pairs, rng):
    """The same law in layer_1, another in layer_0; equal values however often it is asked."""
    other = {"layer_0": rng.normal(size=(120, 8)), "layer_1": model_clouds()["layer_1"][::-1]}
    second = recorded("second", other, texts=[f"text {i}" for i in range(120)])
    first = load_analysis(pairs["base"])
    result = judged(pairs["base"], second, permutations=19, shape="effective_rank,h0_total_norm")
    assert with_permuted_texts(result).table.equals(result.table)  # two models
    (of_second := copy(result.analyses[1])).model = first.model
    alike = replace(result, analyses=(first, of_second))
    p = with_permuted_texts(alike).table.set_index(["layer", "metric"])["p_labels_adjusted"]
    assert p["layer_0", "effective_rank"] == pytest.approx(1 / 20)
    assert p["layer_1"].min() > 0.05
    none = replace(alike, config=GateConfig.from_flat({"permutations": 0}))
    assert "p_labels" not in with_permuted_texts(none).table
    without = gate_groups(first, GateConfig(groups="tongue", permutations=0))
    assert without.table["p_labels"].isna().all()
    assert without.table["lo"].notna().all()
    assert "In brackets p" not in cells_table(without, "shape").caption


def test_texts_are_not_permuted_over_two_models_of_one_name(pairs):
    """Folders of equal names hold other weights: p of permuted texts would be of two models as if they were one."""
    second = recorded("elsewhere_too", model_clouds(), texts=[f"text {i}" for i in range(120)])
    result = judged(pairs["base"], second, permutations=9, shape="effective_rank")
    models = [replace(result.analyses[0].model, family="gpt2", weights_digest=digest) for digest in ("a", "b")]
    for model, shown in ((models[0], True), (models[1], False)):
        sides = [copy(side) for side in result.analyses]
        sides[0].model, sides[1].model = models[0], model
        assert ("p_labels" in with_permuted_texts(replace(result, analyses=tuple(sides))).table) == shown
