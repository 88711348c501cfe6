"""``todacomm run``: one analysis, or one for each of several models and sets of texts."""

from collections.abc import Mapping, Sequence

import click

from todacomm.cli.options import SectionedCommand, parse, settings_options
from todacomm.settings.analysis import AnalysisConfig
from todacomm.settings.sweep import SweepConfig

SPELLINGS = {
    "config": ("-c",),
    "model": ("-m",),
    "samples": ("-n",),
    "layers": ("-l",),
    "dataset": ("-d",),
    "run_name": ("-o", "--output"),
}
"""The published package's ways to type an option; ``--output`` was the name of its folder."""

CHANGED = {
    "samples": "500 are 500 points, of which 0.1.0 made 75",
    "dataset": "0.1.0 took wikitext2 where none was named",
    "layers": "0.1.0 took five where none was named",
    "max_length": "128 in 0.1.0",
    "run_name": "0.1.0 named a folder so: see `todacomm export`; of several analyses, their comparison's name too",
    "device": "cpu in 0.1.0",
}
"""What a user of todacomm 0.1.0 should know of an option."""


@click.command(cls=SectionedCommand)
@settings_options(AnalysisConfig, spellings=SPELLINGS, notes=CHANGED)
@click.option("--models", metavar="A,B,...", help="several models, one run each")
@click.option("--datasets", metavar="A,B,...", help="several sets of texts, one run each and for every model")
@click.option(
    "--compare", type=bool, default=True, metavar="true|false", help="compare several at the end, in a run  [true]"
)
@click.option("--hf-model", metavar="NAME", help="the same as --model: a hub id or folder that is no preset")
@click.option("--num-layers", type=click.IntRange(1), metavar="N", help="blocks the model must have, else an error")
@click.option("-q", "--quiet", is_flag=True, help="no progress, no warnings: the run's id alone")
@click.option("--json", "as_json", is_flag=True, help="one line of JSON a run on stdout, everything else on stderr")
def run(
    config: str | None,
    models: str | None,
    datasets: str | None,
    hf_model: str | None,
    num_layers: int | None,
    compare: bool,
    quiet: bool,
    as_json: bool,
    **options: str | None,
) -> None:
    """Analyse models on texts and record it in MLflow.

    The activations of every layer, their persistent homology, intervals and null models; one run for each model and
    set of texts. Several are compared at the end: models on each set of texts, or one model over its sets.

    \b
    todacomm run --model gpt2 --samples 500 --layers all
    todacomm run --models gpt2,bert,pythia-70m --dataset wikitext2
    todacomm run --model gpt2 --datasets wikitext2,squad
    todacomm run --hf-model microsoft/phi-1_5 --num-layers 24 --samples 200
    todacomm run --config configs/controls.yaml --samples 100
    """
    names = one_of({"--model": options.pop("model"), "--hf-model": hf_model}, {"--models": models})
    texts = one_of({"--dataset": options.pop("dataset")}, {"--datasets": datasets})
    if num_layers and len(names) > 1:
        raise click.UsageError(f"--num-layers is {num_layers} with {len(names)} models: give it with one model")
    analysis = parse(AnalysisConfig, config, {"model": names[0], "dataset": texts[0], **options})
    style = "json" if as_json else "id" if quiet else "text"

    if num_layers:
        from todacomm.models.opening import check_blocks

        check_blocks(analysis.model, num_layers)
    if len(names) == len(texts) == 1:
        from todacomm.cli.running import run_analysis

        run_analysis(analysis, style, quiet)
    else:
        from todacomm.cli.several import run_several

        run_several(sweep_of(analysis, names, texts, compare), style, quiet)


def sweep_of(
    analysis: AnalysisConfig, names: Sequence[str | None], texts: Sequence[str | None], compare: bool
) -> SweepConfig:
    """Several analyses that differ in model and texts alone, all of them made anew."""
    model = analysis.model
    return SweepConfig(
        models=tuple(name or model.model for name in names),
        datasets=tuple(name or analysis.texts.dataset for name in texts),
        revisions=(model.revision,) if model.revision else (),
        weights=(model.weights,),
        compare=compare,
        force=True,
        analysis=analysis,
    )


def one_of(single: Mapping[str, str | None], several: Mapping[str, str | None]) -> list[str | None]:
    """The names in the one option that was given, each once; ``[None]`` where none was.

    Parameters
    ----------
    single, several : mapping
        Options that take one name, and those that take names with commas between them.

    >>> one_of({"--model": None}, {"--models": "gpt2, bert,gpt2"}), one_of({"--model": None}, {})
    (['gpt2', 'bert'], [None])

    Raises
    ------
    click.UsageError
        Two options were given, or one without a name in it.
    """
    typed = {option: value for option, value in {**single, **several}.items() if value is not None}
    if len(typed) > 1:
        raise click.UsageError(f"got {' and '.join(typed)}: give one of them")
    for option, value in typed.items():
        names = [name.strip() for name in value.split(",") if name.strip()] if option in several else [value]
        if not names:
            raise click.UsageError(f"{option} names nothing: give names with commas between them")
        return list(dict.fromkeys(names))
    return [None]
