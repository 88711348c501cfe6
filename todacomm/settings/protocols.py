"""Named protocols: choices with a version and a hash, so that a machine can check how something was measured."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from todacomm.system.digests import digest_of_json
from todacomm.system.shipped import shipped


@dataclass(frozen=True, slots=True)
class Protocol:
    """A named set of option values; ``version`` rises whenever one of its numbers changes."""

    name: str
    version: int
    description: str
    options: dict[str, Any]

    @property
    def tag(self) -> str:
        """Name, version and hash as the run's tag carries them.

        >>> Protocol("p", 1, "", {"pca": 50}).tag
        'p v1 sha256:e60123b930e6'
        """
        return f"{self.name} v{self.version} sha256:{digest_of_json([self.name, self.version, self.options], 12)}"


def protocol_names() -> list[str]:
    """Names of the shipped protocols."""
    return sorted(path.stem for path in _folder().glob("*.yaml"))


def load_protocol(name: str) -> Protocol:
    """A shipped protocol by name.

    Raises
    ------
    ValueError
        No protocol of that name.
    """
    if name not in protocol_names():
        raise ValueError(f"unknown protocol {name!r}: choose {', '.join(protocol_names())}")
    return Protocol(**yaml.safe_load((_folder() / f"{name}.yaml").read_text(encoding="utf-8")))


def _folder() -> Path:
    return shipped("configs") / "protocols"
