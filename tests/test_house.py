"""The house: which room may import which, where the heavy libraries are, and what stands at the package's root."""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.conftest import ROOT

PACKAGE = ROOT / "todacomm"
FLOORS = (
    ("cli",),
    ("jobs",),
    ("reports",),
    ("explorer",),
    ("figures",),
    ("comparison", "gates", "convergence", "sweeps"),
    ("analysis",),
    ("tracking",),
    ("activations", "models", "texts"),
    ("results",),
    ("settings",),
    ("core",),
    ("system",),
    ("demo",),
)
"""From top to bottom: a room imports from the floors below, and from neighbours that do not import from it."""
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
ONLY_IN = {"mlflow": {"tracking"}, "matplotlib": {"figures"}}
"""Heavy libraries and the rooms that may import them, wherever in a file the import stands."""
NOT_IN_CORE = {"torch", "transformers", "mlflow", "matplotlib", "pandas"}
EXCEPTIONS: dict[str, str] = {}
"""File -> what it imports although it may not; each one is a defect."""


def rooms_and_files() -> Iterator[tuple[str, Path]]:
    for file in sorted(PACKAGE.rglob("*.py")):
        room, *inside = file.relative_to(PACKAGE).parts
        if inside:
            yield room, file


def imported(file: Path) -> set[str]:
    """Every module that a file imports, inside functions too."""
    modules = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules |= (
                {f"{node.module}.{name.name}" for name in node.names} if node.module == "todacomm" else {node.module}
            )
    return modules


def arrows() -> dict[tuple[str, str], set[str]]:
    """From room to room: the files in which an import of the one from the other stands."""
    between: dict[tuple[str, str], set[str]] = {}
    for room, file in rooms_and_files():
        for module in imported(file):
            first, *rest = module.split(".")
            if first == "todacomm" and rest and rest[0] in FLOOR and rest[0] != room:
                between.setdefault((room, rest[0]), set()).add(str(file.relative_to(ROOT)))
    return between


def test_every_room_has_its_floor():
    assert {room for room, _ in rooms_and_files()} <= set(FLOOR)


def test_no_import_runs_upward():
    upward = {
        f"{file} imports {above}"
        for (room, above), files in arrows().items()
        if FLOOR[above] < FLOOR[room]
        for file in files
        if EXCEPTIONS.get(file) != above
    }
    assert sorted(upward) == []


def test_the_rooms_form_no_circle():
    below = {room: {other for one, other in arrows() if one == room} for room in FLOOR}
    assert len(list(TopologicalSorter(below).static_order())) == len(FLOOR)


def test_every_exception_is_still_needed():
    known = {(file, above) for (_, above), files in arrows().items() for file in files}
    assert set(EXCEPTIONS.items()) <= known


@pytest.mark.parametrize("library", ONLY_IN)
def test_a_heavy_library_has_its_room(library):
    elsewhere = [
        str(file.relative_to(ROOT))
        for room, file in rooms_and_files()
        if room not in ONLY_IN[library] and any(module.split(".")[0] == library for module in imported(file))
    ]
    assert elsewhere == []


def test_the_core_stands_on_numpy_and_scipy_alone():
    modules = {module for room, file in rooms_and_files() if room == "core" for module in imported(file)}
    assert not {module.split(".")[0] for module in modules} & NOT_IN_CORE
    assert {module.split(".")[1] for module in modules if module.startswith("todacomm.")} <= {"core", "system"}


def test_at_the_root_of_the_package_stand_two_modules_and_rooms():
    assert {file.name for file in PACKAGE.glob("*.py")} == {"__init__.py", "__main__.py"}


def test_the_reader_of_imports_reads_them():
    """Those at the top of a file, and those inside a function."""
    assert {"numpy", "todacomm.core.lunes"} <= imported(PACKAGE / "core" / "homology.py")
    assert ("analysis", "core") in arrows()


def test_no_name_is_a_word_that_says_nothing():
    """A reader of the field looks for its own words: what was found, seen or told is a cloud, a table, a verdict."""
    empty = {"found", "seen", "told", "tell", "said", "who", "belief", "kept", "apart", "mend"}
    folders = (PACKAGE, *(ROOT / name for name in ("benchmarks", "docs", "entrypoints", "training")))
    names = {
        f"{file.relative_to(ROOT)}: {name}"
        for folder in folders
        for file in folder.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        for name in (getattr(node, field, None) for field in ("id", "arg", "attr", "name", "asname"))
        if isinstance(name, str) and not empty.isdisjoint(name.lower().split("_"))
    }
    assert sorted(names) == []
