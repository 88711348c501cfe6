"""Which process writes a run, and whether it is gone: asked where a run is still open."""

import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

HOST, PID, STARTED = "todacomm.host", "todacomm.pid", "todacomm.process_started"
_BOOT = Path("/proc/sys/kernel/random/boot_id")


def process_tags() -> dict[str, str]:
    """What a run says of the process that writes it."""
    return {HOST: platform.node(), PID: str(os.getpid()), STARTED: _started(os.getpid())}


def is_gone(tags: Mapping[str, str]) -> bool:
    """Whether the process of those tags lives no more; one on another machine cannot be asked and counts as there.

    A process is known by its id and the time of its start: ids are given away again.

    >>> is_gone(process_tags()), is_gone({**process_tags(), STARTED: "yesterday"}), is_gone({HOST: "elsewhere"})
    (False, True, False)
    """
    if tags.get(HOST) != platform.node() or not tags.get(PID, "").isdigit():
        return False
    return _started(int(tags[PID])) != tags.get(STARTED)


def _started(pid: int) -> str:
    """When a process began, in a form of the system's own; empty where there is none."""
    try:
        if sys.platform == "linux":
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
            zombie = fields[0] in ("Z", "X")
            return "" if zombie else f"{_boot()} {fields[19]}"
        command = ["ps", "-o", "lstart=", "-p", str(pid)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


@cache
def _boot() -> str:
    """Which boot of the machine this is: times of start count from it."""
    try:
        return _BOOT.read_text().strip()[:8]
    except OSError:
        return ""
