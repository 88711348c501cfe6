"""Results to files to one page; and a benchmark whose sides differ leaves no result."""

import importlib
import inspect
import json

import numpy as np
import pytest

from benchmarks import BENCHMARKS, homology, reporting
from benchmarks.growth import exponent
from benchmarks.measuring import Measured, Pairs, Skipped
from benchmarks.page import render
from benchmarks.reporting import Findings, Form, Row, Table, guarded, memory_row, speed_row, write_results

PAIRS = Pairs([Measured(None, 1.0, 2**20)] * 5, [Measured(None, 4.0, 4 * 2**20)] * 5, "all equal")
MACHINE = {
    "processor": "P", "processors": 2, "threads": 2, "memory": "8 MiB", "system": "S", "packages": {"numpy": "2"},
    "load before": 0.1,
}  # fmt: skip


def page_of(tmp_path, findings):
    write_results(tmp_path / "homology.json", "homology", "full", MACHINE, findings)
    return render({"homology": json.loads((tmp_path / "homology.json").read_text())})


def test_a_row_says_both_sides_the_spread_the_goal_and_its_command(tmp_path):
    rows = [speed_row("loops", "ripser", PAIRS, 3.0), memory_row("loops", "ripser", PAIRS, 0.2)]
    page = page_of(tmp_path, Findings(rows))
    assert (
        "| loops | ripser | 1 s | 4 s | **4** times as fast (4 to 4; 5 pairs) | at least 3: yes | all equal | "
        "`python -m benchmarks.homology --form full` |"
    ) in page
    assert "| 1 MiB | 4 MiB | **0.25** of its peak memory (0.25 to 0.25; 5 pairs) | at most 0.2: **no** |" in page
    assert "P, 2 processors of which ours used 2, 8 MiB, S; numpy 2." in page


def test_what_was_skipped_stands_apart_with_its_reason(tmp_path):
    def nothing():
        raise Skipped("no accelerator here")

    page = page_of(tmp_path, guarded("a decoder", "the device", nothing))
    assert "| a decoder | no accelerator here | `python -m benchmarks.homology --form full` |" in page


def test_tables_stand_below_the_goals(tmp_path):
    page = page_of(tmp_path, Findings(tables=[Table("Growth", "How time grows.", ["n", "time"], [[5, "1 s"]])]))
    assert "## Growth\n\nHow time grows.\n\n| n | time |\n| --- | --- |\n| 5 | 1 s |" in page


def test_a_benchmark_writes_its_results(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.argv", ["homology", "--form", "tiny", "--threads", "1", "--results", str(tmp_path)])
    reporting.run("homology", homology.measure)
    stored = json.loads((tmp_path / "homology.json").read_text())
    assert stored["command"] == "python -m benchmarks.homology --form tiny"
    assert len(stored["rows"]) == 3
    assert {row["agreement"] for row in stored["rows"]} == {"diagrams equal to 1e-05"}


def test_a_benchmark_whose_sides_differ_fails_and_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.argv", ["homology", "--form", "tiny", "--threads", "1", "--results", str(tmp_path)])
    monkeypatch.setattr(homology, "distances", lambda cloud: 1.001 * np.linalg.norm(cloud[:, None] - cloud, axis=2))
    with pytest.raises(SystemExit, match="the two sides differ in result, and nothing is reported: H0 bars"):
        reporting.run("homology", homology.measure)
    assert not list(tmp_path.iterdir())


def test_what_was_measured_elsewhere_stays_where_nothing_can_be(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.argv", ["accelerator", "--form", "tiny", "--results", str(tmp_path)])
    file = tmp_path / "accelerator.json"
    reporting.run("accelerator", lambda form: Findings([Row("a decoder", "the device", value=0.5)]))
    measured = file.read_text()
    reporting.run("accelerator", lambda form: Findings([Row("a decoder", "the device", skipped="no accelerator")]))
    assert file.read_text() == measured
    file.unlink()
    reporting.run("accelerator", lambda form: Findings([Row("a decoder", "the device", skipped="no accelerator")]))
    assert json.loads(file.read_text())["rows"][0]["skipped"] == "no accelerator"


@pytest.mark.parametrize("name", BENCHMARKS)
def test_every_benchmark_is_a_module_that_measures_a_form(name):
    signature = inspect.signature(importlib.import_module(f"benchmarks.{name}").measure)
    assert [each.annotation for each in signature.parameters.values()] == [Form]
    assert signature.return_annotation is Findings


def test_exponents_are_those_of_powers():
    assert exponent([10, 20, 40], [3.0, 3.0 * 2**1.5, 3.0 * 4**1.5]) == pytest.approx(1.5)


def test_a_row_that_is_skipped_has_no_number():
    assert Row("x", "y", skipped="why").value is None
