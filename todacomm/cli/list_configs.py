"""``todacomm list-configs``: files of options, here and shipped, and the protocols."""

import os
from pathlib import Path

import click

from todacomm.cli import JobCommand
from todacomm.cli.printing import print_heading, print_table
from todacomm.settings.analysis import AnalysisConfig
from todacomm.settings.protocols import load_protocol, protocol_names
from todacomm.system.errors import UserError
from todacomm.system.shipped import shipped

FOLDER = Path("configs")
SUFFIXES = (".yaml", ".yml")


@click.command("list-configs", cls=JobCommand)
def list_configs() -> None:
    """List files of options and protocols.

    A file is used with `todacomm run --config FILE`; one in configs/, or one that is shipped, by its name alone:
    `todacomm run --config quickstart`.
    """
    here, theirs = files_in(FOLDER), files_in(shipped("configs"))
    if here:
        print_heading(f"In {FOLDER}/")
        _print_files(here)
    others = [path for path in theirs if path.resolve() not in {own.resolve() for own in here}]
    if others:
        print_heading("Shipped with todacomm")
        _print_files(others)
    print_heading("Protocols (--protocol NAME)")
    protocols = [load_protocol(name) for name in protocol_names()]
    print_table(
        ["name", "version", "what it is"],
        [[p.name, str(p.version), p.description] for p in protocols],
        n_text=3,
        prose="what it is",
    )
    if not here:
        click.echo(f"\nNo files in {FOLDER}/ yet: `todacomm init NAME` writes one.", err=True)


def files_in(folder: Path) -> list[Path]:
    """The files of options in a folder, by name."""
    return sorted(path for path in folder.glob("*") if path.suffix in SUFFIXES)


def config_path(given: str | None) -> str | None:
    """The file behind what was given to ``--config``: a path, or the name of a file in configs/ or shipped.

    Raises
    ------
    ValueError
        It is a name of none of these files, and no path.
    """
    if given is None or os.path.exists(given) or Path(given).name != given:
        return given
    paths = [path for folder in (FOLDER, shipped("configs")) for path in files_in(folder)]
    for path in paths:
        if given in (path.name, path.stem):
            return str(path)
    known = ", ".join(dict.fromkeys(path.stem for path in paths))
    raise UserError(f"no file at {given}", f"give the path of a file, or a name of `todacomm list-configs`: {known}")


def _print_files(paths: list[Path]) -> None:
    rows = []
    for path in paths:
        try:
            config = AnalysisConfig.load(path)
        except ValueError as error:
            rows.append([path.stem, "", "", "", f"cannot be used: {error}"])
            continue
        texts = [config.texts.dataset, str(config.texts.samples)]
        own = config.model.clouds_file is not None
        rows.append([path.stem, config.model.model, *(["", ""] if own else texts), description(path)])
    print_table(["name", "model", "dataset", "samples", "what it is"], rows, n_text=5, prose="what it is")


def description(path: Path) -> str:
    """The comment in the first line of a file; empty where there is none."""
    first = path.read_text(encoding="utf-8").partition("\n")[0]
    return first.removeprefix("#").strip() if first.startswith("#") else ""
