"""The pages keep their word: every command is understood, every message quoted is one, every metric has its page."""

import ast
import doctest
import re
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import click
import pytest
import yaml
from click.testing import CliRunner

from docs.hooks import metric_pages
from tests.conftest import ROOT
from tests.helpers import pages as pages_of_tests
from tests.helpers.pages import PAGES, all_commands, blocks, words
from todacomm.cli import COMMANDS as COMMANDS_OF_CONSOLE
from todacomm.cli import main
from todacomm.core.metrics import LAYER_METRICS, RUN_METRICS
from todacomm.results.table import ASSOCIATION_COLUMNS, COLUMNS, LOOP_COLUMNS, NULL_COLUMNS
from todacomm.results.texts import TEXT_COLUMNS

ELSEWHERE = {
    "python3 -m venv": "test_wheel and test_environments make environments of their own",
    "pip install": "test_wheel and `make install` install; a cluster's nodes do so by themselves",
    "mlflow ui": "the browser's tests start it",
    "mlflow server": "tests/tracking/test_server.py starts one",
    "mlflow run . --env-manager=virtualenv": "test_environments runs it, with a Python that pyenv has already",
    "mlflow run . --env-manager=uv": "test_environments runs it",
    "export MLFLOW_TRACKING_URI": "a setting of the shell",
    "ray start": "test_sweep_clusters starts a head and a second node",
    "dask scheduler": "test_sweep_clusters starts one",
    "dask worker": "test_sweep_clusters starts some",
    "eval": "tests/cli/test_main.py asks for the completion",
}
"""Beginning of a command that is no program of ours -> where it is tried."""
COMMANDS = [pytest.param(command, id=f"{page.stem}: {command}") for page, command in all_commands()]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_understood(command):
    """Parsed to its last option, and not run: tests/heavy/test_docs_run.py runs what can run here."""
    typed = words(command)
    match typed:
        case ["todacomm", "--help"]:
            assert CliRunner().invoke(main, ["--help"]).exit_code == 0
        case ["todacomm", name, *options]:
            parsed(main.get_command(None, name), options)
        case ["python", "-m", module, *options] if module.startswith("entrypoints."):
            parsed(import_module(module).main, options)
        case ["mlflow", "run", ".", *options] if not elsewhere(command):
            check_mlflow_run(options)
        case ["make", target]:
            assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
        case _:
            assert elsewhere(command), f"no test knows what to make of {command!r}"


def test_every_command_of_the_console_has_an_example():
    typed = {words(command)[1] for page, command in all_commands() if command.startswith("todacomm ")}
    assert typed >= {name for section in COMMANDS_OF_CONSOLE.values() for name in section}


def elsewhere(command: str) -> str:
    """Where a command is tried that is no program of ours; empty for one that is."""
    typed = " ".join(words(command) or command.split())
    return next((where for start, where in ELSEWHERE.items() if typed.startswith(start)), "")


def parsed(command: click.Command, options: list[str]) -> None:
    with command.make_context("command", options) as context:
        assert isinstance(context, click.Context)


def check_mlflow_run(options: list[str]) -> None:
    """Its entry point and its parameters are MLproject's, and their values parse."""
    entry_points = yaml.safe_load((ROOT / "MLproject").read_text())["entry_points"]
    entry = options[options.index("-e") + 1] if "-e" in options else "main"
    given = dict(pair.split("=", 1) for flag, pair in pairwise(options) if flag == "-P")
    assert set(given) <= set(entry_points[entry]["parameters"])
    module = import_module(f"entrypoints.{'analyze' if entry == 'main' else entry}")
    parsed(module.main, [f"--{name.replace('_', '-')}={value}" for name, value in given.items()])


