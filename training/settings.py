"""Settings of the training of a bundled model, and its start."""

from dataclasses import dataclass
from pathlib import Path

from todacomm.settings.base import NOTHING, WHICH, Settings, option

MODELS = ("demo-decoder", "demo-encoder")


@dataclass(frozen=True, slots=True)
class TrainDemoConfig(Settings):
    """Which model is trained, how long, and where it goes."""

    model: str = option("demo-decoder", "which of the bundled models", choices=MODELS, decides=WHICH)
    steps: int = option(4000, "training steps of 2,048 tokens", low=1)
    seed: int = option(0, "seed of split, weights and batches", low=0)
    threads: int = option(1, "threads of torch", low=1, decides=NOTHING)
    output_dir: str = option("outputs/train_demo", "folder of the checkpoints", decides=NOTHING)
    experiment_name: str = option("todacomm-training", "MLflow experiment", decides=NOTHING)
    track: bool = option(True, "record it in MLflow; false: write the folder only", decides=NOTHING)


def train_demo(config: TrainDemoConfig) -> None:
    """Train the model, and print the folder of its last checkpoint."""
    from training.job import train_and_record
    from training.loop import TrainingConfig

    training = TrainingConfig(model=config.model, steps=config.steps, seed=config.seed)
    folder = Path(config.output_dir) / config.model
    print(train_and_record(training, folder, config.threads, config.experiment_name, tracked=config.track))
