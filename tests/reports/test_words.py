"""Findings in words: every kind has a sentence, in one part of the interpretation, and no sentence stands twice."""

import math
from pathlib import Path

import pytest

import todacomm.results.findings as package
from tests.helpers.results import add_streams, make_result
from todacomm.reports.model import headline, interpretation
from todacomm.reports.sentences import Place
from todacomm.reports.words import SHORT, WORDS, headline_sentence, sentence
from todacomm.results.findings import Finding

NAMES = ("embedding", "layer_0", "layer_1_attention", "layer_1", "layer_2", "final")
EVIDENCE = {
    "layer": "layer_1", "value": 0.134, "half_width": 0.046, "null": 0.0868, "p": 0.025, "adjusted": True, "draws": 39,
}  # fmt: skip
LOOPS = {
    "bars": 2,
    "layer": "layer_1",
    "reproduction": 0.8,
    "in_groups": 0.1,
    "prominence": 0.45,
    "come_back": 0,
    "goes_with": None,
}
SMALLEST = {"smallest_difference": 0.0647}
SAID = {
    "long_bars": (
        Finding(
            "long_bars",
            ("layer_0", "layer_1", "layer_2"),
            {"strongest": EVIDENCE, "not_detected": ("final",), **SMALLEST},
        ),
        "The longest H1 bar is longer than the covariance explains in layer_0 to layer_2 (most clearly in layer_1: "
        "0.134 ± 0.046 against 0.0868 in rotated clouds, adjusted p ≤ 0.025, the least that 39 draws allow, in units "
        "of the median distance). No such bar is detected in final (smallest detectable difference 0.065).",
    ),
    "not adjusted": (
        Finding("long_bars", ("layer_1",), {"strongest": {**EVIDENCE, "adjusted": False}, "not_detected": ()}),
        "The longest H1 bar is longer than the covariance explains in layer_1 (0.134 ± 0.046 against 0.0868 in rotated "
        "clouds, p ≤ 0.025, the least that 39 draws allow, not adjusted for the other layers, in units of the median "
        "distance).",
    ),
    "in a stream": (
        Finding("long_bars", ("layer_1_attention",), {"strongest": EVIDENCE, "not_detected": ()}),
        "In what the attention adds, the longest H1 bar is longer than the covariance explains in layer_1_attention "
        "(0.134 ± 0.046 against 0.0868 in rotated clouds, adjusted p ≤ 0.025, the least that 39 draws allow, in units "
        "of the median distance).",
    ),
    "loops": (
        Finding("loops", ("layer_1", "final"), LOOPS),
        "A loop is detected in layer_1 and final: 2 H1 bars are longer than the covariance explains, reproduced on "
        "halves of the texts (best in layer_1: 80 % of its life is left there) and of their groups, and the longest "
        "there.",
    ),
    "one loop": (
        Finding("loops", ("final",), {**LOOPS, "bars": 1, "layer": "final"}),
        "A loop is detected in final: one H1 bar is longer than the covariance explains, reproduced on halves of the "
        "texts (80 % of its life is left there) and of their groups, and the longest there.",
    ),
    "few_texts": (
        Finding("few_texts", ("layer_0",), {**LOOPS, "bars": 1}),
        "The covariance does not explain the length of one H1 bar in layer_0, but it is no loop: 80 % of its life is "
        "left on halves of the texts, 10 % on halves of their groups, and it is the longest bar on 45 % of the halves; "
        "a loop keeps 50 % on both and is the longest on 90 %. It rests on few texts or few clusters of them, and "
        "other texts need not show it.",
    ),
    "few texts in a stream": (
        Finding("few_texts", ("layer_1_attention",), LOOPS),
        "In what the attention adds, the covariance does not explain the length of 2 H1 bars in layer_1_attention, but "
        "they are no loops: at most 80 % of their life is left on halves of the texts, at most 10 % on halves of their "
        "groups, and none is the longest bar on more than 45 % of the halves; a loop keeps 50 % on both and is the "
        "longest on 90 %. They rest on few texts or few clusters of them, and other texts need not show them.",
    ),
    "few texts, some of which come back": (
        Finding("few_texts", ("layer_0", "layer_1"), {**LOOPS, "bars": 3, "in_groups": 0.7, "come_back": 2}),
        "The covariance does not explain the length of 3 H1 bars in layer_0 and layer_1, but they are no loops: at most"
        " 80 % of their life is left on halves of the texts, at most 70 % on halves of their groups, and none is the "
        "longest bar on more than 45 % of the halves; a loop keeps 50 % on both and is the longest on 90 %. 2 of them "
        "come back on other texts, but not as the longest bar, and so does the widest gap of a surface that few points "
        "sample.",
    ),
    "few texts that come back": (
        Finding("few_texts", ("layer_0",), {**LOOPS, "bars": 1, "in_groups": 0.7, "come_back": 1}),
        "The covariance does not explain the length of one H1 bar in layer_0, but it is no loop: 80 % of its life is "
        "left on halves of the texts, 70 % on halves of their groups, and it is the longest bar on 45 % of the halves; "
        "a loop keeps 50 % on both and is the longest on 90 %. It comes back on other texts, but not as the longest "
        "bar, and so does the widest gap of a surface that few points sample.",
    ),
    "too_few_draws": (
        Finding("too_few_draws", ("layer_0",), {"draws": 9, "metrics": ("h1_max_norm", "h0_total_norm")}),
        "Too few draws of the rotation null to decide about H1 longest / median distance and H0 mean / median "
        "distance: with 9 draws no p is below 0.1; at least 19 draws are needed.",
    ),
    "no_null_difference": (
        Finding(
            "no_null_difference", ("layer_0", "final"), {"metric": "h0_total_norm", "everywhere": False, **SMALLEST}
        ),
        "No difference of H0 mean / median distance from the rotation null is detected in layer_0 and final (smallest "
        "detectable difference 0.065).",
    ),
    "no_control_difference": (
        Finding(
            "no_control_difference",
            ("layer_0", "final"),
            {"metric": "h0_total_norm", "control": "random_weights", **SMALLEST},
        ),
        "H0 mean / median distance against random weights: no difference is detected in any of 2 layers (smallest "
        "detectable difference 0.065).",
    ),
    "degenerate": (
        Finding("degenerate", ("embedding",), {"distinct": (3.0, 3.0), "points": (60.0, 60.0)}),
        "No claim is made about embedding: only 3 of 60 points are distinct, so that the numbers describe repeated "
        "tokens, not shape.",
    ),
    "growth": (
        Finding("growth", values={"raw": 49.0, "scale_free": 1.31, "without": ()}),
        "The H0 mean lifetime grows 49-fold from the embedding to its peak; with scale divided out, 1.31-fold.",
    ),
    "growth without a layer": (
        Finding("growth", values={"raw": 3.0, "scale_free": 1.31, "without": ("layer_1",)}),
        "The H0 mean lifetime grows 3-fold from the embedding to its peak (without layer_1); with scale divided "
        "out, 1.31-fold.",
    ),
    "no_null": (
        Finding("no_null", values={"reason": "nulls=0"}),
        "No number has a rotation null (nulls=0): nothing here is distinguished from chance, and no loop is claimed.",
    ),
}


