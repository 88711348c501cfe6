"""What is installed: todacomm's own version and needs, from its installation or from its checkout."""

import shlex
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

NAME = "todacomm"


def own_version() -> str:
    """The version of todacomm itself.

    Raises
    ------
    FileNotFoundError
        It is neither installed nor a checkout.
    """
    return package_version(NAME) or str(_checkout()["version"])


def requirements() -> list[str]:
    """What todacomm needs, as package managers spell it.

    Raises
    ------
    FileNotFoundError
        It is neither installed nor a checkout.
    """
    return (metadata.requires(NAME) or []) if package_version(NAME) else list(_checkout()["dependencies"])


def install_line(extra: str) -> str:
    """The command that installs what one of todacomm's extras needs, however todacomm itself was installed.

    ``pip install 'todacomm[...]'`` would fetch another program: the Python Package Index has todacomm 0.1.0.

    >>> install_line("ray").startswith("pip install ")
    True
    """
    if package_version(NAME):
        marked = (line.replace("'", '"').partition(";") for line in metadata.requires(NAME) or [])
        needed = [need.strip() for need, _, marker in marked if f'extra == "{extra}"' in marker]
    else:
        needed = _checkout()["optional-dependencies"][extra]
    return f"pip install {' '.join(map(shlex.quote, needed))}"


def package_version(name: str) -> str | None:
    """Version of an installed package; None where it is not installed."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _checkout() -> dict[str, Any]:
    project: dict[str, Any] = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))
    return project["project"]
