"""How every figure looks: palette, marks, type, the sheet it is drawn on, and the way to a file."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.style
import numpy as np
from matplotlib.figure import Figure

from todacomm.results.result import Provenance

INK, MUTED, FAINT, BAND = "#1a1a1a", "#5f6368", "#e4e6e9", "#c9ccd1"
BLUE, VERMILION, GREEN, ORANGE, PURPLE, SKY = "#0072B2", "#D55E00", "#009E73", "#E69F00", "#CC79A7", "#56B4E9"
"""Okabe and Ito's palette, told apart with any of the common colour deficiencies."""

DPI = 110
STYLE: dict[str, Any] = {
    "axes.axisbelow": True, "axes.edgecolor": MUTED, "axes.grid": True, "axes.labelcolor": INK, "axes.labelsize": 9,
    "axes.linewidth": 0.8, "axes.spines.right": False, "axes.spines.top": False, "axes.titlelocation": "left",
    "axes.titlesize": 10, "axes.titleweight": "bold", "axes.titlecolor": INK, "axes.unicode_minus": True,
    "figure.dpi": DPI, "font.size": 9, "grid.color": FAINT, "grid.linewidth": 0.7, "legend.borderaxespad": 0.0,
    "legend.borderpad": 0.0, "legend.columnspacing": 1.1, "legend.fontsize": 8, "legend.frameon": False,
    "legend.handlelength": 2.0, "legend.handletextpad": 0.45, "legend.labelcolor": INK, "lines.linewidth": 1.5,
    "lines.markersize": 4.2, "savefig.dpi": DPI, "svg.fonttype": "path", "svg.hashsalt": "todacomm",
    "text.parse_math": False, "xtick.color": MUTED, "xtick.labelcolor": INK, "xtick.labelsize": 8,
    "xtick.minor.size": 0.0, "ytick.color": MUTED, "ytick.labelcolor": INK, "ytick.labelsize": 8,
    "ytick.minor.size": 0.0,
}  # fmt: skip
PNG_OPTIONS: dict[str, Any] = {"format": "png", "compress_level": 3}
SVG_OPTIONS: dict[str, Any] = {"format": "svg", "metadata": {"Date": None}}
_DRAWING = threading.RLock()
_TO_CONES = np.array([
    [1.0, 0.3963377774, 0.2158037573], [1.0, -0.1055613458, -0.0638541728], [1.0, -0.0894841775, -1.291485548],
])  # fmt: skip
_TO_RGB = np.array([
    [4.0767416621, -3.3077115913, 0.2309699292], [-1.2684380046, 2.6097574011, -0.3413193965],
    [-0.0041960863, -0.7034186147, 1.707614701],
])  # fmt: skip
"""From Oklab (Ottosson 2020) to linear sRGB, with a cube between the two."""


@dataclass(frozen=True, slots=True)
class Look:
    """How one curve is told from the others: by colour, by marker and by dash."""

    color: Any
    marker: str
    dash: Any = "-"


DEGREES = (Look(BLUE, "o", "-"), Look(VERMILION, "s", (0, (5, 1.5))), Look(GREEN, "^", (0, (2, 1.2))))
"""H0, H1 and H2, the same in every figure."""
OTHERS = (
    Look(GREEN, "^", (0, (2, 1.2))), Look(PURPLE, "D", (0, (6, 1.5, 1.5, 1.5))), Look(ORANGE, "v", (0, (1, 1))),
    Look(SKY, "P", (0, (8, 2, 1, 2, 1, 2))),
)  # fmt: skip
"""Curves without a degree and without an order."""
STREAMS = {"attention": Look("#882255", "<", (0, (4, 1, 1, 1))), "ffn": Look("#999933", ">", (0, (1.5, 0.8)))}
"""What attention and MLPs add: wine and olive of Tol's muted palette, which no other curve has."""
CONTROL = Look(INK, "D", (0, (3, 2)))
_MARKERS = ("o", "s", "^", "D", "v", "P")
_DASHES: tuple[Any, ...] = (
    "-", (0, (5, 1.5)), (0, (2, 1.2)), (0, (6, 1.5, 1.5, 1.5)), (0, (1, 1)), (0, (8, 2, 1, 2, 1, 2))
)  # fmt: skip


