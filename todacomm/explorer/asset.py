"""The built page in the package."""

from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
PAGE = FOLDER / "assets" / "page.html"
LICENCES = FOLDER / "assets" / "LICENCES.txt"


@cache
def page_asset() -> str:
    """The built page without data."""
    return PAGE.read_text(encoding="utf-8")
