"""What the benchmarks work on, made once and kept in ``build/benchmarks``: texts, a GPT-2, clouds, the peer's own
environment.
"""

import importlib.metadata
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

from benchmarks.measuring import Skipped
from benchmarks.populations import wide

ROOT = Path(__file__).resolve().parents[1]
CACHE = ROOT / "build" / "benchmarks"
DATA = Path(os.environ.get("TODACOMM_TEST_DATA", ROOT.parent / "shared" / "data"))
PEER = "todacomm==0.1.0"
SHARED_PACKAGES = ("torch", "transformers", "datasets", "numpy", "scipy", "scikit-learn", "ripser")
"""Packages that the peer gets in our versions: what is compared is the two programs."""
PEER_JOB = Path(__file__).with_name("peer_job.py")


def rows_of_wikitext(n_texts: int) -> list[str]:
    """The first rows of WikiText-2's test split, as the published package reads them."""
    from todacomm.settings.analysis import AnalysisConfig
    from todacomm.texts import load_texts

    config = AnalysisConfig.load(None, {"dataset": str(wikitext()), "unit": "row", "samples": n_texts})
    return list(load_texts(config.texts, seed=0).texts)


def wikitext() -> Path:
    """WikiText-2's test split as a file."""
    return _data("wikitext-2/wiki.test.raw")


def stories() -> Path:
    """The folder of a trained model of 260 thousand parameters."""
    return _data("stories260K-llama-hf")


def gpt2() -> Path:
    """A folder with a GPT-2 of 124 M parameters, random weights and the real tokenizer."""
    folder = CACHE / "gpt2-random"
    if not (folder / "model.safetensors").is_file():
        import torch
        from transformers import GPT2Config, GPT2LMHeadModel

        copy_tokenizer(folder)
        config = GPT2Config(architectures=[GPT2LMHeadModel.__name__])
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            model = GPT2LMHeadModel(config)
        model.save_pretrained(folder)
    return folder


def copy_tokenizer(folder: Path) -> None:
    """Put GPT-2's real tokenizer into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in _data("tokenizer-gpt2").iterdir():
        shutil.copyfile(file, folder / file.name)


def layers(n_layers: int, n_points: int, n_dims: int = 50, seed: int = 0) -> list[np.ndarray]:
    """Clouds as a model's layers give them, as wide as GPT-2 and reduced to their principal components."""
    from todacomm.core.clouds import principal_components

    rng = np.random.default_rng(seed)
    return [principal_components(wide(rng, n_points), n_dims).scores for _ in range(n_layers)]


@cache
def peer_python() -> Path:
    """The interpreter of an environment with the published package, made on the first call.

    Raises
    ------
    Skipped
        It cannot be installed, as without a network.
    """
    folder = CACHE / "peer"
    python, ready = folder / "bin" / "python", folder / ".ready"
    wanted = [PEER, *(f"{name}=={_version(name)}" for name in SHARED_PACKAGES)]
    if not ready.is_file() or ready.read_text() != "\n".join(wanted):
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        installed = subprocess.run([python, "-m", "pip", "install", "--quiet", *wanted], capture_output=True, text=True)
        if installed.returncode:
            raise Skipped(f"{PEER} cannot be installed: {installed.stderr.strip().splitlines()[-1]}")
        # for pictures only, which it is not asked for; built for another torch it would break the import of everything
        subprocess.run([python, "-m", "pip", "uninstall", "--quiet", "--yes", "torchvision"], check=True)
        ready.write_text("\n".join(wanted))
    return python


def ask_peer(*arguments: str | Path) -> str:
    """What :mod:`benchmarks.peer_job` prints in the peer's environment; see :func:`run_command`."""
    return run_command([peer_python(), "-I", PEER_JOB, *arguments])


def run_command(command: Sequence[str | Path], folder: Path | None = None, code: int = 0) -> str:
    """Standard output of a command that runs offline; what it records and keeps goes into ``folder``.

    Parameters
    ----------
    code : int
        Exit code that it should end with.

    Raises
    ------
    RuntimeError
        It ended with another; the message ends with what it said.
    """
    settings = {"HF_HUB_OFFLINE": "1", "PYTHONPATH": str(ROOT), "MPLBACKEND": "agg", "TOKENIZERS_PARALLELISM": "false"}
    settings["PYTHONDONTWRITEBYTECODE"] = ""  # modules are compiled once, as an installation compiles them
    if folder:
        settings |= {"MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db", "TODACOMM_CACHE": str(folder / "cache")}
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **settings}, cwd=folder)
    if done.returncode != code:
        words = " ".join(map(str, command))
        raise RuntimeError(f"{words} ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def write_texts(texts: Sequence[str], file: Path) -> Path:
    """Texts as JSON for the peer's job."""
    file.write_text(json.dumps(list(texts)))
    return file


def _data(name: str) -> Path:
    path = DATA / name
    if not path.exists():
        raise Skipped(f"no {name} in the folder of test data: set TODACOMM_TEST_DATA")
    return path


def _version(package: str) -> str:
    return importlib.metadata.version(package).split("+")[0]


def actopo_files() -> dict[str, Path]:
    """The clouds of Qwen2.5-0.5B, base and instruct, that the actopo package ships: 600 texts, 896 dimensions."""
    spec = importlib.util.find_spec("actopo")
    if spec is None or spec.origin is None:
        raise SystemExit("actopo, which ships the clouds, is not installed: pip install actopo==0.1.0")
    return {name: Path(spec.origin).parent / f"data/example_{name}.npy" for name in ("base", "instruct")}
