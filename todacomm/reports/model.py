"""The report of one analysis: its variables, its files, and how to run it again."""

import shlex
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from todacomm.core.streams import groups
from todacomm.figures.catalogue import FIGURES, STREAMS_READING
from todacomm.reports.blocks import analysed, gaps, glossary, headline_table, layer_tables
from todacomm.reports.files import Picture, write_files
from todacomm.reports.findings import EMBEDDING, findings, headline, undefined_by_construction
from todacomm.reports.formats import layers as layers_in_words
from todacomm.reports.render import one_line, render_markdown
from todacomm.results.depth import featured, read_depth
from todacomm.results.result import Result
from todacomm.settings.analysis import OPTIONS, AnalysisConfig
from todacomm.settings.values import spelled

TEMPLATE = "model_report.md.j2"
NOTE_TEMPLATE = "model_note.md.j2"
_WHERE = {"run_name", "experiment_name", "output_dir"}
"""Options that say where a run is recorded: no part of doing it again."""


def write_reports(result: Result, folder: str | Path) -> dict[str, Path]:
    """``report.md`` and ``report.html`` in ``folder``; the page holds the drawings found in ``folder/plots``.

    Returns
    -------
    dict of Path
        The two files by name.
    """
    return write_files(TEMPLATE, report_context(result), Path(folder))


def report_context(result: Result) -> dict[str, Any]:
    """The variables of a report's template.

    ``title`` and ``headline`` (str); ``warnings``, ``gaps`` and ``findings`` (list of str); ``analysed`` and
    ``glossary`` (pairs of name and text); ``numbers`` (name, value, meaning); ``tables`` (each with title, caption,
    header and rows); ``figures`` (each with title, reading and file); ``mlflow_command``, ``python_call``, ``digest``.
    """
    depth = read_depth(result)
    return {
        "title": one_line(f"{result.model.name} on {result.texts.name}"),
        "warnings": warnings(result),
        "analysed": analysed(result),
        "headline": headline(result),
        "numbers": headline_table(result),
        "tables": layer_tables(result, depth),
        "gaps": gaps(result, depth),
        "figures": pictures(result),
        "findings": findings(result),
        "glossary": glossary(result, depth),
        "mlflow_command": mlflow_command(result.config),
        "python_call": python_call(result.config),
        "digest": result.config.digest(),
    }


def describe_run(result: Result) -> str:
    """A few lines of markdown for the run's description: warnings, headline, numbers."""
    return render_markdown(NOTE_TEMPLATE, report_context(result))


def warnings(result: Result) -> list[str]:
    """Every warning once, with the layers it holds for; what is so by construction says that instead."""
    names = [layer.name for layer in result.layers]
    by_construction = undefined_by_construction(result)
    grouped: dict[str, list[str]] = defaultdict(list)
    for warning in result.warnings:
        constructed = by_construction and warning.layer == EMBEDDING
        text = "not defined by construction: with CLS pooling it is one point for any texts"
        grouped[text if constructed else warning.text].append(warning.layer)
    lines = []
    for text, where in grouped.items():
        parts = [layers_in_words(each, np.isin(each, where)) for each in groups(names).values()]
        lines.append(f"{', '.join(filter(None, parts))}: {text}" if any(parts) else text)
    return lines


def pictures(result: Result) -> list[Picture]:
    """The figures that a report shows: those over depth, and the bars of the layer that stands out most."""
    depth = read_depth(result)
    beside = STREAMS_READING if depth.streams else ""
    shown = [
        Picture(entry.title, entry.reading + (beside if name == "summary" else ""), f"plots/{name}.png")
        for name, entry in FIGURES.items()
        if name not in ("diagram", "barcode")
    ]
    at = featured(depth)
    if at is not None:
        layer = depth.layers[at]
        for name in ("diagram", "barcode"):
            entry = FIGURES[name]
            reading = f"{entry.reading} Shown is the layer whose longest loop stands out most."
            shown.append(Picture(f"{entry.title}: {layer.name}", reading, f"plots/{name}s/layer_{layer.index:02d}.png"))
    return shown


def mlflow_command(config: AnalysisConfig) -> str:
    """The command that runs an analysis again, for a POSIX shell.

    >>> mlflow_command(AnalysisConfig.from_flat({"model": "my model", "samples": 300}))
    "mlflow run . --env-manager=local -P 'model=my model' -P samples=300"
    """
    words = [f"{name}={spelled(value)}" for name, value in _changed(config).items()]
    return " ".join(["mlflow run . --env-manager=local", *(f"-P {shlex.quote(word)}" for word in words)])


def python_call(config: AnalysisConfig) -> str:
    """The same as a call in Python.

    >>> print(python_call(AnalysisConfig.from_flat({"samples": 300, "standardize": True})))
    import todacomm
    <BLANKLINE>
    analysis = todacomm.analyze(samples=300, standardize=True)
    """
    given = ", ".join(f"{name}={value!r}" for name, value in _changed(config).items())
    return f"import todacomm\n\nanalysis = todacomm.analyze({given})"


def _changed(config: AnalysisConfig) -> dict[str, Any]:
    """Options that differ from those of the protocol, and the protocol where it is not the default one."""
    base = AnalysisConfig.load(None, {"protocol": config.inference.protocol}).to_flat()
    base["protocol"] = OPTIONS["protocol"].default
    return {name: value for name, value in config.to_flat().items() if name not in _WHERE and value != base[name]}
