"""A record that was altered: the run is named, or read as if nothing was; never a traceback."""

import copy
import json

import pytest

from tests.helpers.records import record
from tests.helpers.results import make_result
from todacomm.core.metrics import RUN_METRICS
from todacomm.jobs.compare import measure_comparison
from todacomm.jobs.export import write_published
from todacomm.reports import headline, interpretation, warnings
from todacomm.reports.blocks import layer_tables, run_table
from todacomm.settings.analysis import AnalysisConfig
from todacomm.settings.comparison import ComparisonConfig
from todacomm.tracking import load_analysis
from todacomm.tracking.files import read_tables, stage

JUNK = {
    "none": None, "text": "junk", "number": 17, "list": [], "mapping": {}, "nested": [[{"a": None}]],
    "nan": float("nan"), "infinity": float("inf"), "true": True, "huge": 10**30, "half": "\ud800",
}  # fmt: skip


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stage")
    stage(make_result(), folder)
    return json.loads((folder / "tables/layers.json").read_text())


def places(value, depth=3):
    """Paths to the values in nested records: the first two entries of a list stand for all."""
    entries = value.items() if isinstance(value, dict) else enumerate(value[:2]) if isinstance(value, list) else ()
    for name, inner in entries:
        yield (name,)
        if depth > 1:
            yield from ((name, *rest) for rest in places(inner, depth - 1))


def altered(stored, place, value, remove=False):
    """A copy with one value replaced or removed."""
    changed = copy.deepcopy(stored)
    inner = changed
    for name in place[:-1]:
        inner = inner[name]
    if remove:
        del inner[place[-1]]
    else:
        inner[place[-1]] = value
    return changed


def use(path):
    """What show, compare and export make of tables, as far as it needs no store."""
    from todacomm.results.layer import LayerResult
    from todacomm.results.result import Result
    from todacomm.settings.analysis import AnalysisConfig

    tables = read_tables(path)
    config = AnalysisConfig.from_flat(tables.settings["options"])
    layers = tuple(LayerResult(name, index, depth, [], {}) for index, name, depth in tables.settings["layers"])
    result = Result(
        config=config, model=tables.model, dataset=tables.dataset, table=tables.layers, nulls=tables.nulls,
        loops=tables.loops, associations=tables.associations, layers=layers, clouds={}, warnings=tables.warnings,
        seconds=tables.settings["seconds"],
    )  # fmt: skip
    return headline(result), interpretation(result), warnings(result), layer_tables(result), run_table(result)


def test_sound_tables_are_used(stored, tmp_path):
    """What is made of a record is what was made of the result that it is of."""
    path, result = tmp_path / "layers.json", make_result()
    path.write_text(json.dumps(stored))
    sentence, parts, texts, tables, rows = use(path)
    assert sentence.startswith("The H0 mean lifetime grows 5.06-fold from the embedding to its peak")
    assert (sentence, parts, texts) == (headline(result), interpretation(result), warnings(result))
    assert [len(table.rows) for table in tables] == [len(result.layers)] * 6
    assert tables == layer_tables(result)
    assert [name for name, *_ in rows] == list(RUN_METRICS)[:6]
    assert rows == run_table(result)


def test_an_option_that_is_younger_than_the_record_has_its_default(stored, tmp_path):
    path = tmp_path / "layers.json"
    for name, one in AnalysisConfig.options().items():
        path.write_text(json.dumps(altered(stored, ("settings", "options", name), None, remove=True)))
        assert read_tables(path).settings["options"][name] == one.default


@pytest.mark.parametrize("step", [36, pytest.param(1, marks=pytest.mark.heavy)])
@pytest.mark.parametrize("junk", [*JUNK, "removed"])
def test_every_value_replaced(stored, tmp_path, junk, step):
    """Every third place with one of the twelve kinds of junk, in turn; all with all of them among the heavy tests."""
    path = tmp_path / "layers.json"
    failures = []
    every = list(places(stored))[3 * [*JUNK, "removed"].index(junk) % step :: step]
    for place in every:
        path.write_text(json.dumps(altered(stored, place, JUNK.get(junk), junk == "removed")))
        try:
            use(path)
        except ValueError as error:
            failures += [] if "layers.json" in str(error) else [f"{place}: {error}"]
        except Exception as error:  # every one of them is a defect: all are listed at once
            failures.append(f"{place}: {type(error).__name__}: {error}")
    assert len(every) > 100 / step
    assert not failures


def spoil(run_id, name, content):
    path = load_analysis(run_id).artifact(name)
    path.write_bytes(content)


@pytest.mark.parametrize("file", ["tables/layers.json", "tables/replicates.npz"])
def test_a_spoilt_run_is_named_and_left_out_of_a_comparison(store, file):
    models = ["alpha", "beta", "gamma"]
    runs = {name: record(make_result(model=name, control=False)) for name in models}
    spoil(runs["beta"], file, b"{}")
    config = ComparisonConfig.from_flat({"geometry": "none"})
    comparison = measure_comparison(config)
    assert sorted(comparison.gathered.runs["model"]) == ["alpha", "gamma"]
    (warning,) = [warning for warning in comparison.warnings if warning.code == "spoilt_run"]
    assert runs["beta"] in warning.text or file in warning.text
    spoil(runs["gamma"], file, b"{}")
    with pytest.raises(ValueError, match="needs two analyses that can be read"):
        measure_comparison(config)


def test_export_takes_no_links_and_names_what_is_broken(store, tmp_path):
    run_id = record(make_result())
    analysis = load_analysis(run_id)
    with pytest.raises(ValueError, match=r"has no report\.md"):
        write_published(analysis, tmp_path / "out")
    place = analysis.artifact("environment.json").parent
    (place / "plots").mkdir(exist_ok=True)
    (tmp_path / "secret").write_text("SECRET")
    (place / "report.md").write_text("`plots/summary.png`")
    (place / "plots/summary.png").symlink_to(tmp_path / "secret")
    with pytest.raises(ValueError, match=r"plots/summary\.png .*a link"):
        write_published(analysis, tmp_path / "out")
    assert not (tmp_path / "out").exists()
