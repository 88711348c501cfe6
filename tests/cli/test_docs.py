"""The page on the command: complete, and its promises are held by tests that are there."""

import re
import shlex

import click
import pytest

from tests.conftest import ROOT
from todacomm.cli import COMMANDS, main
from todacomm.cli.run import SPELLINGS

PAGE = (ROOT / "docs/console.md").read_text()
TYPED = [
    shlex.split(line.partition(" | ")[0], comments=True)
    for block in re.findall(r"```bash\n(.*?)```", PAGE, flags=re.S)
    for line in block.splitlines()
    if line.startswith("todacomm ")
]


def test_every_command_has_an_example():
    assert {words[1] for words in TYPED} >= {name for section in COMMANDS.values() for name in section}


@pytest.mark.parametrize("words", TYPED, ids=" ".join)
def test_an_example_is_understood(words):
    """Parsed to its last option, and not run."""
    command = main.get_command(None, words[1])
    with command.make_context(words[1], words[2:]) as context:
        assert isinstance(context, click.Context)


def test_every_published_spelling_is_explained():
    published = {"--models", "--datasets", "--hf-model", "--num-layers", "--device", "--max-length", "--pca"}
    for spelling in published | {word for words in SPELLINGS.values() for word in words}:
        assert f"`{spelling}" in PAGE, spelling


@pytest.mark.parametrize("place", sorted(set(re.findall(r"`(tests/[\w/]+\.py::\w+)`", PAGE))))
def test_a_test_that_is_named_is_there(place):
    file, _, name = place.partition("::")
    assert f"def {name}(" in (ROOT / file).read_text()
