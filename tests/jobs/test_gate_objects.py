"""A gate of models in memory says what it says of their folders."""

import copy

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

import todacomm
from tests.helpers.tiny_models import tiny_model_folder

TREES = ("oak", "ash", "elm", "fir", "yew", "box", "bay", "fig", "may", "lime")
PLACES = ("sea", "lake", "moor", "hill", "wood", "road")
PASSAGES = [f"The {tree} stands by the {place}." for tree in TREES for place in PLACES]
FEW = {"replicates": 20, "pca": 5, "layers": "layer_0,layer_1", "figures": "none", "explorer": False}
SHAPE = {"shape": "h0_total_norm,effective_rank"}


@pytest.fixture
def folder(tmp_path):
    return tiny_model_folder(tmp_path / "llama", "llama")


def test_models_in_memory_are_judged_as_their_folders_are(store, folder, tmp_path):
    model, tokenizer = AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    changed = copy.deepcopy(model)
    with torch.no_grad():
        changed.model.layers[1].mlp.down_proj.weight.mul_(3.0)
    changed.save_pretrained(tmp_path / "changed")
    tokenizer.save_pretrained(tmp_path / "changed")

    sides = {"base": model, "candidate": changed, "tokenizer": tokenizer}
    by_object, run = todacomm.gate(**sides, texts=PASSAGES, **FEW, **SHAPE)
    by_name, _ = todacomm.gate(base=str(folder), candidate=tmp_path / "changed", texts=PASSAGES, **FEW, **SHAPE)
    assert run.run_id
    assert by_object.verdict == by_name.verdict
    assert by_object.layers == by_name.layers
    columns = ["difference", "lo", "hi", "margin"]
    assert by_object.table[columns].to_numpy() == pytest.approx(
        by_name.table[columns].to_numpy(), rel=1e-5, nan_ok=True
    )
    assert by_object.table["difference"].abs().max() > 0.01

    again, _ = todacomm.gate(
        base=by_name.analyses[0], candidate=model, tokenizer=tokenizer, texts=PASSAGES, **FEW, **SHAPE
    )
    assert again.verdict == "same"
    assert again.table["difference"].abs().max() < 1e-5


def test_a_tokenizer_beside_names_is_refused(store, folder):
    with pytest.raises(ValueError, match="give a model as an object"):
        todacomm.gate(base=str(folder), candidate=str(folder), tokenizer=AutoTokenizer.from_pretrained(folder))
