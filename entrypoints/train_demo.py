"""Train the bundled models again, from scratch: ``python -m entrypoints.train_demo --help``."""

from todacomm.cli.options import entry_point
from training.settings import TrainDemoConfig, train_demo

main = entry_point(
    TrainDemoConfig,
    train_demo,
    "Train a bundled model on the documentation of installed scientific packages, recorded in MLflow.",
)

if __name__ == "__main__":
    main()
