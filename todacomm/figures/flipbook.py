"""One picture a layer out of one figure: what stays the same is drawn once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from todacomm.figures.diagrams import Bars, Show
from todacomm.figures.style import PNG_OPTIONS, SVG_OPTIONS

DPI = 96


def save_each(
    figure: Figure, show: Show, layers: list[Bars], folder: Path, kind: str, vector: int | None
) -> dict[str, Path]:
    """A PNG for every layer under ``folder/plots/kind``, and an SVG of the layer at index ``vector``."""
    (folder / "plots" / kind).mkdir(parents=True, exist_ok=True)
    names = [f"plots/{kind}/{layer.file}.png" for layer in layers]
    files = {name: folder / name for name in names}
    with ThreadPoolExecutor(max_workers=2) as writers:
        list(writers.map(_write, _images(figure, show, layers), files.values()))
    if vector is not None:
        name = f"plots/{kind}/{layers[vector].file}.svg"
        for artist in show(layers[vector]):
            artist.set_animated(False)
        figure.savefig(folder / name, **SVG_OPTIONS)
        files[name] = folder / name
    return files


def _write(image: Image.Image, path: Path) -> None:
    image.save(path, **PNG_OPTIONS)


def _images(figure: Figure, show: Show, layers: list[Bars]) -> Iterator[Image.Image]:
    figure.set_dpi(DPI)
    canvas: Any = FigureCanvasAgg(figure)
    for artist in show(layers[0]):
        artist.set_animated(True)
    canvas.draw()
    background = canvas.copy_from_bbox(figure.bbox)
    renderer = canvas.get_renderer()
    for layer in layers:
        canvas.restore_region(background)
        for artist in show(layer):
            artist.draw(renderer)
        yield Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
