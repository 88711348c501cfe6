"""The table of commands: complete, quick to print, and clear about a wrong word."""

import json
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from todacomm.cli import COMMANDS, main
from todacomm.models.presets import PRESETS

NAMES = [name for section in COMMANDS.values() for name in section]
HEAVY = {"torch", "transformers", "mlflow", "pandas", "matplotlib", "datasets", "rich", "scipy"}


@pytest.mark.parametrize("line", ["--help", "--version", "list-models", *(f"{name} --help" for name in NAMES)])
def test_help_and_lists_import_nothing_heavy(line):
    code = (
        "import sys, json\n"
        "from todacomm.cli import main\n"
        f"main({line.split()!r}, standalone_mode=False, prog_name='todacomm')\n"
        "print(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert not HEAVY & set(json.loads(done.stderr.splitlines()[-1]))
    assert done.stdout


def test_help_names_every_command_the_exit_codes_and_the_completion(todacomm):
    text = todacomm("--help").output
    assert all(f"  {name} " in text for name in NAMES)
    assert all(code in text for code in ("0  ", "1  ", "2  ", "130", "143"))
    assert "_TODACOMM_COMPLETE=bash_source" in text


def test_a_gate_has_exit_codes_of_its_own_between_those_of_all(todacomm):
    def codes(line: str) -> list[list[str]]:
        return [row.split(maxsplit=1) for row in todacomm(line).output.partition("Exit codes\n")[2].splitlines()]

    *least, interrupted, ended = codes("run --help")
    assert [code for code, _ in [*least, interrupted, ended]] == ["0", "1", "2", "130", "143"]
    own = [["3", "different"], ["4", "not enough texts"]]
    assert codes("gate --help") == [*least, *own, interrupted, ended]


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_a_sentence_that_fits_a_line(todacomm, name):
    short = main.get_command(None, name).get_short_help_str(60)
    assert short
    assert not short.endswith("...")


def test_a_wrong_command_names_the_nearest(todacomm):
    result = todacomm("shwo latest")
    assert result.exit_code == 2
    assert "did you mean show?" in result.output


def test_completion_knows_the_commands(shell):
    done = shell("", _TODACOMM_COMPLETE="bash_complete", COMP_WORDS="todacomm li", COMP_CWORD="1")
    assert {line.partition(",")[2] for line in done.stdout.split()} == {"list-configs", "list-models"}


def test_list_models_has_every_preset_as_fields(todacomm):
    lines = todacomm("list-models").stdout.splitlines()
    assert [line.split("\t")[0] for line in lines] == ["name", *PRESETS]
    assert "gpt2\tgpt2\topenai-community/gpt2\t124M" in lines
