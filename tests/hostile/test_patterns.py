"""Every regular expression in the package takes a time that grows with its text, and not with its square."""

import ast
import re
import time

import pytest

from tests.conftest import ROOT

SEEDS = [
    "= ", " ", ":", ":a", ":a:`", "`", "` ", "``", "<", "<a", "a", "a ", "1", "a1", "*", "* a", "-", "_", "a-",
    "\n", "\n ", "[", ":[", "#", "plots/", "plots/a", "<!--", "<svg ", "<style ",
    "<metadata>", 'href="#', ' id="', "layer_", "step1",
    "a.", "a/", "embedding", "\\", "±", "1 %",
]  # fmt: skip
LENGTH = 10_000
SECONDS = 0.5


def patterns():
    """Where each expression stands, and its text and flags: all of them are literals."""
    functions = {"compile", "sub", "findall", "fullmatch", "match", "search", "split", "finditer"}
    for path in sorted((ROOT / "todacomm").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in functions
            if called and isinstance(node.func.value, ast.Name) and node.func.value.id == "re":
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node.args[0]


FOUND = dict(patterns())
LITERAL = {place: node.value for place, node in FOUND.items() if isinstance(node, ast.Constant)}


def test_the_expressions_are_found():
    assert len(LITERAL) > 30
    written = [place.partition(":")[0] for place in FOUND.keys() - LITERAL.keys()]
    assert set(written) <= {"todacomm/core/streams.py", "todacomm/models/matching.py"}  # made of names that are known


@pytest.mark.parametrize("place", LITERAL)
def test_hostile_lines_take_no_time(place):
    """Ten times the length takes about ten times as long: a square would take a hundred times."""
    pattern = re.compile(LITERAL[place], re.DOTALL)
    for seed in SEEDS:
        line = (seed * LENGTH)[:LENGTH]
        for text in (line, f"{line}!", f" {line}\x00", f"`{line}", f":a:`{line}", f" = {line}"):
            start = time.process_time()
            for _ in pattern.finditer(text):
                pass
            pattern.fullmatch(text)
            assert time.process_time() - start < SECONDS, (place, seed)
