"""All figures of an analysis, one after the other."""

from collections.abc import Callable
from pathlib import Path

from matplotlib.figure import Figure

from todacomm.figures.betti import draw_betti_curves
from todacomm.figures.catalogue import FIGURES
from todacomm.figures.diagrams import draw_barcode, draw_diagram, read_bars
from todacomm.figures.dimension import draw_intrinsic_dimension
from todacomm.figures.flipbook import save_each
from todacomm.figures.persistence import draw_layer_persistence
from todacomm.figures.spectra import draw_spectra
from todacomm.figures.style import drawing, save
from todacomm.figures.summary import draw_summary
from todacomm.results.depth import Depth, featured, read_depth
from todacomm.results.result import Result

OVER_DEPTH: dict[str, Callable[[Result, Depth, str], Figure]] = {
    "summary": draw_summary,
    "layer_persistence": draw_layer_persistence,
    "betti_curves": draw_betti_curves,
    "spectra": draw_spectra,
    "intrinsic_dimension": draw_intrinsic_dimension,
}
PER_LAYER = {"diagrams": (draw_diagram, "Persistence diagram"), "barcodes": (draw_barcode, "Barcode")}


def draw_gallery(result: Result, folder: Path) -> dict[str, Path]:
    """Files by their path under ``folder``; see :func:`todacomm.figures.draw_all`."""
    (folder / "plots").mkdir(parents=True, exist_ok=True)
    depth = read_depth(result)
    files: dict[str, Path] = {}
    with drawing():
        for name, draw in OVER_DEPTH.items():
            files |= save(draw(result, depth, FIGURES[name].title), folder, name)
        bars = read_bars(result, depth)
        best = featured(depth)
        vector = None if best is None else [layer.name for layer in result.layers].index(depth.names[best])
        for kind, (prepare, title) in PER_LAYER.items():
            figure, show = prepare(result, title, bars)
            files |= save_each(figure, show, bars, folder, kind, vector)
    return files
