"""Files that come with the project: beside the package in a checkout, inside it in a wheel."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def shipped(name: str) -> Path:
    """Folder of shipped files such as ``templates`` or ``configs``.

    Raises
    ------
    FileNotFoundError
        The installation is incomplete.
    """
    candidates = (_PACKAGE / "_shipped" / name, _PACKAGE.parent / name)
    for folder in candidates:
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"no folder {name} beside or inside {_PACKAGE}: the installation is incomplete")