@pytest.mark.parametrize("name", SAID)
def test_a_finding_in_words(name: str) -> None:
    finding, words = SAID[name]
    assert sentence(finding, NAMES) == words


def test_every_kind_that_is_made_has_words() -> None:
    folder = Path(package.__file__).parent
    source = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    used = {kind for kind in WORDS if f'"{kind}"' in source}
    assert used == set(WORDS)
    assert set(SHORT) <= set(WORDS)


def test_layers_are_joined_within_their_stream() -> None:
    at = Place(NAMES)
    assert at.layers(["layer_0", "layer_1", "layer_2", "layer_1_attention"]) == "layer_0 to layer_2, layer_1_attention"


@pytest.mark.parametrize(
    "options",
    [{}, {"degenerate_embedding": True}, {"nulls": 0}, {"replicates": 0}, {"nulls": 9}, {"weights": "random"}],
    ids=str,
)
def test_nothing_is_said_twice(options: dict[str, object]) -> None:
    for result in (make_result(4, n_points=30, **options), add_streams(make_result(4, n_points=30, **options))):
        lines = [line for part in interpretation(result).values() for line in part]
        lines += [f"{part}." for part in headline(result).rstrip(".").split(". ")]
        assert len(lines) == len(set(lines))
        assert not any("nan" in line.split() or "  " in line for line in lines)
        assert all(line[0].isupper() or line.startswith("expansion") for line in lines)


@pytest.mark.parametrize(
    ("bars", "goes_with", "words"),
    [
        (1, None, "A loop is detected in final."),
        (1, ("n_tokens", 0.813), "A loop is detected in final: the place on it goes with the length in tokens "
                                 "(R 0.81)."),
        (1, (), "A loop is detected in final: the place on it goes with nothing that is known of the texts."),
        (2, ("hour", 0.98), "A loop is detected in final: the place on the best reproduced one, in layer_1, goes with "
                            "hour (R 0.98)."),
    ],
)  # fmt: skip
def test_a_headline_says_what_a_loop_is_made_of(bars: int, goes_with: object, words: str) -> None:
    finding = Finding("loops", ("final",), {**LOOPS, "bars": bars, "goes_with": goes_with})
    assert headline_sentence(finding, NAMES) == words


def test_no_sentence_calls_a_bar_that_was_not_reproduced_a_loop() -> None:
    finding = Finding("long_bars", ("layer_0",), {"strongest": EVIDENCE, "not_detected": ()})
    for words in (sentence(finding, NAMES), headline_sentence(finding, NAMES)):
        assert "loop" not in words
    assert "loop" in headline_sentence(Finding("loops", ("layer_0",), LOOPS), NAMES)
    assert math.isclose(LOOPS["reproduction"], 0.8)
