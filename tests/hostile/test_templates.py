"""A template of one's own: what it may include, and that it ends."""

import time

import pytest

from todacomm.reports import own_template
from todacomm.reports.render import check_template, render_markdown

ENDLESS = [
    "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "{% for a in range(99999) %}{% for b in range(99999) %}{{ b }}{% endfor %}{% endfor %}",
    "{{ 9 ** 9 ** 9 }}",
    "{{ 'a' * 99 ** 9 }}",
    "{{ ['a'] * (999999 * 999) }}",
    "{{ 'a'.ljust(10000000000) }}",
    "{{ 'a' | center(10000000000) }}",
    "{{ '%9999999999d' | format(1) if false else 10000000000000 }}",
    "{{ '%500000000d' % 1 }}",
    "{{ '%500000000d' | format(1) }}",
    "{% set ns = namespace(x='ab') %}{% for a in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}{{ ns.x }}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{% include 'own.md.j2' %}",
    "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    "{{ 1 / 0 }}",
    "{{ title.__class__.__mro__ }}",
    "{{ [].append.__self__.__reduce__ }}",
    "{{ none.a.b }}",
]


@pytest.mark.parametrize("source", ENDLESS)
def test_a_template_ends(tmp_path, monkeypatch, source):
    monkeypatch.setattr(own_template, "SECONDS", 0.3)
    template = tmp_path / "own.md.j2"
    template.write_text(source)
    start = time.monotonic()
    with pytest.raises(ValueError, match=r"own\.md\.j2"):
        render_markdown(template, {"title": "a"})
    assert time.monotonic() - start < 10


@pytest.mark.parametrize(
    "name", [".env", "sub/a.md.j2", "../secret.j2", "/etc/passwd", "link.j2", "id_rsa", "./a.txt", "none.j2"]
)
@pytest.mark.parametrize("word", ["include", "extends", "import"])
def test_no_file_but_templates_beside_it_can_be_included(tmp_path, name, word):
    folder = tmp_path / "templates"
    (folder / "sub").mkdir(parents=True)
    for secret in (
        folder / ".env",
        folder / "sub/a.md.j2",
        tmp_path / "secret.j2",
        folder / "id_rsa",
        folder / "a.txt",
    ):
        secret.write_text("SECRET")
    (folder / "link.j2").symlink_to(tmp_path / "secret.j2")
    (folder / "own.md.j2").write_text(f"{{% {word} {name!r} {'as a' if word == 'import' else ''} %}}")
    with pytest.raises(ValueError, match=r"own\.md\.j2") as error:
        render_markdown(folder / "own.md.j2", {})
    assert "SECRET" not in str(error.value)


def test_templates_beside_it_and_those_of_the_project_can_be_included(tmp_path):
    (tmp_path / "part.md.j2").write_text("a part of {{ title }}")
    (tmp_path / "own.txt").write_text("{% include 'part.md.j2' %} and {% include 'partials/warnings.md.j2' %}")
    check_template(tmp_path / "own.txt")
    assert "a part of b" in render_markdown(tmp_path / "own.txt", {"title": "b", "warnings": []})


def test_a_large_template_is_refused(tmp_path):
    (tmp_path / "own.md.j2").write_text("a" * 1_000_001)
    with pytest.raises(ValueError, match=r"has 1\.0 MB"):
        check_template(tmp_path / "own.md.j2")
