"""Is a candidate the same as a base, layer by layer: ``python -m entrypoints.gate --help``."""

from todacomm.cli.options import entry_point
from todacomm.cli.running import run_gate
from todacomm.settings.gate import GateConfig

main = entry_point(
    GateConfig,
    run_gate,
    "Say whether a candidate's layers are the same as a base's, different, or whether there are not enough texts.",
)

if __name__ == "__main__":
    main()
