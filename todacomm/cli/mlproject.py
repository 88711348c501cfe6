"""MLproject, made from the settings of the entry points."""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from textwrap import wrap
from types import ModuleType

from todacomm.cli.options import kebab
from todacomm.settings.base import Settings

MAIN = "analyze"
"""The entry point that ``mlflow run .`` starts."""
HEAD = """\
# Made by `make mlproject` from the settings in todacomm/settings/: change those, not this file.
# An empty value means "not given": the default, in brackets behind each parameter, or what the protocol says.
name: todacomm

conda_env: conda.yaml

entry_points:
"""
_WIDTH = 112


def write_mlproject(package: ModuleType) -> Path:
    """Write MLproject beside a package of entry points; the path of the file."""
    path = Path(package.__path__[0]).parent / "MLproject"
    path.write_text(mlproject_text(entry_points(package)), encoding="utf-8")
    return path


def entry_points(package: ModuleType) -> dict[str, type[Settings]]:
    """Name of each module of a package -> the settings that its command reads; :data:`MAIN` first."""
    names = [module.name for module in iter_modules(package.__path__) if module.name != "__main__"]
    ordered = sorted(names, key=lambda name: (name != MAIN, name))
    return {name: import_module(f"{package.__name__}.{name}").main.settings for name in ordered}


def mlproject_text(settings: Mapping[str, type[Settings]]) -> str:
    """The file as it should be: every parameter with its help, empty unless somebody gives it."""
    return HEAD + "\n".join(_entry_point(name, its) for name, its in settings.items())


def _entry_point(module: str, settings: type[Settings]) -> str:
    offered = [one for one in settings.options().values() if one.offered]
    lines = [f"  {'main' if module == MAIN else module}:", "    parameters:"]
    for one in offered:
        default = f"  [{one.default_text}]" if one.default_text else ""
        lines.append(f'      {one.name}: {{type: string, default: ""}}  # {one.help}{default}')
    words = wrap(" ".join(f"--{kebab(one.name)}\0{{{one.name}}}" for one in offered), _WIDTH, break_on_hyphens=False)
    lines += ["    command: >-", f"      python -m entrypoints.{module}", *(f"      {line}" for line in words)]
    return "\n".join(lines).replace("\0", " ") + "\n"
