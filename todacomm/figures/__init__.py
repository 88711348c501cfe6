"""Pictures of one analysis: the only place that imports matplotlib, and only when something is drawn."""

from pathlib import Path

from todacomm.results.result import Result


def draw_all(result: Result, folder: str | Path) -> dict[str, Path]:
    """Every figure of an analysis under ``folder/plots``.

    Figures over depth are written as PNG and SVG; every layer has a persistence diagram and a barcode as PNG, all on
    the same axes, and those of the layer that :func:`todacomm.results.depth.featured` names as SVG too.

    Parameters
    ----------
    result : Result
        Layers may be degenerate and numbers nan: a picture says what is not defined.
    folder : path
        Made if it is not there.

    Returns
    -------
    dict of Path
        Files by their path under ``folder``, such as ``plots/summary.png`` and ``plots/diagrams/00_embedding.png``.
    """
    from todacomm.figures.registry import draw_figures

    return draw_figures(result, Path(folder))
