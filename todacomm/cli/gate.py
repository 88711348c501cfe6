"""``todacomm gate``: is a candidate the same as a base?"""

import click

from todacomm.cli import exit_codes
from todacomm.cli.options import SectionedCommand, parse, settings_options
from todacomm.settings.gate import VERDICT_CODES, GateConfig

_MEANINGS = {"different": "different", "undecided": "not enough texts"}
OF_A_GATE = exit_codes({code: _MEANINGS[verdict] for verdict, code in VERDICT_CODES.items()})


@click.command(cls=SectionedCommand, epilog=OF_A_GATE)
@click.argument("sides", nargs=-1, metavar="[BASE] [CANDIDATE]")
@settings_options(GateConfig, spellings={"config": ("-c",), "dataset": ("-d",), "samples": ("-n",)})
def gate(sides: tuple[str, ...], config: str | None, **options: str | None) -> int:
    """Say whether a candidate's layers are the same as a base's.

    Both may be models, finished runs, or models of MLflow's registry. What is not analysed is analysed first. The
    verdict is the exit code and a line on stdout, and the run has a report, gate.json and junit.xml.

    \b
    todacomm gate gpt2 ./my-gpt2
    todacomm gate models:/demo@champion models:/demo/4 --output-dir gate
    todacomm gate gpt2 --plan true
    """
    if len(sides) > 2:
        raise click.UsageError(f"got {len(sides)} names: expected BASE and CANDIDATE")
    for name, given in zip(("base", "candidate"), sides, strict=False):
        if options[name] is not None:
            raise click.UsageError(f"got {given} and --{name} {options[name]}: give one of them")
        options[name] = given
    settings = parse(GateConfig, config, options)
    if not settings.base:
        raise click.UsageError("no BASE: give a model, a run or models:/NAME@ALIAS")
    if not (settings.candidate or settings.plan or settings.groups or settings.candidate_dataset):
        raise click.UsageError("no CANDIDATE: give a model, a run or models:/NAME@ALIAS, or --plan true, or --groups")

    from todacomm.cli.running import run_gate

    return run_gate(settings)
