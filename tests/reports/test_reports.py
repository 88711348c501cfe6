"""A report has its sections in order, needs nothing else, and shows any name as it is."""

import html
import re
import shlex
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.results import make_result
from todacomm.core.facts import RunWarning
from todacomm.figures.registry import draw_all
from todacomm.reports import (
    Markdown,
    describe_run,
    render_html,
    render_markdown,
    report_context,
    write_reports,
)
from todacomm.reports.blocks import layer_tables
from todacomm.reports.formats import plus_minus
from todacomm.reports.model import mlflow_command, python_call
from todacomm.reports.page import LONG_TABLE
from todacomm.reports.render import check_template, escape_markdown, one_line
from todacomm.results.loops import loop_pictures
from todacomm.results.result import Result
from todacomm.settings.analysis import AnalysisConfig
from todacomm.system.shipped import shipped

SECTIONS = [
    "Warnings",
    "Results",
    "Interpretation",
    "Layers",
    "Figures",
    "Settings",
    "Glossary",
    "How to reproduce",
]
NASTY = [
    "<img src=x onerror=alert(1)>",
    "a|b*c _d_ `e` ~~f~~",
    "--><script>alert(1)</script>",
    "[x](javascript:alert(1)) ![y](http://example.org/z.png)",
    "&lt;b&gt; &amp; {{ 7*7 }} {% raw %}",
    "```\n# heading\n| --- |",
]


