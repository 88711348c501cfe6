"""Every figure draws whatever an analysis may hold, can be read without colour, and overlaps nowhere."""

import subprocess
import sys
import warnings
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from io import BytesIO
from itertools import combinations
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from PIL import Image

from tests.helpers.results import add_streams, empty_nulls, make_result
from todacomm.core.facts import RunWarning
from todacomm.figures.barcodes import MOST_BARS, segments
from todacomm.figures.betti import draw_betti_curves
from todacomm.figures.diagrams import draw_diagram, read_bars
from todacomm.figures.registry import FIGURES, draw_all
from todacomm.figures.spectra import draw_spectra
from todacomm.figures.style import SVG_OPTIONS, drawing
from todacomm.figures.summary import draw_summary
from todacomm.results.findings.judgement import featured
from todacomm.results.loops import loop_pictures
from todacomm.results.result import Result
from todacomm.results.table import LOOP_COLUMNS, tidy

LONG_NAME = "an-organisation-with-a-long-name/a-model-of-several-billion-parameters-tuned-on-$instructions$-v2"


def bare(n_layers: int) -> Result:
    """No interval, no null, no control, no band."""
    result = make_result(n_layers, control=False)
    table = result.table.assign(se=np.nan, lo=np.nan, hi=np.nan, p=np.nan, p_adjusted=np.nan)
    layers = tuple(
        replace(
            layer, curves={name: curve for name, curve in layer.curves.items() if not name.endswith(("_lo", "_hi"))}
        )
        for layer in result.layers
    )
    return replace(result, table=table, nulls=empty_nulls(), layers=layers)


def degenerate(n_layers: int) -> Result:
    """Not one layer whose shape is defined."""
    result = make_result(n_layers, degenerate_embedding=True)
    shape = ~result.table["metric"].isin(["n_points", "n_distinct", "duplicate_fraction"])
    empty = [np.empty((0, 2)), np.empty((0, 2))]
    layers = tuple(
        replace(layer, diagrams=empty, curves={}, warnings=(RunWarning("no_shape", "1 point", layer.name),))
        for layer in result.layers
    )
    table = result.table.assign(value=result.table["value"].mask(shape))
    return replace(result, table=table, nulls=empty_nulls(), layers=layers)


def uneven(n_layers: int) -> Result:
    """Layers of different widths, one of them with holes in its spectrum."""
    result = make_result(n_layers)
    layers = [
        replace(layer, curves={**layer.curves, "eigenvalues": np.geomspace(1, 1e-9, 8 + 40 * i)})
        for i, layer in enumerate(result.layers)
    ]
    layers[1].curves["eigenvalues"][3] = np.nan
    return replace(result, layers=tuple(layers))


RESULTS = {
    "deep": lambda: make_result(34, n_points=40, model=LONG_NAME),
    "no embedding": lambda: make_result(3, degenerate_embedding=True),
    "one layer": lambda: make_result(1),
    "nothing beside the numbers": lambda: bare(3),
    "all degenerate": lambda: degenerate(2),
    "uneven widths": lambda: uneven(3),
    "voids too": lambda: make_result(3, maxdim=2),
    "pieces only": lambda: make_result(3, maxdim=0),
    "streams beside the blocks": lambda: add_streams(make_result(5)),
    "streams alone": lambda: add_streams(make_result(5), residual=False),
}


@pytest.fixture(scope="module", params=RESULTS)
def result(request: pytest.FixtureRequest) -> Result:
    made: Result = RESULTS[request.param]()
    return made


@pytest.fixture(scope="module")
def figures(result: Result) -> dict[str, Figure]:
    with drawing():
        drawn = {name: row.draw(result, row.title) for name, row in FIGURES.items() if row.draw}
        bars = read_bars(result)
        for name, row in FIGURES.items():
            if row.draw_layers:
                drawn[name], show = row.draw_layers(result, row.title, bars)
                show(bars[-1])
        for figure in drawn.values():
            FigureCanvasAgg(figure).draw()
    return drawn


