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
from todacomm.training.corpus import read_corpus
from todacomm.training.evaluation import evaluate
from todacomm.training.loop import TrainingConfig, train

SUMMARY = "training.json"


class Recorder(Protocol):
    """Where a training's numbers and files go."""

    def log_metrics(self, values: dict[str, float], step: int) -> None: ...

    def log_artifacts(self, folder: Path) -> None: ...


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
    curve: list[dict[str, float]] = []

    with _recorder(config, experiment_name, tracked) as record:

        def log(step: int, losses: dict[str, float]) -> None:
            curve.append({"step": step, **losses})
            record.log_metrics(losses, step=step)
            print(f"step {step}: held-out loss {losses['held_out_loss']:.3f} nats a token", file=sys.stderr, flush=True)

        last = train(config, corpus, folder, log)
        perplexities = evaluate(
            last, corpus, ["\n".join(document.lines) for document in python_documentation.documents]
        )
        record.log_metrics(perplexities, step=config.steps)
        summary = {
            "settings": asdict(config),
            "sources": corpus.sources,
            "excluded": f"pydoc {python_documentation.revision}",
            "documents": {"train": len(corpus.train), "held_out": len(corpus.held_out)},
            "characters": {"train": sum(map(len, corpus.train)), "held_out": sum(map(len, corpus.held_out))},
            "curve": curve,
            "perplexities": perplexities,
        }
        (folder / SUMMARY).write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
        record.log_artifacts(folder)
    return last


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
    def log_metrics(self, values: dict[str, float], step: int) -> None:
        pass

    def log_artifacts(self, folder: Path) -> None:
        pass
