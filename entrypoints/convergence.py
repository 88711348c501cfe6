"""How many points are enough for one model and one set of texts: ``python -m entrypoints.convergence --help``."""

from todacomm.cli.options import entry_point
from todacomm.cli.running import run_convergence
from todacomm.settings.convergence import ConvergenceConfig

main = entry_point(
    ConvergenceConfig,
    run_convergence,
    "Measure how metrics settle as points and principal components are added, and record it in MLflow.",
)

if __name__ == "__main__":
    main()