def test_every_panel_says_what_it_shows(figures: dict[str, Figure]) -> None:
    for name, figure in figures.items():
        assert any(FIGURES[name].title in text.get_text() for text in figure.texts), name
        for axes in figure.axes:
            if axes.get_label() == "<colorbar>":
                continue
            if name in ("diagram", "barcode"):
                assert axes.get_ylabel(), name
            elif axes.get_title(loc="left"):
                assert axes.get_ylabel() or name == "betti_curves", name
                assert axes.get_xlabel() or name == "betti_curves", name
            else:
                assert name == "betti_curves", name
                assert any(text.get_text() for text in axes.texts), name


def test_curves_are_told_apart_without_colour(figures: dict[str, Figure]) -> None:
    for name, figure in figures.items():
        for axes in figure.axes:
            looks = [look(handle) for handle in handles(axes.get_legend())]
            assert len(looks) == len(set(looks)), (name, axes.get_title(loc="left"))


def test_nothing_overlaps_or_leaves_the_sheet(figures: dict[str, Figure]) -> None:
    for name, figure in figures.items():
        sheet = figure.bbox.padded(1)
        boxes = [(text.get_text(), extent(text)) for text in written(figure)]
        for words, box in boxes:
            assert sheet.containsx(box.x0), (name, words)
            assert sheet.containsx(box.x1), (name, words)
            assert sheet.containsy(box.y0), (name, words)
            assert sheet.containsy(box.y1), (name, words)
        for (one, first), (other, second) in combinations(boxes, 2):
            assert not first.padded(-1).overlaps(second.padded(-1)), (name, one, other)


def test_every_file_is_a_picture(tmp_path: Path) -> None:
    result = make_result(3, degenerate_embedding=True)
    at = featured(result.depth)
    assert at in (1, 2)
    files = draw_all(result, tmp_path)
    expected = {f"plots/{name}.{suffix}" for name, row in FIGURES.items() if row.draw for suffix in ("png", "svg")}
    for book in ("diagrams", "barcodes"):
        layers = ("00_embedding", "01_layer_0", "02_final")
        expected |= {f"plots/{book}/{layer}.png" for layer in layers} | {f"plots/{book}/{layers[at]}.svg"}
    expected |= {f"{path}.{suffix}" for path in loop_pictures(result) for suffix in ("png", "svg")}
    assert set(files) == expected
    assert all(path == tmp_path / name for name, path in files.items())
    sizes: dict[Path, set[tuple[int, int]]] = {}
    for path in files.values():
        if path.suffix == ".svg":
            ElementTree.parse(path)
        else:
            with Image.open(path) as image:
                image.load()
                sizes.setdefault(path.parent, set()).add(image.size)
                assert min(image.size) > 300
    assert all(len(sizes[tmp_path / "plots" / book]) == 1 for book in ("diagrams", "barcodes"))


def test_axes_of_a_diagram_hold_every_layer_and_its_diagonal_is_at_45_degrees() -> None:
    result = make_result(4)
    bars = read_bars(result)
    with drawing():
        figure, _ = draw_diagram(result, "Diagram", bars)
        FigureCanvasAgg(figure).draw()
    strip, square = figure.axes
    deaths = np.concatenate([layer.bars[0][:, 1] for layer in bars])
    assert strip.get_ylim()[0] < deaths.min() <= deaths.max() < strip.get_ylim()[1]
    loops = np.concatenate([layer.bars[1] for layer in bars])
    assert square.get_xlim() == square.get_ylim()
    assert square.get_xlim()[0] <= loops.min() <= loops.max() < square.get_xlim()[1]
    (x0, y0), (x1, y1) = square.transData.transform([(0.0, 0.0), (1.0, 1.0)])
    assert x1 - x0 == pytest.approx(y1 - y0)


def test_one_wide_gap_does_not_squeeze_the_loops() -> None:
    result = make_result(3)
    bars = read_bars(result)
    wide = [replace(layer, bars=(np.append(layer.bars[0], [[0.0, 40.0]], axis=0), *layer.bars[1:])) for layer in bars]
    with drawing():
        usual, _ = draw_diagram(result, "Diagram", bars)
        stretched, _ = draw_diagram(result, "Diagram", wide)
    assert usual.axes[1].get_xlim() == stretched.axes[1].get_xlim()
    assert stretched.axes[0].get_ylim()[1] > 40


