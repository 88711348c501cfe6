"""Named protocols: choices with a version and a hash, so that a machine can check how something was measured."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

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
        text = json.dumps([self.name, self.version, self.options], sort_keys=True)
        return f"{self.name} v{self.version} sha256:{hashlib.sha256(text.encode()).hexdigest()[:12]}"


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
