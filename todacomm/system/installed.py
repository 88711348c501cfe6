"""What is installed: todacomm's own version and needs, from its installation or from its checkout."""

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


def package_version(name: str) -> str | None:
    """Version of an installed package; None where it is not installed."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _checkout() -> dict[str, Any]:
    project: dict[str, Any] = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))
    own: dict[str, Any] = project["project"]
    return own