def test_bars_of_a_single_scale_still_have_an_axis() -> None:
    """Where one layer alone has bars, and these at one scale, the axis still has a width."""
    result = make_result()
    none = np.zeros(len(result.layers[-1].curves["scale"]))
    one = np.where(np.arange(len(none)) == 3, 2.0, 0.0)
    layers = tuple(
        replace(layer, curves={**layer.curves, "betti_1": one if layer is result.layers[-1] else none})
        for layer in result.layers
    )
    with warnings.catch_warnings(), drawing():
        warnings.simplefilter("error")
        figure = draw_betti_curves(replace(result, layers=layers), "Betti curves")
    at = result.layers[-1].curves["scale"][3] / result.depth.unit[-1]
    panels = [axes for axes in figure.axes if axes.get_title(loc="left").startswith("Betti 1")]
    assert len(panels) == 2
    for axes in panels:
        assert axes.get_xlim() == pytest.approx((0.97 * at, 1.03 * at))


def test_a_degenerate_layer_does_not_take_the_colours_of_the_map() -> None:
    result = make_result(3)
    layers = [replace(layer, curves=dict(layer.curves)) for layer in result.layers]
    layers[0].curves["betti_1"] = 1000 * layers[0].curves["betti_1"]
    table = result.table.copy()
    rows = (table["layer"] == "embedding") & (table["metric"] == "n_distinct") & (table["control"] == "")
    table.loc[rows, "value"] = 5.0
    with drawing():
        figure = draw_betti_curves(replace(result, layers=tuple(layers), table=table), "Betti")
    images = [image for axes in figure.axes for image in axes.images]
    most = max(layer.curves["betti_1"].max() for layer in result.layers[1:])
    assert max(image.norm.vmax for image in images[1:]) <= most
    assert all(np.isnan(np.asarray(image.get_array().filled(np.nan))[0]).all() for image in images)


def test_the_marks_of_a_claim_are_filled() -> None:
    result = make_result(5)
    verdicts = ("none", "loop", "few texts", "none", "loop")
    rows = [
        {"layer": layer.name, "rank": 1, "verdict": verdict}
        for layer, verdict in zip(result.layers, verdicts, strict=True)
    ]
    judged = replace(result, loops=tidy(rows, LOOP_COLUMNS))
    with drawing():
        filled = {
            line.get_fillstyle(): line.get_xdata().tolist()
            for line in draw_summary(judged, "Summary").axes[1].lines
            if line.get_linestyle() == "None" and line.get_marker() == "s"
        }
    assert filled == {"full": [1, 4], "left": [2]}


def test_half_a_triangle_is_half_of_it() -> None:
    """Its lower half: the left half of a triangle that points to a side is nearly all of it, or nearly nothing."""
    result = add_streams(make_result(5))
    names = [layer.name for layer in result.layers if layer.name.endswith(("_attention", "_ffn"))]
    judged = replace(
        result, loops=tidy([{"layer": name, "rank": 1, "verdict": "few texts"} for name in names], LOOP_COLUMNS)
    )
    with drawing():
        halves = {
            (line.get_marker(), line.get_fillstyle())
            for line in draw_summary(judged, "Summary").axes[1].lines
            if line.get_linestyle() == "None" and len(line.get_xdata()) and line.get_marker() != "s"
        }
    assert halves == {("<", "bottom"), (">", "bottom")}


def test_a_diagram_is_drawn_in_the_units_of_the_scale_free_numbers() -> None:
    result = make_result(3)
    depth = result.depth
    for layer, longest in zip(read_bars(result), depth.curve("h1_max_norm").value, strict=True):
        assert np.diff(layer.bars[1], axis=1).max() == pytest.approx(longest)


def test_streams_are_lines_of_their_own(tmp_path: Path) -> None:
    result = add_streams(make_result(5))
    depth = result.depth
    assert depth.positions.tolist() == [0, 1, 2, 3, 4]
    assert {kind: stream.positions.tolist() for kind, stream in depth.streams.items()} == {
        "attention": [1, 2, 3], "ffn": [1, 2, 3],
    }  # fmt: skip
    alone = make_result(5).depth
    np.testing.assert_array_equal(depth.curve("h1_max_norm").value, alone.curve("h1_max_norm").value)
    best = featured(depth)
    assert best is not None
    files = draw_all(result, tmp_path)
    assert f"plots/diagrams/{depth.layers[best].file}.svg" in files
    assert sum(name.startswith("plots/diagrams/") and name.endswith(".png") for name in files) == 11


