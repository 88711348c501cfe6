"""The page of published claims says what was measured, and names tests that there are."""

import ast
import doctest
import json
import re

from benchmarks import published_claims_page
from benchmarks.published_claims import CLAIMS, PAGE, RESULTS
from benchmarks.published_claims_page import NUMBERS, SECTIONS, render
from tests.conftest import ROOT

STORED = json.loads(RESULTS.read_text())


def test_the_page_is_what_the_results_make_of_it():
    assert PAGE.read_text(encoding="utf-8") == render(STORED), "python -m benchmarks.published_claims writes it again"


def test_every_claim_is_measured_and_has_its_section():
    assert set(CLAIMS) == set(SECTIONS) == set(STORED)


def test_the_published_counts_are_reproduced_and_no_loop_is_claimed():
    assert [row["beta_1"] for row in STORED["actopo"]] == [12, 50]
    assert [row["loops"] for row in STORED["actopo"]] == [0, 0]


def test_every_test_that_the_page_names_is_there():
    for *_, named in NUMBERS:
        file, name = re.fullmatch(r"`(.+)::(.+)`", named).groups()
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, named


def test_the_examples_of_the_page_hold():
    assert doctest.testmod(published_claims_page).failed == 0
