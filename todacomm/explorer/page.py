"""One self-contained HTML page from the data of an analysis or a comparison."""

import html
from collections.abc import Callable
from pathlib import Path
from shutil import copyfile
from tempfile import mkdtemp

from todacomm.explorer.asset import page_asset
from todacomm.explorer.data import ComparisonData, ExplorerData
from todacomm.explorer.encoding import script_json
from todacomm.explorer.payload import payload

PAGE = "explorer.html"
"""Name of the page among the files of a run."""
PLACE = "<!--explorer-data-->"


def explorer_page(data: ExplorerData | ComparisonData) -> str:
    """The interactive page as HTML, to be written in UTF-8.

    It asks nothing of any network, works from a file, and in a frame that allows scripts and nothing else. Names and
    texts are data in it, never markup: they stand escaped in a script element of type ``application/json``, and the
    page's own policy runs no script but the one that it was built with.

    Parameters
    ----------
    data : ExplorerData or ComparisonData

    Raises
    ------
    ValueError
        The asset in the package is not one that this package was built with.
    """
    before, place, after = page_asset().partition(PLACE)
    if not place:
        raise ValueError(f"the page in the package has no {PLACE}: build it with `npm run build`, or install anew")
    title = html.escape("".join(c if c.isprintable() else " " for c in data.title))
    held = script_json(payload(data))
    return f'{before}<title>{title}</title><script type="application/json" id="explorer-data">{held}</script>{after}'


def page_file(on_record: Path | None, path: Path | None, make: Callable[[], str]) -> Path:
    """The page of a recorded run as a file: the one on record, else one that is made now.

    Parameters
    ----------
    path : Path, optional
        Where it goes; without it the file on record, or a new one in the temporary folder.

    Raises
    ------
    ValueError
        The folder cannot be written.
    """
    if on_record is not None and path is None:
        return on_record
    target = path or Path(mkdtemp(prefix="todacomm-")) / PAGE
    try:
        if on_record is not None:
            copyfile(on_record, target)
        else:
            target.write_text(make(), encoding="utf-8")
    except OSError as error:
        raise ValueError(f"{target} cannot be written ({error}): name a file in a folder that can be") from error
    return target