def test_a_barcode_keeps_the_longest_bars_and_fills_its_panel(rng: np.random.Generator) -> None:
    births = rng.uniform(0, 1, 400)
    lifetimes = rng.exponential(1.0, 400)
    bars = np.column_stack([births, births + lifetimes])
    shown = segments(bars)
    lengths = np.diff(shown[:, :, 0], axis=1)[:, 0]
    assert sorted(lengths) == pytest.approx(sorted(lifetimes)[-MOST_BARS:])
    assert np.all(np.diff(shown[:, 0, 0]) >= 0)
    for n in (1, 7, MOST_BARS):
        heights = segments(bars[:n])[:, 0, 1]
        assert heights.min() == pytest.approx(0.5 / n)
        assert heights.max() == pytest.approx(1 - 0.5 / n)


def test_the_callers_style_is_left_alone() -> None:
    result = make_result(2)
    light = summary_svg(result)
    with mpl.rc_context({"axes.facecolor": "black", "font.size": 31.0, "lines.linewidth": 9.0}):
        before = dict(mpl.rcParams)
        assert summary_svg(result) == light
        assert dict(mpl.rcParams) == before


def test_threads_draw_what_one_thread_draws() -> None:
    results = [make_result(2, seed=seed) for seed in (0, 1)]
    alone = [summary_svg(result) for result in results]
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(summary_svg, results)) == alone
    assert alone[0] != alone[1]


def test_matplotlib_comes_only_with_a_picture() -> None:
    code = (
        "import sys, todacomm.figures, todacomm.results.findings, todacomm.reports; "
        "assert 'matplotlib' not in sys.modules; "
        "import todacomm.figures.registry; assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).resolve().parents[2])


def summary_svg(result: Result) -> bytes:
    stream = BytesIO()
    with drawing():
        draw_summary(result, "Summary").savefig(stream, **SVG_OPTIONS)
    return stream.getvalue()


def handles(legend: Legend | None) -> list[Line2D]:
    return [] if legend is None else [item for item in legend.get_lines() if item.get_linestyle() != "None"]


def look(handle: Line2D) -> tuple[object, ...]:
    """Marker and dash: what is left of a curve in print."""
    dashes = handle._dash_pattern[1]  # type: ignore[attr-defined]
    return handle.get_marker(), tuple(dashes) if dashes else None


def written(figure: Figure) -> Iterator[Text]:
    """Every text that is seen."""
    yield from (text for text in figure.texts if text.get_text())
    for axes in figure.axes:
        titles = [axes.title, axes._left_title, axes._right_title]  # type: ignore[attr-defined]
        ticks = [*visible(axes.xaxis, axes.get_xlim()), *visible(axes.yaxis, axes.get_ylim())]
        legend = axes.get_legend()
        entries = legend.get_texts() if legend else []
        for text in (*titles, axes.xaxis.label, axes.yaxis.label, *ticks, *entries, *axes.texts):
            if text.get_text() and text.get_visible():
                yield text


def visible(axis: mpl.axis.Axis, limits: tuple[float, float]) -> list[Text]:
    low, high = sorted(limits)
    slack = 1e-9 * (high - low)
    return [t.label1 for t in axis.get_major_ticks() if low - slack <= t.get_loc() <= high + slack]


def extent(text: Text) -> Bbox:
    return text.get_window_extent()


def test_the_shaded_ranks_are_those_that_the_power_law_was_fitted_to() -> None:
    result = make_result(3)
    layers = tuple(
        replace(layer, curves={**layer.curves, "spectrum_ranks": np.array([11.0, 23.0])}) for layer in result.layers
    )
    table = result.table.assign(value=result.table["value"].where(result.table["metric"] != "spectrum_alpha", 1.0))
    with drawing():
        figure = draw_spectra(replace(result, layers=layers, table=table), "Spectra")
        undefined = draw_spectra(replace(result, table=table.assign(value=np.nan)), "Spectra")
    (shaded,) = figure.axes[0].patches
    assert shaded.get_extents().transformed(figure.axes[0].transData.inverted()).intervalx == pytest.approx([11, 23])
    assert not undefined.axes[0].patches
