"""``todacomm init``: a file of options to start from."""

import shlex
from collections.abc import Mapping
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

import click
import yaml

from todacomm.cli import JobCommand
from todacomm.cli.list_configs import FOLDER, SUFFIXES
from todacomm.settings.analysis import OPTIONS, AnalysisConfig
from todacomm.settings.base import Option
from todacomm.system.errors import UserError


@click.command(cls=JobCommand)
@click.argument("name")
@click.option(
    "-m", "--model", default=OPTIONS["model"].default, show_default=True, metavar="TEXT", help="model to analyse"
)
@click.option(
    "-n", "--samples", default=OPTIONS["samples"].default, show_default=True, metavar="N", help="points in every cloud"
)
@click.option("--force", is_flag=True, help="overwrite without asking")
def init(name: str, model: str, samples: int, force: bool) -> None:
    """Write a file of options, configs/NAME.yaml.

    Every option stands in it with its help and default, ready for `todacomm run --config NAME`.
    """
    given = {"model": model, "samples": samples}
    path = new_file(name)
    try:
        text = config_text(path, given)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if path.exists() and not force:
        click.confirm(f"{path} is there already: overwrite it?", abort=True, err=True)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path} cannot be written ({error})", f"make {FOLDER} a folder that can be") from error
    click.echo(path)
    click.echo(f"run it   todacomm run --config {shlex.quote(str(path))}", err=True)


def new_file(name: str) -> Path:
    """Where the file of that name goes.

    Raises
    ------
    click.UsageError
        The name is a path, empty, or has characters that cannot be printed.
    """
    if not name or name == ".." or Path(name).name != name or not name.isprintable():
        raise click.UsageError(f"NAME is {name!r}: give one line without folders, the file goes to {FOLDER}/")
    return FOLDER / (name if Path(name).suffix in SUFFIXES else f"{name}.yaml")


def config_text(path: Path, given: Mapping[str, Any]) -> str:
    """A commented YAML file in which ``given`` is set and every other option stands as a comment with its default.

    Raises
    ------
    ValueError
        A value in ``given`` that the settings refuse.
    """
    config = AnalysisConfig.from_flat(given)
    lines = [
        f"# {' '.join(config.model.model.split())} on {config.texts.dataset}, {config.texts.samples} texts.",
        f"# todacomm run --config {shlex.quote(str(path))}; an option typed there wins over its line here.",
        "# Lines behind a # hold the default: take the # away to change one.",
    ]
    for section, options in groupby(OPTIONS.values(), attrgetter("section")):
        lines += ["", f"# {section}."]
        lines += [_line(option, given.get(option.name)) for option in options]
    return "\n".join(lines) + "\n"


def _line(option: Option, value: Any) -> str:
    default = option.default_text or '""'
    line = f"# {option.name}: {default}" if value is None else yaml.safe_dump({option.name: value}).rstrip()
    return f"{line:<32}  # {option.help}"
