"""The console command as a module: ``python -m todacomm``."""

from todacomm.cli import main

if __name__ == "__main__":
    main(prog_name="todacomm")