@contextmanager
def drawing() -> Iterator[None]:
    """Our style on matplotlib's defaults, one thread at a time, and the caller's style back afterwards."""
    with _DRAWING, matplotlib.style.context(["default", STYLE]):
        yield


def ordered_looks(n: int) -> list[Look]:
    """Looks of ``n`` curves that have an order: dark to light, each with a marker and a dash of its own."""
    shades = mpl.colormaps["viridis"](np.linspace(0.0, 0.82, max(n, 2)))
    return [Look(tuple(shades[i]), _MARKERS[i % len(_MARKERS)], _DASHES[i % len(_DASHES)]) for i in range(n)]


def cyclic_colors(angle: np.ndarray) -> np.ndarray:
    """Colours of angles in radians whose ends meet, those of the interactive page: shape (n_angles, 3).

    A circle in lightness and in blue against yellow, which every common kind of sight has, tilted towards red against
    green for those who see that too.
    """
    c, s = np.cos(angle), np.sin(angle)
    oklab = np.column_stack([0.6 + 0.19 * c, 0.1 * c, 0.12 * s])
    linear = (oklab @ _TO_CONES.T) ** 3 @ _TO_RGB.T
    rgb: np.ndarray = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.abs(linear) ** (1 / 2.4) - 0.055)
    return np.clip(rgb, 0.0, 1.0)


def sheet(result: Provenance, title: str, width: float, height: float, note: str = "") -> Figure:
    """A figure with a title, under it what was analysed, and on the right how its marks are meant."""
    return titled(title, " · ".join(provenance(result, most=max(18, int(3.7 * width)))), width, height, note)


def titled(title: str, line: str, width: float, height: float, note: str = "") -> Figure:
    """A figure with a title, a line under it, and a note on the right."""
    figure = Figure(figsize=(width, height), dpi=DPI)
    figure.text(0.12 / width, 1 - 0.10 / height, title, va="top", fontsize=13, fontweight="bold", color=INK)
    figure.text(0.12 / width, 1 - 0.36 / height, line, va="top", fontsize=8.5, color=MUTED)
    figure.text(1 - 0.12 / width, 1 - 0.16 / height, note, va="top", ha="right", fontsize=8.5, color=MUTED)
    return figure


def provenance(result: Provenance, most: int = 48) -> list[str]:
    """Model, texts and settings in a few words each, fit for a figure."""
    config = result.config
    weights = " (random weights)" if result.model.weights == "random" else ""
    pca = f"PCA {config.topology.pca}" if config.topology.pca else "no PCA"
    space = [pca, config.topology.metric + (", standardised" if config.topology.standardize else "")]
    return [
        shorten(str(result.model.name or config.model.model), most) + weights,
        shorten(str(result.dataset.name or config.texts.dataset), most),
        f"{result.dataset.samples} points",
        *(["distances as given"] if config.topology.distances else space),
    ]


def shorten(name: str, most: int = 48) -> str:
    """A name fit for a figure: printable, in letters that the font has, with the middle left out if it is long.

    >>> shorten("/data/models/" + "x" * 60 + "/stories", most=20)
    '/data/mod…xx/stories'
    """
    plain = "".join(c if c.isprintable() else " " for c in name).encode("latin-1", "replace").decode("latin-1")
    plain = " ".join(plain.split())
    tail = (most - 1) // 2 + 1
    return plain if len(plain) <= most else f"{plain[: most - 1 - tail]}…{plain[-tail:]}"


def save(figure: Figure, folder: Path, name: str) -> dict[str, Path]:
    """The figure as PNG and SVG, by path under ``folder``."""
    png, svg = f"plots/{name}.png", f"plots/{name}.svg"
    (folder / png).parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(folder / png, pil_kwargs=PNG_OPTIONS)
    figure.savefig(folder / svg, **SVG_OPTIONS)
    return {png: folder / png, svg: folder / svg}
