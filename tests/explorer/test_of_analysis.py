"""The page of a real analysis holds what the analysis measured, and a run gets one whenever it is asked for."""

import json
import re

import numpy as np
import pytest

from todacomm.explorer.of_analysis import page_data, page_of
from todacomm.jobs.analyze import analyze


@pytest.fixture
def analysis(store):
    return analyze(samples=60, replicates=20, nulls=19, layers="embedding,layer_0,layer_1_ffn,final", explorer=False)


def test_the_page_holds_the_numbers_of_the_run(analysis):
    result = analysis.result()
    data = page_data(result)
    assert [layer.name for layer in data.layers] == list(analysis.layer_names)
    own = analysis.layers.set_index(["layer", "metric"])
    for layer in data.layers:
        assert layer.metrics["h1_max_norm"].value == own.loc[(layer.name, "h1_max_norm"), "value"]
        np.testing.assert_allclose(np.sort(layer.graph.tree.length), np.sort(layer.diagrams[0][:, 1]), rtol=1e-6)
        verdicts = analysis.loops.loc[analysis.loops["layer"] == layer.name, "verdict"]
        assert [loop.verdict for loop in layer.loops] == verdicts.tolist()
    assert data.texts.equals(analysis.texts)


def test_a_run_without_a_page_gets_one_and_one_with_it_shows_its_own(analysis, tmp_path):
    with pytest.raises(ValueError, match=r"recorded without a page.*`todacomm explore"):
        analysis.explorer()
    page = page_of(analysis, tmp_path / "page.html").read_text(encoding="utf-8")
    held = json.loads(re.search(r'id="explorer-data">(.*?)</script>', page, re.DOTALL)[1])
    assert held
    with_page = analyze(samples=40, replicates=0, nulls=0, layers="final", keep_texts=False)
    recorded = page_of(with_page)
    assert recorded == with_page.artifact("explorer.html")
    assert "sandbox" in with_page.explorer()._repr_html_()
    word = analysis.texts["text"][0].split()[5]
    assert word in page
    without = recorded.read_text(encoding="utf-8").partition('id="explorer-data">')[2]
    assert analysis.texts["text"][0][:40] not in without


def test_no_fact_of_a_page_of_own_clouds_is_empty(store, tmp_path, rng):
    np.savez(tmp_path / "own.npz", layer_0=rng.standard_normal((40, 5)))
    own = analyze(model=f"clouds:{tmp_path / 'own.npz'}", replicates=0, nulls=0, explorer=False)
    assert page_data(own.result()).facts == {
        "Model": "own",
        "Texts": f"{own.result().dataset.name}, 40 points",
        "Cloud": "all 5 dimensions (pca=50), not z-scored, euclidean distance",
    }


def test_a_run_without_clouds_says_so(store, tmp_path):
    bare = analyze(samples=20, replicates=0, nulls=0, layers="final", explorer=False, keep_clouds=False)
    with pytest.raises(ValueError, match="analyse again with keep_clouds=true"):
        page_of(bare, tmp_path / "page.html")
