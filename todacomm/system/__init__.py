"""The ground: this machine, installed packages, shipped files, progress, check-up."""
