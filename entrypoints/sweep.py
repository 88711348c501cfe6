"""Many analyses, none done twice: ``python -m entrypoints.sweep --help``."""

from todacomm.cli.options import entry_point
from todacomm.cli.running import run_sweep
from todacomm.settings.sweep import SweepConfig

main = entry_point(
    SweepConfig, run_sweep, "Analyse every combination of models, revisions, weights and data sets, and compare them."
)

if __name__ == "__main__":
    main()
