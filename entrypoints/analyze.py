"""Analyse one model on one set of texts: ``python -m entrypoints.analyze --help``."""

from todacomm.cli.options import entry_point
from todacomm.cli.running import run_analysis
from todacomm.settings.analysis import AnalysisConfig

main = entry_point(
    AnalysisConfig,
    run_analysis,
    "Analyse the topology of one model's activations on one set of texts, and record it in MLflow.",
)

if __name__ == "__main__":
    main()
