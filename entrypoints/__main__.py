"""Write MLproject from the settings of the entry points: ``python -m entrypoints``."""

import entrypoints
from todacomm.cli.mlproject import write_mlproject

if __name__ == "__main__":
    print(write_mlproject(entrypoints))
