"""Settings of the jobs: names, defaults, help and validation in one place."""
