"""The commands and programs that the project's pages show."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import ROOT

PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "todacomm/demo/CARD.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of a language, in their order."""
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def commands(page: Path) -> list[str]:
    """The command lines of a page, continued ones joined and comments left out."""
    lines = "".join(blocks(page, "bash")).replace("\\\n", " ").splitlines()
    return [line for line in (re.sub(r"(^|\s)#.*", "", line).strip() for line in lines) if line]


def words(command: str) -> list[str]:
    """The words of a command before any pipe, without settings in front of it.

    >>> words("run_id=$(todacomm run --quiet)"), words("A=b mlflow ui"), words("todacomm show latest | cut -f1")
    (['todacomm', 'run', '--quiet'], ['mlflow', 'ui'], ['todacomm', 'show', 'latest'])
    """
    inside = re.fullmatch(r"\w+=\$\((.*)\)", command)
    found = shlex.split((inside[1] if inside else command).partition(" | ")[0])
    while found and re.match(r"[A-Z_]+=", found[0]):
        del found[0]
    return found


def all_commands() -> Iterator[tuple[Path, str]]:
    """Every command line with its page, each once a page."""
    for page in PAGES:
        yield from ((page, command) for command in dict.fromkeys(commands(page)))
