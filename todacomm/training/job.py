"""One training, recorded: corpus, checkpoints, evaluation, and the model's card in figures."""

import json
from pathlib import Path

import torch

from todacomm import tracking
from todacomm.config import TextsConfig
from todacomm.texts import load_texts
from todacomm.training.corpus import read_corpus
from todacomm.training.evaluation import evaluate
from todacomm.training.loop import TrainingConfig, train


def train_and_record(model: str, steps: int, seed: int, threads: int, folder: Path, experiment_name: str) -> Path:
    """Train a bundled model and log its losses, checkpoints and perplexities to MLflow.

    Returns
    -------
    Path
        The last checkpoint, a complete folder of weights and tokenizer.
    """
    torch.set_num_threads(threads)
    config = TrainingConfig(model=model, steps=steps, seed=seed)
    params = {"model": model, "steps": steps, "seed": seed, "batch_tokens": config.batch_tokens}
    with tracking.training_run(f"train {model}", params, experiment_name) as run:
        corpus = read_corpus(seed=seed)
        last = train(config, corpus, folder / model, lambda step, values: _log(run, step, values))
        results = evaluate(last, corpus, _python_documentation())
        run.log_metrics(results, step=steps)
        summary = {"model": model, "steps": steps, "seed": seed, "sources": corpus.sources, "perplexity": results}
        (folder / model / "training.json").write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
        run.log_artifacts(folder / model)
    print(f"{last}: perplexity {results['held_out']:.1f}, of word frequencies alone {results['held_out_unigram']:.1f}")
    return last


def _log(run: tracking.TrainingRun, step: int, values: dict[str, float]) -> None:
    run.log_metrics(values, step=step)
    print(f"step {step}: {values['held_out_loss']:.3f} nats a token on held-out documents", flush=True)


def _python_documentation() -> list[str]:
    """Passages of the data set that the demo analyses: no model here has trained on them."""
    return list(load_texts(TextsConfig(dataset="pydoc", samples=500), seed=0).texts)
