"""The report of one analysis: its variables, its files, and how to run it again."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from todacomm.core.nulls import ROTATION
from todacomm.reports.blocks import gaps, layer_tables, run_table
from todacomm.reports.files import Picture, shell_command, write_files
from todacomm.reports.glossary import glossary
from todacomm.reports.loops import gap_sentences, loop_blocks, loop_table, not_shown
from todacomm.reports.render import one_line, render_markdown
from todacomm.reports.sentences import Place
from todacomm.reports.settings_table import settings_table
from todacomm.reports.words import by_topic, headline_sentence
from todacomm.results.findings import findings, main_findings
from todacomm.results.findings.soundness import EMBEDDING, undefined_by_construction
from todacomm.results.result import Result
from todacomm.settings.analysis import OPTIONS, AnalysisConfig
from todacomm.settings.values import OBJECT, OWN_CLOUDS, spelled

TEMPLATE = "model_report.md.j2"
NOTE_TEMPLATE = "model_note.md.j2"
_WHERE = {"run_name", "experiment_name", "output_dir"}
"""Options that say where a run is recorded: no part of doing it again."""


def report_context(result: Result) -> dict[str, Any]:
    """The variables of a report's template, made once for the report and the run's description.

    ``title`` and ``headline`` (str); ``warnings`` and ``gaps`` (list of str); ``settings`` and ``glossary`` (pairs of
    name and text); ``numbers`` (name, value, meaning); ``tables`` (each with title, caption, header and rows);
    ``loops`` (the table of the longest bars), ``loop_blocks`` (title, sentence, texts as pairs of id and ending, file
    of the figure), ``loop_reading`` (how to read that), ``loops_not_shown`` and ``gap_sentences``; ``overview`` (the
    first figure with title, reading and file, if there is any) and ``figures``; ``interpretation`` (sentences by
    heading); ``mlflow_command``, ``python_call``, ``digest``.
    """
    from todacomm.figures.registry import FIGURES

    shown = pictures(result)
    return {
        "title": one_line(f"{result.model.name} on {result.dataset.name}"),
        "warnings": warnings(result),
        "headline": headline(result),
        "numbers": run_table(result),
        "overview": shown[:1],
        "interpretation": interpretation(result),
        "figures": shown[1:],
        "tables": layer_tables(result),
        "loops": loop_table(result),
        "loop_blocks": loop_blocks(result),
        "loop_reading": FIGURES["loop"].reading(result),
        "loops_not_shown": not_shown(result),
        "gap_sentences": gap_sentences(result),
        "gaps": gaps(result),
        "settings": settings_table(result),
        "glossary": glossary(result),
        "mlflow_command": mlflow_command(result.config),
        "python_call": python_call(result.config),
        "digest": result.config.digest(),
    }


def write_reports(context: Mapping[str, Any], folder: Path) -> dict[str, Path]:
    """:func:`todacomm.reports.files.write_files` of the variables of :func:`report_context`."""
    return write_files(TEMPLATE, context, folder)


def describe_run(context: Mapping[str, Any]) -> str:
    """A few lines of markdown for the run's description: warnings if there are any, headline, numbers."""
    return render_markdown(NOTE_TEMPLATE, context)


def headline(result: Result) -> str:
    """The few sentences to remember, in plain text."""
    names = [layer.name for layer in result.layers]
    return " ".join(dict.fromkeys(headline_sentence(finding, names) for finding in main_findings(result)))


def interpretation(result: Result) -> dict[str, list[str]]:
    """What follows from the numbers, sentences by heading."""
    return by_topic(findings(result), [layer.name for layer in result.layers])


def warnings(result: Result) -> list[str]:
    """Every warning once, with the layers it holds for; what is so by construction says that instead."""
    at = Place(tuple(layer.name for layer in result.layers))
    by_construction = undefined_by_construction(result)
    grouped: dict[str, list[str]] = defaultdict(list)
    for warning in result.warnings:
        constructed = by_construction and warning.layer == EMBEDDING
        text = "not defined by construction: with CLS pooling it is one point for any texts"
        grouped[text if constructed else warning.text].append(warning.layer)
    return [f"{at.layers(where)}: {text}" if any(where) else text for text, where in grouped.items()]


def pictures(result: Result) -> list[Picture]:
    """The figures that a report shows: those over depth, and those of the layer whose longest H1 bar is clearest."""
    from todacomm.figures.registry import file_of, shown_layer, wanted

    layer, rotated = shown_layer(result), ROTATION in set(result.nulls["null"])
    longest = "exceeds the rotation null most, in its own sds" if rotated else "is longest in median distances"
    shown = []
    for name, figure in wanted(result).items():
        reading = figure.reading(result)
        if figure.draw:
            shown.append(Picture(figure.title, reading, file_of(name)))
        elif figure.draw_layers and layer is not None:
            which = f"The layer shown is the one whose longest H1 bar {longest}."
            shown.append(Picture(f"{figure.title}: {layer.name}", f"{reading} {which}", file_of(name, layer)))
    return shown


def mlflow_command(config: AnalysisConfig) -> str:
    """The command that runs an analysis again; a comment where an object in memory has none."""
    if _in_memory(config):
        return "# No command: the model, the texts or the clouds were objects in memory."
    return shell_command(asked_options(config))


def python_call(config: AnalysisConfig) -> str:
    """The same as a call in Python.

    >>> print(python_call(AnalysisConfig.from_flat({"samples": 300, "standardize": True})))
    import todacomm
    <BLANKLINE>
    analysis = todacomm.analyze(samples=300, standardize=True)
    """
    given = [
        f"{name}={_literal(value)}" for name, value in asked_options(config).items() if name not in _in_memory(config)
    ]
    objects = [words for name, words in _OBJECTS.items() if name in _in_memory(config)]
    function = "analyze"
    if config.model.model.startswith(f"{OWN_CLOUDS}{OBJECT}"):
        function, objects = "analyze_clouds", ["clouds", f"name={config.model.model.rpartition(':')[2]!r}"]
    return f"import todacomm\n\nanalysis = todacomm.{function}({', '.join([*objects, *given])})"


_OBJECTS = {"model": "model=model, tokenizer=tokenizer", "dataset": "texts=texts"}
"""Option -> how its object is given in Python."""


def _in_memory(config: AnalysisConfig) -> list[str]:
    """Options whose value was an object in memory."""
    options = config.to_flat()
    return [name for name in _OBJECTS if options[name].removeprefix(OWN_CLOUDS).startswith(OBJECT)]


def _literal(value: Any) -> str:
    """An option's value in Python; several words stand in one string, as on the command line."""
    return repr(spelled(value) if isinstance(value, tuple) else value)


def asked_options(config: AnalysisConfig) -> dict[str, Any]:
    """Options that differ from those of the protocol, and the protocol where it is not the default one."""
    base = AnalysisConfig.load(None, {"protocol": config.inference.protocol}).to_flat()
    base["protocol"] = OPTIONS["protocol"].default
    return {name: value for name, value in config.to_flat().items() if name not in _WHERE and value != base[name]}
