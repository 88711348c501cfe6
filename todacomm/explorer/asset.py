"""The built page in the package, and the digest that ties it to its source."""

import re
from functools import cache
from pathlib import Path

from todacomm.system.digests import digest_of, digest_of_file

FOLDER = Path(__file__).parent
PAGE = FOLDER / "assets" / "page.html"
LICENCES = FOLDER / "assets" / "LICENCES.txt"
SOURCE = FOLDER / "source"
"""What the page is built from; in a checkout and the source distribution, not in a wheel."""
BUILT_FROM = ("build.mjs", "package.json", "package-lock.json", "page.html", "src")


@cache
def page_asset() -> str:
    """The built page without data."""
    return PAGE.read_text(encoding="utf-8")


def recorded_digest(page: str) -> str:
    """The digest of the source that a page says it was built from; empty where it says none."""
    match = re.search(r'<meta name="source-digest" content="([0-9a-f]{64})">', page)
    return match.group(1) if match else ""


def source_digest(source: Path = SOURCE) -> str:
    """Digest of the source files, as the build computes it: SHA-256 over each name and each file's own SHA-256."""
    files = [path for name in BUILT_FROM for path in _files(source / name)]
    lines = sorted(f"{path.relative_to(source).as_posix()} {digest_of_file(path)}\n" for path in files)
    return digest_of("".join(lines).encode(), 64)


def _files(path: Path) -> list[Path]:
    return sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
