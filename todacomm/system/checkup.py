"""What an analysis needs of this machine, looked at point by point: the fact, and what to do about it."""

import os
import platform
import shutil
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from todacomm.system.cache import cache_bytes, cache_folder
from todacomm.system.installed import own_version, package_version, requirements
from todacomm.system.machine import worker_threads
from todacomm.system.shipped import shipped
from todacomm.system.units import format_bytes

OK, NOTE, PROBLEM = "ok", "note", "problem"
"""Levels of a finding; a problem is what stops an analysis."""
LOWEST_PYTHON = (3, 11)
_LITTLE_DISK = 5e9
_HUB_SECONDS = 5.0
_RUNNERS = {
    "conda": "plain `mlflow run .` asks for it: https://conda-forge.org/download",
    "uv": "for `mlflow run . --env-manager=uv`: pip install uv",
    "pyenv": "for `mlflow run . --env-manager=virtualenv`: https://github.com/pyenv/pyenv",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One point that was looked at.

    Attributes
    ----------
    level : str
        ``ok``, ``note`` or ``problem``.
    advice : str
        What to do; empty where there is nothing to do.
    """

    subject: str
    level: str
    fact: str
    advice: str = ""


def check_machine() -> Iterator[Finding]:
    """Everything but the tracking store, one finding after the other."""
    for check in CHECKS:
        yield from check()


def check_python() -> Iterator[Finding]:
    """The running Python."""
    version = f"{platform.python_version()} at {sys.executable}"
    if sys.version_info < LOWEST_PYTHON:
        yield Finding("python", PROBLEM, version, "install Python 3.11 or newer, and todacomm in it")
    else:
        yield Finding("python", OK, version)


def check_packages() -> Iterator[Finding]:
    """What the installed todacomm asks for, against what is installed."""
    from packaging.requirements import Requirement

    asked = [Requirement(line) for line in requirements()]
    needed = [requirement for requirement in asked if not requirement.marker or requirement.marker.evaluate()]
    wrong = []
    for requirement in needed:
        installed = package_version(requirement.name)
        if installed is None:
            wrong.append(f"{requirement.name} is missing")
        elif not requirement.specifier.contains(installed, prereleases=True):
            wrong.append(f"{requirement.name} is {installed}, not {requirement.specifier}")
    if wrong:
        yield Finding("packages", PROBLEM, ", ".join(wrong), "pip install them so, or todacomm once more")
    else:
        yield Finding("packages", OK, f"todacomm {own_version()} and all {len(needed)} it needs")
    if gudhi := package_version("gudhi"):
        yield Finding("engine for H2", OK, f"gudhi {gudhi}")
    else:
        yield Finding("engine for H2", NOTE, "ripser, without gudhi", "several times as quick: pip install gudhi")


def check_shipped() -> Iterator[Finding]:
    """Files that come with todacomm."""
    missing = []
    for name in ("templates", "configs"):
        try:
            shipped(name)
        except FileNotFoundError:
            missing.append(name)
    demo = Path(__file__).parents[1] / "demo"
    missing += [f"demo/{name}" for name in ("decoder", "encoder") if not (demo / name / "config.json").is_file()]
    if missing:
        advice = "install todacomm again from its checkout: pip install --force-reinstall --no-deps -e ."
        yield Finding("files", PROBLEM, f"missing {', '.join(missing)}", advice)
    else:
        yield Finding("files", OK, "templates, configurations and bundled models are there")


def check_runners() -> Iterator[Finding]:
    """What ``mlflow run`` can make environments with; none of them is needed with ``--env-manager=local``."""
    for name, advice in _RUNNERS.items():
        path = shutil.which(name)
        yield Finding(name, OK, path) if path else Finding(name, NOTE, "not found", advice)


def check_hub() -> Iterator[Finding]:
    """Whether models and texts can be fetched; the bundled ones need nothing."""
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        advice = "only what is in the cache, in folders or bundled can be used; unset it to download"
        yield Finding("hub", NOTE, "HF_HUB_OFFLINE is set", advice)
        return
    try:
        request = urllib.request.Request(constants.ENDPOINT, method="HEAD")
        urllib.request.urlopen(request, timeout=_HUB_SECONDS).close()
    except urllib.error.HTTPError as error:
        yield Finding("hub", OK, f"{constants.ENDPOINT} answers ({error.code})")
    except OSError as error:
        advice = "connect, set HTTPS_PROXY, or use folders and the bundled models with HF_HUB_OFFLINE=1"
        yield Finding("hub", NOTE, f"{constants.ENDPOINT} cannot be reached ({error})", advice)
    else:
        yield Finding("hub", OK, f"{constants.ENDPOINT} answers")


def check_accelerators() -> Iterator[Finding]:
    """Where a model can run."""
    try:
        import torch
    except (ImportError, OSError) as error:
        yield Finding("torch", PROBLEM, f"cannot be imported ({error})", "pip install --force-reinstall torch")
        return
    names = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    names += ["mps"] * torch.backends.mps.is_available()
    threads = worker_threads(None)
    if names:
        yield Finding("torch", OK, f"{torch.__version__} on {', '.join(names)}; {threads} processors")
    else:
        yield Finding("torch", OK, f"{torch.__version__} on {threads} processors, no accelerator")


def check_disk() -> Iterator[Finding]:
    """Size of the hub's cache, and room for more."""
    from huggingface_hub import constants

    cache = Path(constants.HF_HUB_CACHE)
    size = sum(os.lstat(Path(folder) / file).st_size for folder, _, files in os.walk(cache) for file in files)
    existing = next(folder for folder in (cache, *cache.parents) if folder.exists())
    free = shutil.disk_usage(existing).free
    fact = f"{cache} holds {format_bytes(size)}, {format_bytes(free)} are free"
    if free < _LITTLE_DISK:
        yield Finding("cache", NOTE, fact, "make room before a download: `hf cache prune`, or HF_HOME elsewhere")
    else:
        yield Finding("cache", OK, fact)


def check_activations() -> Iterator[Finding]:
    """The folder in which the activations of one analysis are kept for the next."""
    folder = cache_folder()
    try:
        limit = cache_bytes()
    except ValueError as error:
        yield Finding("activations", NOTE, str(error), "until then no activations are kept")
        return
    existing = next(place for place in (folder, *folder.parents) if os.path.lexists(place))
    if not limit:
        yield Finding("activations", NOTE, "TODACOMM_CACHE_GB is 0", "every analysis runs its model anew")
    elif not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        fact = f"{folder} cannot be written: activations are not kept"
        yield Finding("activations", NOTE, fact, "set TODACOMM_CACHE to a folder of your own")
    else:
        yield Finding("activations", OK, f"up to {format_bytes(limit)} are kept in {folder}")


CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    check_python, check_packages, check_shipped, check_accelerators, check_runners, check_hub, check_disk,
    check_activations,
)  # fmt: skip
