"""One training, recorded: corpus, checkpoints, evaluation, and all that the model's card states."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

import torch

from todacomm.texts.pydoc import read_pydoc
from training.corpus import read_corpus
from training.evaluation import evaluate
from training.loop import TrainingConfig, train

SUMMARY = "training.json"


class Recorder(Protocol):
    """Where a training's numbers and files go."""

    def log_numbers(self, values: dict[str, float], step: int) -> None: ...

    def write_folder(self, folder: Path) -> None: ...


def train_and_record(
    config: TrainingConfig, folder: Path, threads: int = 1, experiment_name: str = "", tracked: bool = True
) -> Path:
    """Train a bundled model, evaluate it, and log losses, perplexities and files to MLflow.

    Writes the checkpoints to ``folder`` and beside them ``training.json``: settings, sources of the texts, curve of
    the losses and perplexities. The standard library's documentation, on which the demo's analyses are made, is
    excluded from the training texts.

    Returns
    -------
    Path
        The last checkpoint, a complete folder of weights and tokenizer.
    """
    torch.set_num_threads(threads)
    python_documentation = read_pydoc()
    excluded = [paragraph for document in python_documentation.documents for paragraph in document.lines]
    corpus = read_corpus(seed=config.seed, excluded=excluded)
    summary = {
        "settings": asdict(config),
        "sources": corpus.sources,
        "excluded": f"pydoc {python_documentation.revision}",
        "documents": {"train": len(corpus.train), "held_out": len(corpus.held_out)},
        "characters": {"train": sum(map(len, corpus.train)), "held_out": sum(map(len, corpus.held_out))},
    }
    curve = _read_curve(folder)

    with _recorder(config, experiment_name, tracked) as record:

        def log(step: int, losses: dict[str, float]) -> None:
            known = {point["step"]: point for point in curve if point["step"] <= step}
            curve[:] = {**known, step: {"step": step, **known.get(step, {}), **losses}}.values()
            _write(folder, {**summary, "curve": curve})
            record.log_numbers(losses, step=step)
            print(f"step {step}: held-out loss {losses['held_out_loss']:.3f} nats a token", file=sys.stderr, flush=True)

        last = train(config, corpus, folder, log)
        unseen = ["\n".join(document.lines) for document in python_documentation.documents]
        perplexities = evaluate(last, corpus, {"pydoc": unseen})
        record.log_numbers({f"perplexity/{name}": value for name, value in perplexities.items()}, step=config.steps)
        _write(folder, {**summary, "curve": curve, "perplexities": perplexities})
        record.write_folder(folder)
    return last


def _read_curve(folder: Path) -> list[dict[str, float]]:
    """What an interrupted training has logged so far."""
    path = folder / SUMMARY
    return json.loads(path.read_text(encoding="utf-8"))["curve"] if path.is_file() else []


def _write(folder: Path, summary: dict[str, Any]) -> None:
    (folder / SUMMARY).write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")


@contextmanager
def _recorder(config: TrainingConfig, experiment_name: str, tracked: bool) -> Iterator[Recorder]:
    if not tracked:
        yield _Unrecorded()
        return
    from todacomm import tracking

    params: dict[str, Any] = asdict(config)
    with tracking.training_run(f"train {config.model}", params, experiment_name) as run:
        yield run


class _Unrecorded:
    def log_numbers(self, values: dict[str, float], step: int) -> None:
        pass

    def write_folder(self, folder: Path) -> None:
        pass
