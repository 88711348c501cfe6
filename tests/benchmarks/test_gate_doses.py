"""Doses of a change do what their names say, and the page counts what saw them."""

import json
from functools import partial

import numpy as np
import pytest
import torch

from benchmarks import gate_doses
from benchmarks.gate_doses_page import perplexity_beyond, perplexity_changed, render, shape_differs
from benchmarks.gate_dosing import (
    DOSES,
    UNCHANGED,
    add_noise,
    candidate_folder,
    load_origin,
    matrices,
    prune,
    round_weights,
    silence,
    store_as,
)
from todacomm.demo import DEMO_MODELS


@pytest.fixture(params=["demo-decoder", "demo-encoder"])
def model(request):
    return load_origin(DEMO_MODELS[request.param])


def weights(model):
    return [(weight.detach().clone(), axis) for weight, axis in matrices(model)]


def test_doses_change_matrices_of_the_blocks_alone(model):
    before = {name: value.clone() for name, value in model.state_dict().items()}
    add_noise(model, 0.1)
    changed = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
    assert len(changed) == len(weights(model))
    assert not [name for name in changed if "embed" in name or "wte" in name or "bias" in name]


def test_a_channel_has_no_more_levels_than_its_bits(model):
    round_weights(model, 3)
    for weight, axis in weights(model):
        assert max(len(np.unique(channel.round(decimals=5))) for channel in weight.movedim(axis, 0)) <= 7


def test_noise_is_a_share_of_the_spread_and_grows_on_one_line(model):
    before = weights(model)
    add_noise(model, 0.01)
    once = [weight - old for (weight, _), (old, _) in zip(weights(model), before, strict=True)]
    for noise, (old, _) in zip(once, before, strict=True):
        assert (noise.std() / old.std()).item() == pytest.approx(0.01, rel=0.05)


def test_the_smallest_weights_are_pruned(model):
    before = weights(model)
    prune(model, 0.3)
    for (weight, _), (old, _) in zip(weights(model), before, strict=True):
        gone = weight == 0.0
        assert gone.float().mean().item() == pytest.approx(0.3, abs=0.01)
        assert old[gone].abs().max() <= old[~gone].abs().min()


def test_one_mlp_in_the_middle_is_silenced(model):
    silence(model)
    silent = [name for name, value in model.named_parameters() if not value.any()]
    assert len(silent) == 2
    assert all(".4." in name and "attention" not in name for name in silent)


def test_float16_changes_nothing_of_what_is_stored_so(model):
    before = weights(model)
    partial(store_as, dtype=torch.float16)(model)
    assert all(torch.equal(weight, old) for (weight, _), (old, _) in zip(weights(model), before, strict=True))
    store_as(model, torch.bfloat16)
    assert not torch.equal(weights(model)[0][0], before[0][0])


def test_every_kind_goes_from_light_to_heavy():
    ordered = {
        kind: [dose.size for dose in DOSES.values() if dose.kind == kind] for kind in ("noise", "pruned", "steps")
    }
    assert all(sizes == sorted(sizes) and len(sizes) == 5 for sizes in ordered.values())
    assert [dose.size for dose in DOSES.values() if dose.kind == "bits"] == [8, 6, 4, 3, 2]


def test_a_dose_is_judged_and_its_page_written(store, tmp_path, monkeypatch):
    monkeypatch.setattr(gate_doses, "SCRATCH", tmp_path)
    numbers = gate_doses.perform(("demo-decoder", "bits 2", 24))
    assert numbers["perplexity"]["lo"] > 2.0
    assert numbers["aspects"]["places"]["of_margin"] > 10.0
    assert candidate_folder("demo-decoder", "bits 2", tmp_path / "demo-decoder-bits-2").is_dir()
    row = {"model": "demo-decoder", "dose": "bits 2", "texts": 24, **numbers}
    assert perplexity_changed(row)
    assert perplexity_beyond(row)
    page = render([row])
    assert "excludes no change in 1; 1 of these are not different" in " ".join(page.split())
    assert "| bits 2 |" in page


def test_equal_losses_leave_no_interval_and_a_common_factor_is_the_ratio(rng):
    base = np.array([rng.gamma(9.0, size=40), rng.integers(5, 20, 40)], dtype=float)
    more = base + np.array([[0.1], [0.0]]) * base[1]
    values = gate_doses.paired(base, more)
    assert values["lo"] == pytest.approx(values["hi"])
    assert values["ratio"] == pytest.approx(np.exp(0.1))
    assert values["candidate"] == pytest.approx(values["base"] * np.exp(0.1))


def test_what_the_how_to_says_of_verdicts_before_perplexity_is_in_the_results():
    rows = json.loads(gate_doses.RESULTS.read_text(encoding="utf-8"))
    changed = [row for row in rows if row["dose"] not in UNCHANGED]
    first = [row for row in changed if row["verdict"] == "different" and not perplexity_changed(row)]
    assert {row["model"] for row in first} == {"demo-encoder"}
    assert {n: sum(row["texts"] == n for row in first) for n in (100, 300, 1000)} == {100: 5, 300: 5, 1000: 4}
    assert {row["dose"] for row in first} == {"bits 6", "noise 5", "pruned 30", "steps 50", "steps 200"}
    assert not any(shape_differs(row) for row in first)
    assert sum(row["model"] == "demo-encoder" and row["texts"] == 100 for row in changed) == 23
