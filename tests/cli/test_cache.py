"""``todacomm cache`` and ``todacomm sweep`` as a user types them."""

import re

import pytest


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("TODACOMM_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("TODACOMM_CACHE_GB", raising=False)


def test_what_an_analysis_left_is_listed_and_cleared(store, todacomm, tiny_model, tmp_path):
    assert todacomm("cache list").stdout == f"0 entries, 0 bytes in {tmp_path / 'cache'}\n"
    small = "--samples 12 --replicates 0 --nulls 0 --pca 5 --quiet"
    assert todacomm(f"run --model {tiny_model} {small}").exit_code == 0
    listed = todacomm("cache list").stdout
    assert "1 entry, " in listed
    assert "gpt2" in listed
    cleared = todacomm("cache clear")
    assert cleared.exit_code == 0
    assert re.search(r"^\d+(\.\d)? [kM]B removed from", cleared.stdout)
    assert todacomm("cache list").stdout.startswith("0 entries")


def test_a_sweep_is_planned_and_not_begun(store, todacomm, tiny_model):
    printed = todacomm(f"sweep --models {tiny_model} --weights trained,random --samples 12 --dry-run true")
    assert printed.exit_code == 0, printed.stderr
    assert "2 analyses" in printed.stdout
    wrong = todacomm("sweep --models nothing/of-the-kind/at-all,neither/this/one --samples 12")
    assert wrong.exit_code == 1
    assert "nothing/of-the-kind/at-all" in wrong.stderr
    assert "neither/this/one" in wrong.stderr
