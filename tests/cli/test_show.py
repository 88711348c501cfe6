"""``todacomm show`` and ``export``: an analysis by any of its names, on the terminal and in the published files."""

import json
import math
import os
import pty
import subprocess
import sys

import pandas as pd
import pytest

import todacomm as library
from tests.cli.conftest import SMALL
from tests.conftest import ROOT
from tests.helpers.records import record
from tests.helpers.results import add_streams, make_result
from todacomm.cli.show import short_table
from todacomm.core.streams import kind_of
from todacomm.reports import headline, interpretation

DIGITS = "0123456789abcdef"


@pytest.fixture
def analysis(store, todacomm):
    """The bundled encoder, whose embedding is one point: every undefined number is in it."""
    assert todacomm(f"run --model demo-encoder -o mine {SMALL}").exit_code == 0
    return library.load_analysis(library.search_analyses()["run_id"][0])


@pytest.mark.parametrize("name", ["id", "beginning", "name", "latest"])
def test_an_analysis_is_found_by_any_of_its_names(store, todacomm, name):
    run_id = record(make_result(run_name="mine"))
    typed = {"id": run_id, "beginning": run_id[:6], "name": "mine", "latest": "latest"}[name]
    assert f"mine  {run_id}" in todacomm(f"show {typed}").stdout


def test_what_does_not_fit_or_fits_twice_is_listed_with_what_there_is(store, todacomm):
    none = todacomm("show latest")
    assert (none.exit_code, "no analysis is finished" in none.stderr) == (1, True)
    first, second = (record(make_result(run_name="twice", seed=seed)) for seed in (0, 1))
    twice = todacomm("show twice")
    assert twice.exit_code == 1
    assert twice.stderr.index(second[:8]) < twice.stderr.index(first[:8])
    unknown = todacomm("show zzz")
    assert unknown.exit_code == 1
    assert "no finished analysis 'zzz'" in unknown.stderr
    assert "no run" in todacomm(f"show {'0' * 32}").stderr


def test_a_run_that_is_called_as_its_model_means_the_newest(store, todacomm):
    """As those of clouds of one's own are."""
    for seed in (0, 1):
        newest = record(make_result(run_name="mine", model="mine", seed=seed))
    assert f"mine  {newest}" in todacomm("show mine").stdout


def test_latest_is_the_one_that_began_last(store, todacomm):
    record(make_result(run_name="old"))
    assert todacomm(f"show {record(make_result(run_name='new'))}").stdout == todacomm("show latest").stdout


def test_what_only_reads_imports_nothing_that_computes(store):
    """Half a second of the wait for it."""
    record(make_result(run_name="mine"))
    code = (
        "import atexit, json, sys\n"
        "atexit.register(lambda: print(json.dumps(sorted(sys.modules)), file=sys.stderr))\n"
        "from todacomm.cli import main\n"
        "main(['show', 'latest'])"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    computing = {"torch", "numba", "sklearn", "scipy.spatial", "scipy.sparse", "scipy.special", "scipy.cluster"}
    assert not computing & set(json.loads(done.stderr.splitlines()[-1]))
    assert "mine" in done.stdout


def test_show_says_what_the_report_says(analysis, todacomm):
    text = todacomm("show latest").stdout
    result = analysis.result()
    assert headline(result) in text
    assert all(f"- {line}" in text for lines in interpretation(result).values() for line in lines)
    assert "warning: embedding: not defined by construction" in text
    table = [line.split("\t") for line in text.splitlines() if line.count("\t") > 2]
    assert [row[0] for row in table] == ["layer", *analysis.layer_names]
    assert len({len(row) for row in table}) == 1

    full = todacomm("show latest --full").stdout
    report = analysis.artifact("report.md").read_text()
    for title in ("Health of the clouds", "H1 in units of the median distance", "Raw persistence"):
        assert f"### {title}\n" in report
        assert f"\n{title}\n" in full


def on_a_terminal(line, folder, **environment):
    """What a command prints where stdout is a terminal of 100 columns."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.environ.update({"PYTHONPATH": str(ROOT), "COLUMNS": "100", "TERM": "xterm-256color"} | environment)
        os.execv(sys.executable, [sys.executable, "-m", "todacomm", *line.split()])
    text = b""
    try:
        while part := os.read(terminal, 4096):
            text += part
    except OSError:
        pass  # a terminal whose program has ended cannot be read
    os.close(terminal)
    return text.decode(), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_what_is_added_to_the_residual_stream_has_rows_of_its_own():
    header, rows = short_table(add_streams(make_result(4, n_points=30)))
    names = [row[header.index("layer")] for row in rows]
    assert names[:4] == ["embedding", "layer_0", "layer_1", "final"]
    assert {kind_of(name) for name in names[4:]} == {"attention", "ffn"}


def test_a_terminal_gets_tables_and_colours_unless_it_does_not_want_them(store):
    record(make_result())
    coloured, code = on_a_terminal("show latest", store)
    assert code == 0
    assert "\x1b[1m" in coloured
    assert "\x1b[33m" in coloured or "warning" not in coloured
    assert "───" in coloured
    assert "\t" not in coloured
    plain, _ = on_a_terminal("list-models", store, NO_COLOR="1")
    assert "\x1b[3" not in plain
    assert "───" in plain


def test_export_writes_the_published_files_with_our_values(analysis, todacomm, tmp_path):
    result = todacomm("export latest out")
    assert result.exit_code == 0, result.output
    out = tmp_path / "out"
    run = out / "runs/run_0"
    for name in ("tda_summary", "layer_persistence", "betti_curves"):
        assert (run / f"visualizations/{name}.png").read_bytes().startswith(b"\x89PNG")

    summaries = json.loads((run / "tda_summaries.json").read_text(), parse_constant=pytest.fail)
    keys = [f"H{k}_{name}" for k in (0, 1) for name in ("count", "total_persistence", "max_lifetime")]
    layers = analysis.by_layer()
    assert list(summaries) == list(layers.index)
    for layer, summary in summaries.items():
        assert list(summary) == keys
        for key, value in summary.items():
            expected = layers.loc[layer, key.lower()]
            assert math.isnan(expected) if value is None else value == expected
    assert set(summaries["embedding"].values()) == {None}

    metrics = json.loads((run / "metrics.json").read_text(), parse_constant=pytest.fail)
    assert metrics == {"perplexity": None, "accuracy": None}
    data = pd.read_csv(out / "artifacts/experiment_data.csv")
    assert list(data) == ["run_id", "model", "layer", "perplexity", "accuracy", *keys]
    assert list(data["layer"]) == list(layers.index)
    assert set(data["run_id"]) == {"run_0"}
    said = (run / "tda_interpretation.md").read_text()
    assert all(line in said for lines in interpretation(analysis.result()).values() for line in lines)
    report = (out / "reports/experiment_report.md").read_text()
    for path in {word for word in report.split("`") if word.endswith(".png")}:
        assert (out / "reports" / path).is_file(), path


def test_export_has_the_measured_perplexity_and_touches_no_folder_with_files(store, todacomm, tiny_model, tmp_path):
    assert todacomm(f"run --model {tiny_model} {SMALL} --quiet").exit_code == 0
    assert todacomm("export latest out").exit_code == 0
    metrics = json.loads((tmp_path / "out/runs/run_0/metrics.json").read_text())
    assert metrics["perplexity"] == library.load_analysis(library.search_analyses()["run_id"][0]).run["perplexity"]
    again = todacomm("export latest out")
    assert again.exit_code == 1
    assert "not empty" in again.stderr