class Page(HTMLParser):
    """Tags, attributes, and the text of a page by the innermost tag."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.text: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        self._open.append(tag)
        self.text.setdefault(tag, []).append("")

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self._open:
            self.text[self._open[-1]][-1] += data


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Path]:
    folder = tmp_path_factory.mktemp("report")
    result = make_result(4, degenerate_embedding=True, warnings=("3 % of the texts were cut at max_length",))
    draw_all(result, folder)
    write_reports(report_context(result), folder)
    return result, folder


def test_sections_stand_in_their_order(written: tuple[Result, Path]) -> None:
    _, folder = written
    markdown = (folder / "report.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", markdown, flags=re.MULTILINE) == SECTIONS
    page = Page((folder / "report.html").read_text(encoding="utf-8"))
    assert page.text["h2"] == SECTIONS


def test_the_page_needs_nothing_else(written: tuple[Result, Path]) -> None:
    _, folder = written
    source = (folder / "report.html").read_text(encoding="utf-8")
    page = Page(source)
    assert "http" not in source.replace("http-equiv", "")
    assert not {"script", "link", "iframe", "object", "base", "form"} & page.tags
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    for name, value in page.attributes:
        if name in ("src", "href", "xlink:href"):
            assert value.startswith(("#", "data:image/png;base64,"))
    assert "url(" not in re.sub(r"url\(#[^)]+\)", "", source)


def test_the_contents_lead_to_every_heading(written: tuple[Result, Path]) -> None:
    _, folder = written
    source = (folder / "report.html").read_text(encoding="utf-8")
    page = Page(source)
    links = [value for name, value in page.attributes if name == "href" and re.match(r"#(?!figure\d)", value)]
    anchors = re.findall(r'<h[23] id="([^"]+)">', source)
    assert links == [f"#{anchor}" for anchor in anchors]
    assert len(set(anchors)) == len(page.text["h2"]) + len(page.text["h3"])


def test_long_tables_are_folded_and_short_ones_open() -> None:
    head = "| a | b | c |\n|:---|---:|---:|\n"
    for rows, folds in ((LONG_TABLE, 0), (LONG_TABLE + 1, 1)):
        source = render_html(head + "| 1 | 2 | 3 |\n" * rows, "title")
        assert source.count("<details><summary>") == source.count("</details>") == folds
    assert f"Table with {LONG_TABLE + 1} rows" in source


def test_the_page_holds_every_figure_the_markdown_names(written: tuple[Result, Path]) -> None:
    result, folder = written
    files = re.findall(r"^`(plots/.+)`$", (folder / "report.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    source = (folder / "report.html").read_text(encoding="utf-8")
    assert len(files) == source.count("<figure><svg") == 7 + len(loop_pictures(result))
    assert all((folder / name).is_file() and name not in source for name in files)
    ids = re.findall(r' id="([^"]+)"', source)
    assert len(ids) == len(set(ids))
    used = set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', source))
    assert {name for pair in used for name in pair if name} <= set(ids)


def test_without_figures_their_names_remain(tmp_path: Path) -> None:
    files = write_reports(report_context(make_result(2, n_points=30)), tmp_path)
    source = files["report.html"].read_text(encoding="utf-8")
    assert "<code>plots/summary.png</code>" in source
    assert "<svg" not in source


def test_warnings_come_first_and_once(written: tuple[Result, Path]) -> None:
    result, folder = written
    few = [RunWarning("degenerate", "few points", f"layer_{i}") for i in range(2)]
    warnings = (*few, RunWarning("truncated", "texts were cut"))
    repeated = replace(result, warnings=warnings)
    assert report_context(repeated)["warnings"] == ["layer_0 and layer_1: few points", "texts were cut"]
    encoder = replace(result, model=replace(result.model, kind="encoder", pooling="cls"))
    assert report_context(encoder)["warnings"][0] == "3 % of the texts were cut at max_length"
    assert [w for w in report_context(encoder)["warnings"] if w.startswith("embedding: ")] == [
        "embedding: not defined by construction: with CLS pooling it is one point for any texts"
    ]
    assert "Warnings" not in describe_run(report_context(replace(result, warnings=())))
    assert "3 % of the texts were cut" in (folder / "report.md").read_text(encoding="utf-8")


def test_what_is_not_defined_says_so_with_its_reason(written: tuple[Result, Path]) -> None:
    _, folder = written
    markdown = (folder / "report.md").read_text(encoding="utf-8")
    assert "nan" not in re.split(r"\W+", markdown)
    assert re.search(r"^\| embedding \|.*not defined", markdown, flags=re.MULTILINE)
    assert "- embedding: 1 distinct point of 60: no shape to measure." in markdown
    assert "not defined (the embedding is degenerate)" in markdown
    assert "In no layer: Spectral exponent." in markdown


def test_numbers_carry_the_half_width_of_their_interval(written: tuple[Result, Path]) -> None:
    result, folder = written
    rows = result.table[(result.table["metric"] == "h1_max_norm") & (result.table["layer"] == "layer_0")]
    row = rows[rows["control"] == ""].iloc[0]
    assert row["lo"] < row["value"] < row["hi"]
    shown = plus_minus(row["value"], (row["hi"] - row["lo"]) / 2)
    assert "±" in shown
    (table,) = [table for table in layer_tables(result) if table.title.startswith("H1")]
    (cells,) = [cells for cells in table.rows if cells[0] == "layer_0"]
    assert shown in cells
    assert shown in (folder / "report.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NASTY)
def test_a_name_neither_breaks_nor_injects(name: str, tmp_path: Path) -> None:
    result = make_result(2, n_points=30, model=name, warnings=(name,))
    plain = make_result(2, n_points=30, warnings=("w",))
    page = Page(write_reports(report_context(result), tmp_path)["report.html"].read_text(encoding="utf-8"))
    usual = Page(write_reports(report_context(plain), tmp_path)["report.html"].read_text(encoding="utf-8"))
    assert page.tags == usual.tags
    assert len(page.text["td"]) == len(usual.text["td"])
    shown = " ".join(name.split())
    assert page.text["h1"] == [f"{shown} on pydoc"]
    assert page.text["title"] == [f"{shown} on pydoc"]
    assert shown in page.text["li"]


@given(st.text(alphabet="ab1 .\\`*_{}[]()<>#+-=!|~&;:/\"'$%\n", max_size=24), st.text(max_size=6))
def test_escaped_text_is_shown_as_it_is(nasty: str, any_text: str) -> None:
    text = "x".join(part for part in (nasty, any_text) if part)
    shown = one_line(text)
    escaped = escape_markdown(text)
    sample = f"# {escaped}\n\n- {escaped}\n\n| a |\n|:---|\n| {escaped} |\n\n{escaped}\n"
    page = Page(render_html(sample, "title"))
    assert page.tags <= {"html", "head", "meta", "title", "style", "body", "main", "h1", "ul", "li", "div", "table",
                         "thead", "tbody", "tr", "th", "td", "p"}  # fmt: skip
    for tag in ("h1", "li", "td"):
        assert [" ".join(t.split()) for t in page.text[tag]] == [shown], tag
    assert [" ".join(t.split()) for t in page.text.get("p", [""])] == [shown]


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "model": st.text(alphabet="ab/'\"$` \\-", min_size=1).filter(lambda name: name.strip()),
            "samples": st.integers(10, 900),
            "standardize": st.booleans(),
            "max_length": st.none() | st.integers(2, 99),
            "null_kinds": st.sampled_from(["rotation", "rotation,random_weights"]),
        },
    )
)
def test_the_commands_say_the_same_settings_again(options: dict[str, object]) -> None:
    config = AnalysisConfig.from_flat(options)
    words = shlex.split(mlflow_command(config))
    assert words[:4] == ["mlflow", "run", ".", "--env-manager=local"]
    given_again = dict(word.split("=", 1) for word in words[5::2])
    assert AnalysisConfig.from_flat(given_again) == config
    call = python_call(config).splitlines()[-1].removeprefix("analysis = todacomm.analyze")
    assert AnalysisConfig.from_flat(eval(f"dict{call}")) == config


def test_a_users_template_runs_in_a_sandbox(tmp_path: Path) -> None:
    template = tmp_path / "own.md.j2"
    template.write_text("# {{ title }}\n\n{% include 'partials/numbers.md.j2' %}\n{{ bold }}", encoding="utf-8")
    context = {"title": "a*b", "numbers": [("n", "1", "meaning")], "bold": Markdown("**b**")}
    assert render_markdown(template, context).startswith("# a\\*b\n\n| Number |")
    assert render_markdown(template, context).endswith("**b**\n")
    for source, complaint in {
        "{{ titel }}": "'titel' is undefined",
        "{{ ''.__class__.__mro__ }}": "unsafe",
        "{{ numbers.append(1) }}": "unsafe",
        "{% for %}": "line 1",
        "{% include '../secret' %}": "secret",
        "{{ 1 / 0 }}": "division",
        "{{ range(10 ** 9) | list }}": "range",
    }.items():
        template.write_text(source, encoding="utf-8")
        with pytest.raises(ValueError, match=complaint):
            render_markdown(template, context)
    with pytest.raises(ValueError, match=r"missing\.md\.j2"):
        render_markdown(tmp_path / "missing.md.j2", context)
    template.write_bytes(b"\xff\xfe")
    with pytest.raises(ValueError, match="cannot be read as a template"):
        render_markdown(template, context)


def test_every_template_of_the_project_can_be_read_and_includes_what_is_there() -> None:
    names = sorted(path.relative_to(shipped("templates")).as_posix() for path in shipped("templates").rglob("*.j2"))
    assert "model_report.md.j2" in names
    for name in names:
        source = (shipped("templates") / name).read_text(encoding="utf-8")
        check_template(shipped("templates") / name)
        assert set(re.findall(r'{% include "([^"]+)" %}', source)) <= set(names)


def test_a_run_is_described_by_its_warnings_headline_and_numbers() -> None:
    result = make_result(3, n_points=40, warnings=("careful",))
    context = report_context(result)
    note = describe_run(context)
    assert html.unescape(note) == note
    assert note.index(context["headline"][:40]) < note.index("careful") < note.index("| expansion_ratio |")
    assert [line.split(" | ")[0].removeprefix("| ") for line in note.splitlines() if line.startswith("| ")][1:] == [
        name for name, _, _ in context["numbers"]
    ]
    assert {"expansion_ratio", "perplexity"} <= {name for name, _, _ in context["numbers"]}


@pytest.mark.parametrize(("figures", "files"), [("none", set()), ("summary", {"summary.png", "summary.svg"})])
def test_pictures_that_are_not_asked_for_are_not_drawn_nor_named(tmp_path, figures, files):
    result = make_result(3, n_points=30)
    result = replace(result, config=replace(result.config, record=replace(result.config.record, figures=figures)))
    draw_all(result, tmp_path)
    assert {path.name for path in (tmp_path / "plots").rglob("*.*")} == files
    write_reports(report_context(result), tmp_path)
    report = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert ("plots/summary.png" in report) == (figures == "summary")
    assert "plots/diagrams" not in report
    assert "## Figures" not in report
