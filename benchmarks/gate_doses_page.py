"""The page docs/gate-doses.md, from finished doses and from nothing else: what sees a change first."""

from collections.abc import Callable, Mapping, Sequence
from textwrap import fill
from typing import Any

from benchmarks.gate_dosing import DOSES, MOST, OTHER_TEXTS, UNCHANGED
from benchmarks.page import markdown
from todacomm.reports.gate_cells import SHORT

Row = Mapping[str, Any]
Rows = Sequence[Row]
LEVEL = 0.05
TOLERANCE = 0.05
"""Change of perplexity that is as far outside of a margin as a verdict of the gate is."""


def perplexity_changed(row: Row) -> bool:
    """Whether the paired interval excludes no change."""
    return bool(row["perplexity"]) and not row["perplexity"]["lo"] <= 1.0 <= row["perplexity"]["hi"]


def perplexity_beyond(row: Row) -> bool:
    """Whether the whole interval lies beyond the tolerance."""
    return bool(row["perplexity"]) and not (
        row["perplexity"]["lo"] <= 1.0 + TOLERANCE and row["perplexity"]["hi"] >= 1.0 - TOLERANCE
    )


def shape_differs(row: Row) -> bool:
    """Whether a layer's shape is different."""
    return _verdict(row, "shape") == "different"


def places_differ(row: Row) -> bool:
    """Whether a layer's texts lie in other places."""
    return _verdict(row, "places") == "different"


def shape_starred(row: Row) -> bool:
    """Whether shape differs at all, no margin asked: the adjusted p of some layer and metric."""
    return bool(row["aspects"]["shape"]["p"] <= LEVEL)


OBSERVERS: dict[str, Callable[[Row], bool]] = {
    "perplexity: its interval excludes no change": perplexity_changed,
    "shape: an adjusted p under 5 %, whatever the margin": shape_starred,
    "perplexity: its interval lies beyond ±5 %": perplexity_beyond,
    "places: different": places_differ,
    "shape: different": shape_differs,
}


def render(rows: Rows) -> str:
    """The page, with what there are results for."""
    unchanged = [row for row in rows if is_unchanged(row)]
    changed = [row for row in rows if not is_unchanged(row)]
    parts = [
        INTRODUCTION,
        _paragraph(_tried(rows)),
        "## What sees a change first",
        _paragraph(answer(changed)),
        _observer_table(changed),
    ]
    parts += [FIGURE, "## The lightest dose that is seen", FIRST, _first_table(changed)]
    parts += [
        "## Where nothing is changed",
        _paragraph(false_alarms(unchanged)),
    ]
    parts.append(markdown(["model", "what", "texts", "shape", "places"], map(_unchanged, unchanged)))
    for model in dict.fromkeys(row["model"] for row in changed):
        parts += [f"## {model}", _model_table([row for row in changed if row["model"] == model])]
    return "\n\n".join([*parts, READING]) + "\n"


def is_unchanged(row: Row) -> bool:
    """Whether the candidate has the base's weights: the bundled models are stored in float16 already."""
    return row["dose"] in UNCHANGED or (row["dose"] == "float16" and row["model"].startswith("demo-"))


def false_alarms(unchanged: Rows) -> str:
    """How many of the candidates with the base's weights were called different, and what that is worth."""
    alarms = sum(row["verdict"] == "different" for row in unchanged)
    others = sum(row["dose"] == OTHER_TEXTS for row in unchanged)
    return (
        f"{NOTHING} {alarms or 'none'} of {len(unchanged)} were called different. In {len(unchanged) - others} of them "
        f"the difference is 0 to rounding, and in {others} the texts are others, of which there are not enough: this "
        "says little of false alarms. The [calibration of the gate](how-to/gate.md#how-far-to-trust-it) says more."
    )


def answer(changed: Rows) -> str:
    """Whether shape or places see a change before perplexity does, in numbers."""

    def count(check: Callable[[Row], bool], but_not: Callable[[Row], bool] = lambda row: False) -> int:
        return sum(check(row) and not but_not(row) for row in changed)

    def differs(row: Row) -> bool:
        return places_differ(row) or shape_differs(row)

    beyond, starred = perplexity_beyond, shape_starred
    return (
        f"Of {len(changed)} changed models and numbers of texts the gate calls {count(differs)} different "
        f"({count(places_differ)} by places, {count(shape_differs)} by shape), and in "
        f"{count(differs, perplexity_changed)} of them perplexity shows no change. Perplexity's paired interval "
        f"excludes no change in {count(perplexity_changed)}; {count(perplexity_changed, differs)} of these are not "
        f"different: a verdict asks for more than that interval does, a difference beyond a margin. With a margin of "
        f"±5 %, chosen here, perplexity is beyond it in {count(beyond)}: places are different in "
        f"{count(places_differ, beyond)} cases in which perplexity is not beyond it, and perplexity is beyond it in "
        f"{count(beyond, places_differ)} in which places are not different. Shape "
        f"without a margin, the gate's adjusted p of no difference, is under 5 % in {count(starred)}: in "
        f"{count(starred, perplexity_changed)} of them perplexity's interval holds no change, and the reverse is so in "
        f"{count(perplexity_changed, starred)}."
    )


def _tried(rows: Rows) -> str:
    """Which doses there are results for, by model and texts."""
    done = {(row["model"], row["texts"], row["dose"]) for row in rows}
    models, sizes = (list(dict.fromkeys(row[key] for row in rows)) for key in ("model", "texts"))
    expected = [(n, dose) for n in sizes for dose in DOSES if not (n == MOST and dose == OTHER_TEXTS)]
    missing = [
        f"{model}, {n:,} texts, {dose}" for model in models for n, dose in expected if (model, n, dose) not in done
    ]
    tried = f"{len(DOSES)} doses of each of {len(models)} models at {', '.join(f'{n:,}' for n in sizes)} texts"
    without = f", but for {OTHER_TEXTS} at {MOST:,}: Python's documentation has too few" if MOST in sizes else ""
    return f"{tried}{without}." + (f" Not yet tried: {'; '.join(missing)}." if missing else "")


