"""Compare analyses that are in the tracking store: ``python -m entrypoints.compare --help``."""

from todacomm.cli.options import entry_point
from todacomm.cli.running import run_comparison
from todacomm.settings.comparison import ComparisonConfig

main = entry_point(
    ComparisonConfig,
    run_comparison,
    "Compare analyses of the tracking store with each other, and record the comparison there.",
)

if __name__ == "__main__":
    main()