def test_what_is_tried_elsewhere_still_stands_in_the_pages():
    typed = [" ".join(words(command) or command.split()) for _, command in all_commands()]
    assert [start for start in ELSEWHERE if not any(command.startswith(start) for command in typed)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_program_on_a_page_compiles(page):
    for block in blocks(page, "python"):
        compile(block, str(page), "exec")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_link_to_a_file_finds_it(page):
    for target in re.findall(r"\]\(((?!https?:|#)[^)#\s]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{target}: whoever reads it in a checkout has no built site"


def messages() -> set[str]:
    """Every text in the program, with … where something is put in."""
    found = set()
    for file in (ROOT / "todacomm").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = (str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
                found.add("".join(parts))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return found


def test_a_message_in_the_troubleshooting_is_one_of_the_program():
    page = (ROOT / "docs/troubleshooting.md").read_text(encoding="utf-8")
    cells = [line.split(" | ")[0].removeprefix("| ") for line in page.splitlines() if line.startswith("| `")]
    quoted = [text for cell in cells for text in re.findall(r"`([^`]+)`", cell)]
    of_others = {"pip install", "mlflow run", "mlflow run .", "mlflow ui"}
    known = messages()
    missing = [
        text
        for text in quoted
        if text not in of_others and not any(re.search(_pattern(text), message) for message in known)
    ]
    assert missing == []
    assert len(quoted) > 30


def _pattern(quoted: str) -> str:
    return "…+".join(map(re.escape, quoted.split("…")))


def test_every_metric_has_a_page_with_a_formula():
    pages = metric_pages.pages()
    for name in (*LAYER_METRICS, *RUN_METRICS):
        assert re.search(r"`[^`]*[a-z#][^`]*`", metric_pages.definition(name).text), name
        assert f"metrics/{name}.md" in pages
        assert f"[{name}]({name}.md)" in pages["metrics/index.md"]


@pytest.mark.parametrize("name", LAYER_METRICS)
def test_the_page_of_a_metric_says_what_the_registry_says(name):
    metric, behaviour = LAYER_METRICS[name], part(metric_pages.page(name), "How it behaves")
    begins = [line.removeprefix("* ").split(":")[0] for line in behaviour.splitlines()]
    assert begins[0] == ("Scale-free" if metric.scale_free else "Raw")
    assert ("It grows with the number of points" in begins) == metric.grows
    assert ("No interval from half-samples" in behaviour) == (not metric.interval)
    assert ("wider than necessary" in behaviour) == metric.conservative
    assert (f"Below the null: {metric.below}. Above: {metric.above}." in behaviour) == bool(metric.below)
    assert ("is absolute" in behaviour) == (metric.interval and not metric.relative)
    assert (f"a margin of its own for it: {100 * (metric.margin or 0):.0f} %" in behaviour) == bool(metric.margin)
    assert behaviour.count("95 % interval from half-samples") == metric.interval
    tails = {"judges it in its upper tail": "upper", "judges it in both tails": "two-sided", "No p-value": None}
    assert [tail for phrase, tail in tails.items() if phrase in behaviour] == [metric.null_tail]
    twins = re.findall(r"With scale divided out: \[`(\w+)`\]\((\w+)\.md\)", behaviour)
    assert twins == ([(metric.twin, metric.twin)] if metric.twin else [])
    sources = re.findall(r"^\* \[(.*?)\]\(https://", part(metric_pages.page(name), "Sources"), flags=re.MULTILINE)
    assert tuple(sources) == metric.source


@pytest.mark.parametrize("name", RUN_METRICS)
def test_the_page_of_a_ratio_says_of_what_it_is(name):
    metric, page = RUN_METRICS[name], metric_pages.page(name)
    ratio = re.findall(r"`T` is \[`(\w+)`\]\(\w+\.md\), the start is `(\w+)`", page)
    assert ratio == ([(metric.peak_of, metric.start)] if metric.peak_of else [])
    assert part(page, "How it behaves").startswith("* One number a run: no depth, and no null model.")


def test_the_page_of_a_metric_has_what_is_known_of_it():
    page = metric_pages.page("h1_total_persistence")
    assert "`sum(l)`" in part(page, "Definition")
    assert (
        part(page, "A known value")
        == "```pycon\n>>> total_persistence(np.array([1.0, 1.0, 1.0]))  # the unit square\n3.0\n```"
    )
    assert "`tda/h1_total_persistence`" in part(page, "In the record")


def part(page, title):
    """What stands under a title of a page; empty without such a title."""
    return re.split(r"^## ", page.partition(f"## {title}\n")[2], maxsplit=1, flags=re.MULTILINE)[0].strip()


def test_the_examples_of_the_pages_own_functions_hold():
    for module in (metric_pages, pages_of_tests):
        assert doctest.testmod(module).failed == 0
        assert doctest.testmod(module).attempted > 0


def test_a_report_has_the_parts_in_the_order_that_its_page_says():
    template = (ROOT / "templates/model_report.md.j2").read_text(encoding="utf-8")
    headings = re.findall(r"^## (.*)$", template, flags=re.MULTILINE)
    page = (ROOT / "docs/how-to/reading-a-report.md").read_text(encoding="utf-8")
    parts = [
        name
        for line in re.findall(r"^\d\. .*$", page, flags=re.MULTILINE)
        for name in re.findall(r"\*\*(.*?)\*\*", line)
    ]
    assert parts == ["Warnings", *headings]


def test_a_docstring_without_the_formula_is_an_error():
    with pytest.raises(ValueError, match="function of h1_count has no formula"):
        metric_pages.defined_by("The number of bars.", "h1_count")


def test_pages_name_no_file_that_is_not_there():
    for page in PAGES:
        for place in re.findall(r"`((?:tests|todacomm|benchmarks|configs|templates)/[\w/.-]+\.\w+)`", page.read_text()):
            assert Path(ROOT / place).exists(), f"{page.name}: {place}"


def test_the_page_of_the_record_names_every_column():
    page = (ROOT / "docs/record.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([a-z_0-9]+)`", page))
    columns = {*COLUMNS, *NULL_COLUMNS, *LOOP_COLUMNS, *ASSOCIATION_COLUMNS, *TEXT_COLUMNS}
    assert columns - named == set()