def _observer_table(changed: Rows) -> str:
    sizes = sorted({row["texts"] for row in changed})
    header = ["sees a change", *(f"{n} texts ({sum(row['texts'] == n for row in changed)} models)" for n in sizes)]
    body = [
        [name, *(sum(check(row) for row in changed if row["texts"] == n) for n in sizes)]
        for name, check in OBSERVERS.items()
    ]
    return markdown(header, body)


def _first_table(changed: Rows) -> str:
    body = []
    for model, texts in dict.fromkeys((row["model"], row["texts"]) for row in changed):
        for kind in dict.fromkeys(DOSES[row["dose"]].kind for row in changed):
            own = {row["dose"]: row for row in changed if (row["model"], row["texts"]) == (model, texts)}
            ordered = [own[dose] for dose in DOSES if dose in own and DOSES[dose].kind == kind]
            if len(ordered) > 1:
                body.append([model, texts, kind, *(_first(ordered, check) for check in OBSERVERS.values())])
    return markdown(["model", "texts", "kind", *OBSERVERS], body)


def _first(ordered: Rows, check: Callable[[Row], bool]) -> str:
    """From which dose on all are seen; they stand from light to heavy."""
    unseen = [place for place, row in enumerate(ordered) if not check(row)]
    first = max(unseen, default=-1) + 1
    return f"{DOSES[ordered[first]['dose']].size:g}" if first < len(ordered) else "none"


def _model_table(rows: Rows) -> str:
    """Every dose with the number of texts in the middle: all three stand side by side in the figure."""
    n_texts = sorted({row["texts"] for row in rows})[len({row["texts"] for row in rows}) // 2]
    own = {row["dose"]: row for row in rows if row["texts"] == n_texts}
    header = [f"dose, {n_texts} texts", "perplexity, ratio", "shape", "places"]
    return markdown(header, ([dose, *_all(own[dose])] for dose in DOSES if dose in own))


def _all(row: Row) -> list[str]:
    values = row["perplexity"]
    ratio = f"{_ratio(values['ratio'])} ({_ratio(values['lo'])} to {_ratio(values['hi'])})"
    changed = f"**{ratio}**" if perplexity_changed(row) else ratio
    return [f"{values['candidate']:,.1f}, {changed}", _layers(row, "shape"), _layers(row, "places")]


def _layers(row: Row, aspect: str) -> str:
    """The verdict of the run, and the layers that have it."""
    if aspect not in row["aspects"]:
        return ""
    asked = row["aspects"][aspect]
    own = [name for name, verdict in zip(row["names"], asked["layers"], strict=True) if verdict == asked["verdict"]]
    word = SHORT[asked["verdict"]]
    where = f", {len(own)} of {len(row['names'])}" + (f" from {own[0]}" if asked["verdict"] == "different" else "")
    return f"**{word}**{where}" if asked["verdict"] == "different" else word if word == "same" else word + where


def _unchanged(row: Row) -> list[Any]:
    return [row["model"], row["dose"], row["texts"], _layers(row, "shape"), _layers(row, "places")]


def _verdict(row: Row, aspect: str) -> str:
    return str(row["aspects"].get(aspect, {}).get("verdict", ""))


def _ratio(value: float) -> str:
    return f"{value:.4f}" if abs(value - 1.0) < 0.1 else f"{value:,.2f}"


def _paragraph(text: str) -> str:
    return fill(text, 120, break_on_hyphens=False)


INTRODUCTION = """# What the gate sees, dose by dose

A trained model is changed a little, then more: at which dose does the [gate](how-to/gate.md) call it different, and
does it see the change before perplexity does? Written by `python -m benchmarks.gate_doses` from
`benchmarks/results/gate_doses.json`.

* **bits**: every weight matrix of the blocks is rounded to so many bits, with a scale for each output channel.
* **noise**: Gaussian noise of so many per cent of each matrix's standard deviation.
* **pruned**: so many per cent of each matrix's weights, the smallest, are set to 0.
* **MLP silenced**: the middle block's MLP adds nothing.
* **steps**: so many further training steps (AdamW, 1e-4, 1,024 tokens each) on the documentation of SQLAlchemy.
* **bfloat16, float16**: all weights are stored so. The bundled models come in float16, which changes nothing there.

The texts are passages of Python's documentation, the settings those of `todacomm gate`, and base and candidate read the
same texts. At 1,000 texts the gate leaves out the longest H1 bar, whose half-samples take ten times the rest.
Perplexity is that of the same texts (of an encoder: pseudo-perplexity, 4 tokens masked in each); its interval is the
paired one of the ratio, 95 %, from the texts' summed losses."""
FIGURE = """![A panel for each model and kind of change: doses along x, from light to heavy; a line for each number of
texts and each of perplexity, shape without a margin, places and shape, the verdict as a mark.](images/gate-doses.png)

Lines: *perplexity*, its interval excludes no change; *shape, any change*, an adjusted p under 5 %; *places* and
*shape*, verdicts of the gate."""
FIRST = """From this dose on all heavier ones are seen as well."""
NOTHING = """The same model read in other batches, with another number of threads, stored in float16 as it was, and on
other texts (shape alone, as the texts differ):"""
READING = """In the tables: perplexity of the candidate, then its ratio to the base's with its interval, bold where that
excludes 1; and the verdict of the run, with the layers that have it. *Open* is: not enough texts. The other numbers of
texts are in `benchmarks/results/gate_doses.json`."""
