"""Train the bundled models again, from scratch: ``python -m entrypoints.train_demo --help``."""

from pathlib import Path

import click


@click.command()
@click.option("--model", type=click.Choice(["demo-decoder", "demo-encoder"]), default="demo-decoder", show_default=True)
@click.option("--steps", type=click.IntRange(1), default=4000, show_default=True, help="training steps of 2,048 tokens")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="seed of split, weights and batches")
@click.option("--threads", type=click.IntRange(1), default=1, show_default=True, help="threads of torch")
@click.option("--output-dir", default="outputs/train_demo", show_default=True, help="folder of the checkpoints")
@click.option("--experiment-name", default="todacomm-training", show_default=True, help="MLflow experiment")
@click.option("--no-tracking", is_flag=True, help="write the folder only, nothing to MLflow")
def main(
    model: str, steps: int, seed: int, threads: int, output_dir: str, experiment_name: str, no_tracking: bool
) -> None:
    """Train a bundled model on the documentation of installed scientific packages, recorded in MLflow."""
    from todacomm.cli.console import exit_code
    from training.job import train_and_record
    from training.loop import TrainingConfig

    def job() -> None:
        config = TrainingConfig(model=model, steps=steps, seed=seed)
        print(train_and_record(config, Path(output_dir) / model, threads, experiment_name, tracked=not no_tracking))

    raise SystemExit(exit_code(job))


if __name__ == "__main__":
    main()
